"""What can be done with responses, one or many at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from api import kinds, tombstones
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.failures import derivation
from api.failures.suggestions import service as suggestions
from api.feedback import invitations, proving, queries, taking, telling, vouching
from api.feedback.invitations import Invited
from api.feedback.judging import check_fit, judge
from api.feedback.proving import Used
from api.feedback.queries import StoredResponse
from api.feedback.sameness import content_hash
from api.feedback.schemas import ResponseAnswer, ResponseBody, ResponseJudged, ResponseStored
from api.feedback.surveys import PublishedSurvey, publish_templates, published
from api.feedback.vouching import is_claimant
from api.listing import Asked, narrowed, rows_of
from api.recorded import Stored, by_row, impossible, only
from api.voiding import void
from api.workspaces import service as workspaces
from models.ids import uuid7
from models.recording import Change, KeyTaken, Recorded
from models.tombstone import Buried

__all__ = [
    "answer_one",
    "judged",
    "list_responses",
    "publish_templates",
    "published",
    "read_response",
    "store_responses",
    "tell",
    "void_response",
]


async def answer_one(
    work: Work, body: ResponseBody, proof: Invited | None = None, *, stub: bool = False
) -> tuple[ResponseStored, Recorded]:
    """Take one response; return what it means for who may know, and what became of it."""
    stored = only(await store_responses(work, [body], proof, stub=stub))
    return await judged(work, stored), stored


async def judged(work: Work, stored: Recorded) -> ResponseStored:
    """Return what became of a response, and what it means for its case where the caller may know."""
    status = "complete" if stored.state["complete"] else "partial"
    if is_claimant(work):
        return ResponseStored(id=stored.id, status=status)
    case_id = stored.state["case_id"] if stored.state["complete"] else None
    conditions = [] if case_id is None else await derivation.present_in(work, case_id)
    return ResponseJudged(id=stored.id, status=status, failure=stored.state["failure"], conditions=conditions)


async def store_responses(
    work: Work, rows: Sequence[ResponseBody], proof: Invited | None = None, *, stub: bool = False
) -> list[Stored]:
    """Record responses, and what they make of their cases.

    Parameters
    ----------
    work
        The request's.
    rows
        What was answered.
    proof
        What the page they were given on proves of all of them; else each row's own `invitation` does.
    stub
        Make customers and cases that are not known yet.
    """
    places = await _places(work, rows, proof, stub=stub)
    used: list[Used] = []

    async def keep(prepared: Sequence[tuple[Change, Invited | None]]) -> list[Recorded]:
        try:
            recorded = await places.parents.keep(work, kinds.RESPONSE, [change for change, _ in prepared])
        except KeyTaken:
            detail = "An id or reference of these was stored together with another a moment ago."
            raise Conflict(f"{detail} Send this again.", code="response_exists", retryable=True) from None
        for item, (_, invited) in zip(recorded, prepared, strict=True):
            if item.created and invited is not None:
                used.append(Used(invited.id, item.id, complete=item.state["complete"]))
        await taking.keep(work, places.quotas, {item.id: places.counted[item.id] for item in recorded if item.created})
        return recorded

    stored = await by_row(rows, lambda row: _change(work, row, places), keep)
    stored = await _without_others(work, stored, places)
    await proving.use(work, used)
    await tell(work, [item for item in stored if isinstance(item, Recorded) and item.created])
    return stored


async def tell(work: Work, changed: Sequence[Recorded]) -> None:
    """Let rules see responses just completed, and tell others of them."""
    complete = [item for item in changed if item.state["complete"]]
    touched = [item.state["case_id"] for item in complete if item.state["case_id"] is not None]
    await derivation.derive(work, touched, derivation.Source.ANSWER)
    await telling.tell_received(work, complete)


async def void_response(work: Work, response_id: UUID, reason: str) -> Recorded:
    """Withdraw a response: it makes no failure any more, and its case's rules no longer read it."""
    reference = (await read_response(work, response_id)).reference
    stored = await void(work, kinds.RESPONSE, (reference,), reason, addressed=str(response_id))
    begun_by = await queries.invitation_of_response(work.session, work.workspace_id, response_id)
    if begun_by is not None and not stored.unchanged:
        await invitations.touch(work, [begun_by])  # what was begun by it no longer stands: it is open again
    await taking.free(work, response_id)
    if not stored.unchanged:
        await suggestions.withdraw(work, response_id)
    if stored.state["case_id"] is not None:
        await derivation.derive(work, [stored.state["case_id"]], derivation.Source.ANSWER)
    return stored


