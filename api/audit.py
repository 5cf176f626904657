"""The audit: who did what, appended in the transaction of the deed.

A route that stores is written down by `note_request`, whatever it is; a service that knows more calls `note` itself,
and then that is the row. References of customers and cases stand here as keyed hashes: what was done can be found by
whoever knows the reference, and outlives its erasure without naming anybody.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from api.dependencies import Work
from api.security import derived_key, keyed_digest
from api.settings import settings
from models.appending import append_rows
from models.database import changes_of
from models.ids import uuid7
from models.outbox import AuditEntry

entries = AuditEntry.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes

NOTED = "audited"
PLACE = re.compile(r"([^/{}]+)/\{(\w+)\}|\{(\w+)\}")
OURS = frozenset({"code", "key", "number"})
"""Parameters of an address that name things of the company's: they stand in the audit as they are, as do their ids."""
OUR_NOUNS = frozenset({"changes", "countermeasures", "needs", "role-proposals", "support-requests", "teams"})
NO_DEED = frozenset({"audit_entries", "idempotent_answers"})
THEIR_IDS = frozenset({"response_id", "invitation_id"})
LONGEST_SUBJECT, LONGEST_ACTION = 300, 64
SHOWN_DIGITS = 16


async def note(work: Work, action: str, subject: str, details: Mapping[str, JsonValue]) -> None:
    """Append to the audit who did what."""
    work.kept[NOTED] = True
    await append_rows(work.session, entries, [entry(work, action, subject, details)])


def entry(work: Work, action: str, subject: str, details: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Return an entry as it is stored."""
    return {
        "workspace_id": work.workspace_id,
        "id": uuid7(),
        "actor": work.caller.actor,
        "action": action[:LONGEST_ACTION],
        "subject": subject[:LONGEST_SUBJECT],
        "details": dict(details),
        "recorded_at": work.now,
    }


async def note_request(work: Work, action: str, path: str, named: Mapping[str, Any]) -> None:
    """Append what a request did, unless it changed nothing or its service has said it already.

    Parameters
    ----------
    action
        The route's name.
    path, named
        The route's address as a template, and the values of its parameters.
    """
    await note_changes(work, action, subject_of(work, path, named))


async def note_changes(work: Work, action: str, subject: str) -> None:
    """Append which tables a transaction wrote to, unless it wrote nothing or its service has said it already."""
    changes = {table: rows for table, rows in changes_of(work.session).items() if table not in NO_DEED}
    if changes and not work.kept.get(NOTED):
        await note(work, action, subject, {**changes})


def subject_of(work: Work, path: str, named: Mapping[str, Any]) -> str:
    """Return an address with its parameters filled in, references as keyed hashes."""

    def fill(found: re.Match[str]) -> str:
        noun, name = found[1], found[2] or found[3]
        value = str(named.get(name, ""))
        ours = name in OURS or noun in OUR_NOUNS or (name.endswith("_id") and name not in THEIR_IDS)
        shown = value if ours else hashed(work, noun or name, value)
        return shown if noun is None else f"{noun}/{shown}"

    return PLACE.sub(fill, path)


def about(work: Work, noun: str, reference: str) -> str:
    """Return the subject of a deed on what a reference names: its address, the reference as a keyed hash."""
    return f"/v1/{noun}/{hashed(work, noun, reference)}"


def hashed(work: Work, noun: str, reference: str) -> str:
    """Return what stands in the audit for a reference; `noun` is the segment before it in an address."""
    key = derived_key(settings().secret, "audit")
    return f"#{keyed_digest(key, f'{work.workspace_id}/{noun}/{reference}')[:SHOWN_DIGITS]}"
