"""What can be done with follow-ups: telling, closing and withdrawing them, and which one a customer is owed first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api import audit, kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.listing import Asked, narrowed, rows_of
from api.recorded import check_happened, impossible, in_order, not_ahead, when
from api.risk.follow_ups import queries
from api.risk.follow_ups.about import links
from api.risk.follow_ups.schemas import CloseBody, FollowUpAnswer, FollowUpBody, FollowUpStored
from api.risk.schemas import FollowUpBrief
from api.workspaces import service as workspaces
from models.base import from_us, to_us
from models.follow_up import FollowUpKind, FollowUpOrigin
from models.ids import uuid7
from models.recording import Change, current
from models.rules.follow_ups import FollowUpStatus, comes_first, follow_up_status
from models.rules.support import owed_due
from models.rules.versions import laid_over

KIND = kinds.FOLLOW_UP
LINKS = ("customer", "case", "response", "assessment")
NOT_FIELDS = {*LINKS, "reference", "occurred_at", "recorded_at"}
PASSED = ("contacted_at", "closed_at")
SAME = (
    "id", "reference", "kind", "origin", "customer", "case", "team", "owner", "owed_at", "due_at", "promise",
    "promise_kept", "contacted_at", "closed_at", "outcome", "note", "voided", "occurred_at", "recorded_at",
)  # fmt: skip

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Narrowed:
    """What a list of follow-ups is narrowed to."""

    kind: FollowUpKind | None = None
    status: FollowUpStatus | None = None
    customer: str | None = None
    case: str | None = None
    team: str | None = None
    owner: str | None = None
    overdue: bool | None = None


async def store_follow_up(work: Work, body: FollowUpBody) -> tuple[FollowUpStored, bool]:
    """Take what is owed to a customer, or its next state; return it, and whether it is new."""
    await queries.hold(work.session, work.workspace_id)
    identity = uuid7()
    reference = body.reference or str(identity)
    known = await _before(work, reference)
    given = body.model_dump(exclude_unset=True, exclude=NOT_FIELDS)
    given |= await links(work, body, known)
    given = not_ahead({**given, **await _dates(work, body, known)}, (*PASSED, "owed_at"), work.now)
    given |= _kind(body, known)
    state = laid_over(known, given)
    _check(state, work.now)
    await _check_single(work, state, reference)
    happened = ("owed_at", given["owed_at"]) if given.get("owed_at") is not None else None
    occurred, recorded = when(body, work.now, happened=happened)
    change = Change((reference,), given, occurred, recorded, identity=identity)
    stored = (await customers.keep(work, KIND, [change]))[0]
    if not stored.unchanged:
        await audit.note(work, "follow_up.stored", reference, {"version": stored.version})
    found = await read_follow_up(work, reference)
    return FollowUpStored(**dict(found), unchanged=stored.unchanged), stored.created


async def _before(work: Work, reference: str) -> Row:
    found = await current(work.session, KIND, work.workspace_id, [(reference,)])
    return found.get((reference,), {})


async def _dates(work: Work, body: FollowUpBody, known: Row) -> dict[str, Any]:
    """Return since when it is owed and by when: a new one has both, and a date once given is not moved by our rule."""
    owed, due = body.owed_at, body.due_at
    if not known and owed is None:
        owed = body.occurred_at or body.recorded_at or work.now
    if not known and due is None:
        # Within the skew a caller's clock may run ahead: ours is the limit of what can have happened.
        due = await due_after(work, min(owed or work.now, work.now))
    named = {"owed_at": owed, "due_at": due}
    for name in body.model_fields_set & named.keys():
        if known and named[name] is None:
            raise impossible(name, "cannot_be_cleared", "Every follow-up needs this.")
    return {name: moment for name, moment in named.items() if moment is not None}


async def due_after(work: Work, owed_at: datetime) -> datetime:
    """Return by when what is owed since a moment is to be done, by the workspace's due rule."""
    settings = await workspaces.of(work)
    return from_us(owed_due(to_us(owed_at), settings.zone, working_days=settings.follow_up_due_days))


def _kind(body: FollowUpBody, known: Row) -> dict[str, Any]:
    if not known:
        return {"kind": body.kind or FollowUpKind.REDRESS, "origin": FollowUpOrigin.PERSON}
    if body.kind is not None and body.kind != known["kind"]:
        raise impossible("kind", "kind_stays", f"This was begun as {known['kind']}. Begin another one.")
    return {"kind": known["kind"]} if "kind" in body.model_fields_set else {}


def _check(state: Mapping[str, Any], now: datetime) -> None:
    check_happened(state, (*PASSED, "owed_at"), now)
    in_order(state, "owed_at", "due_at")
    in_order(state, "owed_at", "closed_at")
    closed, outcome = state.get("closed_at"), state.get("outcome")
    if (closed is None) != (outcome is None):
        lacks, has = ("outcome", "closed_at") if outcome is None else ("closed_at", "outcome")
        raise impossible(lacks, "incomplete", f"With {has} goes {lacks}.")
    if state.get("promise_kept") is not None and state.get("promise") is None:
        raise impossible("promise_kept", "nothing_promised", "Say what was promised in `promise`.")


