"""The company's loyalty to its customers, over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.bodies import DayOrMoment, Moment
from api.dependencies import Admin, AnalysisReader
from api.etags import marked
from api.jobs.schemas import Accepted
from api.measures.loyalty import asking, service
from api.measures.loyalty.felt import service as felt
from api.measures.loyalty.felt.schemas import FeltAlone, FeltBody
from api.measures.loyalty.schemas import LoyaltyAnswer
from api.routing import StrictRoute
from models.rules.periods import Interval

router = APIRouter(prefix="/v1", route_class=StrictRoute)

By = Annotated[
    str | None,
    Query(
        description="Tell the facts apart by need, team, channel or segment. By a member of staff is refused.",
        json_schema_extra={"enum": [by.value for by in asking.By]},
    ),
]


@router.get("/loyalty", tags=["Loyalty"])
async def read_loyalty(
    work: AnalysisReader,
    start: Annotated[
        DayOrMoment | None, Query(alias="from", description="From this on. Default: 90 days before the end.")
    ] = None,
    end: Annotated[DayOrMoment | None, Query(alias="to", description="Before this. Default: now.")] = None,
    by: By = None,
    interval: Annotated[
        Literal["week", "month"] | None, Query(description="Tell the whole weeks or months it touches, too.")
    ] = None,
    as_known_at: Annotated[
        Moment | None, Query(description="What this service would have said at that moment. Default: now.")
    ] = None,
) -> LoyaltyAnswer:
    """Give the company's loyalty to its customers from its own records: eight dimensions. Scope: analysis:read."""
    question = await asking.asked(
        work,
        start=start,
        end=end,
        by=asking.told_apart_by(by),
        interval=None if interval is None else Interval(interval),
        as_known_at=as_known_at,
    )
    return await service.read_loyalty(work, question)


@router.get("/loyalty/felt", tags=["Loyalty"])
async def read_felt(
    work: AnalysisReader,
    response: Response,
    start: Annotated[DayOrMoment | None, Query(alias="from", description="Default: 90 days before `to`.")] = None,
    end: Annotated[DayOrMoment | None, Query(alias="to", description="Default: now.")] = None,
) -> FeltAlone:
    """Tell what customers feel of the company's loyalty, and the Gap, as computed last. Scope: analysis:read."""
    question = await asking.asked(work, start=start, end=end)
    return marked(response, await felt.alone(work, question))


@router.post("/loyalty/felt", status_code=202, tags=["Loyalty"])
async def ask_for_felt(work: Admin, body: FeltBody, response: Response) -> Accepted:
    """Ask for Felt and the Gap to be computed; a worker does it. Scope: admin."""
    job_id = await felt.ask(work, body)
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return Accepted(id=job_id)
