"""Answers about nobody proved: of an open page's visitor, or of a caller who only claims whose they are.

Most answers a web form sends are of this kind, and nothing follows from them but their own rows: no case is derived
and nobody's risk changes. So they are written with one statement a table, whoever sent them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from api import audit, kinds, outbox, tombstones
from api.customers.service import Parents
from api.dependencies import Work
from api.errors import Refusal
from api.events import ResponseReceived, is_news
from api.feedback import taking, vouching
from api.feedback.intake import queries
from api.feedback.intake.current import Current
from api.feedback.sameness import content_hash
from api.feedback.schemas import ResponseBody, ResponseJudged, ResponseStored
from api.feedback.service import identity_of, said
from api.feedback.surveys import PublishedSurvey
from api.feedback.vouching import is_claimant
from api.outbox import NewEvent
from models.appending import Rows, append_new_rows, append_rows
from models.express import Appended
from models.tombstone import Buried

HEADS, VERSIONS = kinds.RESPONSE.head, kinds.RESPONSE.version
TIMES = ("occurred_at", "recorded_at", "stored_at")
ACTION, SUBJECT = "store_response", "/v1/responses"
GIVEN = sorted(
    {column.name for column in VERSIONS.columns} - {"workspace_id", "id", "number", "given", "voided", *TIMES}
)
"""What an answer gives: all it can say, since whatever it leaves open is said to be nothing."""
NOBODY_ERASED: Mapping[Buried, frozenset[str]] = {kind: frozenset() for kind in Buried}
NOBODY = Parents({}, {}, stub=False, erased=NOBODY_ERASED)

Taken = ResponseStored | Refusal
"""What became of an answer."""


def is_plain(row: ResponseBody, *, claimant: bool) -> bool:
    """Return whether nothing follows from an answer but its own rows."""
    return row.invitation is None and (claimant or (row.customer is None and row.case is None))


@dataclass(frozen=True)
class _Row:
    """An answer as it is stored, but for what a batch has alike."""

    id: UUID
    reference: str
    head: Mapping[str, Any]
    version: Mapping[str, Any]
    survey: str

    @property
    def recorded(self) -> datetime:
        """When the company knew."""
        known: datetime = self.version["recorded_at"]
        return known

    def received(self) -> NewEvent:
        """Return what others are told of it."""
        state = self.version
        claimed = state["claimed_customer"] is not None or state["claimed_case"] is not None
        told = _told(self.survey, claimed, "complete" if state["complete"] else "partial", state["failure"])
        return NewEvent(told.type, {**told.payload, "response": str(self.id)})


@lru_cache(maxsize=1024)
def _told(survey: str, claimed: bool, status: Literal["complete", "partial"], failure: bool | None) -> NewEvent:
    """Return what is told of answers to a survey that say the same, but for which one it is."""
    return ResponseReceived(
        response="", survey=survey, customer=None, case=None, status=status, claimed=claimed, failure=failure
    ).event()


@dataclass(frozen=True)
class Batch:
    """Some answers, checked: what is stored of those that fit, and what is said of the others."""

    size: int
    prepared: Mapping[int, _Row]
    outcomes: Mapping[int, Taken]
    head: Mapping[str, Any]
    version: Mapping[str, Any]

    def heads(self) -> Rows:
        """Return those that fit, what each is known by: in one order, so that no two batches wait for each other."""
        ordered = sorted(self.prepared.values(), key=lambda row: row.id)
        return Rows(HEADS, self.head, [row.head for row in ordered])

    def versions(self) -> Rows:
        """Return those that fit, what each says."""
        return Rows(VERSIONS, self.version, [row.version for row in self.prepared.values()])

    @property
    def whole(self) -> bool:
        """Whether something can be said of each already."""
        return len(self.prepared) + len(self.outcomes) == self.size

    def news(self, work: Work) -> bool:
        """Return whether others are to be told of each that fits."""
        return all(is_news(row.recorded, work.now) for row in self.prepared.values())

    @property
    def ids(self) -> set[UUID]:
        """Of those that fit."""
        return {row.id for row in self.prepared.values()}


def prepare(
    work: Work, rows: Sequence[ResponseBody], current: Current, erased: Mapping[Buried, frozenset[str]]
) -> Batch:
    """Check answers; one that has a name of another among them is left out."""
    outcomes: dict[int, Taken] = {}
    prepared: dict[int, _Row] = {}
    names: set[str] = set()
    for place, row in enumerate(rows):
        try:
            one = _prepared(work, row, current, erased)
        except Refusal as refusal:
            # Its traceback leads back to this frame: nobody would let go of either until the collector comes.
            outcomes[place] = refusal.with_traceback(None)
            continue
        mine = {str(one.id), one.reference}
        if not mine & names:
            names |= mine
            prepared[place] = one
    return Batch(len(rows), prepared, outcomes, *_alike(work, current.survey))


def _alike(work: Work, survey: PublishedSurvey) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what the heads and the versions of plain answers to one survey have alike."""
    common = {"workspace_id": work.workspace_id, "stored_at": work.now}
    head = {**common, "version": 1, "survey_id": survey.id}
    about = {"survey_version": survey.number, "customer_id": None, "case_id": None}
    return head, {**common, **about, "number": 1, "given": GIVEN, "voided": False}


