"""Metrics: what customers answered, over time and by group."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.bodies import DayOrMoment, Moment
from api.dependencies import AnalysisReader
from api.measures import service
from api.measures.answers import Claims, Grouping
from api.measures.schemas import MetricAnswer, MetricKeys
from api.routing import StrictRoute
from models.rules.periods import Interval

router = APIRouter(prefix="/v1", route_class=StrictRoute)

Metric = Annotated[
    str,
    Query(
        pattern=r"^[a-z][a-z0-9_]{0,99}(\.[A-Za-z0-9][A-Za-z0-9_-]{0,99})?$",
        description="A `metric_key`, or the key of a question without one; of a matrix `key.row`.",
    ),
]


@router.get("/metrics", tags=["Metrics"])
async def read_metric(
    work: AnalysisReader,
    metric: Metric,
    by: Annotated[Grouping | None, Query(description="Tell answers apart by this.")] = None,
    interval: Annotated[Interval, Query(description="How long a period is, in the workspace's zone.")] = Interval.WEEK,
    start: Annotated[
        DayOrMoment | None,
        Query(alias="from", description="From the period this lies in. Default: 30 days, 26 weeks or 12 months."),
    ] = None,
    end: Annotated[
        DayOrMoment | None, Query(alias="to", description="To the period that ends here or later. Default: now.")
    ] = None,
    claims: Annotated[
        Claims, Query(description="Whether answers count whose customer or case was only claimed.")
    ] = Claims.INCLUDE,
    as_known_at: Annotated[
        Moment | None, Query(description="What this service would have said at that moment. Default: now.")
    ] = None,
) -> MetricAnswer:
    """Give a metric over time, every figure with its n and its interval. Scope: analysis:read."""
    asked = service.Asked(metric, by, interval, start, end, claims, as_known_at)
    return await service.read(work, asked)


@router.get("/metrics/keys", tags=["Metrics"])
async def list_metric_keys(work: AnalysisReader) -> MetricKeys:
    """List the metrics that can be asked for. Scope: analysis:read."""
    return await service.keys(work)
