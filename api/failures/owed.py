"""Which condition sets were owed an answer by a moment, what they had cost, and how far it was given: for LEARN.

A set that was confirmed stays owed: where success makes its failures rare, no later analysis need find it again. What
it cost is of the 90 days before its first countermeasure, a failing case in which several sets came together divided
among them alike.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, and_, literal, select

from api import kinds
from api.dependencies import Work
from api.failures import telling
from api.failures.countermeasures import queries as countermeasures
from api.failures.countermeasures.covering import Covering, covering
from api.workspaces import service as workspaces
from ml.features import condition_states
from models.base import from_us, to_us
from models.failure import ObservedState
from models.ids import in_portions
from models.recording import current_rows
from models.rules.cost import CaseFacts, Entry, Rates, priced
from models.rules.cost_kinds import Component
from models.rules.coverage import Cover, Coverage, Standing, coverage_of
from models.rules.loyalty.learning import CONFIRMED_BEFORE_US, Owed

OUTCOME = "failure"
FROZEN = timedelta(days=90)
MOST_FAILURES = 5_000
"""More failing cases are not looked at while somebody waits."""


class TooManyFailures(Exception):  # noqa: N818 - a limit, which whoever asks explains
    """There are more failing cases than are looked at within a request."""


@dataclass(frozen=True)
class _Set:
    members: frozenset[str]
    until: datetime
    answered: float


@dataclass(frozen=True)
class _Failure:
    opened_at: datetime
    cost: float | None
    present: frozenset[str]


async def owed_by(work: Work, moment: datetime) -> list[Owed]:
    """Return the sets confirmed 30 days before a moment or earlier, as known then.

    Raises
    ------
    TooManyFailures
        If the failing cases are too many for a request.
    """
    then = replace(work, now=moment, kept=work.kept)
    confirmed = await _confirmed(then)
    if not confirmed:
        return []
    cover = await covering(then)
    sets = [
        _Set(members, _frozen_at(members, cover, moment), _answered(members, cover, moment)) for members in confirmed
    ]
    failing = await _failing(then, sets)
    return [_owed(one, sets, failing) for one in sets]


async def _confirmed(work: Work) -> list[frozenset[str]]:
    """Return the sets that a whole analysis had confirmed 30 days before."""
    history = await countermeasures.history_of_sets(work.session, work.workspace_id, OUTCOME)
    by = from_us(to_us(work.now) - CONFIRMED_BEFORE_US)
    found = {
        row["id"]: frozenset(row["conditions"])
        for row in history
        if row["status"] == telling.CONFIRMED and row["created_at"] <= by
    }
    return list(found.values())


def _frozen_at(members: Collection[str], cover: Covering, moment: datetime) -> datetime:
    """Return when the first countermeasure on a member went live, the moment itself where none did."""
    live = [
        row["live_from"]
        for row in cover.rows
        if row["live_from"] is not None and row["live_from"] <= moment and set(row["conditions"]) & set(members)
    ]
    return min(live, default=moment)


def _answered(members: Collection[str], cover: Covering, moment: datetime) -> float:
    """Return how far countermeasures that every team has, verified by then, cover a set: one of several is nothing."""
    verified = [
        Cover(row["reference"], frozenset(row["conditions"]), Standing.VERIFIED)
        for row in cover.rows
        if row["team"] is None
        and cover.standings[row["id"]] is Standing.VERIFIED
        and cover.verified[row["id"]] <= moment
    ]
    covered: frozenset[str] = frozenset().union(*(one.conditions for one in verified))
    if coverage_of(members, covered) in {Coverage.OPEN, Coverage.POINT}:
        return 0.0
    return len(covered & set(members)) / len(members)


async def _failing(work: Work, sets: Sequence[_Set]) -> list[_Failure]:
    """Return the cases that failed in any set's frozen days, with what they cost and the members that were present."""
    start, end = min(one.until for one in sets) - FROZEN, max(one.until for one in sets)
    cases = await _cases(work, start, end)
    present = await _present(work, cases, frozenset().union(*(one.members for one in sets)))
    costs = await _costs(work, cases)
    return [_Failure(row["opened_at"], costs.get(id_), present[id_]) for id_, row in cases.items() if id_ in present]


