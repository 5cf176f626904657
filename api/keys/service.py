"""What can be done with API keys: made, listed, rotated with two of them alive, revoked."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from api import audit
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.keys import queries
from api.keys.schemas import KeyAnswer, KeyBody, NewKeyAnswer, RotationAnswer
from api.listing import Asked
from api.paging import cursor_after
from api.recorded import impossible
from api.workspaces import service as workspaces
from models.access import Scope


async def make(work: Work, body: KeyBody) -> NewKeyAnswer:
    """Make a key."""
    if body.expires_at is not None and body.expires_at <= work.now:
        raise impossible("expires_at", "in_the_past", "A key that has expired opens nothing.")
    return await _make(work, body.scopes, body.name, body.expires_at)


async def list_keys(work: Work, asked: Asked) -> tuple[list[KeyAnswer], str | None]:
    """Return one page of keys, oldest first."""
    limit = asked.limit
    rows = await queries.page_of_keys(work.session, work.workspace_id, asked)
    following = cursor_after(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else None
    return [answer(row, work.now) for row in rows[:limit]], following


async def read(work: Work, key_id: UUID) -> KeyAnswer:
    """Return one key."""
    return answer(await _key(work, key_id), work.now)


async def rotate(work: Work, key_id: UUID, overlap: timedelta) -> RotationAnswer:
    """Make a successor with the same name and scopes; the old key lives until the overlap ends, and no longer.

    A key that was made to expire has a successor with as long a life.
    """
    old = await _key(work, key_id, to_change=True)
    state = answer(old, work.now).state
    if state != "active":
        raise Conflict(
            f"The key {key_id} is {state}: there is nothing to take over. Make a new key.", code="key_not_live"
        )
    if old.successor_id is not None:
        raise Conflict(f"The key {key_id} has a successor: rotate {old.successor_id}.", code="already_rotated")
    until = work.now + overlap
    expires = None if old.expires_at is None else work.now + (old.expires_at - old.created_at)
    made = await _make(work, [Scope(scope) for scope in old.scopes], old.name, expires)
    ends = until if old.expires_at is None else min(until, old.expires_at)
    values = {"successor_id": made.id, "expires_at": ends, "changed_at": work.now}
    await queries.change_key(work.session, work.workspace_id, key_id, values)
    await audit.note(work, "key.rotated", str(key_id), {"successor": str(made.id), "until": ends.isoformat()})
    return RotationAnswer(**made.model_dump(), replaces=await read(work, key_id))


async def revoke(work: Work, key_id: UUID) -> KeyAnswer:
    """Let a key open nothing from now on; one that is revoked stays so since it was."""
    found = await _key(work, key_id, to_change=True)
    if found.revoked_at is None:
        values = {"revoked_at": work.now, "changed_at": work.now}
        await queries.change_key(work.session, work.workspace_id, key_id, values)
        await audit.note(work, "key.revoked", str(key_id), {"name": found.name})
    return await read(work, key_id)


def answer(row: Any, now: datetime) -> KeyAnswer:
    """Return a key as the contract shows it."""
    return KeyAnswer(
        id=row.id,
        name=row.name,
        scopes=row.scopes,
        state=_state(row, now),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_on=row.last_used_on,
        successor=row.successor_id,
    )


def _state(row: Any, now: datetime) -> Literal["active", "revoked", "expired"]:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "active"


async def _make(work: Work, scopes: list[Scope], name: str, expires_at: datetime | None) -> NewKeyAnswer:
    made = await workspaces.create_key(
        work.session, work.workspace_id, scopes, work.now, name=name, expires_at=expires_at
    )
    about = await read(work, made.id)
    await audit.note(work, "key.made", str(made.id), {"name": name, "scopes": ", ".join(about.scopes)})
    return NewKeyAnswer(**about.model_dump(), key=made.key)


async def _key(work: Work, key_id: UUID, *, to_change: bool = False) -> Any:
    found = await queries.key_of(work.session, work.workspace_id, key_id, to_change=to_change)
    if found is None:
        raise NoSuchThing(f"There is no key {key_id} in this workspace.")
    return found
