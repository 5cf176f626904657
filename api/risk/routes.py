"""Who is at risk, how surely, and under which conditions; what people say of it, and which model says it."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from api.bodies import Moment, Reference, ShortText
from api.dependencies import Admin, AnalysisReader, RecordsWriter, RiskReader
from api.etags import marked
from api.jobs.schemas import Accepted
from api.listing import STREAMED, Asking, listed
from api.paging import Page
from api.risk import (
    card_page,
    cards,
    deciding,
    effect,
    listing,
    offering,
    registry,
    scorecards,
    service,
    training,
    verdicts,
)
from api.risk.outreach_schemas import EffectAnswer
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
    PromoteBody,
    ReportAnswer,
    RiskAnswer,
)
from api.risk.scorecard_schemas import ScorecardAnswer, ScorecardBody, ScorecardInForce
from api.risk.wording import language_for
from api.routing import StrictRoute
from models.assessment import Verdict
from models.registry import Watched

router = APIRouter(prefix="/v1", tags=["Risk"], route_class=StrictRoute)


def spoken(
    response: Response,
    lang: Annotated[
        str | None, Query(max_length=35, description="The language of `reason_text`, before Accept-Language.")
    ] = None,
    accept_language: Annotated[str | None, Header()] = None,
) -> str:
    """Return the language reasons are given in, and say it in the answer."""
    language = language_for(lang, accept_language)
    response.headers["Content-Language"], response.headers["Vary"] = language, "Accept-Language"
    return language


Spoken = Annotated[str, Depends(spoken)]


@router.get("/customers/{reference}/risk")
async def read_risk(
    work: RiskReader,
    reference: Reference,
    language: Spoken,
    as_of: Annotated[
        Moment | None, Query(description="As known at this moment, by today's model. Default: now.")
    ] = None,
) -> RiskAnswer:
    """Tell a customer's risk, and the conditions it is linked to. Scope: risk:read."""
    return await service.risk_of(work, reference, as_of, language)


@router.get("/customers/{reference}/risk/history", response_model=Page[PastAssessment], responses=STREAMED)
async def read_history(
    work: RiskReader, reference: Reference, asked: Asking, language: Spoken
) -> Page[PastAssessment] | Response:
    """List what was stored of a customer's risk, one entry a change, oldest first. Scope: risk:read."""
    return await listed(work, asked, partial(listing.history, reference=reference, language=language))


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
    language: Spoken,
    flagged: Annotated[bool | None, Query(description="Only who is flagged, or only who is not.")] = None,
    team: Annotated[ShortText | None, Query(description="Only whose latest case is this team's.")] = None,
    order: Annotated[
        Literal["stored", "worth"],
        Query(description="`worth`: those first whose outreach is expected to save most beyond its cost."),
    ] = "stored",
    within_capacity: Annotated[
        bool, Query(description="With `order=worth`: only those with whom outreach can still be begun this week.")
    ] = False,
) -> Page[ListedAssessment] | Response:
    """List what was last stored of each customer; `GET /v1/customers/{reference}/risk` is fresh. Scope: risk:read."""
    by_worth = await offering.by_worth(work, order=order, within_capacity=within_capacity)
    listing_of = partial(listing.list_risk, flagged=flagged, team=team, by_worth=by_worth, language=language)
    return await listed(work, asked, listing_of)


@router.post("/risk/lookup")
async def look_up(work: RiskReader, body: LookupBody, language: Spoken) -> LookupAnswer:
    """Tell the risk of up to 200 customers. Stores nothing. Scope: risk:read."""
    items, unknown = await service.risk_of_many(work, body.customers, language)
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


@router.get("/outreach/effect")
async def read_effect(work: AnalysisReader) -> EffectAnswer:
    """Tell whether outreach was followed by fewer departures; `not_yet_known` until it is. Scope: analysis:read."""
    return await effect.read_effect(work)


@router.get("/models", response_model=Page[ModelAnswer], responses=STREAMED)
async def list_models(work: RiskReader, asked: Asking) -> Page[ModelAnswer] | Response:
    """List the versions of the risk model, newest first. Scope: risk:read."""
    return await listed(work, asked, registry.list_models)


