"""What can be done with workspaces and their keys."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import Work
from api.errors import Conflict, Malformed, NoSuchThing
from api.security import digest, make_key
from api.settings import settings
from api.workspaces import queries
from api.workspaces.schemas import Branding, CostRates, Outreach, Retention, WorkspaceAnswer
from models.access import Scope
from models.database import bind_workspace
from models.ids import uuid7
from models.rules.loyalty.dimensions import Dimension
from models.rules.outcome import DEFAULT_DEFINITION, FailureDefinition, read_definition
from models.workspace import RouteKind

SLUG_LENGTH = 63
KEPT = "workspace"
DOCUMENTS: Mapping[str, type[BaseModel]] = {
    "cost_rates": CostRates,
    "retention": Retention,
    "outreach": Outreach,
    "branding": Branding,
}


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
    support_request_due_days: int
    follow_up_due_days: int
    contact_rest_days: int
    analyse_every_days: int | None
    implicit_departure_days: int | None
    train_every_days: int | None
    fairness_by: Sequence[str]
    sample_share: float
    loyalty_weights: Mapping[Dimension, float] | None
    cost_rates: CostRates
    retention: Retention
    outreach: Outreach
    branding: Branding
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
        support_request_due_days=row.details.get("support_request_due_days", 10),
        follow_up_due_days=row.details.get("follow_up_due_days", 2),
        contact_rest_days=row.details.get("contact_rest_days", 30),
        analyse_every_days=row.details.get("analyse_every_days", 1),
        implicit_departure_days=row.details.get("implicit_departure_days"),
        train_every_days=row.details.get("train_every_days", 7),
        fairness_by=row.details.get("fairness_by", []),
        sample_share=row.details.get("sample_share", 1.0),
        loyalty_weights=_weights(row.details.get("loyalty_weights")),
        cost_rates=CostRates.model_validate(row.details.get("cost_rates", {})),
        retention=Retention.model_validate(row.details.get("retention", {})),
        outreach=Outreach.model_validate(row.details.get("outreach", {})),
        branding=Branding.model_validate(row.details.get("branding", {})),
        updated_at=row.stored_at,
    )


def _weights(told: Mapping[str, float] | None) -> dict[Dimension, float] | None:
    return None if told is None else {Dimension(name): weight for name, weight in told.items()}


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
        support_request_due_days=found.support_request_due_days,
        follow_up_due_days=found.follow_up_due_days,
        contact_rest_days=found.contact_rest_days,
        analyse_every_days=found.analyse_every_days,
        implicit_departure_days=found.implicit_departure_days,
        train_every_days=found.train_every_days,
        fairness_by=list(found.fairness_by),
        sample_share=found.sample_share,
        loyalty_weights=None if found.loyalty_weights is None else dict(found.loyalty_weights),
        cost_rates=found.cost_rates,
        retention=found.retention,
        outreach=found.outreach,
        branding=found.branding,
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
            slug=slug,
            details={},
            answer_due_days=10,
        )
    )
    return await settings_of(session, workspace_id)


async def hold(work: Work) -> None:
    """Let nobody else change how the workspace works, or take another such turn, until this transaction ends."""
    await queries.hold(work.session, work.workspace_id)
    forget(work)


def forget(work: Work) -> None:
    """Read the workspace anew when it is next asked for."""
    work.kept.pop(KEPT, None)


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
