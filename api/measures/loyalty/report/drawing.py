"""Pictures of loyalty as SVG: the profile, and a figure over time against its limits.

They take the colour of the page around them, say by shape and not by colour what is out of the ordinary, and name
themselves for those who do not see them; the figures stand in a table beside each. Standard library alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

WIDTH, LEFT, RIGHT = 720, 56, 16
TOP, SIDE, BOTTOM = 34, 190, 44
ABOVE, ROW, NAMES, FIGURES = 6, 30, 200, 130
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
GRID = 'stroke="currentColor" stroke-opacity=".18"'
DASHED = 'stroke="currentColor" stroke-opacity=".75" stroke-dasharray="5 4" fill="none"'
DATES = 6
"""So many dates stand under a chart at most."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the profile: its name, the figure with its interval (0-100), or what is said in its place."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a chart: when, the figure, its limits, and what marks it. None where there is nothing to show."""

    when: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    outside: bool = False
    run: bool = False
    settling: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a chart: from one place to before another, about a centre."""

    first: int
    after: int
    centre: float


def profile_svg(title: str, told: str, rows: Sequence[Row], *, name: str = "profile") -> str:
    """Draw each figure with its interval on a line from 0 to 100.

    Parameters
    ----------
    title, told : str
        What is drawn, and what it shows in a sentence.
    rows : sequence of Row
    name : str
        What its ids begin with: two pictures on one page need two.
    """
    bottom = ABOVE + ROW * len(rows)
    across = WIDTH - FIGURES - NAMES
    ticks = "".join(
        f'<path d="M{NAMES + across * at / 100:.1f} {ABOVE - 4}V{bottom}" {GRID}/>'
        f'<text x="{NAMES + across * at / 100:.1f}" y="{bottom + 18}" text-anchor="middle">{at}</text>'
        for at in range(0, 101, 20)
    )
    lines = "".join(_line(row, ABOVE + ROW * place + ROW / 2, across) for place, row in enumerate(rows))
    return _svg(title, told, name, bottom + 28, ticks + lines)


def _line(row: Row, y: float, across: float) -> str:
    label = f'<text x="0" y="{y + 4:.1f}">{escape(row.name)}</text>'
    said = f'<text x="{WIDTH}" y="{y + 4:.1f}" text-anchor="end">{escape(row.said)}</text>'
    if row.value is None:
        return f"<g>{label}{said}</g>"
    x = NAMES + across * row.value / 100
    interval = ""
    if row.low is not None and row.high is not None:
        low, high = (NAMES + across * at / 100 for at in (row.low, row.high))
        interval = (
            f'<path d="M{low:.1f} {y:.1f}H{high:.1f}M{low:.1f} {y - 8:.1f}v16M{high:.1f} {y - 8:.1f}v16" '
            'stroke="currentColor" stroke-width="2" fill="none"/>'
        )
    return f'<g>{label}{said}<g class="own">{interval}<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/></g></g>'


def chart_svg(
    title: str,
    told: str,
    dots: Sequence[Dot],
    bands: Sequence[Band],
    cuts: Sequence[tuple[int, str]] = (),
    *,
    name: str,
    unit: str = "",
    most: float | None = None,
) -> str:
    """Draw a figure over time, the centre and the limits of each stretch, and where a recorded reason cuts it.

    Parameters
    ----------
    title, told : str
    dots : sequence of Dot
        In the order of time, one a period.
    bands : sequence of Band
    cuts : sequence of (int, str)
        Before which place, and how it is called: `A`, `B`.
    name, unit : str
        What its ids begin with, and what the figures are in.
    most : float | None
        What no figure can pass.

    Returns
    -------
    str
        A circle is a settled point, a hollow one has not settled; a diamond lies outside its limits, a square is in a
        run of eight or more on one side.
    """
    frame = _Frame.around(dots, bands, most)
    parts = [_axes(frame, dots, unit)]
    parts += [_limits(frame, dots, band) for band in bands]
    parts += [
        f'<path d="M{frame.across(at - 0.5):.1f} {TOP}V{TOP + SIDE}" stroke="currentColor" stroke-width="1.5"/>'
        f'<text x="{frame.across(at - 0.5) + 4:.1f}" y="{TOP + 11}" font-weight="600">{escape(word)}</text>'
        for at, word in cuts
    ]
    parts += [_joined(frame, dots), *(_dot(frame, place, dot) for place, dot in enumerate(dots))]
    return _svg(title, told, name, TOP + SIDE + BOTTOM, "".join(parts))


