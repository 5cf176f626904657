"""What can be done with role proposals: offer one, stand behind it, answer it, go on from the answer.

The clock runs on the manager's answer. Every move is a new version of the proposal; answers are appended beside it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from api import audit, kinds, outbox
from api.company import service as company
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, Malformed, NoSuchThing, Refusal, UnknownReference
from api.events import RoleProposalAnswered, RoleProposalOffered
from api.failures import service as failures
from api.listing import Asked
from api.paging import next_cursor, page_of
from api.recorded import impossible
from api.roles import queries
from api.roles.schemas import (
    AnswerBody,
    ProposalAnswer,
    ProposalBody,
    ProposalStored,
    SupportAnswerShown,
)
from api.workspaces import service as workspaces
from models.base import from_us, to_us
from models.ids import uuid7
from models.recording import Change, Recorded
from models.rules import support
from models.rules.support import AnswerRefused, ProposalStatus, Step, Verdict
from models.rules.values import local_day

PLAIN = frozenset({"author", "role", "team", "kind", "customer_need", "situation", "proposed_change"})
"""What of a proposal has a column of its own; the rest is kept as its details."""
BEFORE_AN_ANSWER = frozenset({ProposalStatus.OFFERED, ProposalStatus.ASKED, ProposalStatus.TAKEN_TO})
OWED = [status for status in ProposalStatus if support.owed_since(status, 0) is not None]
FIELD_OF = {"reason_missing": "reason", "by_when_missing": "by_when"}
"""Which field of an answer a refusal is about; the other refusals are about where the proposal stands."""

Row = Mapping[Any, Any]


async def offer(work: Work, body: ProposalBody) -> ProposalStored:
    """Take a proposal, or its next wording while it waits for an answer."""
    await _check_conditions(work, body.stops_me_now)
    identity = uuid7()
    reference = body.reference or str(identity)
    before = await _held(work, reference)
    if before is None:
        # What is not there cannot be held: whoever waited here may find that it was offered meanwhile.
        await workspaces.hold(work)
        before = await _held(work, reference)
    given = await _wording(work, body)
    if before is None:
        given |= {"status": ProposalStatus.OFFERED, "due_at": await _due(work)}
        given["details"]["steps"] = []
    else:
        given["details"]["steps"] = before["details"]["steps"]
        if any(before[name] != value for name, value in given.items()):
            given |= await _reworded(work, before, given)
    stored = await _keep(work, reference, given, before, identity)
    if not stored.unchanged:
        await audit.note(work, "role_proposal.stored", reference, {"version": stored.version})
    found = await read_proposal(work, reference)
    if not stored.unchanged and (before is None or before["status"] != found.status):
        await outbox.emit_all(work, [_offered(found)])
    return ProposalStored(**dict(found), unchanged=stored.unchanged)


async def _check_conditions(work: Work, codes: Sequence[str]) -> None:
    known = await failures.condition_ids(work, codes)
    for index, code in enumerate(codes):
        if code not in known:
            detail = f"There is no condition {code} in the catalogue."
            errors = [{"pointer": f"/stops_me_now/{index}", "code": UnknownReference.code, "detail": detail}]
            raise UnknownReference(f"{detail} Post it to /v1/conditions first.", errors=errors)


async def _wording(work: Work, body: ProposalBody) -> dict[str, Any]:
    said = body.model_dump(mode="json", exclude={"reference"})
    right = said["decision_right"]
    if right is not None and right["limit"] is not None and right["currency"] is None:
        right["currency"] = (await workspaces.of(work)).currency
    conditions = said.pop("stops_me_now")
    given = {name: said.pop(name) for name in PLAIN}
    return {**given, "kind": body.kind, "conditions": conditions, "details": said}


async def _reworded(work: Work, before: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else changes with a new wording: said after a question, it is the reply."""
    if before["status"] not in BEFORE_AN_ANSWER:
        raise Conflict(
            f"The proposal {before['reference']} is {before['status']}: what was answered is not reworded. "
            "Offer what is new as a proposal of its own.",
            code="answer_refused",
        )
    if before["status"] != ProposalStatus.ASKED:
        return {}
    return await _stepped(work, before, Step.REPLY, None, given["details"])


