"""What a route asks for: who is calling, and a session in which its whole work happens.

A write's session is committed when the route function has returned and its answer is rendered, and before a byte of
that answer is sent (`scope="function"`): a failing commit can never follow a 201.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, params
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import instruments, limits
from api.errors import NotAllowed, NotSignedIn
from api.idempotency import FirstAnswer, Once, check_key, first_answer
from api.key_uses import KeyUses
from api.limits import Kind
from api.security import ParsedKey, is_digest_of, parse_key
from api.settings import settings
from models.access import ApiKey, Scope
from models.database import Database, bind_workspace
from models.workspace import AccessRoute, RouteKind

bearer = HTTPBearer(auto_error=False, description="An API key, `sfk_…`, made with `steadfast keys create`.")
routes = AccessRoute.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
keys = ApiKey.__table__  # type: ignore[attr-defined] # same


@dataclass(frozen=True)
class Caller:
    """Who holds the key that came with the request."""

    workspace_id: UUID
    key_id: UUID
    scopes: frozenset[str]
    name: str = ""
    """Who it is, where nobody holds a key: `cli:ana`, `worker`."""

    @property
    def actor(self) -> str:
        """How the audit names this caller."""
        return self.name or f"key:{self.key_id}"

    @cached_property
    def told(self) -> Mapping[str, str]:
        """How the log names this caller."""
        return {"key": str(self.key_id), "workspace": str(self.workspace_id)}

    def may(self, scope: str) -> bool:
        """Return whether the key's scopes cover one."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


@dataclass
class Work:
    """One request's work: one session, one workspace, one moment."""

    session: AsyncSession
    workspace_id: UUID
    caller: Caller
    now: datetime
    once: Once | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    happened: list[str] = field(default_factory=list)
    """The types of the events written, counted once they are committed."""


class Replay(Exception):  # noqa: N818 - an answer found, not a failure
    """The first answer to this request exists; nothing more is to be done."""

    def __init__(self, answer: FirstAnswer) -> None:
        self.answer = answer


def utc_now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def database(request: Request) -> Database:
    """Return the database the application was made with."""
    return request.app.state.database  # type: ignore[no-any-return] # Starlette's state is untyped


async def identify(session: AsyncSession, key: ParsedKey, now: datetime) -> Caller | None:
    """Return who holds a key, or None where it is unknown, revoked or expired."""
    workspace_id = await session.scalar(
        select(routes.c.workspace_id).where(routes.c.kind == RouteKind.KEY, routes.c.lookup == key.lookup)
    )
    if workspace_id is None:
        return None
    await bind_workspace(session, workspace_id)
    row = (
        await session.execute(select(keys).where(keys.c.workspace_id == workspace_id, keys.c.lookup == key.lookup))
    ).one_or_none()
    if row is None or not is_digest_of(settings().secret, key, row.digest):
        return None
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return Caller(workspace_id, row.id, frozenset(row.scopes))


