"""From sums to dimensions and the one number: the second pass over customers that their intervals need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Row

from api.dependencies import Work
from api.measures.loyalty.counting.rows import Rows
from api.measures.loyalty.counting.sums import Group, profiles, squares
from models.rules.loyalty.composite import Composite, Line, composite, composite_interval, dimension_lines
from models.rules.loyalty.dimensions import ABOUT_STAFF, PARTS, Dimension, Part
from models.rules.loyalty.profile import Measured, PartSums, measured
from models.rules.loyalty.resampling import Alike, bootstrapped

MOST_PROFILES = 500
"""So many kinds of customers, by what they counted, are drawn anew within a request: half a second of a core."""
SIGNIFICANT = ".12g"
"""Databases add in another order: what is shown is what they agree about."""
Parts = Mapping[Part, PartSums]
DELTA, BOOTSTRAP = "delta", "bootstrap"


@dataclass(frozen=True)
class Judged:
    """The dimensions of one group, and the one number where there is one, with its interval and what gave it."""

    parts: Parts
    profile: Mapping[Dimension, Measured]
    composite: Composite | None
    low: float | None = None
    high: float | None = None
    interval_by: str | None = None


async def judge(
    work: Work,
    rows: Sequence[Rows],
    counted: Mapping[Group, Parts],
    weights: Mapping[Dimension, float] | None,
    *,
    redraw: bool = False,
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
    redraw
        Whether customers are drawn anew where a share is rare: of all groups together only.
    """
    first = {group: _first(parts, weights) for group, parts in counted.items()}
    moved = await _squares(work, rows, first)
    found = {}
    for group, judged in first.items():
        by_composite, by_restore = moved.get(group, ((0, 0.0), (0, 0.0)))
        profile = dict(judged.profile)
        if profile[Dimension.RESTORE].is_measured:
            profile[Dimension.RESTORE] = measured(Dimension.RESTORE, judged.parts, squares=by_restore[1])
        found[group] = replace(judged, profile=profile)
        if judged.composite is not None:
            low, high = composite_interval(judged.composite, *by_composite)
            found[group] = replace(found[group], low=low, high=high, interval_by=DELTA)
            if redraw and judged.composite.is_rare:
                found[group] = await _redrawn(work, rows, found[group])
    return found


def profile_of(parts: Parts) -> dict[Dimension, Measured]:
    """Return every dimension. What was learnt is told of all sets there are: it is no sample, and has no interval."""
    profile = {dimension: measured(dimension, parts) for dimension in Dimension}
    profile[Dimension.LEARN] = replace(profile[Dimension.LEARN], low=None, high=None)
    return profile


def _first(parts: Parts, weights: Mapping[Dimension, float] | None) -> Judged:
    profile = profile_of(parts)
    return Judged(parts, profile, composite(profile, parts, weights))


async def _squares(
    work: Work, rows: Sequence[Rows], first: Mapping[Group, Judged]
) -> Mapping[Group, tuple[tuple[int, float], tuple[int, float]]]:
    """Return of each group the customers and the sum of squares, of its composite and of RESTORE."""
    lines: dict[Group, Sequence[Mapping[Part, Line]]] = {}
    for group, judged in first.items():
        restore = judged.profile[Dimension.RESTORE].is_measured
        of_restore = dimension_lines(Dimension.RESTORE, judged.parts) if restore else {}
        lines[group] = [{} if judged.composite is None else judged.composite.lines, of_restore]
    if not any(line for sets in lines.values() for line in sets):
        return {}
    return {row.grp: _moved(row) for row in await work.session.execute(squares(rows, lines))}


def _moved(row: Row[tuple[()]]) -> tuple[tuple[int, float], tuple[int, float]]:
    return (row.customers_0, _rounded(row.squares_0)), (row.customers_1, _rounded(row.squares_1))


def _rounded(value: float) -> float:
    return float(format(value, SIGNIFICANT))


async def _redrawn(work: Work, rows: Sequence[Rows], judged: Judged) -> Judged:
    """Return the interval that drawing customers anew gives; where they are of too many kinds the straight line's."""
    found = judged.composite
    assert found is not None  # noqa: S101 - whoever asks has one
    parts = [part for dimension in found.of for part in PARTS[dimension] if part not in {*ABOUT_STAFF, Part.LEARNT}]
    statement = profiles(rows, parts, MOST_PROFILES + 1)
    alike = (await work.session.execute(statement)).mappings().all()
    if len(alike) > MOST_PROFILES:
        return judged
    customers: list[Alike] = [
        (row["customers"], {p: (int(row[f"k_{p.value}"]), int(row[f"m_{p.value}"])) for p in parts}) for row in alike
    ]
    low, high = bootstrapped(found, judged.profile, customers)
    return replace(judged, low=low, high=high, interval_by=BOOTSTRAP)