@dataclass(frozen=True)
class _Places:
    """Everything the rows of one request are checked against."""

    settings: workspaces.WorkspaceSettings
    surveys: Mapping[tuple[str, int | None], PublishedSurvey | NoSuchThing]
    parents: customers.Parents
    proof: Invited | None
    proofs: Mapping[str, Invited]
    known: dict[str, StoredResponse]
    new: dict[str, tuple[UUID | None, str]]
    completing: set[UUID]
    quotas: taking.Quotas
    counted: dict[UUID, tuple[UUID, Sequence[str]]]
    erased: Mapping[Buried, frozenset[str]]


async def _without_others(work: Work, stored: list[Stored], places: _Places) -> list[Stored]:
    """Refuse those rows under whose id or reference another request stored another answer while this was prepared."""
    met = {item.id: item.key[-1] for item in stored if isinstance(item, Recorded) and not item.created}
    met = {identity: reference for identity, reference in met.items() if reference in places.new}
    if not met:
        return stored
    theirs = await queries.stored_responses(work.session, work.workspace_id, met, ())
    ours = {one.id: places.new[one.reference] for one in theirs}
    lost = {one.id for one in theirs if ours[one.id][0] not in {None, one.id} or ours[one.id][1] != one.body_hash}
    return [_exists(item.key[-1]) if isinstance(item, Recorded) and item.id in lost else item for item in stored]


async def _places(work: Work, rows: Sequence[ResponseBody], proof: Invited | None, *, stub: bool) -> _Places:
    if is_claimant(work) and any(row.customer or row.case for row in rows):
        await tombstones.hold_off(work)
    asked: dict[tuple[str, int | None], PublishedSurvey | NoSuchThing] = {}
    for key in {(row.survey, row.version) for row in rows}:
        try:
            asked[key] = await published(work, *key)
        except NoSuchThing as missing:
            asked[key] = missing
    # First the invitations and quotas: whoever waited here for another finds below what that one stored.
    proofs = await proving.by_tokens(work, (row.invitation for row in rows if row.invitation), lock=True)
    quotas = await taking.hold(work, (asked[row.survey, row.version] for row in rows if row.complete))
    vouched = [] if is_claimant(work) else rows
    named = [(identity_of(work, row), row.reference) for row in rows if row.id or row.reference]
    references = {name for identity, reference in named for name in (str(identity), reference) if name is not None}
    met = await queries.stored_responses(
        work.session, work.workspace_id, (identity for identity, _ in named), references
    )
    return _Places(
        settings=await workspaces.of(work),
        surveys=asked,
        parents=await customers.parents(work, ((row.customer, row.case) for row in vouched), stub=stub),
        proof=proof,
        proofs=proofs,
        known={name: one for one in met for name in (str(one.id), one.reference)},
        new={},
        completing=set(),
        quotas=quotas,
        counted={},
        erased=await _erased_claims(work, rows),
    )


async def _erased_claims(work: Work, rows: Sequence[ResponseBody]) -> Mapping[Buried, frozenset[str]]:
    """Return who is only claimed and was erased. It is dropped, not refused: a public key must not find out."""
    claims = rows if is_claimant(work) else []
    return await tombstones.erased_names(work, (row.customer for row in claims), (row.case for row in claims))


def said(
    row: ResponseBody, asked: PublishedSurvey, about: Mapping[str, Any], settings: workspaces.WorkspaceSettings
) -> dict[str, Any]:
    """Return what a response says and what is read from it; refuse answers that do not fit their questions."""
    check_fit(asked.questions, row.answers, complete=row.complete)
    return {
        "survey_version": asked.number,
        **about,
        "language": row.language,
        **judge(asked.questions, row.answers, about, settings.failure, complete=row.complete),
    }


def identity_of(work: Work, row: ResponseBody) -> UUID:
    """Return what a response is known by: its sender's id, one made of his reference, or a new one."""
    if row.id is not None:
        return row.id
    return uuid7() if row.reference is None else uuid5(work.workspace_id, f"response/{row.reference}")