async def stand_behind(work: Work, reference: str, name: str) -> ProposalAnswer:
    """Add a colleague to those who stand behind a proposal; the same name again adds nothing."""
    proposal = _there(reference, await _held(work, reference))
    if await queries.add_supporter(work.session, work.workspace_id, proposal["id"], name, work.now):
        await queries.touch(work.session, work.workspace_id, proposal["id"], work.now)
        await audit.note(work, "role_proposal.supporter_added", reference, {})
    return await read_proposal(work, reference)


async def answer(work: Work, reference: str, body: AnswerBody) -> ProposalAnswer:
    """Append a manager's answer and move the proposal to where it leads."""
    before = _there(reference, await _held(work, reference))
    zone = (await workspaces.of(work)).zone
    day = _day_meant(body.by_when, zone)
    if day is not None and day < local_day(to_us(work.now), zone):
        raise impossible("by_when", "in_the_past", f"{day} has passed.")
    try:
        status = support.answer(before["status"], body.verdict, body.reason, day)
    except AnswerRefused as refused:
        raise _refusal(refused) from None
    ends = None if day is None else from_us(support.owed_due(to_us(work.now), zone, day))
    said = {"verdict": body.verdict.value, "reason": body.reason, "by_when": ends, "answered_by": body.answered_by}
    row = {**said, "taken_to": body.taken_to, "proposal_id": before["id"], "recorded_at": work.now}
    await queries.add_answer(work.session, work.workspace_id, row)
    given: dict[str, Any] = {"status": status}
    if body.verdict is Verdict.TAKEN_TO:
        given |= {"due_at": ends, "taken_to": body.taken_to}
    await _keep(work, reference, given, before)
    await queries.touch(work.session, work.workspace_id, before["id"], work.now)
    await audit.note(work, "role_proposal.answered", reference, {"verdict": body.verdict.value})
    found = await read_proposal(work, reference)
    told = RoleProposalAnswered(**_about(found), verdict=body.verdict.value)
    await outbox.emit_all(work, [told.event()])
    return found


async def go_on(work: Work, reference: str, step: Step, said: str | None) -> ProposalAnswer:
    """Take the author's next step."""
    before = _there(reference, await _held(work, reference))
    await _keep(work, reference, await _stepped(work, before, step, said, before["details"]), before)
    await audit.note(work, "role_proposal.step_taken", reference, {"step": step.value})
    found = await read_proposal(work, reference)
    if step is Step.REPLY:
        await outbox.emit_all(work, [_offered(found)])
    return found


async def _stepped(work: Work, before: Row, step: Step, said: str | None, details: Mapping[str, Any]) -> dict[str, Any]:
    try:
        status = support.take_step(before["status"], step)
    except AnswerRefused as refused:
        raise _refusal(refused) from None
    taken = {"step": step.value, "said": said, "at": work.now.isoformat()}
    given: dict[str, Any] = {"status": status, "details": {**details, "steps": [*details["steps"], taken]}}
    if step is Step.REPLY:
        given["due_at"] = await _due(work)
    return given


def _refusal(refused: AnswerRefused) -> Refusal:
    field = FIELD_OF.get(refused.code)
    if field is None:
        return Conflict(refused.detail, code="answer_refused")
    errors = [{"pointer": f"/{field}", "code": refused.code, "detail": refused.detail}]
    return Malformed(refused.detail, code="answer_refused", errors=errors)


async def _held(work: Work, reference: str) -> Row | None:
    """Return a proposal as it stands, kept from other writers: two answers never cross."""
    await queries.hold(work.session, work.workspace_id, reference)
    return await _find(work, reference)


async def _find(work: Work, reference: str) -> Row | None:
    statement = queries.current_proposals(work.workspace_id).where(queries.proposals.c.reference == reference)
    row: Row | None = (await work.session.execute(statement)).mappings().one_or_none()
    return row


