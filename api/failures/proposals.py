"""Condition sets that people draw, what people think of any set, and which customers are exposed to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, and_, func, insert, literal, or_, select, union
from sqlalchemy.dialects import postgresql, sqlite

from api import audit, kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NotAboutThis, UnknownReference
from api.etags import check_if_match
from api.failures import queries, service, sets
from api.failures.rates import catalogue
from api.failures.schemas import (
    ConditionSetAnswer,
    ConditionSetBody,
    ExposedCustomer,
    VerdictAnswer,
    VerdictBody,
)
from api.listing import Asked, part_of
from api.paging import next_cursor, page_of
from api.workspaces import service as workspaces
from ml.features import condition_states
from models.base import to_us
from models.failure import ObservedState, Verdict
from models.ids import condition_set_id
from models.rules.failure import defines_outcome


async def propose(work: Work, body: ConditionSetBody) -> ConditionSetAnswer:
    """Keep a set that somebody drew: the same conditions are the same set, whoever names them."""
    codes = sorted(set(body.conditions))
    await _check_conditions(work, codes)
    known = await customers.parents(work, ((None, case) for case in body.cases))
    for reference in body.cases:
        known.case(reference)
    set_id = condition_set_id(work.workspace_id, body.outcome, frozenset(codes))
    row = {"workspace_id": work.workspace_id, "id": set_id, "outcome": body.outcome, "conditions": codes}
    dialect = work.session.get_bind().dialect.name
    into = postgresql.insert(queries.sets) if dialect == "postgresql" else sqlite.insert(queries.sets)
    await work.session.execute(into.on_conflict_do_nothing(), {**row, "stored_at": work.now})
    said = await _lock(work, set_id)
    given = (Verdict.PROPOSED.value, body.note, sorted(set(body.cases)))
    if not any((item["verdict"], item["note"], item["cases"]) == given for item in said):
        await _append(work, set_id, len(said) + 1, *given)
        await audit.note(work, "condition_set.proposed", str(set_id), {"conditions": " + ".join(codes)})
    return await sets.read_set(work, set_id)


async def _check_conditions(work: Work, codes: Sequence[str]) -> None:
    """Refuse conditions nobody catalogued, and those that would explain the outcome by themselves."""
    known = {condition.code: condition for condition in await catalogue(work)}
    definition = (await workspaces.of(work)).failure
    for place, code in enumerate(codes):
        if code not in known:
            detail = f"There is no condition {code} in the catalogue."
            errors = [{"pointer": f"/conditions/{place}", "code": UnknownReference.code, "detail": detail}]
            raise UnknownReference(f"{detail} Post it to /v1/conditions first.", errors=errors)
        rule = known[code].rule
        if rule is not None and (shared := defines_outcome(rule, definition.rule)):
            raise NotAboutThis(
                f"The condition {code} reads {', '.join(sorted(shared))}, which the failure definition reads too.",
                code="condition_defines_outcome",
            )


async def judge(work: Work, set_id: UUID, body: VerdictBody, if_match: str | None) -> ConditionSetAnswer:
    """Append what somebody thinks of a set; the latest counts."""
    await sets.read_set(work, set_id)
    said = await _lock(work, set_id)
    check_if_match(if_match, len(said))
    now = next((item for item in reversed(said) if item["verdict"] != Verdict.PROPOSED), None)
    if now is None or (now["verdict"], now["note"]) != (body.verdict, body.note):
        await _append(work, set_id, len(said) + 1, body.verdict, body.note, [])
        await audit.note(work, "condition_set.judged", str(set_id), {"verdict": body.verdict})
    return await sets.read_set(work, set_id)


async def history(work: Work, asked: Asked, *, set_id: UUID) -> tuple[list[VerdictAnswer], str | None]:
    """Return a page of all that people said of a set, the oldest first."""
    await sets.read_set(work, set_id)
    said = (await queries.said_of_sets(work.session, work.workspace_id, [set_id])).get(set_id, [])
    items = [VerdictAnswer(**{name: row[name] for name in VerdictAnswer.model_fields}) for row in said]
    since = asked.updated_since
    return part_of(items, asked, lambda item: since is None or item.recorded_at >= since)


async def _lock(work: Work, set_id: UUID) -> list[Any]:
    """Return what was said of a set, and let nobody else say anything of it until this work is done."""
    table = queries.sets
    mine = and_(table.c.workspace_id == work.workspace_id, table.c.id == set_id)
    await work.session.execute(select(table.c.id).where(mine).with_for_update())
    return list((await queries.said_of_sets(work.session, work.workspace_id, [set_id])).get(set_id, []))


async def _append(work: Work, set_id: UUID, number: int, verdict: str, note: str | None, cases: Sequence[str]) -> None:
    row = {"workspace_id": work.workspace_id, "id": set_id, "number": number, "verdict": verdict, "note": note}
    said = {**row, "cases": list(cases), "actor": work.caller.actor, "recorded_at": work.now}
    await work.session.execute(insert(queries.verdicts).values(said))


async def exposed_customers(work: Work, asked: Asked, *, set_id: UUID) -> tuple[list[ExposedCustomer], str | None]:
    """Return a page of the customers who have a case in which the whole set is present now."""
    codes = (await sets.read_set(work, set_id)).conditions
    ids = await service.condition_ids(work, codes)
    if len(ids) < len(codes):
        return part_of([], asked)
    customer, case, version = kinds.CUSTOMER.head, kinds.CASE.head, kinds.CASE.version
    theirs = _cases_in(work, _complete_cases(work, codes, ids[codes[0]]))
    exposed = theirs.with_only_columns(version.c.customer_id)
    statement = select(customer.c.id, customer.c.reference, customer.c.stored_at.label("changed_at"))
    # Cases outlive whoever was erased: there is nobody left to be exposed, and no version.
    there = and_(customer.c.workspace_id == work.workspace_id, customer.c.version > 0)
    statement = statement.where(there, customer.c.id.in_(exposed))
    if asked.updated_since is not None:
        since = asked.updated_since
        lately = exposed.where(_touched(since, list(ids.values())))
        statement = statement.where(or_(customer.c.stored_at >= since, customer.c.id.in_(lately)))
    rows = (await work.session.execute(page_of(statement, customer, asked.cursor, asked.limit))).mappings().all()
    shown = [row["id"] for row in rows[: asked.limit]]
    cases: dict[UUID, list[str]] = {}
    for row in await work.session.execute(theirs.where(version.c.customer_id.in_(shown)).order_by(case.c.reference)):
        cases.setdefault(row.customer_id, []).append(row.case)
    items = [ExposedCustomer(customer=row["reference"], cases=cases[row["id"]]) for row in rows[: asked.limit]]
    return items, next_cursor(rows, asked.limit)


def _cases_in(work: Work, complete: Subquery) -> Select[Any]:
    """Select cases as known now, each with whose it is."""
    case, version = kinds.CASE.head, kinds.CASE.version
    current = and_(
        version.c.workspace_id == case.c.workspace_id, version.c.id == case.c.id, version.c.number == case.c.version
    )
    return (
        select(version.c.customer_id, case.c.reference.label("case"))
        .select_from(case)
        .join(version, current)
        .join(complete, complete.c.case_id == case.c.id)
        .where(case.c.workspace_id == work.workspace_id)
    )


def _touched(since: datetime, condition_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Return whether a case, or what was seen of some conditions in it, was stored at or after a moment."""
    case = kinds.CASE.head
    later = [
        select(seen.c.id)
        .where(seen.c.workspace_id == case.c.workspace_id, seen.c.case_id == case.c.id)
        .where(seen.c.condition_id.in_(condition_ids), seen.c.stored_at >= since)
        .exists()
        for seen in (kinds.OBSERVATION.version, queries.rule_observations)
    ]
    return or_(case.c.stored_at >= since, *later)


def _complete_cases(work: Work, codes: Sequence[str], first: UUID) -> Subquery:
    """Select the cases in which every one of some conditions is present as known now; `first` is one's id."""
    # Only cases in which one of them was ever present can have all, whoever saw it.
    possible = [
        select(seen.c.case_id)
        .where(seen.c.workspace_id == work.workspace_id, seen.c.condition_id == first)
        .where(seen.c.state == ObservedState.PRESENT)
        for seen in (kinds.OBSERVATION.version, queries.rule_observations)
    ]
    either = union(*possible).subquery("possible_cases")
    rows = select(either.c.case_id, literal(to_us(work.now), BigInteger).label("moment_us")).cte("cases_now")
    states = condition_states(work.workspace_id, rows).subquery("states")
    present = select(states.c.case_id).where(
        states.c.condition.in_(codes), states.c.state == ObservedState.PRESENT.value
    )
    return present.group_by(states.c.case_id).having(func.count() == len(codes)).subquery("complete_cases")
