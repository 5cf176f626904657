"""Suggestions from comments: what they may speak of, for people to confirm or decline."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.bodies import Code, Reference
from api.dependencies import Admin, AnalysisReader
from api.etags import IfMatch, tagged
from api.failures.suggestions import service
from api.failures.suggestions.schemas import DecisionBody, DecisionRow, FaredAnswer, SuggestionAnswer, SuggestionWhole
from api.jobs.schemas import Accepted
from api.listing import STREAMED, Asking, listed
from api.paging import Page
from api.recorded import BulkAnswer, BulkBody, in_bulk
from api.routing import StrictRoute
from models.suggestion import SuggestionBasis, SuggestionState

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["Suggestions"])


@router.get("/suggestions", response_model=Page[SuggestionAnswer], responses=STREAMED)
async def list_suggestions(
    work: AnalysisReader,
    asked: Asking,
    condition: Annotated[Code | None, Query(description="Only of this condition.")] = None,
    case: Annotated[Reference | None, Query(description="Only of this case.")] = None,
    response: Annotated[UUID | None, Query(description="Only from this response.")] = None,
    state: Annotated[SuggestionState | None, Query(description="Only where they stand so.")] = None,
    basis: Annotated[SuggestionBasis | None, Query(description="Only what rests on this.")] = None,
) -> Page[SuggestionAnswer] | Response:
    """List what comments may speak of; excerpts for a key that may read records. Scope: analysis:read."""
    read = partial(service.list_suggestions, condition=condition, case=case, response=response)
    return await listed(work, asked, partial(read, state=state, basis=basis))


@router.get("/suggestions/conditions")
async def read_how_suggestions_fared(work: AnalysisReader) -> FaredAnswer:
    """Tell by condition how often people agreed, and what was learnt last. Scope: analysis:read."""
    return await service.fared(work)


@router.post("/suggestions/learning", status_code=202)
async def ask_for_learning(work: Admin, response: Response) -> Accepted:
    """Ask for a training from what people decided; each night there is one anyway. Scope: admin."""
    job_id = await service.learn(work)
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return Accepted(id=job_id)


@router.post("/suggestions/bulk")
async def decide_on_suggestions(work: Admin, rows: BulkBody, atomic: bool = False) -> BulkAnswer:
    """Confirm or decline up to 1 000 suggestions. Scope: admin."""
    return await in_bulk(work, rows, DecisionRow, service.decide_many, atomic=atomic)


@router.get("/suggestions/{suggestion_id}")
async def read_suggestion(work: AnalysisReader, suggestion_id: UUID, response: Response) -> SuggestionWhole:
    """Read one suggestion; the comment for a key that may read records. Scope: analysis:read."""
    return tagged(response, await service.read_suggestion(work, suggestion_id))


@router.post("/suggestions/{suggestion_id}/confirm")
async def confirm_suggestion(
    work: Admin, suggestion_id: UUID, response: Response, body: DecisionBody | None = None, if_match: IfMatch = None
) -> SuggestionWhole:
    """Say that the comment speaks of the condition: it is observed in the case from now on. Scope: admin."""
    await service.decide(work, suggestion_id, SuggestionState.CONFIRMED, None if body is None else body.note, if_match)
    return tagged(response, await service.read_suggestion(work, suggestion_id))


@router.post("/suggestions/{suggestion_id}/decline")
async def decline_suggestion(
    work: Admin, suggestion_id: UUID, response: Response, body: DecisionBody | None = None, if_match: IfMatch = None
) -> SuggestionWhole:
    """Say that the comment does not speak of the condition. Scope: admin."""
    await service.decide(work, suggestion_id, SuggestionState.DECLINED, None if body is None else body.note, if_match)
    return tagged(response, await service.read_suggestion(work, suggestion_id))