async def authenticate(
    request: Request, session: AsyncSession, credentials: HTTPAuthorizationCredentials | None, scopes: Sequence[str]
) -> Caller:
    """Return the caller, or refuse: 401 without a valid key, 429 over its limit, 403 without the scope."""
    key = None if credentials is None else parse_key(credentials.credentials)
    now = utc_now()
    caller = None if key is None else await identify(session, key, now)
    if caller is None:
        await limits.check(request, kind=Kind.FAILURE)
        raise NotSignedIn(
            "Send `Authorization: Bearer sfk_…` with a key that is neither revoked nor expired.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return await admit(request, caller, scopes)


async def admit(request: Request, caller: Caller, scopes: Sequence[str]) -> Caller:
    """Let in who holds a valid key, or refuse: 429 over its limit, 403 without the scope. A request pays once."""
    if getattr(request.state, "caller", None) != caller:
        await limits.check(request, kind=Kind.KEY, by=caller.key_id.hex)
        uses: KeyUses = request.app.state.key_uses
        uses.note(caller.workspace_id, caller.key_id, utc_now().date())
    request.state.caller = caller
    missing = [scope for scope in scopes if not caller.may(scope)]
    if missing:
        raise NotAllowed(f"This key lacks the scope {', '.join(missing)}. Make one with it: `steadfast keys create`.")
    return caller


async def judge(request: Request, scopes: Sequence[str]) -> None:
    """Judge the key before anything of the body is read; what depends on the caller finds it judged."""
    async with database(request).read() as session:
        await authenticate(request, session, await bearer(request), scopes)


Credentials = Annotated[HTTPAuthorizationCredentials | None, params.Depends(bearer)]


async def reading(request: Request, scopes: SecurityScopes, credentials: Credentials) -> AsyncIterator[Work]:
    """Yield the work of a request that only reads."""
    judged = _judged(request)
    async with database(request).read(judged.workspace_id if judged else None) as session:
        caller = judged or await authenticate(request, session, credentials, scopes.scopes)
        yield Work(session, caller.workspace_id, caller, database(request).clock.now())


async def writing(
    request: Request,
    scopes: SecurityScopes,  # noqa: ARG001 - the API description tells of them; the route has judged by them
    credentials: Credentials,  # noqa: ARG001 - same
) -> AsyncIterator[Work]:
    """Yield the work of a request that stores; what it did is committed before its answer is sent.

    Its route judged the key before anything of the body was read.
    """
    caller: Caller = request.state.caller
    idempotency_key = request.headers.get("idempotency-key")
    async with writing_as(database(request), caller) as work:
        if idempotency_key is not None and request.method == "POST":
            work.once = Once(
                caller.workspace_id,
                caller.key_id,
                check_key(idempotency_key),
                f"{request.method} {request.url.path}?{request.url.query}",
                await request.body(),
            )
            answer = await first_answer(work.session, work.once, work.now)
            if answer is not None:
                raise Replay(answer)
        request.state.work = work
        yield work


def _judged(request: Request) -> Caller | None:
    """Return the caller where the route judged the key already, before it read the body."""
    return getattr(request.state, "caller", None)


@asynccontextmanager
async def writing_as(database: Database, caller: Caller) -> AsyncIterator[Work]:
    """Yield work in a transaction of the caller's workspace; committed at the end, or nothing of it."""
    async with database.write(caller.workspace_id) as session:
        if database.sqlite:
            # Other processes write too: a moment read before it is our turn may lie before what they store meanwhile.
            await session.connection()
        # Microseconds are what is stored: an answer never shows a moment finer than the row's.
        work = Work(session, caller.workspace_id, caller, database.clock.now())
        yield work
    instruments.count_events(work.happened)


def may_read(*scopes: Scope) -> Any:
    """Return the dependency of a route that reads, with the scopes it needs."""
    return params.Security(dependency=reading, scope="function", scopes=[scope.value for scope in scopes])


def may_write(*scopes: Scope) -> Any:
    """Return the dependency of a route that stores, with the scopes it needs."""
    return params.Security(dependency=writing, scope="function", scopes=[scope.value for scope in scopes])


RecordsReader = Annotated[Work, may_read(Scope.RECORDS_READ)]
RecordsWriter = Annotated[Work, may_write(Scope.RECORDS_WRITE)]
FeedbackWriter = Annotated[Work, may_write(Scope.FEEDBACK_WRITE)]
RiskReader = Annotated[Work, may_read(Scope.RISK_READ)]
AnalysisReader = Annotated[Work, may_read(Scope.ANALYSIS_READ)]
RolesWriter = Annotated[Work, may_write(Scope.ROLES_WRITE)]
SupportWriter = Annotated[Work, may_write(Scope.ROLES_SUPPORT)]
SupportReader = Annotated[Work, may_read(Scope.ROLES_SUPPORT)]
Admin = Annotated[Work, may_write(Scope.ADMIN)]
AdminReader = Annotated[Work, may_read(Scope.ADMIN)]
