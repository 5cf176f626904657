"""What can be said of needs, teams and changes of the company."""

from collections.abc import Collection, Mapping
from typing import Any, Literal
from uuid import UUID

from api import audit, kinds
from api.bodies import Times
from api.company import queries
from api.company.schemas import (
    ChangeAnswer,
    ChangeBody,
    ChangeStored,
    NeedAnswer,
    NeedBody,
    NeedStored,
    TeamAnswer,
    TeamBody,
    TeamStored,
    duration,
)
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.failures import service as failures
from api.listing import Asked, part_of, rows_of
from api.recorded import check_happened, missing, not_ahead, when
from api.workspaces import service as workspaces
from models.ids import uuid7
from models.recording import Change, Recorded, RecordKind, current
from models.rules.supporters import Supporters, TeamState
from models.rules.versions import laid_over

TIMES = {"occurred_at", "recorded_at"}

Row = Mapping[Any, Any]


async def store_need(work: Work, key: str, body: NeedBody) -> tuple[NeedStored, bool]:
    """Describe a need; return it, and whether it is new."""
    given = body.model_dump(exclude_unset=True, exclude=TIMES)
    if "customer_time" in given:
        given["customer_minutes"] = given.pop("customer_time")
    stored = await _keep(work, kinds.NEED, key, given, body, needed=("name",))
    found = _need(await _find(work, kinds.NEED, key))
    return NeedStored(**dict(found), unchanged=stored.unchanged), stored.created


async def read_need(work: Work, key: str) -> NeedAnswer:
    """Return a need as known now."""
    return _need(await _find(work, kinds.NEED, key))


async def list_needs(work: Work, asked: Asked, *, undescribed: bool = False) -> tuple[list[NeedAnswer], str | None]:
    """Return a page of needs; or of those that are named somewhere and nobody described."""
    if not undescribed:
        return await rows_of(work, asked, queries.current_of(kinds.NEED, work.workspace_id), kinds.NEED.head, _need)
    known = set(await queries.described(work.session, kinds.NEED, work.workspace_id))
    used = await queries.needs_used(work.session, work.workspace_id)
    some, following = part_of(sorted(used), asked, lambda name: name not in known)
    blank = dict.fromkeys(NeedAnswer.model_fields)
    return [NeedAnswer(**{**blank, "key": name, "described": False}) for name in some], following


def _need(row: Row) -> NeedAnswer:
    minutes = row["customer_minutes"]
    return NeedAnswer(
        **_record(row),
        key=row["reference"],
        described=True,
        name=row["name"],
        purpose=row["purpose"],
        customer_time=None if minutes is None else duration(minutes),
    )


async def store_team(work: Work, reference: str, body: TeamBody) -> tuple[TeamStored, bool]:
    """Describe a team; return it, and whether it is new."""
    # Two that close a circle from both sides wait for each other here.
    await workspaces.hold(work)
    given = body.model_dump(exclude_unset=True, exclude=TIMES)
    given |= {name: [] for name in ("former_names", "supported_by") if given.get(name, ...) is None}
    stored = await _keep(work, kinds.TEAM, reference, given, body, needed=("name",), blank=_NO_NAMES)
    circle = (await supporters(work)).circle()
    if circle:
        raise Conflict(
            f"Support would go in a circle: {' is supported by '.join(circle)}. Take one of them out.",
            code="support_circle",
        )
    found = _team(await _find(work, kinds.TEAM, reference))
    return TeamStored(**dict(found), unchanged=stored.unchanged), stored.created


_NO_NAMES: Mapping[str, Any] = {"former_names": [], "supported_by": []}


async def supporters(work: Work) -> Supporters:
    """Return who owes which team support."""
    rows = (await work.session.execute(queries.current_of(kinds.TEAM, work.workspace_id))).mappings()
    return Supporters(TeamState(row["reference"], row["former_names"], row["supported_by"]) for row in rows)


async def read_team(work: Work, reference: str) -> TeamAnswer:
    """Return a team as known now."""
    return _team(await _find(work, kinds.TEAM, reference))


async def list_teams(work: Work, asked: Asked, *, undescribed: bool = False) -> tuple[list[TeamAnswer], str | None]:
    """Return a page of teams; or of those that are named somewhere and nobody described."""
    if not undescribed:
        return await rows_of(work, asked, queries.current_of(kinds.TEAM, work.workspace_id), kinds.TEAM.head, _team)
    known = set(await queries.described(work.session, kinds.TEAM, work.workspace_id))
    found = await supporters(work)
    used = await queries.teams_used(work.session, work.workspace_id)
    # A former name is described: by the team that had it.
    some, following = part_of(sorted(used), asked, lambda name: not known & set(found.named(name)))
    blank = {**dict.fromkeys(TeamAnswer.model_fields), **_NO_NAMES}
    return [TeamAnswer(**{**blank, "reference": name, "described": False}) for name in some], following