async def erased(work: Work, rows: Sequence[ResponseBody], current: Current) -> Mapping[Buried, frozenset[str]]:
    """Return which of the names that answers claim are of somebody who was erased."""
    if not current.buried:
        return NOBODY_ERASED
    return await tombstones.erased_names(work, (row.customer for row in rows), (row.case for row in rows))


def _prepared(work: Work, row: ResponseBody, current: Current, erased: Mapping[Buried, frozenset[str]]) -> _Row:
    survey = current.survey
    identity = identity_of(work, row)
    reference = row.reference or str(identity)
    asked_at, answered, recorded = vouching.times(work, row, None)
    about = vouching.about(work, row, None, NOBODY, erased)
    taking.check_standing(survey, work.now if is_claimant(work) else answered)
    state = said(row, survey, about, current.settings)
    version = {**state, "id": identity, "asked_at": asked_at, "answered_at": answered}
    version |= {"occurred_at": answered, "recorded_at": recorded}
    head = {"id": identity, "reference": reference, "body_hash": content_hash(row)}
    return _Row(identity, reference, head, version, survey.key)


def appended(work: Work, batch: Batch) -> Appended:
    """Return the rows of a batch and what is told of them, all of them news, as one statement appends them."""
    rows = list(batch.prepared.values())
    happened = [row.received() for row in rows]
    counted = dict.fromkeys((HEADS.name, VERSIONS.name, outbox.events.name), len(rows))
    noted = audit.entry(work, ACTION, SUBJECT, counted)
    work.happened += [event.type for event in happened]
    return Appended(
        batch.heads(), [batch.versions(), outbox.told_alike(work, happened), Rows(audit.entries, {}, [noted])]
    )


async def append(work: Work, batch: Batch) -> set[UUID]:
    """Store a batch, and tell of it; return the ids of those under whose names nothing was stored before."""
    named = {row.id: row.reference for row in batch.prepared.values()}
    free = await queries.free_names(work.session, work.workspace_id, named)
    rows = [row for row in batch.prepared.values() if row.id in free]
    new = await append_new_rows(work.session, HEADS, [{**batch.head, **row.head} for row in rows])
    stored = [row for row in rows if row.id in new]
    if stored:
        await append_rows(work.session, VERSIONS, [{**row.version, **batch.version} for row in stored])
        await outbox.emit_all(work, [row.received() for row in stored if is_news(row.recorded, work.now)])
        await audit.note_changes(work, ACTION, SUBJECT)
    return new


def outcomes(work: Work, batch: Batch, stored: Collection[UUID]) -> list[Taken | None]:
    """Return what became of each answer of a batch: None of one under whose names another was stored before."""
    answers = {place: _answer(work, row) for place, row in batch.prepared.items() if row.id in stored}
    return [batch.outcomes.get(place) or answers.get(place) for place in range(batch.size)]


def _answer(work: Work, row: _Row) -> ResponseStored:
    status = "complete" if row.version["complete"] else "partial"
    if is_claimant(work):
        return ResponseStored(id=row.id, status=status)
    return ResponseJudged(id=row.id, status=status, failure=row.version["failure"], conditions=[])
