"""Tombstones: an erased reference is recognised by its keyed hash, and refused until somebody admits it again."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from api.dependencies import Work
from api.errors import Conflict, Gone
from api.security import derived_key, keyed_digest
from api.settings import settings
from models.customer import Customer
from models.ids import uuid7
from models.recording import ROWS_A_QUESTION
from models.tombstone import Buried, Tombstone, TombstoneState
from models.turns import hold_name

tombstones = Tombstone.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
customers = Customer.__table__  # type: ignore[attr-defined] # same

LATELY = timedelta(minutes=1)
MANY = 20
"""From so many references on it is asked first whether anybody was erased at all."""


class Erased(Conflict):
    """The request names somebody who was erased."""

    code = "erased"


def digest_of(workspace_id: UUID, kind: str, reference: str) -> str:
    """Return what is kept of a reference: a hash that only the installation's secret yields."""
    key = derived_key(settings().secret, "tombstones")
    return keyed_digest(key, f"{workspace_id}/{kind}/{reference}")


def refused(kind: str, reference: str, field: str | None = None) -> Erased:
    """Return the refusal of a reference that was erased; the field is named like the kind, unless said otherwise."""
    detail = f"The {kind} {reference} was erased and is not stored again."
    errors = [{"pointer": f"/{field or kind}", "code": Erased.code, "detail": detail}]
    return Erased(f"{detail} Stop reporting it; an admin can admit a customer again.", errors=errors)


async def erased_among(work: Work, kind: Buried, references: Iterable[str]) -> frozenset[str]:
    """Return those references that were erased and not admitted again, and those that stand for somebody erased."""
    references = set(references)
    if not references or (len(references) >= MANY and not await _is_anybody(work)):
        return frozenset()
    by_digest = {digest_of(work.workspace_id, kind, reference): reference for reference in references}
    wanted, found = sorted(by_digest), await _anonymous_among(work, kind, references)
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        some = wanted[start : start + ROWS_A_QUESTION]
        statement = (
            select(tombstones.c.digest, tombstones.c.state)
            .where(tombstones.c.workspace_id == work.workspace_id, tombstones.c.kind == kind)
            .where(tombstones.c.digest.in_(some))
            .order_by(tombstones.c.recorded_at, tombstones.c.id)
        )
        states = {row.digest: row.state for row in await work.session.execute(statement)}
        found |= {by_digest[digest] for digest, state in states.items() if state == TombstoneState.ERASED}
    return frozenset(found)


async def _anonymous_among(work: Work, kind: Buried, references: Iterable[str]) -> set[str]:
    """Return which references are of customers of whom only cases are left; a caller may have read them from lists."""
    shaped = [name for name in references if kind is Buried.CUSTOMER and name.startswith(f"{TombstoneState.ERASED}-")]
    if not shaped:
        return set()
    known = customers.c.workspace_id == work.workspace_id, customers.c.reference.in_(shaped)
    statement = select(customers.c.reference).where(*known, customers.c.version == 0)
    return set(await work.session.scalars(statement))


async def hold_off(work: Work) -> None:
    """Let nobody be erased until this transaction ends; wait where somebody is being erased.

    For whoever stores a mere name: nothing points at the person, so that nothing would fail. On SQLite nobody else
    writes meanwhile.
    """
    await hold_name(work.session, turn_of(work.workspace_id), shared=True)


async def hold_on(work: Work) -> None:
    """Wait for those who hold an erasure off, and let none of them go on until this transaction ends."""
    await hold_name(work.session, turn_of(work.workspace_id))


def turn_of(workspace_id: UUID) -> str:
    """Return the name that is held by whoever erases, and shared by those who hold an erasure off."""
    return f"erasure/{workspace_id}"


async def erased_names(
    work: Work, customers: Iterable[str | None], cases: Iterable[str | None]
) -> Mapping[Buried, frozenset[str]]:
    """Return which of some customers' and cases' references were erased."""
    named = {Buried.CUSTOMER: customers, Buried.CASE: cases}
    return {
        kind: await erased_among(work, kind, (reference for reference in references if reference is not None))
        for kind, references in named.items()
    }


async def _is_anybody(work: Work) -> bool:
    statement = select(tombstones.c.id).where(tombstones.c.workspace_id == work.workspace_id)
    return await work.session.scalar(statement.limit(1)) is not None


async def refuse_erased_meanwhile(work: Work, kind: str, references: Iterable[str]) -> None:
    """Refuse to go on where what this transaction made anew was erased since it was looked up.

    On SQLite nobody else writes meanwhile. On PostgreSQL whoever makes a reference anew has waited for the erasure of
    the one before, so that its tombstone is seen here.
    """
    if kind not in set(Buried) or work.session.get_bind().dialect.name == "sqlite":
        return
    if await erased_among(work, Buried(kind), references):
        raise erased_meanwhile()


def erased_meanwhile() -> Gone:
    """Return the refusal of a request that met an erasure on its way."""
    return Gone("What this names was erased meanwhile. Send it again: then it is refused by name.")


async def erased_lately(work: Work) -> bool:
    """Return whether somebody was erased while this request may have been under way."""
    statement = select(tombstones.c.id).where(
        tombstones.c.workspace_id == work.workspace_id, tombstones.c.recorded_at >= work.now - LATELY
    )
    return await work.session.scalar(statement.limit(1)) is not None


async def newest(work: Work, kind: Buried, reference: str) -> Mapping[Any, Any] | None:
    """Return the tombstone that counts for a reference, None where there never was one."""
    statement = (
        select(tombstones)
        .where(tombstones.c.workspace_id == work.workspace_id, tombstones.c.kind == kind)
        .where(tombstones.c.digest == digest_of(work.workspace_id, kind, reference))
        .order_by(tombstones.c.recorded_at.desc(), tombstones.c.id.desc())
        .limit(1)
    )
    return (await work.session.execute(statement)).mappings().one_or_none()


async def bury(
    work: Work, names: Mapping[Buried, Iterable[str]], removed: Mapping[str, int], state: TombstoneState
) -> list[dict[str, Any]]:
    """Append tombstones, of one name at least; return the rows."""
    rows = [
        {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "kind": kind,
            "digest": digest_of(work.workspace_id, kind, reference),
            "state": state,
            "removed": dict(removed) if kind is Buried.CUSTOMER else {},
            "recorded_at": work.now,
        }
        for kind, references in names.items()
        for reference in sorted(references)
    ]
    await work.session.execute(insert(tombstones), rows)
    return rows


async def since(work: Work, moment: datetime) -> list[Mapping[Any, Any]]:
    """Return the tombstones of the workspace from a moment on, oldest first."""
    statement = select(tombstones).where(
        tombstones.c.workspace_id == work.workspace_id, tombstones.c.recorded_at >= moment
    )
    rows = await work.session.execute(statement.order_by(tombstones.c.recorded_at, tombstones.c.id))
    return list(rows.mappings())