def _change(work: Work, row: ResponseBody, places: _Places) -> tuple[Change, Invited | None]:
    asked = places.surveys[row.survey, row.version]
    if isinstance(asked, NoSuchThing):
        raise impossible("survey", "unknown_survey", asked.detail)
    identity = identity_of(work, row)
    body_hash = content_hash(row)
    head = {"survey_id": asked.id, "body_hash": body_hash}
    reference = row.reference or str(identity)
    met = {one.id: one for name in (str(identity), reference) if (one := places.known.get(name)) is not None}
    if met:
        before = _the_same(row, body_hash, met.values())
        key = (before.reference,)
        return Change(key, {}, work.now, work.now, head=head, identity=before.id, once=True), None
    invited = _invited(work, row, asked, places)
    asked_at, answered, recorded = vouching.times(work, row, invited)
    about = vouching.about(work, row, invited, places.parents, places.erased)
    vouching.check_opened(row, invited, places.parents, asked_at, answered)
    # Of an answer of the past the company vouches when it was given; a public key is believed nothing but now.
    taking.check_standing(asked, work.now if is_claimant(work) else answered)
    given = {**said(row, asked, about, places.settings), "asked_at": asked_at, "answered_at": answered}
    given["language"] = row.language or (invited.language if invited else None)
    places.counted[identity] = asked.id, places.quotas.take(asked, given)
    places.known.update(dict.fromkeys((str(identity), reference), StoredResponse(identity, reference, body_hash)))
    places.new[reference] = row.id, body_hash
    if invited is not None and row.complete:
        places.completing.add(invited.id)
    return Change((reference,), given, answered, recorded, head=head, identity=identity, once=True), invited


def _the_same(row: ResponseBody, body_hash: str, met: Collection[StoredResponse]) -> StoredResponse:
    """Return the response that a row says again; refuse one that says another thing under a name of it.

    One stored before references were kept has its id for a reference: whatever reference it is sent with was its own.
    """
    one, *others = met
    named = row.reference in {None, one.reference} or one.reference == str(one.id)
    if others or not named or row.id not in {None, one.id} or one.body_hash != body_hash:
        raise _exists(row.reference or str(row.id))
    return one


def _invited(work: Work, row: ResponseBody, asked: PublishedSurvey, places: _Places) -> Invited | None:
    """Return the invitation a row came with, if it can still be answered."""
    invited = places.proof
    if row.invitation is not None:
        invited = places.proofs.get(row.invitation)
        if invited is None:
            raise invitations.unknown()
    if invited is None:
        return None
    if invited.survey_id != asked.id:
        raise impossible("survey", "invitation_mismatch", f"The invitation is to the survey {invited.survey}.")
    invitations.check_usable(invited, work.now)
    if invited.id in places.completing:
        raise invitations.completed()
    return invited


def _exists(reference: str) -> Conflict:
    return Conflict(
        f"The response {reference} was stored with another content. A new answer needs a new id.",
        code="response_exists",
    )


async def read_response(work: Work, response_id: UUID) -> ResponseAnswer:
    """Return a response as it stands."""
    statement = queries.current_responses(work.workspace_id).where(queries.responses.c.id == response_id)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no response {response_id}.")
    return _response_answer(row)


async def list_responses(
    work: Work,
    asked: Asked,
    *,
    voided: bool,
    customer: str | None,
    case: str | None,
    survey_key: str | None,
    **own: Any,
) -> tuple[list[ResponseAnswer], str | None]:
    """Return a page of responses, oldest change first; `own` names columns of theirs and what must stand there."""
    version = kinds.RESPONSE.version
    narrow = [
        (kinds.CUSTOMER.head.c.reference, None if customer is None else await customers.known_as(work, customer)),
        (kinds.CASE.head.c.reference, case),
        (queries.surveys.c.key, survey_key),
        *((version.c[name], value) for name, value in own.items()),
    ]
    statement = narrowed(queries.current_responses(work.workspace_id), version, narrow, voided=voided)
    return await rows_of(work, asked, statement, kinds.RESPONSE.head, _response_answer)


def _response_answer(row: Mapping[Any, Any]) -> ResponseAnswer:
    taken = {"version", "status", "stored_at"}
    fields = {name: row[name] for name in ResponseAnswer.model_fields if name not in taken}
    said = {"version": row["number"], "status": "complete" if row["complete"] else "partial"}
    return ResponseAnswer(**fields, **said, stored_at=row["changed_at"])