def _team(row: Row) -> TeamAnswer:
    own = {name: row[name] for name in ("reference", "name", "former_names", "supported_by")}
    return TeamAnswer(**_record(row), described=True, **own)


async def store_change(work: Work, body: ChangeBody) -> tuple[ChangeStored, bool]:
    """Take a change of the company, and let the rules that ask about it look back; return it, and whether it is new."""
    identity = uuid7()
    reference = body.reference or str(identity)
    given = body.model_dump(exclude_unset=True, exclude={*TIMES, "reference"})
    given |= {name: [] for name in ("needs", "teams") if given.get(name, ...) is None}
    check_happened(given, ("at",), work.now)
    given = not_ahead(given, ("at",), work.now)
    if "at" in given:
        given["came_at"] = given.pop("at")
    stored = await _keep(
        work, kinds.CHANGE, reference, given, body, needed=("what", "came_at"), blank=_ALL, identity=identity
    )
    past = "evaluated" if stored.unchanged else await failures.look_back_at_change(work, reference)
    found = await read_change(work, reference)
    return ChangeStored(**dict(found), unchanged=stored.unchanged, past_cases=past), stored.created


_ALL: Mapping[str, Any] = {"needs": [], "teams": []}


async def void_change(work: Work, reference: str, reason: str) -> ChangeStored:
    """Withdraw a change reported by mistake; told again, it is there again."""
    before = await _find(work, kinds.CHANGE, reference)
    # Another host's clock may run ahead of ours: what comes after a change is never told before it.
    occurred, recorded = max(work.now, before["occurred_at"]), max(work.now, before["recorded_at"])
    change = Change((reference,), {}, occurred, recorded, voided=True)
    stored = (await customers.keep(work, kinds.CHANGE, [change]))[0]
    past: Literal["evaluated", "queued", "no_rule"] = "evaluated"
    if not stored.unchanged:
        await audit.note(work, "change.voided", reference, {"reason": reason})
        past = await failures.look_back_at_change(work, reference)
    return ChangeStored(**dict(await read_change(work, reference)), unchanged=stored.unchanged, past_cases=past)


async def read_change(work: Work, reference: str) -> ChangeAnswer:
    """Return a change as known now."""
    return _change(await _find(work, kinds.CHANGE, reference))


async def list_changes(work: Work, asked: Asked) -> tuple[list[ChangeAnswer], str | None]:
    """Return a page of changes, those withdrawn among them."""
    return await rows_of(work, asked, queries.current_of(kinds.CHANGE, work.workspace_id), kinds.CHANGE.head, _change)


def _change(row: Row) -> ChangeAnswer:
    own = {name: row[name] for name in ("reference", "what", "needs", "teams", "voided")}
    return ChangeAnswer(**_record(row), **own, at=row["came_at"])


async def _keep(
    work: Work,
    kind: RecordKind,
    reference: str,
    given: dict[str, Any],
    times: Times,
    *,
    needed: Collection[str],
    blank: Mapping[str, Any] | None = None,
    identity: UUID | None = None,
) -> Recorded:
    """Record what was said of one thing; a new one has what each needs, and what nobody said of it is blank."""
    happened = ("at", given["came_at"]) if given.get("came_at") is not None else None
    occurred, recorded = when(times, work.now, happened=happened)
    before = (await current(work.session, kind, work.workspace_id, [(reference,)])).get((reference,))
    if before is None:
        given = {**(blank or {}), **given}
    state = laid_over(before or {}, given)
    lacking = [name for name in needed if state.get(name) is None]
    if lacking:
        raise missing(*("at" if name == "came_at" else name for name in lacking))
    change = Change((reference,), given, occurred, recorded, identity=identity)
    stored = (await customers.keep(work, kind, [change]))[0]
    if not stored.unchanged:
        await audit.note(work, f"{kind.name}.stored", reference, {"version": stored.version})
    return stored


async def _find(work: Work, kind: RecordKind, reference: str) -> Row:
    statement = queries.current_of(kind, work.workspace_id).where(kind.head.c.reference == reference)
    row: Row | None = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no {kind.name} {reference}.")
    return row


def _record(row: Row) -> dict[str, Any]:
    times = {name: row[name] for name in ("occurred_at", "recorded_at")}
    return {"id": row["id"], "version": row["number"], "stored_at": row["changed_at"], **times}
