"""A reliability table as a picture. Standard library alone: the API process draws it from the stored card."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

SIDE, LEFT, TOP = 320, 64, 56
WIDTH, HEIGHT = LEFT + SIDE + 24, TOP + SIDE + 60
STYLE = """
  .reliability { color: #1f2933; background: #ffffff; }
  .reliability .own { color: #1f5fa8; }
  @media (prefers-color-scheme: dark) {
    .reliability { color: #e4e7eb; background: #16202b; }
    .reliability .own { color: #6ea8e6; }
  }
"""


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    """Rows of neighbouring risk.

    Attributes
    ----------
    rows, customers, departures : int
        Rows, distinct customers, and rows followed by a departure.
    low_risk, high_risk : float
        The smallest and the largest risk among them.
    risk : float
        Mean risk given.
    left, low, high : float
        Share that left, with its 95 % interval by customer.
    """

    rows: int
    customers: int
    departures: int
    low_risk: float
    high_risk: float
    risk: float
    left: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "ReliabilityRow":
        """Read what `to_dict` wrote."""
        return cls(**document)


@dataclass(frozen=True, slots=True)
class CurveWords:
    """What the picture itself says.

    Attributes
    ----------
    left, risk : str
        What its axes show.
    point : callable
        What is said of a point, for those who do not see it.
    """

    left: str
    risk: str
    point: Callable[[ReliabilityRow], str]


def _in_english(row: ReliabilityRow) -> str:
    return f"risk {row.risk:.3f}: {row.left:.3f} left [{row.low:.3f}, {row.high:.3f}], {row.customers} customers"


ENGLISH = CurveWords("share that left", "mean risk given", _in_english)


def reliability_svg(
    title: str,
    told: str,
    rows: Sequence[ReliabilityRow],
    *,
    standalone: bool = True,
    name: str = "reliability",
    words: CurveWords = ENGLISH,
) -> str:
    """Draw the share that left over the mean risk, the diagonal of perfect calibration, and the intervals.

    Parameters
    ----------
    title, told : str
        What is drawn, and what it shows in a sentence, for those who do not see it.
    rows : sequence of ReliabilityRow
    standalone : bool
        With a style sheet for light and dark. Without one the picture takes the colour of the page around it
        (`currentColor`), so that it stands under a strict content security policy.
    name : str
        What its ids begin with: two pictures on one page need two.
    words : CurveWords
        In the language of the page.

    Returns
    -------
    str
        The same bytes for the same rows. Every point has its figures as a title of its own.
    """
    most = _round_up(max((max(row.high, row.risk) for row in rows), default=1.0))
    drawn = [_frame(most, words), *(_point(row, most, words.point(row)) for row in rows)]
    style = f"<style>{STYLE}</style>\n" if standalone else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'class="reliability" role="img" aria-labelledby="{name}-title {name}-told" font-size="12" '
        f'font-family="system-ui, sans-serif" fill="currentColor">\n'
        f'<title id="{name}-title">{escape(title)}</title>\n'
        f'<desc id="{name}-told">{escape(told)}</desc>\n{style}'
        f'<text x="8" y="24" font-size="15" font-weight="600">{escape(title)}</text>\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _round_up(share: float) -> float:
    return next((step for step in (0.05, 0.1, 0.2, 0.5) if share <= step), 1.0)


def _across(share: float, most: float) -> float:
    return LEFT + SIDE * share / most


def _down(share: float, most: float) -> float:
    return TOP + SIDE * (1 - share / most)


def _frame(most: float, words: CurveWords) -> str:
    bottom, right = TOP + SIDE, LEFT + SIDE
    parts = []
    for fifth in range(6):
        share = most * fifth / 5
        x, y, word = _across(share, most), _down(share, most), f"{share * 100:g} %"
        parts.append(
            f'<path d="M{LEFT} {y:.1f}H{right}M{x:.1f} {TOP}V{bottom}" stroke="currentColor" stroke-opacity=".15"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{word}</text>'
            f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{word}</text>'
        )
    return "".join(parts) + (
        f'<path d="M{LEFT} {bottom}L{right} {TOP}" stroke="currentColor" stroke-dasharray="5 4"/>'
        f'<text x="{LEFT}" y="{TOP - 10}">{escape(words.left)}</text>'
        f'<text x="{right}" y="{bottom + 40}" text-anchor="end">{escape(words.risk)}</text>'
    )


def _point(row: ReliabilityRow, most: float, figure: str) -> str:
    x, y = _across(row.risk, most), _down(row.left, most)
    low, high = _down(row.low, most), _down(row.high, most)
    return (
        f'<g class="own" fill="currentColor"><title>{escape(figure)}</title>'
        f'<path d="M{x:.1f} {low:.1f}V{high:.1f}M{x - 4:.1f} {low:.1f}h8M{x - 4:.1f} {high:.1f}h8" '
        f'stroke="currentColor" stroke-width="1.5" fill="none"/><circle cx="{x:.1f}" cy="{y:.1f}" r="4"/></g>'
    )
