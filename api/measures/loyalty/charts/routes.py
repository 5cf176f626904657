"""Charts of loyalty: one dimension over time, held against limits."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.bodies import DayOrMoment, Moment
from api.dependencies import AnalysisReader
from api.measures.loyalty.asking import told_apart_by
from api.measures.loyalty.charts import service as charts
from api.measures.loyalty.charts.schemas import ChartAnswer, ChartInterval, Plotted
from api.routing import StrictRoute
from models.rules.loyalty.dimensions import Dimension, Part

router = APIRouter(prefix="/v1", tags=["Loyalty"], route_class=StrictRoute)


@router.get("/loyalty/{dimension}/chart")
async def read_chart(
    work: AnalysisReader,
    dimension: Dimension,
    measure: Annotated[
        Plotted,
        Query(description="Its share; of `flow` the elapsed time; of `first` contacts, hand-overs, reopenings a case."),
    ] = Plotted.SHARE,
    part: Annotated[
        Part | None, Query(description="Which share, where a dimension has several. Default: its first.")
    ] = None,
    by: Annotated[
        str | None, Query(description="need, team, channel or segment, with `group`. Never a member of staff.")
    ] = None,
    group: Annotated[str | None, Query(max_length=200, description="Which need, team, channel or segment.")] = None,
    interval: Annotated[
        ChartInterval, Query(description="How long a period is, in the workspace's zone.")
    ] = ChartInterval.WEEK,
    start: Annotated[
        DayOrMoment | None, Query(alias="from", description="From the period this lies in. Default: 52 weeks, 2 years.")
    ] = None,
    end: Annotated[
        DayOrMoment | None, Query(alias="to", description="To the period that ends here or later. Default: now.")
    ] = None,
    split: Annotated[
        list[str] | None,
        Query(description="Draw limits anew at a recorded reason: `change:REF` or `countermeasure:REF`, repeated."),
    ] = None,
    as_known_at: Annotated[
        Moment | None, Query(description="What this service would have said at that moment. Default: now.")
    ] = None,
) -> ChartAnswer:
    """Give one dimension over time with its limits and signals. Scope: analysis:read."""
    apart = told_apart_by(by)
    wanted = charts.Wanted(
        dimension, measure, part, apart, group, interval, start, end, tuple(split or ()), as_known_at
    )
    return await charts.read(work, wanted)
