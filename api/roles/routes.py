"""How staff would design their roles, and the support managers owe them."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, params

from api.bodies import Reference, ShortText
from api.dependencies import (
    Credentials,
    RolesWriter,
    SupportReader,
    SupportWriter,
    Work,
    authenticate,
    database,
    utc_now,
)
from api.errors import NotAllowed
from api.etags import etag, marked
from api.listing import STREAMED, Asking, listed
from api.paging import Page
from api.roles import heard, in_use, owing, requests, service
from api.roles.in_use_schemas import MeasureInUseAnswer, MeasureInUseBody, MeasureInUseStored
from api.roles.schemas import (
    AnswerBody,
    ProposalAnswer,
    ProposalBody,
    ProposalStored,
    ReplyBody,
    StepBody,
    SupporterBody,
)
from api.roles.support_schemas import (
    HeardAnswer,
    HeardBody,
    HeardStored,
    MetBody,
    SupportOwed,
    SupportRequestAnswer,
    SupportRequestBody,
    SupportRequestStored,
)
from api.routing import StrictRoute
from api.voiding import VoidBody
from models.access import Scope
from models.rules.support import ProposalStatus, Step

router = APIRouter(prefix="/v1", tags=["Staff"], route_class=StrictRoute)

Team = Annotated[ShortText | None, Query(description="Only of this team.")]


async def reading_proposals(request: Request, credentials: Credentials) -> AsyncIterator[Work]:
    """Yield the work of a request that staff and managers alike may make."""
    async with database(request).read() as session:
        caller = await authenticate(request, session, credentials, ())
        if not (caller.may(Scope.ROLES_WRITE) or caller.may(Scope.ROLES_SUPPORT)):
            raise NotAllowed(
                f"This key lacks the scope {Scope.ROLES_WRITE} or {Scope.ROLES_SUPPORT}. "
                "Make one with either: `steadfast keys create`."
            )
        yield Work(session, caller.workspace_id, caller, utc_now())


# OpenAPI reads the scopes of one entry as "all of these", and the entries as "one of these": the scope named here makes
# the first entry, EITHER the second.
ProposalsReader = Annotated[
    Work, params.Security(dependency=reading_proposals, scope="function", scopes=[Scope.ROLES_WRITE.value])
]
EITHER: dict[str, Any] = {"security": [{"HTTPBearer": [Scope.ROLES_SUPPORT.value]}]}


@router.post("/role-proposals", status_code=201)
async def offer_proposal(work: RolesWriter, body: ProposalBody) -> ProposalStored:
    """Offer a design of one's role; support is owed by `due_at`. Scope: roles:write."""
    return await service.offer(work, body)


@router.get("/role-proposals", response_model=Page[ProposalAnswer], responses=STREAMED, openapi_extra=EITHER)
async def list_proposals(
    work: ProposalsReader,
    asked: Asking,
    status: Annotated[ProposalStatus | None, Query(description="Only in this status.")] = None,
    team: Team = None,
) -> Page[ProposalAnswer] | Response:
    """List role proposals. Scope: roles:write or roles:support."""
    return await listed(work, asked, partial(service.list_proposals, status=status, team=team))


@router.get("/role-proposals/{reference}", openapi_extra=EITHER)
async def read_proposal(work: ProposalsReader, reference: Reference, response: Response) -> ProposalAnswer:
    """Read one role proposal. Scope: roles:write or roles:support."""
    return marked(response, await service.read_proposal(work, reference))


@router.post("/role-proposals/{reference}/supporters", status_code=201)
async def stand_behind(work: RolesWriter, reference: Reference, body: SupporterBody) -> ProposalAnswer:
    """Stand behind a role proposal; the same name again adds nothing. Scope: roles:write."""
    return await service.stand_behind(work, reference, body.name)


@router.post("/role-proposals/{reference}/answer", status_code=201)
async def answer_proposal(work: SupportWriter, reference: Reference, body: AnswerBody) -> ProposalAnswer:
    """Answer a role proposal. A no may become a yes; a yes is not taken back. Scope: roles:support."""
    return await service.answer(work, reference, body)


@router.post("/role-proposals/{reference}/reply")
async def reply(work: RolesWriter, reference: Reference, body: ReplyBody) -> ProposalAnswer:
    """Reply to what was asked; from now on an answer is owed again. Scope: roles:write."""
    return await service.go_on(work, reference, Step.REPLY, body.reply)


@router.post("/role-proposals/{reference}/try")
async def try_out(work: RolesWriter, reference: Reference, body: StepBody | None = None) -> ProposalAnswer:
    """Try what was supported. Scope: roles:write."""
    return await service.go_on(work, reference, Step.TRY, _reason(body))


@router.post("/role-proposals/{reference}/adopt")
async def adopt(work: RolesWriter, reference: Reference, body: StepBody | None = None) -> ProposalAnswer:
    """Adopt what was tried. Scope: roles:write."""
    return await service.go_on(work, reference, Step.ADOPT, _reason(body))


@router.post("/role-proposals/{reference}/withdraw")
async def withdraw(work: RolesWriter, reference: Reference, body: StepBody | None = None) -> ProposalAnswer:
    """Withdraw a role proposal. Scope: roles:write."""
    return await service.go_on(work, reference, Step.WITHDRAW, _reason(body))