async def _cases(work: Work, start: datetime, end: datetime) -> Mapping[UUID, Mapping[Any, Any]]:
    """Return the failing cases that were opened in some time."""
    version = kinds.CASE.version
    opened = and_(version.c.opened_at >= start, version.c.opened_at < end, version.c.voided.is_(False))
    columns = (version.c.id, version.c.opened_at, version.c.team)
    statement = current_rows(kinds.CASE, work.workspace_id).with_only_columns(*columns).where(opened)
    if (await workspaces.of(work)).failure.asks_the_customer:
        answer = kinds.RESPONSE.version
        says = (answer.c.failure.is_(True), answer.c.voided.is_(False), answer.c.case_id.is_not(None))
        failed = current_rows(kinds.RESPONSE, work.workspace_id).with_only_columns(answer.c.case_id).where(*says)
        statement = statement.where(version.c.id.in_(failed))
    rows = (await work.session.execute(statement.limit(MOST_FAILURES + 1))).mappings().all()
    if len(rows) > MOST_FAILURES:
        raise TooManyFailures
    found = {row["id"]: row for row in rows}
    if not (await workspaces.of(work)).failure.asks_the_customer:
        failing = await telling.failing_by_facts(work, found, to_us(work.now))
        found = {id_: row for id_, row in found.items() if id_ in failing}
    return found


async def _present(work: Work, case_ids: Iterable[UUID], codes: Collection[str]) -> dict[UUID, frozenset[str]]:
    """Return which of some conditions were present in each case."""
    cases, found = kinds.CASE.head, defaultdict[UUID, set[str]](set)
    for some in in_portions(case_ids):
        mine = (cases.c.workspace_id == work.workspace_id, cases.c.id.in_(some))
        moment = literal(to_us(work.now), BigInteger).label("moment_us")
        rows = select(cases.c.id.label("case_id"), moment).where(*mine).cte("cases_then")
        states = condition_states(work.workspace_id, rows).subquery("states")
        there = (states.c.state == ObservedState.PRESENT.value, states.c.condition.in_(sorted(codes)))
        for row in await work.session.execute(select(states.c.case_id, states.c.condition).where(*there)):
            found[row.case_id].add(row.condition)
    return {case_id: frozenset(seen) for case_id, seen in found.items()}


async def _costs(work: Work, cases: Mapping[UUID, Mapping[Any, Any]]) -> dict[UUID, float]:
    """Return what was told that cases cost, of those of which anything is known."""
    version, entries = kinds.COST_ENTRY.version, defaultdict[UUID, list[Entry]](list)
    columns = [version.c[name] for name in ("kind", "amount", "currency", "minutes", "basis", "source", "case_id")]
    told = current_rows(kinds.COST_ENTRY, work.workspace_id).with_only_columns(*columns)
    for some in in_portions(cases):
        mine = (version.c.case_id.in_(some), version.c.voided.is_(False))
        for row in await work.session.execute(told.where(*mine)):
            measured = row.basis == "measured"
            entries[row.case_id].append(Entry(row.kind, row.amount, row.currency, row.minutes, measured, row.source))
    rates = _rates(await workspaces.of(work))
    found = {}
    for case_id, own in entries.items():
        parts = priced(CaseFacts(cases[case_id]["team"], entries=own), rates).parts
        if parts:
            found[case_id] = float(sum(part.amount for part in parts))
    return found


def _rates(found: workspaces.WorkspaceSettings) -> Rates:
    told = found.cost_rates
    return Rates(
        found.currency,
        minute=None if told.minute is None else told.minute.amount,
        minute_by_team={team: rate.amount for team, rate in told.minute_by_team.items()},
        contact=None if told.contact is None else told.contact.amount,
        kinds={kind: Component(component) for kind, component in told.components.items()},
    )


def _owed(one: _Set, sets: Sequence[_Set], failing: Iterable[_Failure]) -> Owed:
    """Return what a set was owed: its part of the failures in which it came together, and of what they cost."""
    cost: float | None = 0.0
    failures = 0.0
    for failure in failing:
        if one.until - FROZEN <= failure.opened_at < one.until and one.members <= failure.present:
            share = 1 / sum(other.members <= failure.present for other in sets)
            failures += share
            cost = None if cost is None or failure.cost is None else cost + share * failure.cost
    return Owed(cost, failures, one.answered)
