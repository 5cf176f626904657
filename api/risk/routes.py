"""Who is at risk, how surely, and under which conditions."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Moment, Reference
from api.dependencies import Admin, RiskReader
from api.jobs.schemas import Accepted
from api.paging import Page
from api.risk import service, training
from api.risk.schemas import LookupAnswer, LookupBody, ModelAnswer, RiskAnswer
from api.routing import StrictRoute

router = APIRouter(prefix="/v1", tags=["Risk"], route_class=StrictRoute)


@router.get("/customers/{reference}/risk")
async def read_risk(
    work: RiskReader,
    reference: Reference,
    as_of: Annotated[
        Moment | None, Query(description="As known at this moment, by today's model. Default: now.")
    ] = None,
) -> RiskAnswer:
    """Tell a customer's risk, and the conditions it is linked to. Scope: risk:read."""
    return await service.risk_of(work, reference, as_of)


@router.post("/risk/lookup")
async def look_up(work: RiskReader, body: LookupBody) -> LookupAnswer:
    """Tell the risk of up to 200 customers. Stores nothing. Scope: risk:read."""
    items, unknown = await service.risk_of_many(work, body.customers)
    return LookupAnswer(items=items, unknown=unknown)


@router.get("/models")
async def list_models(work: RiskReader) -> Page[ModelAnswer]:
    """List the versions of the risk model. Scope: risk:read."""
    return Page(items=await service.list_models(work), next_cursor=None)


@router.post("/models", status_code=202)
async def train_model(work: Admin, response: Response) -> Accepted:
    """Ask for a training; a worker does it. The job's id becomes the model's. Scope: admin."""
    job_id = await training.ask(work)
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return Accepted(id=job_id)
