"""What can be asked about metrics: which there are, and one of them over time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from api.dependencies import Work
from api.errors import NotAboutThis
from api.measures import queries
from api.measures.answers import Asking, Claims, Grouping
from api.measures.catalogue import Measure, Metric, Path, measures_of, metrics
from api.measures.figures import Figure, figures_of, points_of
from api.measures.schemas import (
    AskedIn,
    ChangeTest,
    CountedAnswer,
    MetricAnswer,
    MetricKey,
    MetricKeys,
    ScaleAnswer,
)
from api.recorded import impossible
from api.workspaces import service as workspaces
from models.base import from_us, to_us
from models.rules.metrics import counted_on
from models.rules.periods import SETTLING_DAYS, Interval, Period, periods_between
from models.rules.shifts import FEWEST_CUSTOMERS, LEVEL
from models.rules.values import DAY_US, day_span

MOST_PERIODS = 400
MOST_POINTS = 20_000
TEST = "score test with customers as clusters, two-sided"
EARLIEST_US = 60 * DAY_US
DAYS_BY_DEFAULT = {Interval.DAY: 30, Interval.WEEK: 26 * 7, Interval.MONTH: 365}
Answered = Mapping[tuple[UUID, Path, int], tuple[int, datetime | None, datetime | None]]
"""By survey, path and version: how many answers, the first and the last."""


@dataclass(frozen=True)
class Asked:
    """What the caller wants to see."""

    metric: str
    by: Grouping | None
    interval: Interval
    start: date | datetime | None
    end: date | datetime | None
    claims: Claims
    as_known_at: datetime | None


async def read(work: Work, asked: Asked) -> MetricAnswer:
    """Return a metric over time."""
    zone = (await workspaces.of(work)).zone
    known_at = asked.as_known_at or work.now
    if known_at > work.now:
        raise impossible("as_known_at", "in_the_future", "Nobody knows yet what will be known then.")
    periods = _periods(asked, zone, known_at)
    measures = await measures_of(work, asked.metric)
    asking = Asking(work.workspace_id, periods, asked.by, asked.claims, asked.as_known_at)
    points, tests = points_of(await _figures(work, asking, measures), periods, to_us(known_at))
    return MetricAnswer(
        **{"from": from_us(periods[1].start_us), "to": from_us(periods[-1].end_us)},
        metric=asked.metric,
        by=asked.by,
        interval=asked.interval,
        zone=zone,
        claims=asked.claims,
        as_known_at=known_at,
        settling_days=SETTLING_DAYS,
        change=ChangeTest(name=TEST, level=LEVEL, correction="holm", tests=tests, fewest_customers=FEWEST_CUSTOMERS),
        scales=[_scale(number, measure) for number, measure in enumerate(measures, start=1)],
        points=points,
    )


async def keys(work: Work) -> MetricKeys:
    """Return the metrics that can be asked for, with how much was answered."""
    measured = {name: found for name, found in (await metrics(work)).items() if found.measures}
    paths: defaultdict[UUID, dict[Path, None]] = defaultdict(dict)
    for metric in measured.values():
        for measure in metric.measures.values():
            for survey_id, _, path in measure.asked:
                paths[survey_id][path] = None
    answered: dict[tuple[UUID, Path, int], tuple[int, datetime | None, datetime | None]] = {}
    for survey_id, asked in paths.items():
        for row in await work.session.execute(queries.answered(work.workspace_id, survey_id, list(asked))):
            for place, path in enumerate(asked):
                answered[survey_id, path, row[0]] = row[3 * place + 1 : 3 * place + 4]
    return MetricKeys(items=[_key(name, measured[name], answered) for name in sorted(measured)])


async def _figures(work: Work, asking: Asking, measures: Sequence[Measure]) -> list[Figure]:
    figures: list[Figure] = []
    for number, measure in enumerate(measures, start=1):
        statement = queries.sums(asking, measure.places, measure.scale, MOST_POINTS + 1)
        rows = (await work.session.execute(statement)).mappings().all()
        figures += figures_of(number, measure.scale, rows)
        if len(figures) > MOST_POINTS:
            detail = f"That is more than {MOST_POINTS} points. Ask for a shorter time, longer periods or fewer groups."
            raise NotAboutThis(detail, code="too_many_points")
    return figures


def _periods(asked: Asked, zone: str, known_at: datetime) -> Sequence[Period]:
    """Return the periods asked for, and before them the one the first is compared with."""
    # Nothing was answered later than was known, and nothing when there were no surveys: so far periods can be told.
    end_us = max(EARLIEST_US + 1, to_us(known_at) + 1)
    if asked.end is not None:
        end_us = min(end_us, _first_us(asked.end, zone))
    start_us = end_us - DAYS_BY_DEFAULT[asked.interval] * DAY_US
    if asked.start is not None:
        start_us = _first_us(asked.start, zone)
    start_us = max(EARLIEST_US, start_us)
    if end_us <= start_us:
        raise impossible("to", "before_from", "It does not lie after from, or from lies ahead of what is known.")
    try:
        return periods_between(start_us, end_us, asked.interval, zone, most=MOST_PERIODS)
    except ValueError:
        detail = f"At most {MOST_PERIODS} periods are told at once. Ask for a shorter time or longer periods."
        raise NotAboutThis(detail, code="too_many_points") from None


def _first_us(given: date | datetime, zone: str) -> int:
    return to_us(given) if isinstance(given, datetime) else day_span(given, zone)[0]


def _scale(number: int, measure: Measure) -> ScaleAnswer:
    scale = measure.scale
    return ScaleAnswer(
        scale=number,
        kind=scale.kind,
        low=scale.low,
        high=scale.high,
        choices=list(scale.choices),
        counted=[
            CountedAnswer(kind=counted.statistic, share_of=counted.share_of, meaning=counted.meaning)
            for counted in counted_on(scale)
        ],
        asked=[
            AskedIn(survey=survey, versions=versions, question=".".join(path))
            for (_, survey, path), versions in measure.asked.items()
        ],
    )


def _key(name: str, metric: Metric, answered: Answered) -> MetricKey:
    told = [
        answered[survey_id, path, version]
        for measure in metric.measures.values()
        for (survey_id, _, path), versions in measure.asked.items()
        for version in versions
        if (survey_id, path, version) in answered
    ]
    asked = [survey for measure in metric.measures.values() for _, survey, _ in measure.asked]
    return MetricKey(
        metric=name,
        kinds=sorted({scale.kind for scale in metric.measures}),
        surveys=sorted(set(asked)),
        n=sum(n for n, _, _ in told),
        first_answer_at=min((first for _, first, _ in told if first is not None), default=None),
        last_answer_at=max((last for _, _, last in told if last is not None), default=None),
    )
