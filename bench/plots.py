"""Plain plots as SVG, the same bytes each time: shares with their intervals, and a line with its peak.

Every mark has its figure as text beside it, so that nothing depends on colour; light and dark follow the reader.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import count, takewhile
from math import ceil, floor, log10

WIDTH = 860
LEFT, RIGHT = 360, 160
"""Room for what stands beside the marks, in fonts a fifth wider than the usual one too."""
ROW = 40
STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1f2933; }
  .small { font-size: 12px; fill: #52606d; }
  .head { font-size: 16px; font-weight: 600; }
  .grid { stroke: #d5dbe1; }
  .bar { fill: #9db7d5; }
  .own { fill: #1f5fa8; }
  .whisker { stroke: #1f2933; stroke-width: 2; fill: none; }
  .dot { fill: #1f2933; }
  .line { stroke: #1f5fa8; stroke-width: 2; fill: none; }
  .page { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb; }
    .small { fill: #a7b3c0; }
    .grid { stroke: #3a4653; }
    .bar { fill: #4a6580; }
    .own { fill: #6ea8e6; }
    .whisker { stroke: #f5f7fa; }
    .dot { fill: #f5f7fa; }
    .line { stroke: #6ea8e6; }
    .page { fill: #16202b; }
  }
"""


@dataclass(frozen=True)
class Share:
    """A share between 0 and 1 with its interval, and what it is of; `own` is what the plot is about."""

    label: str
    note: str
    value: float
    low: float
    high: float
    own: bool = False


def shares_plot(title: str, told: str, shares: Sequence[Share], *, bars: bool) -> str:
    """Draw shares under each other, as bars or as points, each with its interval and its figure."""
    top, span = 64, WIDTH - LEFT - RIGHT
    bottom = top + ROW * len(shares)
    drawn = [_grid(top, bottom, span)]
    for at, share in enumerate(shares):
        middle = top + ROW * at + ROW // 2
        low, value, high = (LEFT + span * each for each in (share.low, share.value, share.high))
        drawn.append(
            f'<text x="{LEFT - 12}" y="{middle - 1}" text-anchor="end">{escape(share.label)}</text>'
            f'<text class="small" x="{LEFT - 12}" y="{middle + 14}" text-anchor="end">{escape(share.note)}</text>'
        )
        if bars:
            kind = "own" if share.own else "bar"
            drawn.append(f'<rect class="{kind}" x="{LEFT}" y="{middle - 11}" width="{value - LEFT:.1f}" height="22"/>')
        else:
            drawn.append(f'<circle class="dot" cx="{value:.1f}" cy="{middle}" r="5"/>')
        drawn.append(f'<path class="whisker" d="M{low:.1f} {middle - 6}v12m0 -6H{high:.1f}m0 -6v12"/>')
        figure = f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"
        drawn.append(f'<text x="{WIDTH - 8}" y="{middle + 5}" text-anchor="end">{figure}</text>')
    return _page(title, told, bottom + 34, drawn)


def _grid(top: int, bottom: int, span: int) -> str:
    lines = []
    for tenth in range(0, 11, 2):
        x = LEFT + span * tenth / 10
        lines.append(
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'
            f'<text class="small" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tenth / 10:.1f}</text>'
        )
    return "".join(lines)


def profile_plot(title: str, told: str, points: Sequence[tuple[float, float]], *, unit: str, depth: float) -> str:
    """Draw a log-likelihood over the place of a cut, down to `depth` under its peak, the peak marked."""
    best, peak = max(points, key=lambda point: point[1])
    high = [at for at, (_, y) in enumerate(points) if y > peak - depth]
    points = points[max(high[0] - 2, 0) : high[-1] + 3]
    shown = [(x, y - peak) for x, y in points]
    first, last = shown[0][0], shown[-1][0]
    left, right, top, bottom = 70, WIDTH - 24, 64, 284

    def across(x: float) -> float:
        return left + (right - left) * (x - first) / (last - first)

    def down(y: float) -> float:
        return top + 16 + (bottom - top - 16) * -y / depth

    drawn = [
        f'<line class="grid" x1="{left}" x2="{right}" y1="{down(y):.1f}" y2="{down(y):.1f}"/>'
        f'<text class="small" x="{left - 8}" y="{down(y) + 4:.1f}" text-anchor="end">{y:.0f}</text>'
        for y in (-depth * part / 4 for part in range(5))
    ]
    drawn += [
        f'<text class="small" x="{across(x):.1f}" y="{bottom + 18}" text-anchor="middle">{x:g}</text>'
        for x in _round_places(first, last)
    ]
    # What lies deeper leaves the picture: it is not drawn as if it lay on its edge.
    inside = f'<clipPath id="inside"><rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"/>'
    path = "L".join(f"{across(x):.1f} {down(y):.1f}" for x, y in shown)
    drawn.append(f'{inside}</clipPath><path class="line" clip-path="url(#inside)" d="M{path}"/>')
    drawn.append(f'<line class="whisker" x1="{across(best):.1f}" x2="{across(best):.1f}" y1="{top}" y2="{bottom}"/>')
    side, anchor = (8, "start") if across(best) < WIDTH / 2 else (-8, "end")
    drawn.append(
        f'<text x="{across(best) + side:.1f}" y="{top + 8}" text-anchor="{anchor}">'
        f"best cut {best:.2f} {escape(unit)}</text>"
        f'<text class="small" x="{right}" y="{bottom + 36}" text-anchor="end">place of the cut, {escape(unit)}</text>'
    )
    return _page(title, told, bottom + 48, drawn)


def _round_places(first: float, last: float) -> list[float]:
    """Return up to ten round values between two."""
    step = 10 ** floor(log10((last - first) / 2))
    step = next(step * many for many in (1, 2, 5) if (last - first) / (step * many) <= 10)
    places = (round(at * step, 9) for at in count(ceil(first / step)))
    return list(takewhile(lambda place: place <= last, places))


def _page(title: str, told: str, height: int, drawn: Sequence[str]) -> str:
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="title desc">\n<title id="title">{escape(title)}</title>\n'
        f'<desc id="desc">{escape(told)}</desc>\n<style>{STYLE}</style>\n'
        f'<rect class="page" width="{WIDTH}" height="{height}"/>\n'
        f'<text class="head" x="8" y="26">{escape(title)}</text>\n{body}\n</svg>\n'
    )