@dataclass(frozen=True, slots=True)
class _Frame:
    places: int
    low: float
    high: float
    step: float

    @classmethod
    def around(cls, dots: Sequence[Dot], bands: Sequence[Band], most: float | None) -> "_Frame":
        """Return a frame that holds all there is to draw."""
        shown = [at for dot in dots for at in (dot.value, dot.low, dot.high) if at is not None]
        shown += [band.centre for band in bands]
        lowest, highest = min(shown, default=0.0), max(shown, default=1.0)
        step = _step((highest - lowest or max(highest, 1.0)) / 4)
        low = max(0.0, step * floor(lowest / step - 0.01))
        high = max(low + step, step * ceil(highest / step + 0.01))
        return cls(len(dots), low, high if most is None else min(high, most), step)

    def across(self, place: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (place + 0.5) / max(self.places, 1)

    def down(self, value: float) -> float:
        return TOP + SIDE * (1 - (value - self.low) / (self.high - self.low))


def _step(wanted: float) -> float:
    ten = 10.0 ** floor(log10(wanted))
    return next(step * ten for step in STEPS if step * ten >= wanted * 0.999)


def _axes(frame: _Frame, dots: Sequence[Dot], unit: str) -> str:
    parts = [f'<text x="0" y="{TOP - 14}">{escape(unit)}</text>']
    ticks = floor((frame.high - frame.low) / frame.step + 0.01)
    for tick in range(ticks + 1):
        value = frame.low + tick * frame.step
        y = frame.down(value)
        parts.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" {GRID}/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>'
        )
    every = max(1, -(-len(dots) // DATES))
    for place in range(0, len(dots), every):
        x = frame.across(place)
        parts.append(
            f'<path d="M{x:.1f} {TOP + SIDE}v5" stroke="currentColor"/>'
            f'<text x="{x:.1f}" y="{TOP + SIDE + 20}" text-anchor="middle">{escape(dots[place].when)}</text>'
        )
    return "".join(parts)


def _limits(frame: _Frame, dots: Sequence[Dot], band: Band) -> str:
    first, after = frame.across(band.first - 0.5), frame.across(band.after - 0.5)
    y = frame.down(band.centre)
    centre = f'<path d="M{first:.1f} {y:.1f}H{after:.1f}" stroke="currentColor" stroke-width="1.2"/>'
    return centre + "".join(f'<path d="{_steps(frame, dots, band, side)}" {DASHED}/>' for side in ("low", "high"))


def _steps(frame: _Frame, dots: Sequence[Dot], band: Band, side: str) -> str:
    """Draw a limit as steps, each as wide as its period: it differs with the number of rows."""
    path: list[str] = []
    pen = "M"
    for place in range(band.first, band.after):
        limit: float | None = getattr(dots[place], side)
        if limit is not None:
            y = frame.down(limit)
            path.append(f"{pen}{frame.across(place - 0.5):.1f} {y:.1f}H{frame.across(place + 0.5):.1f}")
        pen = "M" if limit is None else "L"
    return "".join(path)


def _joined(frame: _Frame, dots: Sequence[Dot]) -> str:
    """Join points whose periods follow each other."""
    shown = [
        None if dot.value is None else f"{frame.across(place):.1f} {frame.down(dot.value):.1f}"
        for place, dot in enumerate(dots)
    ]
    lines = [f"M{one}L{two}" for one, two in pairwise(shown) if one is not None and two is not None]
    return f'<g class="own"><path d="{"".join(lines)}" stroke="currentColor" stroke-opacity=".6" fill="none"/></g>'


def _dot(frame: _Frame, place: int, dot: Dot) -> str:
    if dot.value is None:
        return ""
    x, y = frame.across(place), frame.down(dot.value)
    words = [f"{dot.when}: {dot.value:.4g}"]
    shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    if dot.outside:
        shape = f'<path d="M{x:.1f} {y - 8:.1f}L{x + 8:.1f} {y:.1f}L{x:.1f} {y + 8:.1f}L{x - 8:.1f} {y:.1f}Z"/>'
        words.append("outside its limits")
    elif dot.run:
        shape = f'<path d="M{x - 5:.1f} {y - 5:.1f}h10v10h-10Z"/>'
        words.append("in a run on one side")
    elif dot.settling:
        shape = f'<circle class="hollow" cx="{x:.1f}" cy="{y:.1f}" r="4.5" stroke="currentColor" stroke-width="1.5"/>'
        words.append("not settled")
    return f'<g class="own"><title>{escape(", ".join(words))}</title>{shape}</g>'


def _svg(title: str, told: str, name: str, height: int, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="{name}-title {name}-told" font-size="13" fill="currentColor">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-told">{escape(told)}</desc>{drawn}</svg>'
    )