def _there(reference: str, row: Row | None) -> Row:
    if row is None:
        raise NoSuchThing(f"There is no role proposal {reference}.")
    return row


async def _keep(
    work: Work, reference: str, given: Mapping[str, Any], before: Row | None, identity: UUID | None = None
) -> Recorded:
    occurred = recorded = work.now
    if before is not None:
        # Another host's clock may run ahead of ours: what comes after an answer is never told before it.
        occurred, recorded = max(work.now, before["occurred_at"]), max(work.now, before["recorded_at"])
    change = Change((reference,), given, occurred, recorded, identity=identity)
    return (await customers.keep(work, kinds.ROLE_PROPOSAL, [change]))[0]


async def _due(work: Work) -> datetime:
    """Return the last moment at which an answer owed from now on is in time."""
    settings = await workspaces.of(work)
    days = settings.answer_due_days
    return from_us(support.owed_due(to_us(work.now), settings.zone, working_days=days))


def _day_meant(value: date | datetime | None, zone: str) -> date | None:
    return local_day(to_us(value), zone) if isinstance(value, datetime) else value


def _offered(found: ProposalAnswer) -> outbox.NewEvent:
    return RoleProposalOffered(**_about(found)).event()


def _about(found: ProposalAnswer) -> dict[str, Any]:
    """Return what an event tells: enough to find the proposal, and nobody's name."""
    named = {name: getattr(found, name) for name in ("role", "team", "kind", "status", "due_at")}
    return {"role_proposal": found.reference, **named}


async def read_proposal(work: Work, reference: str) -> ProposalAnswer:
    """Return a role proposal as it stands."""
    return (await _shown(work, [_there(reference, await _find(work, reference))]))[0]


async def list_proposals(
    work: Work, asked: Asked, *, status: str | None = None, team: str | None = None
) -> tuple[list[ProposalAnswer], str | None]:
    """Return a page of role proposals, in one status or of one team where named."""
    statement: Select[Any] = queries.current_proposals(work.workspace_id)
    if status is not None:
        statement = statement.where(queries.versions.c.status == status)
    if team is not None:
        statement = statement.where(queries.versions.c.team == team)
    page = page_of(statement, queries.proposals, asked.cursor, asked.limit, asked.updated_since)
    rows = (await work.session.execute(page)).mappings().all()
    return await _shown(work, rows[: asked.limit]), next_cursor(rows, asked.limit)


def waiting(row: Row, now: datetime) -> dict[str, Any]:
    """Return since when a proposal waits for its answer, and whether that is a promise not kept."""
    replies = [step["at"] for step in row["details"]["steps"] if step["step"] == Step.REPLY]
    replied = to_us(datetime.fromisoformat(replies[-1])) if replies else None
    since = support.owed_since(row["status"], to_us(row["offered_at"]), replied)
    overdue = support.is_overdue(row["status"], to_us(row["due_at"]), to_us(now))
    return {"owed_since": None if since is None else from_us(since), "overdue": overdue}


async def _shown(work: Work, rows: Sequence[Row]) -> list[ProposalAnswer]:
    ids = [row["id"] for row in rows]
    supporters = await queries.supporters_of(work.session, work.workspace_id, ids)
    answers = await queries.answers_to(work.session, work.workspace_id, ids)
    owing = await company.supporters(work)
    return [
        ProposalAnswer(
            **{name: row[name] for name in (*PLAIN, "id", "reference", "status", "due_at")},
            **{name: row[name] for name in ("offered_at", "occurred_at", "recorded_at")},
            **row["details"],
            **waiting(row, work.now),
            owed_by=owing.owing(row["team"], row["status"], row["taken_to"]) if row["status"] in OWED else [],
            version=row["number"],
            stops_me_now=row["conditions"],
            supporters=supporters.get(row["id"], []),
            answers=[SupportAnswerShown.model_validate(dict(answer)) for answer in answers.get(row["id"], [])],
            stored_at=row["changed_at"],
        )
        for row in rows
    ]
