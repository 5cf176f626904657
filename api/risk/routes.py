"""Who is at risk, how surely, and under which conditions; what people say of it, and which model says it."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.bodies import Moment, Reference, ShortText
from api.dependencies import Admin, AnalysisReader, RecordsWriter, RiskReader
from api.etags import marked
from api.jobs.schemas import Accepted
from api.listing import STREAMED, Asking, listed
from api.paging import Page
from api.risk import listing, registry, service, training, verdicts
from api.risk.schemas import (
    CardAnswer,
    FeedbackAnswer,
    FeedbackBody,
    FeedbackStored,
    ListedAssessment,
    LookupAnswer,
    LookupBody,
    ModelAnswer,
    ModelChanged,
    PastAssessment,
    RiskAnswer,
)
from api.routing import StrictRoute
from models.assessment import Verdict

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


@router.get("/customers/{reference}/risk/history", response_model=Page[PastAssessment], responses=STREAMED)
async def read_history(work: RiskReader, reference: Reference, asked: Asking) -> Page[PastAssessment] | Response:
    """List what was stored of a customer's risk, one entry a change, oldest first. Scope: risk:read."""
    return await listed(work, asked, partial(listing.history, reference=reference))


@router.post("/customers/{reference}/risk/feedback", status_code=201, responses={200: {"description": "Said before."}})
async def store_feedback(
    work: RecordsWriter, reference: Reference, body: FeedbackBody, response: Response
) -> FeedbackStored:
    """Say what you, who know the customer, think of the assessment. Scope: records:write."""
    stored, created = await verdicts.store_feedback(work, reference, body)
    response.status_code = 201 if created else 200
    return stored


@router.get("/customers/{reference}/risk/feedback/{feedback}")
async def read_feedback(
    work: AnalysisReader, reference: Reference, feedback: Reference, response: Response
) -> FeedbackAnswer:
    """Read what was said of a customer's assessment. Scope: analysis:read."""
    return marked(response, await verdicts.read_feedback(work, reference, feedback))


@router.get("/risk", response_model=Page[ListedAssessment], responses=STREAMED)
async def list_risk(
    work: RiskReader,
    asked: Asking,
    flagged: Annotated[bool | None, Query(description="Only who is flagged, or only who is not.")] = None,
    team: Annotated[ShortText | None, Query(description="Only whose latest case is this team's.")] = None,
) -> Page[ListedAssessment] | Response:
    """List what was last stored of each customer; `GET /v1/customers/{reference}/risk` is fresh. Scope: risk:read."""
    return await listed(work, asked, partial(listing.list_risk, flagged=flagged, team=team))


@router.post("/risk/lookup")
async def look_up(work: RiskReader, body: LookupBody) -> LookupAnswer:
    """Tell the risk of up to 200 customers. Stores nothing. Scope: risk:read."""
    items, unknown = await service.risk_of_many(work, body.customers)
    return LookupAnswer(items=items, unknown=unknown)


@router.get("/risk/feedback", response_model=Page[FeedbackAnswer], responses=STREAMED)
async def list_feedback(
    work: AnalysisReader,
    asked: Asking,
    customer: Annotated[Reference | None, Query(description="Only of this customer.")] = None,
    verdict: Annotated[Verdict | None, Query(description="Only with this verdict.")] = None,
) -> Page[FeedbackAnswer] | Response:
    """List what people say of assessments. Scope: analysis:read."""
    return await listed(work, asked, partial(verdicts.list_feedback, customer=customer, verdict=verdict))


@router.get("/models", response_model=Page[ModelAnswer], responses=STREAMED)
async def list_models(work: RiskReader, asked: Asking) -> Page[ModelAnswer] | Response:
    """List the versions of the risk model, newest first. Scope: risk:read."""
    return await listed(work, asked, registry.list_models)


@router.get("/models/{model_id}")
async def read_model(work: RiskReader, model_id: UUID, response: Response) -> ModelAnswer:
    """Read one version of the risk model. Scope: risk:read."""
    return marked(response, await registry.read(work, model_id))


@router.get("/models/{model_id}/card")
async def read_card(work: RiskReader, model_id: UUID) -> CardAnswer:
    """Read a model's card: purpose, what it was learnt from, how it did, its weights. Scope: risk:read."""
    return await registry.read_card(work, model_id)


@router.post("/models/{model_id}/promote")
async def promote_model(work: Admin, model_id: UUID) -> ModelChanged:
    """Let a model serve from now on; the one before is retired and kept. Scope: admin."""
    return await registry.promote(work, model_id)


@router.post("/models/{model_id}/retire")
async def retire_model(work: Admin, model_id: UUID) -> ModelChanged:
    """Put a model out of service; where it served, the scorecard does. Scope: admin."""
    return await registry.retire(work, model_id)


@router.post("/models", status_code=202)
async def train_model(work: Admin, response: Response) -> Accepted:
    """Ask for a training; a worker does it. The job's id becomes the model's. Scope: admin."""
    job_id = await training.ask(work)
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return Accepted(id=job_id)
