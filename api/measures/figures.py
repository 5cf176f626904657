"""From sums over customers to the points that are told: estimates, and which of them a test says have changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.measures.schemas import MetricPoint
from models.base import from_us
from models.rules.metrics import Counted, Scale, counted_on, estimated
from models.rules.periods import Period
from models.rules.shifts import SharedSums, holm, shift_probability
from models.rules.statistics import ClusterSums

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Series:
    """What is followed over time: one figure of the answers of one group on one scale."""

    group: str | None
    number: int
    """The scale's among those of the metric."""
    scale: Scale
    counted: Counted
    place: int
    """The figure's among those of the scale."""

    @property
    def order(self) -> tuple[bool, str, int, int]:
        """Where it stands among others: what is not known last."""
        return self.group is None, self.group or "", self.number, self.place


@dataclass(frozen=True)
class Figure:
    """What a point is made of."""

    series: Series
    period: int
    sums: ClusterSums
    shared: SharedSums
    late: int
    unproved: int


def figures_of(number: int, scale: Scale, rows: Sequence[Mapping[Any, Any]]) -> Iterator[Figure]:
    """Yield the figures that rows of sums hold."""
    for place, counted in enumerate(counted_on(scale)):
        for row in rows:
            series = Series(row["grp"], number, scale, counted, place)
            yield Figure(
                series, row["period"], _sums(row, place), _shared(row, place), int(row["late"]), int(row["unproved"])
            )


def points_of(figures: Sequence[Figure], periods: Sequence[Period], now_us: int) -> tuple[list[MetricPoint], int]:
    """Return the points that figures make, and how many tests were made for them; the first period is only compared.

    Parameters
    ----------
    figures
        In any order.
    periods
        Those the figures number.
    now_us
        When this is said: what is not over is not compared.
    """
    known = {(figure.series.order, figure.period): figure for figure in figures}
    probabilities: dict[tuple[Any, int], float] = {}
    for (order, period), figure in known.items():
        before = known.get((order, period - 1))
        if before is not None and periods[period].is_closed(now_us):
            probability = shift_probability(before.sums, figure.sums, figure.shared)
            if probability is not None:
                probabilities[order, period] = probability
    changed = dict(zip(probabilities, holm(list(probabilities.values())), strict=True))
    told = sorted(key for key in known if key[1])
    return [_point(known[key], periods[key[1]], now_us, changed.get(key)) for key in told], len(changed)


def _point(figure: Figure, period: Period, now_us: int, changed: bool | None) -> MetricPoint:
    series = figure.series
    found = estimated(series.counted, series.scale, figure.sums)
    return MetricPoint(
        **{"from": from_us(period.start_us), "to": from_us(period.end_us)},
        group=series.group,
        scale=series.number,
        kind=series.counted.statistic,
        share_of=series.counted.share_of,
        value=found.value,
        low=found.low,
        high=found.high,
        level=CONFIDENCE,
        n=figure.sums.n,
        customers=figure.sums.customers,
        unproved=figure.unproved,
        provisional=period.is_provisional(now_us),
        late=figure.late,
        changed=changed,
    )


def _sums(row: Mapping[Any, Any], place: int) -> ClusterSums:
    return ClusterSums(
        customers=int(row["customers"]),
        n=int(row["n"]),
        total=_number(row[f"total_{place}"]),
        total_squared=_number(row[f"total_squared_{place}"]),
        total_by_n=_number(row[f"total_by_n_{place}"]),
        n_squared=int(row["n_squared"]),
        row_squares=_number(row[f"row_squares_{place}"]),
    )


def _shared(row: Mapping[Any, Any], place: int) -> SharedSums:
    return SharedSums(
        total_total=_number(row[f"shared_total_{place}"]),
        total_n=_number(row[f"shared_total_n_{place}"]),
        n_total=_number(row[f"shared_n_total_{place}"]),
        n_n=_number(row["shared_n"]),
    )


def _number(value: Any) -> float:
    """Return a sum as Python reckons with it: whole where it is whole, so that what is exact stays so."""
    return value if isinstance(value, float) else int(value)
