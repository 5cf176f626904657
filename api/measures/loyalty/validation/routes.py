"""Whether the facts of loyalty go with what they should go with, over HTTP."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.bodies import DayOrMoment
from api.dependencies import AnalysisReader
from api.measures.loyalty import asking
from api.measures.loyalty.validation import service as validation
from api.measures.loyalty.validation.schemas import ValidationAnswer
from api.routing import StrictRoute
from models.rules.periods import Interval

router = APIRouter(prefix="/v1", route_class=StrictRoute)
A_YEAR = timedelta(days=365)


@router.get("/loyalty/validation", tags=["Loyalty"])
async def validate_loyalty(
    work: AnalysisReader,
    start: Annotated[
        DayOrMoment | None, Query(alias="from", description="From this on. Default: a year before the end.")
    ] = None,
    end: Annotated[DayOrMoment | None, Query(alias="to", description="Before this. Default: now.")] = None,
    by: Annotated[
        str | None,
        Query(
            description="Compare groups: by need, team, channel or segment. Earned Growth is told of segments only.",
            json_schema_extra={"enum": [by.value for by in asking.By]},
        ),
    ] = None,
    interval: Annotated[Literal["week", "month"], Query(description="How long a period is.")] = "month",
) -> ValidationAnswer:
    """Tell whether the facts go with Felt, departures and Earned Growth, and tell that. Scope: analysis:read."""
    question = await asking.asked(
        work,
        start=(end or work.now) - A_YEAR if start is None else start,
        end=end,
        by=asking.told_apart_by(by),
        interval=Interval(interval),
    )
    return await validation.validate(work, question)
