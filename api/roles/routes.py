"""How staff would design their roles, and the support managers owe them."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, params

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
from api.paging import Cursor, Limit, Page, UpdatedSince
from api.roles import service
from api.roles.schemas import (
    AnswerBody,
    ProposalAnswer,
    ProposalBody,
    ProposalStored,
    ReplyBody,
    StepBody,
    SupporterBody,
    SupportOwed,
)
from api.routing import StrictRoute
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


@router.get("/role-proposals", openapi_extra=EITHER)
async def list_proposals(
    work: ProposalsReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    updated_since: UpdatedSince = None,
    status: Annotated[ProposalStatus | None, Query(description="Only in this status.")] = None,
    team: Team = None,
) -> Page[ProposalAnswer]:
    """List role proposals. Scope: roles:write or roles:support."""
    items, following = await service.list_proposals(work, limit, cursor, updated_since, status=status, team=team)
    return Page(items=items, next_cursor=following)


@router.get("/role-proposals/{reference}", openapi_extra=EITHER)
async def read_proposal(work: ProposalsReader, reference: Reference) -> ProposalAnswer:
    """Read one role proposal. Scope: roles:write or roles:support."""
    return await service.read_proposal(work, reference)


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


@router.get("/support-owed")
async def list_support_owed(
    work: SupportReader, limit: Limit = 100, cursor: Cursor = None, team: Team = None
) -> Page[SupportOwed]:
    """List what waits for an answer, oldest due first; overdue is a promise not kept. Scope: roles:support."""
    items, following = await service.support_owed(work, limit, cursor, team=team)
    return Page(items=items, next_cursor=following)


def _reason(body: StepBody | None) -> str | None:
    return None if body is None else body.reason
