"""What can be done with personal data: told, erased, admitted again; and who did what."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from api import audit, tombstones
from api.dependencies import Work
from api.errors import NoSuchThing
from api.listing import Asked, answers_of
from api.privacy import queries
from api.privacy.erasing import erase_person
from api.privacy.forgetting import ask_to_forget
from api.privacy.ledger import note_erasures
from api.privacy.person import Person, find_person
from api.privacy.schemas import AuditAnswer, ErasureAnswer, ReadmissionAnswer
from api.privacy.telling import tell
from api.workspaces import service as workspaces
from models.database import Database
from models.holding import Subject
from models.tombstone import Buried, TombstoneState

NOUN = "customers"


async def erase(work: Work, reference: str) -> ErasureAnswer:
    """Erase a customer; asked again, say what was done the first time."""
    # Against merges: each is whole before the other begins.
    await workspaces.hold(work)
    await tombstones.hold_on(work)
    person = await find_person(work.session, work.workspace_id, reference, locking=True)
    stone = None if person.known else await tombstones.newest(work, Buried.CUSTOMER, reference)
    if not person.known and stone is None:
        raise _nobody(reference)
    if stone is not None and stone["state"] == TombstoneState.ERASED:
        return ErasureAnswer(reference=reference, erased_at=stone["recorded_at"], removed=stone["removed"])
    return await erase_found(work, person)


async def erase_found(work: Work, person: Person) -> ErasureAnswer:
    """Erase a person, so that neither a late report nor a restored backup brings them back unnoticed."""
    removed = dict(sorted((await erase_person(work.session, work.workspace_id, person, work.now)).items()))
    names = {
        Buried.CUSTOMER: person.about[Subject.CUSTOMER_REFERENCE],
        Buried.CASE: person.about[Subject.CASE_REFERENCE],
    }
    rows = await tombstones.bury(work, names, removed, TombstoneState.ERASED)
    await audit.note(work, "personal_data.erased", audit.about(work, NOUN, person.reference), {**removed})
    await ask_to_forget(work, person.names())
    await note_erasures(work, rows)
    return ErasureAnswer(reference=person.reference, erased_at=work.now, removed=removed)


async def readmit(work: Work, reference: str) -> ReadmissionAnswer:
    """Let an erased customer be reported again; what was erased stays erased."""
    stone = await tombstones.newest(work, Buried.CUSTOMER, reference)
    if stone is None:
        raise _nobody(reference)
    if stone["state"] == TombstoneState.READMITTED:
        return ReadmissionAnswer(reference=reference, readmitted_at=stone["recorded_at"])
    rows = await tombstones.bury(work, {Buried.CUSTOMER: [reference]}, {}, TombstoneState.READMITTED)
    await audit.note(work, "personal_data.readmitted", audit.about(work, NOUN, reference), {})
    await note_erasures(work, rows)
    return ReadmissionAnswer(reference=reference, readmitted_at=work.now)


async def begin_telling(work: Work, reference: str) -> None:
    """See that there is somebody to tell of, and note that it was asked."""
    person = await find_person(work.session, work.workspace_id, reference)
    if not person.known:
        raise _nobody(reference)
    counts = {subject.value: len(found) for subject, found in person.about.items() if found}
    await audit.note(work, "personal_data.exported", audit.about(work, NOUN, reference), {**counts})


async def told(database: Database, work: Work, reference: str) -> AsyncIterator[str]:
    """Yield everything stored about a customer, from a read session of the stream's own."""
    async with database.read(work.workspace_id) as session:
        async for piece in tell(session, work.workspace_id, reference, work.now, [audit.hashed(work, NOUN, reference)]):
            yield piece


async def list_audit(
    work: Work,
    asked: Asked,
    *,
    actor: str | None = None,
    action: str | None = None,
    customer: str | None = None,
    case: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[list[AuditAnswer], str | None]:
    """Return a page of the audit, oldest first."""
    about = None if customer is None else audit.hashed(work, NOUN, customer)
    about = about if case is None else audit.hashed(work, "cases", case)
    page = queries.audit_entries(
        work.workspace_id, asked, actor=actor, action=action, about=about, since=since, until=until
    )
    return await answers_of(work, asked, page, _entry, "recorded_at")


def _entry(row: Mapping[Any, Any]) -> AuditAnswer:
    return AuditAnswer(**{name: row[name] for name in AuditAnswer.model_fields})


def _nobody(reference: str) -> NoSuchThing:
    return NoSuchThing(f"There is no customer {reference}.")
