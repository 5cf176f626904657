"""Responses as they come in, one by one and in bulk, and the surveys they answer."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.bodies import Reference, ShortText
from api.dependencies import FeedbackWriter, RecordsReader, RecordsWriter
from api.etags import tagged
from api.feedback import service
from api.feedback.schemas import ResponseAnswer, ResponseBody, ResponseJudged, ResponseStored, SurveyAnswer
from api.listing import STREAMED, Asking, Voided, listed
from api.paging import Page
from api.recorded import BulkAnswer, BulkBody, RecordAnswer, Stub, in_bulk, record_answer, say_stored
from api.routing import StrictRoute
from api.voiding import VoidBody

router = APIRouter(prefix="/v1", tags=["Feedback"], route_class=StrictRoute)


@router.post("/responses", status_code=201, responses={200: {"description": "The same response again."}})
async def store_response(
    work: FeedbackWriter, body: ResponseBody, response: Response, stub: Stub = False
) -> ResponseJudged | ResponseStored:
    """Take what a customer answered. Scope: feedback:write; with records:write too, customer and case are facts."""
    answer, stored = await service.answer_one(work, body, stub=stub)
    say_stored(response, stored)
    return answer


@router.post("/responses/bulk")
async def store_responses(work: RecordsWriter, rows: BulkBody, atomic: bool = False, stub: Stub = False) -> BulkAnswer:
    """Take up to 1 000 responses. Scope: records:write."""
    return await in_bulk(work, rows, ResponseBody, partial(service.store_responses, stub=stub), atomic=atomic)


@router.get("/responses", response_model=Page[ResponseAnswer], responses=STREAMED)
async def list_responses(
    work: RecordsReader,
    asked: Asking,
    voided: Voided = False,
    customer: Annotated[Reference | None, Query(description="Only of this customer.")] = None,
    case: Annotated[Reference | None, Query(description="Only about this case.")] = None,
    survey: Annotated[ShortText | None, Query(description="Only to this survey.")] = None,
    complete: Annotated[bool | None, Query(description="Only complete ones, or only partial ones.")] = None,
    failure: Annotated[bool | None, Query(description="Only those that make their case a failure, or do not.")] = None,
) -> Page[ResponseAnswer] | Response:
    """List responses. Scope: records:read."""
    read = partial(service.list_responses, voided=voided, customer=customer, case=case, survey_key=survey)
    return await listed(work, asked, partial(read, complete=complete, failure=failure))


@router.get("/responses/{response_id}")
async def read_response(work: RecordsReader, response_id: UUID, response: Response) -> ResponseAnswer:
    """Read one response. Scope: records:read."""
    return tagged(response, await service.read_response(work, response_id))


@router.post("/responses/{response_id}/void")
async def void_response(work: RecordsWriter, response_id: UUID, body: VoidBody, response: Response) -> RecordAnswer:
    """Withdraw a response that was taken by mistake. Scope: records:write."""
    return record_answer(response, await service.void_response(work, response_id, body.reason))


@router.get("/surveys/{key}")
async def read_survey(work: RecordsReader, key: ShortText) -> SurveyAnswer:
    """Read a survey as it is asked now. Scope: records:read."""
    return await service.read_survey(work, key)
