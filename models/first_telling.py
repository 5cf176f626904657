"""Whole histories of records nobody told of before: stored at once, without looking for what is not there.

`models.recording` lays each change over what is stored. Where a whole history is derived and the caller knows that none
of it is stored, as with the observations of rules in a case just imported, that is half of the work for nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.appending import append_rows
from models.heads import stored_ids
from models.ids import uuid7
from models.record_kinds import Key, RecordKind
from models.rules.versions import given_names


@dataclass(frozen=True, slots=True)
class FirstTelling:
    """A record's states from its first on, each from a moment in microseconds that is also when it was known.

    Where they were not known from that moment on, `recorded_us` says when.
    """

    key: Key
    states: Sequence[tuple[int, Mapping[str, Any]]]
    recorded_us: int | None = None


async def record_first(
    session: AsyncSession,
    kind: RecordKind,
    workspace_id: UUID,
    told: Sequence[FirstTelling],
    now: datetime,
    given: Sequence[str] | None = None,
) -> frozenset[Key]:
    """Store whole histories of new records; return the keys another writer told of meanwhile, of which nothing is.

    Parameters
    ----------
    told
        Each with its states in order, every state naming every field of the kind.
    given
        The names of the fields the states give; without it those of all.
    """
    ordered = sorted(told, key=lambda record: record.key)
    ids = [uuid7() for _ in ordered]
    stamp = {"workspace_id": workspace_id, "stored_at": now}
    heads = [
        {
            **dict.fromkeys(kind.head.columns.keys()),
            **stamp,
            **dict(zip(kind.known_by, record.key, strict=True)),
            "id": identity,
            "version": len(record.states),
        }
        for identity, record in zip(ids, ordered, strict=True)
    ]
    await append_rows(session, kind.head, heads, skip_existing=True)
    stored = await stored_ids(session, kind, workspace_id, ids)
    versions = [
        {
            **state,
            **stamp,
            "id": identity,
            "number": number,
            "occurred_at": us,
            "recorded_at": us if record.recorded_us is None else record.recorded_us,
            "given": given_names(state) if given is None else list(given),
            "voided": False,
        }
        for identity, record in zip(ids, ordered, strict=True)
        if identity in stored
        for number, (us, state) in enumerate(record.states, start=1)
    ]
    await append_rows(session, kind.version, versions)
    return frozenset(record.key for identity, record in zip(ids, ordered, strict=True) if identity not in stored)
