"""Every statement of the intake, by name; each is built once, from the tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from api.feedback.queries import survey_versions, surveys
from models.access import ApiKey
from models.base import to_us
from models.hook import Hook
from models.tombstone import Tombstone
from models.workspace import WorkspaceVersion

keys = ApiKey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
settings = WorkspaceVersion.__table__  # type: ignore[attr-defined] # same
hooks = Hook.__table__  # type: ignore[attr-defined] # same
tombstones = Tombstone.__table__  # type: ignore[attr-defined] # same
responses = kinds.RESPONSE.head

WORKSPACE: BindParameter[UUID] = bindparam("workspace_id", type_=Uuid())


@dataclass(frozen=True)
class Holding:
    """What holds in a workspace for the holder of a key who answers a survey.

    Parameters
    ----------
    revoked_us, expires_us
        Of the key, in microseconds.
    settings
        The number of the workspace's settings in force.
    buried, hooks
        Whether anybody was ever erased; whether anybody is to be told of anything.
    newest
        The number of the survey's newest published version.
    """

    revoked_us: int | None
    expires_us: int | None
    settings: int
    buried: bool
    hooks: bool
    newest: int

    def opens(self, now: datetime) -> bool:
        """Return whether the key still opens anything."""
        return self.revoked_us is None and (self.expires_us is None or self.expires_us > to_us(now))


HOLDING = (
    select(
        cast(keys.c.revoked_at, BigInteger).label("revoked_us"),
        cast(keys.c.expires_at, BigInteger).label("expires_us"),
        select(func.max(settings.c.number))
        .where(settings.c.workspace_id == WORKSPACE)
        .scalar_subquery()
        .label("settings"),
        exists().where(tombstones.c.workspace_id == WORKSPACE).label("buried"),
        exists().where(hooks.c.workspace_id == WORKSPACE, hooks.c.removed_at.is_(None)).label("hooks"),
        func.max(survey_versions.c.number).label("newest"),
    )
    .join(surveys, surveys.c.workspace_id == keys.c.workspace_id)
    .join(
        survey_versions,
        and_(survey_versions.c.workspace_id == surveys.c.workspace_id, survey_versions.c.id == surveys.c.id),
    )
    .where(
        keys.c.workspace_id == WORKSPACE,
        keys.c.id == bindparam("key_id", type_=Uuid()),
        surveys.c.key == bindparam("survey", type_=String()),
        survey_versions.c.published_at.is_not(None),
    )
    .group_by(keys.c.revoked_at, keys.c.expires_at)
)
_held = HOLDING.subquery("holding").c
STILL: Select[Any] = select(literal_column("1")).where(
    _held.revoked_us.is_(None),
    or_(_held.expires_us.is_(None), _held.expires_us > bindparam("now_us", type_=BigInteger())),
    _held.settings == bindparam("settings", type_=BigInteger()),
    _held.newest == bindparam("newest", type_=BigInteger()),
    not_(_held.hooks),
    or_(not_(_held.buried), bindparam("nameless", type_=Boolean())),
)
"""Whether what was found still holds, nobody is to be told of what happens, and no name may be of somebody erased."""
STORED = select(responses.c.id, responses.c.reference).where(
    responses.c.workspace_id == WORKSPACE,
    or_(
        responses.c.id.in_(bindparam("ids", expanding=True)),
        responses.c.reference.in_(bindparam("references", expanding=True)),
    ),
)


def holding_of(rows: Sequence[Sequence[Any]]) -> Holding | None:
    """Return what the rows of `HOLDING` say; None where there is no such key, or no such survey is published."""
    if not rows:
        return None
    revoked_us, expires_us, number, buried, told, newest = rows[0]
    return Holding(revoked_us, expires_us, number, bool(buried), bool(told), newest)


async def what_holds(session: AsyncSession, workspace_id: UUID, key_id: UUID, survey: str) -> Holding | None:
    """Return what holds; None where there is no such key, or no such survey is published."""
    values = {"workspace_id": workspace_id, "key_id": key_id, "survey": survey}
    return holding_of((await session.execute(HOLDING, values)).all())


async def free_names(session: AsyncSession, workspace_id: UUID, named: Mapping[UUID, str]) -> set[UUID]:
    """Return those ids under which, and under whose references, nothing is stored yet.

    On PostgreSQL another writer may store it the next moment, and the insert itself finds out: nothing is asked.
    """
    if not named or session.get_bind().dialect.name == "postgresql":
        return set(named)
    values = {"workspace_id": workspace_id, "ids": list(named), "references": list(named.values())}
    taken: set[object] = {name for row in await session.execute(STORED, values) for name in row}
    return {identity for identity, reference in named.items() if not {identity, reference} & taken}
