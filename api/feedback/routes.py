"""Surveys, responses as they come in, one by one and in bulk, and invitations to answer."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import JsonValue

from api.bodies import Code, Reference, ShortText
from api.dependencies import Admin, AdminReader, FeedbackWriter, RecordsReader, RecordsWriter, Work, may_read
from api.etags import marked, tagged
from api.feedback import continuing, eligibility, invitations, inviting, links, moving, service, surveys
from api.feedback.definitions import (
    DefinitionBody,
    SurveyAnswer,
    SurveyBody,
    SurveyExport,
    SurveyImported,
    TemplateAnswer,
    TemplatesAnswer,
    VersionAnswer,
)
from api.feedback.schemas import (
    EligibilityAnswer,
    EligibilityBody,
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
from api.listing import STREAMED, Asking, Voided, listed
from api.paging import Page
from api.recorded import BulkAnswer, BulkBody, RecordAnswer, Stub, in_bulk, record_answer, say_stored
from api.routing import StrictRoute
from api.voiding import VoidBody

router = APIRouter(prefix="/v1", tags=["Feedback"], route_class=StrictRoute)

AnyReader = Annotated[Work, may_read()]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
OfCustomer = Annotated[Reference | None, Query(description="Only of this customer.")]
AboutCase = Annotated[Reference | None, Query(description="Only about this case.")]


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
    customer: OfCustomer = None,
    case: AboutCase = None,
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


@router.patch("/responses/{response_id}")
async def continue_response(
    work: FeedbackWriter, response_id: UUID, body: ResponsePatch
) -> ResponseJudged | ResponseStored:
    """Take a further step of an answer, until it is complete. Scope: feedback:write."""
    return await continuing.continue_response(work, response_id, body)


@router.post("/surveys", status_code=201)
async def create_survey(work: Admin, body: SurveyBody) -> SurveyAnswer:
    """Make a survey with its first draft, of questions of your own or of a template. Scope: admin."""
    return await surveys.create(work, body)


@router.get("/surveys", response_model=Page[SurveyAnswer], responses=STREAMED)
async def list_surveys(work: AnyReader, asked: Asking) -> Page[SurveyAnswer] | Response:
    """List surveys. Any valid key; those not yet published only with records:read."""
    return await listed(work, asked, surveys.list_all)


@router.get("/surveys/{key}")
async def read_survey(work: AnyReader, key: ShortText, response: Response) -> SurveyAnswer:
    """Read a survey as it is asked now. Any valid key; one not yet published only with records:read."""
    return marked(response, await surveys.read(work, key))


@router.post("/surveys/{key}/versions", status_code=201)
async def draft_survey(work: Admin, key: ShortText, body: DefinitionBody) -> VersionAnswer:
    """Draft a version of a survey. Scope: admin."""
    return await surveys.draft(work, key, body)


@router.get("/surveys/{key}/versions/{number}")
async def read_survey_version(work: AnyReader, key: ShortText, number: Number, response: Response) -> VersionAnswer:
    """Read one version. Any valid key; a draft only with records:read."""
    return marked(response, await surveys.read_version(work, key, number))


@router.post("/surveys/{key}/versions/{number}/publish")
async def publish_survey_version(work: Admin, key: ShortText, number: Number) -> VersionAnswer:
    """Publish a version: from now on it is asked and never changes. Scope: admin."""
    return await surveys.publish(work, key, number)


@router.post("/surveys/{key}/publish")
async def publish_survey(work: Admin, key: ShortText) -> VersionAnswer:
    """Publish the newest version. Scope: admin."""
    return await surveys.publish(work, key)


@router.get("/surveys/{key}/export")
async def export_survey(
    work: AnyReader,
    key: ShortText,
    version: Annotated[int | None, Query(ge=1, le=1_000_000, description="Default: the one asked now.")] = None,
) -> SurveyExport:
    """Export a survey's definition as one document. Any valid key; a draft only with records:read."""
    return await moving.exported(work, key, version)


@router.post("/surveys/import", status_code=201)
async def import_survey(
    work: Admin,
    document: Annotated[dict[str, JsonValue], Body(description="An export of ours, or a Formbricks survey's JSON.")],
    key: Annotated[Code | None, Query(description="What to call it. Default: as the document does.")] = None,
) -> SurveyImported:
    """Import a survey as a draft; what cannot be carried over is named in `left_out`. Scope: admin."""
    return await moving.import_survey(work, document, key)


@router.get("/survey-templates")
async def list_templates(_work: AnyReader) -> TemplatesAnswer:
    """List the surveys there are to begin with. Any valid key."""
    return TemplatesAnswer(items=surveys.templates())


@router.get("/survey-templates/{key}")
async def read_template(_work: AnyReader, key: ShortText) -> TemplateAnswer:
    """Read a survey to begin with. Any valid key."""
    return surveys.read_template(key)


@router.post("/invitations", status_code=201, responses={200: {"description": "It was made before."}})
async def invite(work: RecordsWriter, body: InvitationBody, response: Response) -> InvitationMade:
    """Invite a customer to answer a survey, once. Token and url are shown this once. Scope: records:write."""
    made, created = await inviting.invite(work, body)
    response.status_code = 201 if created else 200
    return made


@router.post("/eligibility")
async def judge_eligibility(work: RecordsReader, body: EligibilityBody) -> EligibilityAnswer:
    """Say whether to ask a customer now, and why not. Nothing is recorded. Scope: records:read."""
    return await eligibility.judge(work, body)


@router.post("/invitations/bulk")
async def invite_many(work: RecordsWriter, rows: BulkBody, atomic: bool = False) -> InvitationsMade:
    """Invite up to 1 000 customers. Scope: records:write."""
    return await inviting.invite_many(work, rows, atomic=atomic)


@router.get("/invitations", response_model=Page[InvitationAnswer], responses=STREAMED)
async def list_invitations(
    work: RecordsReader, asked: Asking, customer: OfCustomer = None, case: AboutCase = None
) -> Page[InvitationAnswer] | Response:
    """List invitations, without their tokens: nobody knows those any more. Scope: records:read."""
    return await listed(work, asked, partial(invitations.list_all, customer=customer, case=case))


@router.get("/invitations/{invitation_id}")
async def read_invitation(work: RecordsReader, invitation_id: UUID, response: Response) -> InvitationAnswer:
    """Read one invitation. Scope: records:read."""
    return marked(response, await invitations.read(work, invitation_id))


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
