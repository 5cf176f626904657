"""One dimension over time: its points held against limits that are drawn anew only where there is a recorded reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from api.dependencies import Work
from api.measures.loyalty.asking import By, Question, asked
from api.measures.loyalty.charts import splits
from api.measures.loyalty.charts.schemas import (
    ChartAnswer,
    ChartInterval,
    ChartLimits,
    ChartPoint,
    ChartReason,
    ChartSignal,
    ChartSplit,
    Plotted,
)
from api.measures.loyalty.charts.sources import Point, Source, source_of
from api.measures.loyalty.charts.splits import Reason
from api.measures.schemas import ChangeTest
from api.recorded import impossible
from models.base import from_us
from models.rules.loyalty.charting import Held, Observed, Stretch, signals, stretches
from models.rules.loyalty.dimensions import PARTS, Dimension, Part
from models.rules.periods import Interval, Period
from models.rules.shifts import FEWEST_CUSTOMERS, LEVEL, SharedSums, holm, shift_probability
from models.rules.values import DAY_US

DAYS_BY_DEFAULT = {ChartInterval.WEEK: 364, ChartInterval.MONTH: 730}
"""Long enough for limits that freeze at twenty points."""
MOST_REASONS = 100
OF = {
    Plotted.ELAPSED: Dimension.FLOW,
    Plotted.CONTACTS: Dimension.FIRST,
    Plotted.HANDOVERS: Dimension.FIRST,
    Plotted.REOPENED: Dimension.FIRST,
}
TEST = "score test of all before against all after, customers as clusters, two-sided"


@dataclass(frozen=True)
class Wanted:
    """What the caller wants to see."""

    dimension: Dimension
    plotted: Plotted
    part: Part | None
    by: By | None
    group: str | None
    interval: ChartInterval
    start: date | datetime | None
    end: date | datetime | None
    splits: Sequence[str]
    as_known_at: datetime | None


@dataclass(frozen=True)
class _Tested:
    """What stood before a reason and after it, and how probable so much of a difference is by chance."""

    before: Point
    after: Point
    probability: float | None


async def read(work: Work, wanted: Wanted) -> ChartAnswer:
    """Return a dimension over time."""
    part = _part(wanted)
    question = await _question(work, wanted)
    known = await splits.recorded(work, question)
    chosen = splits.named(known, wanted.splits, wanted.by, wanted.group)
    source = source_of(wanted.plotted, part, wanted.group)
    points = await source.points(work, question)
    told = await _tested(work, question, source, chosen)
    return _answer(wanted, question, source, part, _Drawn.of(question, source, points, chosen), known, chosen, told)


def _part(wanted: Wanted) -> Part | None:
    """Return which share is drawn; refuse what is not charted."""
    parts = PARTS[wanted.dimension]
    if wanted.dimension is Dimension.LEARN:
        detail = "LEARN is what stands at a moment, and no share of a period's rows. Read it in /v1/loyalty."
        raise impossible("dimension", "not_charted", detail)
    if wanted.plotted is not Plotted.SHARE and OF[wanted.plotted] is not wanted.dimension:
        at = OF[wanted.plotted]
        raise impossible("measure", "not_charted", f"{wanted.plotted} is charted of {at}: /v1/loyalty/{at}/chart.")
    if wanted.part is not None and (wanted.part not in parts or wanted.plotted is not Plotted.SHARE):
        raise impossible("part", "not_charted", f"The shares of {wanted.dimension} are {', '.join(parts)}.")
    if (wanted.by is None) is not (wanted.group is None):
        raise impossible("group", "malformed", "A chart is of one group: give both `by` and `group`, or neither.")
    return (wanted.part or parts[0]) if wanted.plotted is Plotted.SHARE else None


async def _question(work: Work, wanted: Wanted) -> Question:
    start = wanted.start
    if start is None:
        end = wanted.end or wanted.as_known_at or work.now
        start = end - timedelta(days=DAYS_BY_DEFAULT[wanted.interval])
    return await asked(
        work,
        start=start,
        end=wanted.end,
        by=wanted.by,
        interval=Interval(wanted.interval.value),
        as_known_at=wanted.as_known_at,
    )


@dataclass(frozen=True)
class _Drawn:
    """Points with their periods and what they are held against."""

    periods: Sequence[Period]
    points: Sequence[Point]
    settled: Sequence[bool]
    mixed: Sequence[bool]
    """A reason came within the period."""
    stretches: Sequence[Stretch]

    @classmethod
    def of(cls, question: Question, source: Source, points: Sequence[Point], chosen: Sequence[Reason]) -> "_Drawn":
        periods = question.periods
        settled = [period.end_us + source.settling_us <= question.now_us for period in periods]
        mixed = [any(period.start_us < one.at_us < period.end_us for one in chosen) for period in periods]
        series = [
            None if point.value is None else _observed(point, makes_limits=firm and not torn)
            for point, firm, torn in zip(points, settled, mixed, strict=True)
        ]
        starts = [sum(period.start_us < one.at_us for period in periods) for one in chosen]
        return cls(periods, points, settled, mixed, stretches(series, starts, source.drawn))

    def told(self, factor: float) -> list[ChartPoint]:
        """Return the points as they are answered."""
        held = {place: one for stretch in self.stretches for place, one in stretch.held.items()}
        return [self._point(place, held.get(place), factor) for place in range(len(self.points))]

    def _point(self, place: int, held: Held | None, factor: float) -> ChartPoint:
        point, period = self.points[place], self.periods[place]
        return ChartPoint(
            **_span(period, period),
            k=point.k,
            n=point.n,
            rows=point.rows,
            value=point.value,
            tail=point.tail,
            low=None if held is None else factor * held.low,
            high=None if held is None else factor * held.high,
            outside=held is not None and held.outside,
            jumped=held is not None and held.jumped,
            run=held is not None and held.run,
            settling=not self.settled[place],
            mixed=self.mixed[place],
        )


def _observed(point: Point, *, makes_limits: bool) -> Observed:
    assert point.value is not None  # noqa: S101 - asked before
    k = point.value if point.k is None else point.k
    return Observed(k, point.n, makes_limits)


async def _tested(work: Work, question: Question, source: Source, chosen: Sequence[Reason]) -> Mapping[int, _Tested]:
    """Return by the moment of a reason what all before it, since the last one, comes to beside all after it."""
    start_us, settled_us = question.periods[0].start_us, question.now_us - source.settling_us
    end_us = min(question.periods[-1].end_us, settled_us)
    moments = sorted({one.at_us for one in chosen if start_us < one.at_us < end_us})
    if not moments:
        return {}
    edges = [start_us, *moments, end_us]
    halves = replace(question, periods=[Period(one, two) for one, two in pairwise(edges)])
    points, shared = await source.points(work, halves), await source.shared(work, halves)
    return {
        at_us: _Tested(before, after, _probability(before, after, shared.get(place + 1, SharedSums())))
        for place, (at_us, (before, after)) in enumerate(zip(moments, pairwise(points), strict=True))
    }


def _probability(before: Point, after: Point, shared: SharedSums) -> float | None:
    if before.sums is None or after.sums is None or before.value is None or after.value is None:
        return None
    return shift_probability(before.sums, after.sums, shared)


def _answer(
    wanted: Wanted,
    question: Question,
    source: Source,
    part: Part | None,
    drawn: _Drawn,
    known: Mapping[str, Reason],
    chosen: Sequence[Reason],
    told: Mapping[int, _Tested],
) -> ChartAnswer:
    periods = question.periods
    within = [one for one in known.values() if periods[0].start_us < one.at_us < periods[-1].end_us]
    within = [one for one in within if one.touches(wanted.by, wanted.group)]
    tests = sum(one.probability is not None for one in told.values())
    return ChartAnswer(
        **_span(periods[0], periods[-1]),
        dimension=wanted.dimension,
        measure=wanted.plotted,
        part=part,
        parts=list(PARTS[wanted.dimension]),
        kind=source.kind,
        unit=source.unit,
        numerator=source.numerator,
        denominator=source.denominator,
        by=wanted.by,
        group=wanted.group,
        interval=wanted.interval,
        zone=question.zone,
        as_known_at=from_us(question.now_us),
        settling_days=source.settling_us // DAY_US,
        points=drawn.told(source.factor),
        limits=[_limits(stretch, periods, source.factor) for stretch in drawn.stretches],
        signals=[
            ChartSignal(kind=one.kind, **_span(periods[one.first], periods[one.last]))
            for one in signals(drawn.stretches)
        ],
        splits=_splits(chosen, told),
        reasons=[_reason(one) for one in within[-MOST_REASONS:]],
        change=ChangeTest(name=TEST, level=LEVEL, correction="holm", tests=tests, fewest_customers=FEWEST_CUSTOMERS),
    )


def _span(first: Period, last: Period) -> dict[str, datetime]:
    return {"from": from_us(first.start_us), "to": from_us(last.end_us)}


def _limits(stretch: Stretch, periods: Sequence[Period], factor: float) -> ChartLimits:
    return ChartLimits(
        **_span(periods[stretch.first], periods[stretch.after - 1]),
        centre=factor * stretch.centre,
        low=factor * stretch.low,
        high=factor * stretch.high,
        points=stretch.points,
        provisional=stretch.provisional,
        frozen=stretch.frozen,
    )


def _splits(chosen: Sequence[Reason], told: Mapping[int, _Tested]) -> list[ChartSplit]:
    """Tell what each reason divides; of several tests together Holm's procedure says which tell a change."""
    probable = {at: one.probability for at, one in told.items() if one.probability is not None}
    changed = dict(zip(probable, holm(list(probable.values())), strict=True))
    return [
        ChartSplit(
            **dict(_reason(one)),
            drawn=one.at_us in told,
            before=told[one.at_us].before.value if one.at_us in told else None,
            after=told[one.at_us].after.value if one.at_us in told else None,
            changed=changed.get(one.at_us),
        )
        for one in chosen
    ]


def _reason(one: Reason) -> ChartReason:
    return ChartReason(split=one.split, at=from_us(one.at_us), what=one.what)
