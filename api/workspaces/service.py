"""What can be done with workspaces and their keys."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import audit
from api.dependencies import Work
from api.errors import Conflict, Malformed, NoSuchThing
from api.etags import check_if_match
from api.recorded import impossible
from api.security import digest, make_key
from api.settings import settings
from api.workspaces import queries
from api.workspaces.schemas import WorkspaceAnswer, WorkspacePatch
from models.access import Scope
from models.database import bind_workspace
from models.ids import uuid7
from models.rules.conditions import RuleRefused
from models.rules.outcome import DEFAULT_DEFINITION, FailureDefinition, read_definition
from models.workspace import RouteKind

SLUG_LENGTH = 63
KEPT = "workspace"


@dataclass(frozen=True)
class WorkspaceSettings:
    """How a workspace works now."""

    id: UUID
    slug: str
    version: int
    name: str
    zone: str
    currency: str
    yearly_loss: float | None
    failure: FailureDefinition
    horizon_days: int
    answer_due_days: int
    updated_at: datetime


async def of(work: Work) -> WorkspaceSettings:
    """Return how the work's workspace works, read once a request."""
    if KEPT not in work.kept:
        work.kept[KEPT] = await settings_of(work.session, work.workspace_id)
    found: WorkspaceSettings = work.kept[KEPT]
    return found


async def settings_of(session: AsyncSession, workspace_id: UUID) -> WorkspaceSettings:
    """Return how a workspace works now."""
    row = (await session.execute(queries.current_settings(workspace_id))).one()
    return WorkspaceSettings(
        id=row.workspace_id,
        slug=row.slug,
        version=row.number,
        name=row.name,
        zone=row.zone,
        currency=row.currency,
        yearly_loss=row.yearly_loss,
        failure=read_definition(row.failure_definition, zone=row.zone),
        horizon_days=row.horizon_days,
        answer_due_days=row.answer_due_days,
        updated_at=row.stored_at,
    )


def answer(found: WorkspaceSettings) -> WorkspaceAnswer:
    """Return a workspace as the contract shows it."""
    return WorkspaceAnswer(
        id=found.id,
        slug=found.slug,
        version=found.version,
        name=found.name,
        zone=found.zone,
        currency=found.currency,
        yearly_loss=found.yearly_loss,
        failure_definition=dict(found.failure.document),
        horizon_days=found.horizon_days,
        answer_due_days=found.answer_due_days,
        updated_at=found.updated_at,
    )


async def create_workspace(session: AsyncSession, name: str, now: datetime) -> WorkspaceSettings:
    """Make a workspace; its slug is made from its name."""
    slug = slug_of(name)
    if await queries.workspace_by_slug(session, slug) is not None:
        raise Conflict(f"There is a workspace {slug} already. Choose another name.", code="workspace_exists")
    workspace_id = uuid7()
    await session.execute(insert(queries.workspaces).values(id=workspace_id, slug=slug, created_at=now))
    await bind_workspace(session, workspace_id)
    route = {"kind": RouteKind.SLUG, "lookup": slug, "workspace_id": workspace_id}
    await session.execute(insert(queries.routes).values(route))
    await session.execute(
        insert(queries.versions).values(
            workspace_id=workspace_id,
            number=1,
            stored_at=now,
            name=name,
            zone="UTC",
            currency="EUR",
            failure_definition=DEFAULT_DEFINITION,
            horizon_days=90,
            answer_due_days=10,
        )
    )
    return await settings_of(session, workspace_id)


async def change(work: Work, patch: WorkspacePatch, if_match: str | None) -> WorkspaceSettings:
    """Append a version of the workspace with what the patch names."""
    now = await of(work)
    check_if_match(if_match, now.version)
    given = patch.model_dump(exclude_unset=True)
    values = _checked({**given}, now)
    fields = {
        "name": now.name,
        "zone": now.zone,
        "currency": now.currency,
        "yearly_loss": now.yearly_loss,
        "failure_definition": dict(now.failure.document),
        "horizon_days": now.horizon_days,
        "answer_due_days": now.answer_due_days,
    }
    if {**fields, **values} == fields:
        return now
    row = {**fields, **values, "workspace_id": work.workspace_id, "number": now.version + 1, "stored_at": work.now}
    await work.session.execute(insert(queries.versions).values(row))
    await audit.note(work, "workspace.changed", now.slug, {"fields": ", ".join(sorted(values))})
    work.kept.pop(KEPT)
    return await of(work)


def _checked(given: dict[str, Any], now: WorkspaceSettings) -> dict[str, Any]:
    cleared = [
        name
        for name in ("name", "zone", "currency", "failure_definition", "answer_due_days")
        if given.get(name, "") is None
    ]
    if cleared:
        raise impossible(cleared[0], "cannot_be_cleared", "Every workspace needs this.")
    if "zone" in given and given["zone"] not in available_timezones():
        raise impossible("zone", "unknown_zone", "Name an IANA time zone, like Europe/Berlin.")
    if "failure_definition" in given:
        try:
            read_definition(given["failure_definition"], zone=given.get("zone", now.zone))
        except RuleRefused as refused:
            pointer = f"/failure_definition{refused.pointer}"
            errors = [{"pointer": pointer, "code": refused.code, "detail": refused.detail}]
            raise Malformed(f"Correct {pointer}: {refused.detail}", code="rule_refused", errors=errors) from None
    return given


def slug_of(name: str) -> str:
    """Return the address form of a name.

    >>> slug_of("Café Überall & Söhne")
    'cafe-uberall-sohne'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-")
    if not slug:
        raise Malformed("Give the workspace a name with at least one letter or digit of the Latin alphabet.")
    return slug


async def find(session: AsyncSession, name: str) -> WorkspaceSettings:
    """Return the workspace of a name or slug."""
    workspace_id = await queries.workspace_by_slug(session, slug_of(name))
    if workspace_id is None:
        raise NoSuchThing(f"There is no workspace {name}. `steadfast workspace list` names them.")
    await bind_workspace(session, workspace_id)
    return await settings_of(session, workspace_id)


@dataclass(frozen=True)
class NewKey:
    """A key just made; its text is shown this once."""

    id: UUID
    key: str


async def create_key(
    session: AsyncSession,
    workspace_id: UUID,
    scopes: Sequence[Scope],
    now: datetime,
    *,
    name: str = "",
    expires_at: datetime | None = None,
) -> NewKey:
    """Make an API key."""
    key = make_key(settings().environment)
    identity = uuid7()
    route = {"kind": RouteKind.KEY, "lookup": key.lookup, "workspace_id": workspace_id}
    await session.execute(insert(queries.routes).values(route))
    await session.execute(
        insert(queries.keys).values(
            workspace_id=workspace_id,
            id=identity,
            lookup=key.lookup,
            digest=digest(settings().secret, key.text),
            name=name,
            scopes=sorted({scope.value for scope in scopes}),
            created_at=now,
            expires_at=expires_at,
        )
    )
    return NewKey(identity, key.text)


async def revoke_key(session: AsyncSession, workspace_id: UUID, key_id: UUID, now: datetime) -> None:
    """Let a key open nothing from now on."""
    statement = select(queries.keys.c.id).where(
        queries.keys.c.workspace_id == workspace_id, queries.keys.c.id == key_id
    )
    if await session.scalar(statement) is None:
        raise NoSuchThing(f"There is no key {key_id} in this workspace. `steadfast keys list` names them.")
    await session.execute(
        update(queries.keys)
        .where(queries.keys.c.workspace_id == workspace_id, queries.keys.c.id == key_id)
        .values(revoked_at=now)
    )