@router.get("/models/{model_id}")
async def read_model(work: RiskReader, model_id: UUID, response: Response) -> ModelAnswer:
    """Read one version of the risk model. Scope: risk:read."""
    return marked(response, await registry.read(work, model_id))


@router.get("/models/{model_id}/card", response_model=CardAnswer, responses=card_page.EITHER)
async def read_card(
    work: RiskReader,
    model_id: UUID,
    request: Request,
    lang: Annotated[
        str | None, Query(max_length=35, description="The language of the page, before Accept-Language.")
    ] = None,
) -> CardAnswer | Response:
    """Read a model's card: purpose, how it did, drift, fairness, decisions. `Accept: text/html`: as a page.

    Scope: risk:read.
    """
    card = await cards.read_card(work, model_id)
    if not card_page.is_wanted(request.headers.get("accept", "")):
        return card
    language = language_for(lang, request.headers.get("accept-language"))
    return card_page.shown(card, await cards.company(work), language)


@router.get("/models/{model_id}/drift")
async def read_drift(work: RiskReader, model_id: UUID) -> ReportAnswer:
    """Read how far customers have moved from what a model was learnt from. Scope: risk:read."""
    return await cards.read_report(work, model_id, Watched.DRIFT)


@router.get("/models/{model_id}/fairness")
async def read_fairness(work: RiskReader, model_id: UUID) -> ReportAnswer:
    """Read what a model says of groups of 50 customers or more, and what came true. Scope: risk:read."""
    return await cards.read_report(work, model_id, Watched.FAIRNESS)


@router.get("/models/{model_id}/comparison")
async def read_comparison(work: RiskReader, model_id: UUID) -> ReportAnswer:
    """Read how a silent challenger did beside the model that served, on what came true. Scope: risk:read."""
    return await cards.read_report(work, model_id, Watched.COMPARISON)


@router.post("/models/{model_id}/promote")
async def promote_model(work: Admin, model_id: UUID, body: PromoteBody | None = None) -> ModelChanged:
    """Let a model serve from now on; the one before is retired and kept. Scope: admin."""
    return await deciding.promote(work, model_id, body or deciding.PLAINLY)


@router.post("/models/{model_id}/challenge")
async def challenge_model(work: Admin, model_id: UUID) -> ModelChanged:
    """Let a model score in silence beside the one that serves. Scope: admin."""
    return await deciding.challenge(work, model_id)


@router.post("/models/{model_id}/retire")
async def retire_model(work: Admin, model_id: UUID) -> ModelChanged:
    """Put a model out of service; where it served, the scorecard does. Scope: admin."""
    return await deciding.retire(work, model_id)


@router.post("/models", status_code=202)
async def train_model(work: Admin, response: Response) -> Accepted:
    """Ask for a training; a worker does it. The job's id becomes the model's. Scope: admin."""
    job_id = await training.ask(work)
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return Accepted(id=job_id)


@router.get("/scorecards", response_model=Page[ScorecardAnswer], responses=STREAMED)
async def list_scorecards(work: RiskReader, asked: Asking) -> Page[ScorecardAnswer] | Response:
    """List the versions of the scorecard, oldest first. Scope: risk:read."""
    return await listed(work, asked, scorecards.list_versions)


@router.post("/scorecards", status_code=201)
async def store_scorecard(work: Admin, body: ScorecardBody, response: Response) -> ScorecardAnswer:
    """Change the scorecard: a new version, whole, that counts from now on. Scope: admin."""
    stored = await scorecards.store(work, body)
    response.headers["Location"] = f"/v1/scorecards/{stored.id}"
    return stored


@router.get("/scorecards/current")
async def read_scorecard_in_force(work: RiskReader) -> ScorecardInForce:
    """Read the scorecard that counts now, each term beside the published one. Scope: risk:read."""
    return await scorecards.in_force(work)


@router.get("/scorecards/{scorecard_id}")
async def read_scorecard(work: RiskReader, scorecard_id: UUID, response: Response) -> ScorecardAnswer:
    """Read a version of the scorecard. Scope: risk:read."""
    return marked(response, await scorecards.read(work, scorecard_id))