async def _check_single(work: Work, state: Mapping[str, Any], reference: str) -> None:
    """Let redress for a case be owed once: who wants to say more of it says it of the one there is."""
    if state.get("case_id") is None or state["kind"] != FollowUpKind.REDRESS:
        return
    there = await queries.redress_for(work.session, work.workspace_id, [state["case_id"]])
    if there.get(state["case_id"], reference) != reference:
        raise Conflict(
            f"Redress for this case is owed already: {there[state['case_id']]}. Say more of that one.",
            code="already_owed",
        )


async def close(work: Work, reference: str, body: CloseBody) -> FollowUpStored:
    """Say what came of a follow-up. No assessment is altered by it."""
    known = await _before(work, reference)
    if not known:
        raise NoSuchThing(f"There is no follow-up {reference}.")
    if known["voided"]:
        raise Conflict(f"The follow-up {reference} was withdrawn: nobody owes it.", code="answer_refused")
    given = body.model_dump(exclude_unset=True)
    given["closed_at"] = body.closed_at or known["closed_at"] or max(work.now, known["owed_at"])
    return (await store_follow_up(work, FollowUpBody(reference=reference, **given)))[0]


async def void_follow_up(work: Work, reference: str, reason: str) -> FollowUpStored:
    """Withdraw a follow-up told by mistake; told again, it is owed again."""
    known = await _before(work, reference)
    if not known:
        raise NoSuchThing(f"There is no follow-up {reference}.")
    occurred, recorded = max(work.now, known["occurred_at"]), max(work.now, known["recorded_at"])
    stored = (await customers.keep(work, KIND, [Change((reference,), {}, occurred, recorded, voided=True)]))[0]
    if not stored.unchanged:
        await audit.note(work, "follow_up.voided", reference, {"reason": reason})
    return FollowUpStored(**dict(await read_follow_up(work, reference)), unchanged=stored.unchanged)


async def read_follow_up(work: Work, reference: str) -> FollowUpAnswer:
    """Return a follow-up as known now."""
    statement = queries.current_follow_ups(work.workspace_id).where(queries.head.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no follow-up {reference}.")
    return _shown(row, work.now)


async def list_follow_ups(
    work: Work, asked: Asked, *, only: Narrowed | None = None, voided: bool = False
) -> tuple[list[FollowUpAnswer], str | None]:
    """Return a page of follow-ups, oldest change first, narrowed where asked."""
    only = only or Narrowed()
    version = queries.version
    same = [(version.c.kind, only.kind), (version.c.team, only.team), (version.c.owner, only.owner)]
    same += [(queries.cases.c.reference, only.case)]
    if only.customer is not None:
        same.append((queries.customers.c.reference, await customers.known_as(work, only.customer)))
    withdrawn = only.status is FollowUpStatus.WITHDRAWN
    statement = narrowed(queries.current_follow_ups(work.workspace_id), version, same, voided=voided or withdrawn)
    if withdrawn:
        statement = statement.where(version.c.voided.is_(True))
    elif only.status is not None:
        closed = version.c.closed_at
        statement = statement.where(closed.is_(None) if only.status is FollowUpStatus.OPEN else closed.is_not(None))
        statement = statement.where(version.c.voided.is_(False))
    if only.overdue is not None:
        late = queries.is_open() & (version.c.due_at < work.now)
        statement = statement.where(late if only.overdue else ~late)
    return await rows_of(work, asked, statement, queries.head, lambda row: _shown(row, work.now))


def _shown(row: Row, now: datetime) -> FollowUpAnswer:
    status = follow_up_status(voided=row["voided"], closed=row["closed_at"] is not None)
    return FollowUpAnswer(
        **{name: row[name] for name in SAME},
        version=row["number"],
        status=status,
        do_not_contact=bool(row["do_not_contact"]),
        response=row["response_id"],
        assessment=row["assessment_id"],
        overdue=status is FollowUpStatus.OPEN and now > row["due_at"],
        stored_at=row["changed_at"],
    )


async def newest_outreach(work: Work, customer_id: UUID, since: datetime) -> Row | None:
    """Return the `reference` and `contacted_at` of the outreach by which a customer was last reached after a moment."""
    return await queries.newest_outreach(work.session, work.workspace_id, customer_id, since)


async def owed_first(work: Work, customer_ids: Collection[UUID]) -> dict[UUID, FollowUpBrief]:
    """Return of each customer the open follow-up that comes first, as known at the work's moment."""
    if not customer_ids:
        return {}
    rows = await queries.open_of(work.session, work.workspace_id, customer_ids, work.now)
    rows.sort(key=lambda row: (*comes_first(row["kind"], to_us(row["due_at"])), row["id"]), reverse=True)
    return {row["customer_id"]: _brief(row, work.now) for row in rows}


def _brief(row: Row, now: datetime) -> FollowUpBrief:
    said = {name: row[name] for name in FollowUpBrief.model_fields if name != "overdue"}
    return FollowUpBrief(**said, overdue=now > row["due_at"])