@router.get("/support-owed", response_model=Page[SupportOwed], responses=STREAMED)
async def list_support_owed(
    work: SupportReader,
    asked: Asking,
    team: Team = None,
    supporter: Annotated[ShortText | None, Query(description="Only what this supporter owes.")] = None,
) -> Page[SupportOwed] | Response:
    """List what waits for support, oldest due first; overdue is a promise not kept. Scope: roles:support."""
    return await listed(work, asked, partial(owing.support_owed, team=team, supporter=supporter))


@router.post("/support-requests", status_code=201)
async def ask_for_support(work: RolesWriter, body: SupportRequestBody, response: Response) -> SupportRequestStored:
    """Ask for knowledge, a tool or authority; it is owed by `due_at`. Scope: roles:write."""
    stored, created = await requests.store_request(work, body)
    _say(response, stored.version, created=created)
    return stored


@router.get("/support-requests", response_model=Page[SupportRequestAnswer], responses=STREAMED, openapi_extra=EITHER)
async def list_support_requests(
    work: ProposalsReader,
    asked: Asking,
    team: Team = None,
    met: Annotated[bool | None, Query(description="Only those met, or only those still open.")] = None,
) -> Page[SupportRequestAnswer] | Response:
    """List support requests. Scope: roles:write or roles:support."""
    return await listed(work, asked, partial(requests.list_requests, team=team, met=met))


@router.get("/support-requests/{reference}", openapi_extra=EITHER)
async def read_support_request(work: ProposalsReader, reference: Reference, response: Response) -> SupportRequestAnswer:
    """Read one support request. Scope: roles:write or roles:support."""
    found = await requests.read_request(work, reference)
    _say(response, found.version)
    return found


@router.post("/support-requests/{reference}/met")
async def meet_support_request(
    work: SupportWriter, reference: Reference, response: Response, body: MetBody | None = None
) -> SupportRequestStored:
    """Say that a support request was met. Scope: roles:support."""
    stored = await requests.meet(work, reference, None if body is None else body.met_at)
    _say(response, stored.version)
    return stored


@router.post("/support-requests/{reference}/void")
async def void_support_request(
    work: RolesWriter, reference: Reference, body: VoidBody, response: Response
) -> SupportRequestStored:
    """Withdraw a support request; nobody owes it any longer. Scope: roles:write."""
    stored = await requests.void_request(work, reference, body.reason)
    _say(response, stored.version)
    return stored


@router.post("/heard", status_code=201)
async def tell_heard(work: RolesWriter, body: HeardBody, response: Response) -> HeardStored:
    """Tell what a customer needed, in their words. Scope: roles:write."""
    stored, created = await heard.store_heard(work, body)
    _say(response, stored.version, created=created)
    return stored


@router.get("/heard", response_model=Page[HeardAnswer], responses=STREAMED, openapi_extra=EITHER)
async def list_heard(
    work: ProposalsReader,
    asked: Asking,
    served: Annotated[bool | None, Query(description="Only what was served; `false`: what nobody said was.")] = None,
    need: Annotated[ShortText | None, Query(description="Only of this need.")] = None,
    team: Team = None,
) -> Page[HeardAnswer] | Response:
    """List what customers were heard to need. Scope: roles:write or roles:support."""
    return await listed(work, asked, partial(heard.list_heard, served=served, need=need, team=team))


@router.get("/heard/{reference}", openapi_extra=EITHER)
async def read_heard(work: ProposalsReader, reference: Reference, response: Response) -> HeardAnswer:
    """Read what one customer was heard to need. Scope: roles:write or roles:support."""
    found = await heard.read_heard(work, reference)
    _say(response, found.version)
    return found


@router.post("/heard/{reference}/void")
async def void_heard(work: RolesWriter, reference: Reference, body: VoidBody, response: Response) -> HeardStored:
    """Withdraw what was told by mistake. Scope: roles:write."""
    stored = await heard.void_heard(work, reference, body.reason)
    _say(response, stored.version)
    return stored


@router.post("/measures-in-use", status_code=201)
async def tell_measure(work: RolesWriter, body: MeasureInUseBody, response: Response) -> MeasureInUseStored:
    """Tell of a figure the company steers by. Scope: roles:write."""
    stored, created = await in_use.store_measure(work, body)
    _say(response, stored.version, created=created)
    return stored


@router.get("/measures-in-use", response_model=Page[MeasureInUseAnswer], responses=STREAMED, openapi_extra=EITHER)
async def list_measures(work: ProposalsReader, asked: Asking) -> Page[MeasureInUseAnswer] | Response:
    """List the figures the company steers by, and whether each matters. Scope: roles:write or roles:support."""
    return await listed(work, asked, in_use.list_measures)


@router.get("/measures-in-use/{reference}", openapi_extra=EITHER)
async def read_measure(work: ProposalsReader, reference: Reference, response: Response) -> MeasureInUseAnswer:
    """Read one figure the company steers by, and whether it matters. Scope: roles:write or roles:support."""
    found = await in_use.read_measure(work, reference)
    _say(response, found.version)
    return found


@router.post("/measures-in-use/{reference}/void")
async def void_measure(
    work: RolesWriter, reference: Reference, body: VoidBody, response: Response
) -> MeasureInUseStored:
    """Withdraw what was told by mistake. Scope: roles:write."""
    stored = await in_use.void_measure(work, reference, body.reason)
    _say(response, stored.version)
    return stored


def _say(response: Response, version: int, *, created: bool = False) -> None:
    response.status_code = 201 if created else 200
    response.headers["ETag"] = etag(version)


def _reason(body: StepBody | None) -> str | None:
    return None if body is None else body.reason
