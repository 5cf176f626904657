"""Erasing again, in a database put back from a backup, whoever was erased after the backup was made."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import insert, select

from api import audit
from api.dependencies import Work
from api.privacy.erasing import erase_person
from api.privacy.forgetting import ask_to_forget
from api.privacy.ledger import Entry
from api.privacy.person import find_person
from api.privacy.service import NOUN
from api.tombstones import digest_of, tombstones
from models.base import from_us
from models.holding import Subject, Trail
from models.ids import uuid7
from models.tables import metadata
from models.tombstone import Buried, TombstoneState
from models.trails import TRAILS


def by_workspace(entries: Iterable[Entry]) -> Mapping[UUID, Sequence[Entry]]:
    """Return entries by workspace, each in the order in which they were made."""
    found: defaultdict[UUID, list[Entry]] = defaultdict(list)
    for entry in sorted(set(entries), key=lambda entry: entry.recorded_us):
        found[entry.workspace_id].append(entry)
    return found


async def erase_again(work: Work, entries: Sequence[Entry]) -> int:
    """Erase whom a workspace's entries name and the backup did not know to be erased; return how many they were."""
    stored = select(tombstones).where(tombstones.c.workspace_id == work.workspace_id)
    known = {Entry.of(row) for row in (await work.session.execute(stored)).mappings()}
    new = [entry for entry in entries if entry not in known]
    wanted = {entry.digest for entry in new if (entry.kind, entry.state) == (Buried.CUSTOMER, TombstoneState.ERASED)}
    erased = 0
    for reference in sorted(await _references(work)) if wanted else []:
        if digest_of(work.workspace_id, Buried.CUSTOMER, reference) in wanted:
            person = await find_person(work.session, work.workspace_id, reference)
            removed = await erase_person(work.session, work.workspace_id, person, work.now)
            subject = audit.about(work, NOUN, reference)
            await audit.note(work, "personal_data.erased_again", subject, {**removed})
            await ask_to_forget(work, person.names())
            erased += bool(removed)
    if new:
        await work.session.execute(insert(tombstones), [_row(entry) for entry in new])
    return erased


async def _references(work: Work) -> set[str]:
    """Return every text that names a customer: their references, and those that responses only claim."""
    ways = [("customers", "reference")]
    ways += [(trail.table, column) for trail in TRAILS for column in _claims(trail)]
    found: set[str] = set()
    for name, column in ways:
        table = metadata.tables[name]
        statement = select(table.c[column]).where(table.c.workspace_id == work.workspace_id).distinct()
        found.update(text for text in await work.session.scalars(statement) if text is not None)
    return found


def _claims(trail: Trail) -> list[str]:
    return [column for column, subject in trail.found.items() if subject is Subject.CUSTOMER_REFERENCE]


def _row(entry: Entry) -> dict[str, object]:
    return {
        "workspace_id": entry.workspace_id,
        "id": uuid7(),
        "kind": entry.kind,
        "digest": entry.digest,
        "state": entry.state,
        "removed": {},
        "recorded_at": from_us(entry.recorded_us),
    }
