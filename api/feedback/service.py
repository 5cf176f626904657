"""What can be done with surveys and responses, one or many at a time."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import JsonValue
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds, outbox, tombstones
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, Malformed, NoSuchThing
from api.failures import derivation
from api.feedback import queries
from api.feedback.schemas import ResponseAnswer, ResponseBody, ResponseJudged, ResponseStored, SurveyAnswer
from api.feedback.templates import POST_INTERACTION, POST_INTERACTION_QUESTIONS
from api.paging import next_cursor, page_of
from api.recorded import CLOCK_SKEW, Stored, by_row, impossible, only
from api.workspaces import service as workspaces
from models.access import Scope
from models.ids import uuid7
from models.recording import Change, Recorded
from models.rules.answers import effort_of, misfits, score_of
from models.rules.failure import failed
from models.tombstone import Buried


@dataclass(frozen=True)
class PublishedSurvey:
    """A survey version that answers can be about."""

    id: UUID
    key: str
    number: int
    questions: list[dict[str, Any]]
    published_at: datetime | None


async def publish_templates(session: AsyncSession, workspace_id: UUID, now: datetime) -> None:
    """Give a new workspace the survey it starts with."""
    survey_id = uuid7()
    row = {"workspace_id": workspace_id, "id": survey_id}
    await session.execute(insert(queries.surveys).values({**row, "key": POST_INTERACTION, "created_at": now}))
    version = {"number": 1, "questions": POST_INTERACTION_QUESTIONS, "created_at": now, "published_at": now}
    await session.execute(insert(queries.survey_versions).values({**row, **version}))


async def survey(work: Work, key: str, version: int | None = None) -> PublishedSurvey:
    """Return a published survey, read once a request."""
    kept = f"survey:{key}:{version}"
    if kept not in work.kept:
        row = (await work.session.execute(queries.published(work.workspace_id, key, version))).one_or_none()
        if row is None:
            raise NoSuchThing(f"There is no published survey {key}{'' if version is None else f' version {version}'}.")
        work.kept[kept] = PublishedSurvey(*row)
    found: PublishedSurvey = work.kept[kept]
    return found


async def read_survey(work: Work, key: str) -> SurveyAnswer:
    """Return a survey as it is asked now."""
    found = await survey(work, key)
    return SurveyAnswer(key=found.key, version=found.number, questions=found.questions, published_at=found.published_at)


async def answer_one(work: Work, body: ResponseBody) -> tuple[ResponseStored, bool]:
    """Take one response; return what became of it, and whether it is new."""
    stored = only(await store_responses(work, [body]))
    status = "complete" if stored.state["complete"] else "partial"
    if _is_claimant(work):
        return ResponseStored(id=stored.id, status=status), stored.created
    case_id = stored.state["case_id"]
    present = {} if case_id is None else await derivation.derive(work, [case_id])
    judged = ResponseJudged(
        id=stored.id, status=status, failure=stored.state["failure"], conditions=sorted(present.get(case_id, []))
    )
    return judged, stored.created


async def store_responses(work: Work, rows: Sequence[ResponseBody]) -> list[Stored]:
    """Record responses, and what they make of their cases."""
    places = await _places(work, rows)

    async def keep(changes: Sequence[Change]) -> list[Recorded]:
        return await customers.keep(work, kinds.RESPONSE, changes)

    stored = await by_row(rows, lambda row: _change(work, row, places), keep)
    fresh = [item for item in stored if isinstance(item, Recorded) and item.created]
    await derivation.derive(work, [item.state["case_id"] for item in fresh if item.state["case_id"] is not None])
    await outbox.emit_all(work, [event for item in fresh for event in _events(item)])
    return stored


@dataclass(frozen=True)
class _Places:
    """Everything the rows of one request are checked against."""

    settings: workspaces.WorkspaceSettings
    surveys: Mapping[tuple[str, int | None], PublishedSurvey | NoSuchThing]
    customers: Mapping[str, UUID]
    cases: Mapping[str, UUID]
    case_facts: Mapping[UUID, Any]
    hashes: dict[str, str]
    erased: Mapping[Buried, frozenset[str]]


async def _places(work: Work, rows: Sequence[ResponseBody]) -> _Places:
    asked: dict[tuple[str, int | None], PublishedSurvey | NoSuchThing] = {}
    for key in {(row.survey, row.version) for row in rows}:
        try:
            asked[key] = await survey(work, *key)
        except NoSuchThing as missing:
            asked[key] = missing
    proved = [] if _is_claimant(work) else rows
    cases = await customers.case_ids(work, (row.case for row in proved))
    references = [str(_identity(work, row)) for row in rows if row.id or row.reference]
    return _Places(
        settings=await workspaces.of(work),
        surveys=asked,
        customers=await customers.customer_ids(work, (row.customer for row in proved)),
        cases=cases,
        case_facts=await queries.case_facts(work.session, work.workspace_id, cases.values()),
        hashes=await queries.body_hashes(work.session, work.workspace_id, references),
        erased={} if proved or not _is_claimant(work) else await _erased_claims(work, rows),
    )


async def _erased_claims(work: Work, rows: Sequence[ResponseBody]) -> dict[Buried, frozenset[str]]:
    """Return which of the references that are only claimed were erased: such a claim is dropped, not refused.

    A publishable key must not be able to find out who was erased.
    """
    named = {
        Buried.CUSTOMER: {row.customer for row in rows if row.customer is not None},
        Buried.CASE: {row.case for row in rows if row.case is not None},
    }
    return {kind: await tombstones.erased_among(work, kind, names) for kind, names in named.items()}


def _is_claimant(work: Work) -> bool:
    """Return whether what this caller says of customer and case is only a claim."""
    return not work.caller.may(Scope.RECORDS_WRITE)


def _identity(work: Work, row: ResponseBody) -> UUID:
    if row.id is not None:
        return row.id
    return uuid7() if row.reference is None else uuid5(work.workspace_id, f"response/{row.reference}")


def _change(work: Work, row: ResponseBody, places: _Places) -> Change:
    asked = places.surveys[row.survey, row.version]
    if isinstance(asked, NoSuchThing):
        raise Malformed(asked.detail, code="unknown_survey", errors=_error("/survey", "unknown_survey", asked.detail))
    identity = _identity(work, row)
    body_hash = _body_hash(row)
    _check_same(places, str(identity), body_hash)
    head = {"survey_id": asked.id, "body_hash": body_hash}
    if str(identity) in places.hashes:
        return Change((str(identity),), {}, work.now, work.now, head=head, identity=identity)
    answered, recorded = _times(row, work.now)
    about = _about(work, row, places)
    claimed = about["claimed_customer"] is not None or about["claimed_case"] is not None
    given = {
        "survey_version": asked.number,
        **about,
        "language": row.language,
        **_answered(asked, row, places, claimed=claimed),
        "asked_at": row.asked_at,
        "answered_at": answered,
    }
    places.hashes[str(identity)] = body_hash
    return Change((str(identity),), given, answered, recorded, head=head, identity=identity)


def _check_same(places: _Places, reference: str, body_hash: str) -> None:
    if places.hashes.get(reference, body_hash) != body_hash:
        raise Conflict(
            f"The response {reference} was stored with another content. A new answer needs a new id.",
            code="response_exists",
        )


def _times(row: ResponseBody, now: datetime) -> tuple[datetime, datetime]:
    """Return when it was answered and when the company knew."""
    answered = row.answered_at or row.recorded_at or now
    recorded = row.recorded_at or now
    for name, moment in (("recorded_at", recorded), ("answered_at", answered), ("asked_at", row.asked_at)):
        if moment is not None and moment > now + CLOCK_SKEW:
            raise impossible(name, "in_the_future", "This has not happened yet.")
    if recorded < answered and row.recorded_at is not None:
        raise impossible("recorded_at", "known_before", "Nothing is known before it was answered.")
    if row.asked_at is not None and row.asked_at > answered:
        raise impossible("asked_at", "after_answered_at", "Nobody answers before being asked.")
    return min(answered, now), min(max(recorded, answered), now)


def _about(work: Work, row: ResponseBody, places: _Places) -> dict[str, Any]:
    """Return what the response is about; a claim where the caller cannot vouch for it."""
    nothing = {"customer_id": None, "case_id": None, "claimed_customer": None, "claimed_case": None}
    if _is_claimant(work):
        customer = None if row.customer in places.erased[Buried.CUSTOMER] else row.customer
        return {
            **nothing,
            "claimed_customer": customer,
            "claimed_case": None if row.case in places.erased[Buried.CASE] else row.case,
        }
    customer_id = None if row.customer is None else customers.known_customer(places.customers, row.customer)
    if row.case is None:
        return {**nothing, "customer_id": customer_id}
    case_id = customers.known_case(places.cases, row.case)
    case = places.case_facts[case_id]
    if customer_id is not None and customer_id != case.customer_id:
        raise impossible("customer", "customer_mismatch", f"The case {row.case} is another customer's.")
    moment, name = (row.asked_at, "asked_at") if row.asked_at else (row.answered_at, "answered_at")
    if moment is not None and moment < case.opened_at:
        raise impossible(name, "before_opened_at", f"That is before the case {row.case} was opened.")
    return {**nothing, "customer_id": case.customer_id, "case_id": case_id}


def _answered(asked: PublishedSurvey, row: ResponseBody, places: _Places, *, claimed: bool) -> dict[str, Any]:
    wrong = misfits(asked.questions, row.answers, complete=row.complete)
    if wrong:
        errors = [{"pointer": item.pointer, "code": item.code, "detail": item.detail} for item in wrong]
        raise Malformed(f"Correct {', '.join(item.pointer for item in wrong[:5])}.", errors=errors)
    definition = places.settings.failure
    # A claim nobody has proved makes no failure.
    proved = definition.asks_the_customer and not claimed
    failure = failed(definition.rule, row.answers, {}) if proved else None
    return {
        "answers": row.answers,
        "complete": row.complete,
        "score": score_of(asked.questions, row.answers),
        "effort": effort_of(asked.questions, row.answers),
        "failure": failure,
    }


def _body_hash(row: ResponseBody) -> str:
    body = row.model_dump(mode="json", exclude={"id", "reference"})
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _error(pointer: str, code: str, detail: str) -> list[dict[str, str]]:
    return [{"pointer": pointer, "code": code, "detail": detail}]


def _events(item: Recorded) -> list[outbox.NewEvent]:
    about: dict[str, JsonValue] = {
        "response": str(item.id),
        "case_id": str(item.state["case_id"]) if item.state["case_id"] else None,
    }
    events = [outbox.NewEvent("response.received", about)]
    if item.state["failure"] and item.state["case_id"]:
        events.append(outbox.NewEvent("case.failed", about))
    return events


async def read_response(work: Work, response_id: UUID) -> ResponseAnswer:
    """Return a response as it stands."""
    statement = queries.current_responses(work.workspace_id).where(queries.responses.c.id == response_id)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no response {response_id}.")
    return _response_answer(row)


async def list_responses(
    work: Work,
    limit: int,
    cursor: str | None,
    updated_since: datetime | None,
    *,
    customer: str | None = None,
    case: str | None = None,
) -> tuple[list[ResponseAnswer], str | None]:
    """Return a page of responses, of one customer or case where named."""
    statement = queries.current_responses(work.workspace_id)
    if customer is not None:
        statement = statement.where(kinds.CUSTOMER.head.c.reference == customer)
    if case is not None:
        statement = statement.where(kinds.CASE.head.c.reference == case)
    statement = page_of(statement, kinds.RESPONSE.head, cursor, limit, updated_since)
    rows = (await work.session.execute(statement)).mappings().all()
    return [_response_answer(row) for row in rows[:limit]], next_cursor(rows, limit)


def _response_answer(row: Mapping[Any, Any]) -> ResponseAnswer:
    taken = {"status", "stored_at"}
    fields = {name: row[name] for name in ResponseAnswer.model_fields if name not in taken}
    return ResponseAnswer(**fields, status="complete" if row["complete"] else "partial", stored_at=row["changed_at"])
