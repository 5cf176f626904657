"""Surveys, responses as they come in, one by one and in bulk, and invitations to answer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from api.bodies import Reference, ShortText
from api.dependencies import Admin, AdminReader, FeedbackWriter, RecordsReader, RecordsWriter, Work, may_read
from api.feedback import continuing, invitations, inviting, links, service, surveys
from api.feedback.definitions import DefinitionBody, SurveyAnswer, SurveyBody, VersionAnswer
from api.feedback.schemas import (
    InvitationAnswer,
    InvitationBody,
    InvitationMade,
    InvitationsMade,
    LinkSecretAnswer,
    LinkSecretTurn,
    ResponseAnswer,
    ResponseBody,
    ResponseJudged,
    ResponsePatch,
    ResponseStored,
)
from api.paging import Cursor, Limit, Page, UpdatedSince
from api.recorded import BulkAnswer, BulkBody, in_bulk
from api.routing import StrictRoute

router = APIRouter(prefix="/v1", tags=["Feedback"], route_class=StrictRoute)

AnyReader = Annotated[Work, may_read()]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
OfCustomer = Annotated[Reference | None, Query(description="Only of this customer.")]
AboutCase = Annotated[Reference | None, Query(description="Only about this case.")]


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
    customer: OfCustomer = None,
    case: AboutCase = None,
) -> Page[ResponseAnswer]:
    """List responses. Scope: records:read."""
    items, following = await service.list_responses(work, limit, cursor, updated_since, customer=customer, case=case)
    return Page(items=items, next_cursor=following)


@router.get("/responses/{response_id}")
async def read_response(work: RecordsReader, response_id: UUID) -> ResponseAnswer:
    """Read one response. Scope: records:read."""
    return await service.read_response(work, response_id)


@router.patch("/responses/{response_id}")
async def continue_response(
    work: FeedbackWriter, response_id: UUID, body: ResponsePatch
) -> ResponseJudged | ResponseStored:
    """Take a further step of an answer, until it is complete. Scope: feedback:write."""
    return await continuing.continue_response(work, response_id, body)


@router.post("/surveys", status_code=201)
async def create_survey(work: Admin, body: SurveyBody) -> SurveyAnswer:
    """Make a survey with its first draft. Scope: admin."""
    return await surveys.create(work, body)


@router.get("/surveys")
async def list_surveys(
    work: AnyReader, limit: Limit = 100, cursor: Cursor = None, updated_since: UpdatedSince = None
) -> Page[SurveyAnswer]:
    """List surveys. Any valid key; those not yet published only with records:read."""
    items, following = await surveys.list_all(work, limit, cursor, updated_since)
    return Page(items=items, next_cursor=following)


@router.get("/surveys/{key}")
async def read_survey(work: AnyReader, key: ShortText) -> SurveyAnswer:
    """Read a survey as it is asked now. Any valid key; one not yet published only with records:read."""
    return await surveys.read(work, key)


@router.post("/surveys/{key}/versions", status_code=201)
async def draft_survey(work: Admin, key: ShortText, body: DefinitionBody) -> VersionAnswer:
    """Draft a version of a survey. Scope: admin."""
    return await surveys.draft(work, key, body)


@router.get("/surveys/{key}/versions/{number}")
async def read_survey_version(work: AnyReader, key: ShortText, number: Number) -> VersionAnswer:
    """Read one version. Any valid key; a draft only with records:read."""
    return await surveys.read_version(work, key, number)


@router.post("/surveys/{key}/versions/{number}/publish")
async def publish_survey_version(work: Admin, key: ShortText, number: Number) -> VersionAnswer:
    """Publish a version: from now on it is asked and never changes. Scope: admin."""
    return await surveys.publish(work, key, number)


@router.post("/surveys/{key}/publish")
async def publish_survey(work: Admin, key: ShortText) -> VersionAnswer:
    """Publish the newest version. Scope: admin."""
    return await surveys.publish(work, key)


@router.post("/invitations", status_code=201, responses={200: {"description": "It was made before."}})
async def invite(work: RecordsWriter, body: InvitationBody, response: Response) -> InvitationMade:
    """Invite a customer to answer a survey, once. Token and url are shown this once. Scope: records:write."""
    made, created = await inviting.invite(work, body)
    response.status_code = 201 if created else 200
    return made


@router.post("/invitations/bulk")
async def invite_many(work: RecordsWriter, rows: BulkBody, atomic: bool = False) -> InvitationsMade:
    """Invite up to 1 000 customers. Scope: records:write."""
    return await inviting.invite_many(work, rows, atomic=atomic)


@router.get("/invitations")
async def list_invitations(
    work: RecordsReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    updated_since: UpdatedSince = None,
    customer: OfCustomer = None,
    case: AboutCase = None,
) -> Page[InvitationAnswer]:
    """List invitations, without their tokens: nobody knows those any more. Scope: records:read."""
    items, following = await invitations.list_all(work, limit, cursor, updated_since, customer=customer, case=case)
    return Page(items=items, next_cursor=following)


@router.get("/invitations/{invitation_id}")
async def read_invitation(work: RecordsReader, invitation_id: UUID) -> InvitationAnswer:
    """Read one invitation. Scope: records:read."""
    return await invitations.read(work, invitation_id)


@router.post("/invitations/{invitation_id}/revoke")
async def revoke_invitation(work: RecordsWriter, invitation_id: UUID) -> InvitationAnswer:
    """Withdraw an invitation. Scope: records:write."""
    return await invitations.revoke(work, invitation_id)


@router.get("/workspace/link-secret")
async def read_link_secret(work: AdminReader) -> LinkSecretAnswer:
    """Read the secret that your mail tool signs links with. Scope: admin."""
    return await links.read_secret(work)


@router.post("/workspace/link-secret")
async def turn_link_secret(work: Admin, body: LinkSecretTurn | None = None) -> LinkSecretAnswer:
    """Begin a new secret; the one before stays good for as long as you say. Scope: admin."""
    return await links.turn_secret(work, body or LinkSecretTurn())
