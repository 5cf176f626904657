"""From sums to dimensions and the one number: the second pass over customers that their intervals need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Row

from api.dependencies import Work
from api.measures.loyalty.counting.rows import Rows
from api.measures.loyalty.counting.sums import Group, squares
from models.rules.loyalty.composite import Composite, Line, composite
from models.rules.loyalty.dimensions import Dimension, Part
from models.rules.loyalty.profile import Measured, PartSums, measured
from models.rules.loyalty.reaches import Reaches, composite_interval, dimension_lines, reaches

AT_ONCE = 200
"""Groups whose sums of squares one statement asks for: it binds up to 126 values for each, and takes 32 767."""
SIGNIFICANT = ".12g"
"""Databases add in another order: what is shown is what they agree about."""
Parts = Mapping[Part, PartSums]
Moved = tuple[tuple[int, float, float], float]
"""Customers of a composite and the sums of squares below and above it; the sum of squares of RESTORE."""


@dataclass(frozen=True)
class Judged:
    """The dimensions of one group, and the one number where there is one, with its interval and what gave it."""

    parts: Parts
    profile: Mapping[Dimension, Measured]
    composite: Composite | None
    reached: Reaches | None = None
    low: float | None = None
    high: float | None = None


async def judge(
    work: Work,
    rows: Sequence[Rows],
    counted: Mapping[Group, Parts],
    weights: Mapping[Dimension, float] | None,
) -> Mapping[Group, Judged]:
    """Return the dimensions and the one number of each group, over the window as one period.

    Parameters
    ----------
    work
    rows
        What the groups were counted from.
    counted
        By group.
    weights
        The workspace's; None weighs all alike.
    """
    first = {group: _first(parts, weights) for group, parts in counted.items()}
    moved = await _squares(work, rows, first)
    found = {}
    for group, judged in first.items():
        by_composite, by_restore = moved.get(group, ((0, 0.0, 0.0), 0.0))
        profile = dict(judged.profile)
        if profile[Dimension.RESTORE].is_measured:
            profile[Dimension.RESTORE] = measured(Dimension.RESTORE, judged.parts, squares=by_restore)
        found[group] = replace(judged, profile=profile)
        if judged.composite is not None and judged.reached is not None:
            low, high = composite_interval(judged.composite, judged.reached, *by_composite)
            found[group] = replace(found[group], low=low, high=high)
    return found


def profile_of(parts: Parts) -> dict[Dimension, Measured]:
    """Return every dimension. What was learnt is told of all sets there are: it is no sample, and has no interval."""
    profile = {dimension: measured(dimension, parts) for dimension in Dimension}
    profile[Dimension.LEARN] = replace(profile[Dimension.LEARN], low=None, high=None)
    return profile


def _first(parts: Parts, weights: Mapping[Dimension, float] | None) -> Judged:
    profile = profile_of(parts)
    found = composite(profile, weights)
    return Judged(parts, profile, found, None if found is None else reaches(found.weights, parts))


async def _squares(work: Work, rows: Sequence[Rows], first: Mapping[Group, Judged]) -> Mapping[Group, Moved]:
    """Return of each group the customers and the sums of squares, of its composite and of RESTORE."""
    lines: dict[Group, Sequence[Mapping[Part, Line]]] = {}
    for group, judged in first.items():
        reached = judged.reached
        of_composite = [{}, {}] if reached is None else [reached.below.lines, reached.above.lines]
        restore = judged.profile[Dimension.RESTORE].is_measured
        of_restore = dimension_lines(Dimension.RESTORE, judged.parts) if restore else {}
        if of_restore or reached is not None:
            lines[group] = [*of_composite, of_restore]
    found: dict[Group, Moved] = {}
    groups = list(lines)
    for begin in range(0, len(groups), AT_ONCE):
        some = {group: lines[group] for group in groups[begin : begin + AT_ONCE]}
        told = await work.session.execute(squares(rows, some))
        found |= {row.grp: _moved(row) for row in told if row.grp in some}
    return found


def _moved(row: Row[tuple[()]]) -> Moved:
    of_composite = row.customers_0, _rounded(row.squares_0), _rounded(row.squares_1)
    return of_composite, _rounded(row.squares_2)


def _rounded(value: float) -> float:
    return float(format(value, SIGNIFICANT))
