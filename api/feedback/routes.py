"""Responses as they come in, one by one and in bulk, and the surveys they answer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.bodies import Reference, ShortText
from api.dependencies import FeedbackWriter, RecordsReader, RecordsWriter
from api.feedback import service
from api.feedback.schemas import ResponseAnswer, ResponseBody, ResponseJudged, ResponseStored, SurveyAnswer
from api.paging import Cursor, Limit, Page, UpdatedSince
from api.recorded import BulkAnswer, BulkBody, in_bulk
from api.routing import StrictRoute

router = APIRouter(prefix="/v1", tags=["Feedback"], route_class=StrictRoute)


@router.post("/responses", status_code=201, responses={200: {"description": "The same response again."}})
async def store_response(
    work: FeedbackWriter, body: ResponseBody, response: Response
) -> ResponseJudged | ResponseStored:
    """Take what a customer answered. Scope: feedback:write; with records:write too, customer and case are facts."""
    stored, created = await service.answer_one(work, body)
    response.status_code = 201 if created else 200
    return stored


@router.post("/responses/bulk")
async def store_responses(work: RecordsWriter, rows: BulkBody, atomic: bool = False) -> BulkAnswer:
    """Take up to 1 000 responses. Scope: records:write."""
    return await in_bulk(work, rows, ResponseBody, service.store_responses, atomic=atomic)


@router.get("/responses")
async def list_responses(
    work: RecordsReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    updated_since: UpdatedSince = None,
    customer: Annotated[Reference | None, Query(description="Only of this customer.")] = None,
    case: Annotated[Reference | None, Query(description="Only about this case.")] = None,
) -> Page[ResponseAnswer]:
    """List responses. Scope: records:read."""
    items, following = await service.list_responses(work, limit, cursor, updated_since, customer=customer, case=case)
    return Page(items=items, next_cursor=following)


@router.get("/responses/{response_id}")
async def read_response(work: RecordsReader, response_id: UUID) -> ResponseAnswer:
    """Read one response. Scope: records:read."""
    return await service.read_response(work, response_id)


@router.get("/surveys/{key}")
async def read_survey(work: RecordsReader, key: ShortText) -> SurveyAnswer:
    """Read a survey as it is asked now. Scope: records:read."""
    return await service.read_survey(work, key)
