"""Which customers a condition set has reached: those with a case that has it whole, or all of it but one member."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, and_, case, func, literal, or_, select, union

from api import kinds
from api.dependencies import Work
from api.failures import queries, service, sets
from api.failures.rates import catalogue
from api.failures.schemas import ExposedCustomer
from api.listing import Asked, part_of
from api.paging import next_cursor, page_of
from ml.features import condition_states
from models.base import to_us
from models.failure import ObservedState


async def exposed_customers(
    work: Work, asked: Asked, *, set_id: UUID, near: bool = False
) -> tuple[list[ExposedCustomer], str | None]:
    """Return a page of the customers who have a case in which the whole set is present now.

    With `near`, of those who have one in which one member is known to be absent and all others are present: what was
    not observed may be there.
    """
    codes = (await sets.read_set(work, set_id)).conditions
    ids = await service.condition_ids(work, codes)
    if len(ids) < len(codes) or (near and len(codes) == 1):
        return part_of([], asked)
    states = _states(work, codes, ids, near=near)
    reached = await _nearly(work, states, codes) if near else _complete(states, codes)
    customer, head, version = kinds.CUSTOMER.head, kinds.CASE.head, kinds.CASE.version
    theirs = _cases_in(work, reached)
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
    shown = {row["id"]: row["reference"] for row in rows[: asked.limit]}
    cases: dict[UUID, dict[str, UUID]] = {}
    for row in await work.session.execute(theirs.where(version.c.customer_id.in_(shown)).order_by(head.c.reference)):
        cases.setdefault(row.customer_id, {})[row.case] = row.case_id
    missing = await _missing(work, states, codes, [id_ for own in cases.values() for id_ in own.values()], near=near)
    items = [_exposed(reference, cases[customer_id], missing) for customer_id, reference in shown.items()]
    return items, next_cursor(rows, asked.limit)


def _exposed(customer: str, cases: Mapping[str, UUID], missing: Mapping[UUID, str]) -> ExposedCustomer:
    lacking = {case: missing[case_id] for case, case_id in cases.items() if case_id in missing}
    return ExposedCustomer(customer=customer, cases=list(cases), missing=lacking)


async def _missing(
    work: Work, states: Subquery, codes: Sequence[str], case_ids: Sequence[UUID], *, near: bool
) -> dict[UUID, str]:
    """Return of cases that lack one member which one that is."""
    if not near or not case_ids:
        return {}
    present = select(states.c.case_id, states.c.condition).where(
        states.c.case_id.in_(case_ids), states.c.state == ObservedState.PRESENT.value
    )
    there: dict[UUID, set[str]] = {}
    for row in await work.session.execute(present):
        there.setdefault(row.case_id, set()).add(row.condition)
    return {case_id: next(code for code in codes if code not in seen) for case_id, seen in there.items()}


def _cases_in(work: Work, reached: Subquery) -> Select[Any]:
    """Select cases as known now, each with whose it is."""
    head, version = kinds.CASE.head, kinds.CASE.version
    current = and_(
        version.c.workspace_id == head.c.workspace_id, version.c.id == head.c.id, version.c.number == head.c.version
    )
    return (
        select(version.c.customer_id, head.c.reference.label("case"), head.c.id.label("case_id"))
        .select_from(head)
        .join(version, current)
        .join(reached, reached.c.case_id == head.c.id)
        .where(head.c.workspace_id == work.workspace_id)
    )


def _touched(since: datetime, condition_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Return whether a case, or what was seen of some conditions in it, was stored at or after a moment."""
    head = kinds.CASE.head
    later = [
        select(seen.c.id)
        .where(seen.c.workspace_id == head.c.workspace_id, seen.c.case_id == head.c.id)
        .where(seen.c.condition_id.in_(condition_ids), seen.c.stored_at >= since)
        .exists()
        for seen in (kinds.OBSERVATION.version, queries.rule_observations)
    ]
    return or_(head.c.stored_at >= since, *later)


def _states(work: Work, codes: Sequence[str], ids: Mapping[str, UUID], *, near: bool) -> Subquery:
    """Select what is known now of some conditions, in the cases that may have them all, or all but one."""
    # A case with all of them, whoever saw it, has the first; one that lacks one of them has the first or the second.
    telling = [ids[code] for code in codes[: 2 if near else 1]]
    possible = [
        select(seen.c.case_id)
        .where(seen.c.workspace_id == work.workspace_id, seen.c.condition_id.in_(telling))
        .where(seen.c.state == ObservedState.PRESENT)
        for seen in (kinds.OBSERVATION.version, queries.rule_observations)
    ]
    either = union(*possible).subquery("possible_cases")
    rows = select(either.c.case_id, literal(to_us(work.now), BigInteger).label("moment_us")).cte("cases_now")
    states = condition_states(work.workspace_id, rows).subquery("states")
    return select(states).where(states.c.condition.in_(codes)).subquery("their_states")


def _complete(states: Subquery, codes: Sequence[str]) -> Subquery:
    """Select the cases in which every one of the conditions is present."""
    present = select(states.c.case_id).where(states.c.state == ObservedState.PRESENT.value)
    return present.group_by(states.c.case_id).having(func.count() == len(codes)).subquery("reached")


async def _nearly(work: Work, states: Subquery, codes: Sequence[str]) -> Subquery:
    """Select the cases in which all but one are present and that one is known to be absent.

    A condition that a rule sees is absent where nothing is stored; one that people report is not observed there.
    """
    ruled = {condition.code for condition in await catalogue(work) if condition.rule is not None} & set(codes)
    others = len(codes) - 1
    told_absent = _how_many(states.c.state == ObservedState.ABSENT.value) == 1
    unseen_by_its_rule = and_(func.count() == others, _how_many(_is_one_of(states, ruled)) == len(ruled) - 1)
    return (
        select(states.c.case_id)
        .group_by(states.c.case_id)
        .having(_how_many(states.c.state == ObservedState.PRESENT.value) == others)
        .having(or_(told_absent, unseen_by_its_rule))
        .subquery("reached")
    )


def _is_one_of(states: Subquery, codes: Collection[str]) -> ColumnElement[bool]:
    return states.c.condition.in_(sorted(codes))


def _how_many(wanted: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((wanted, 1)))
