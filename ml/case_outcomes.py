"""Which cases failed their customers, by the workspace's failure definition, and when each case was first known.

Where the customer is asked, each answer about a case is an outcome. Where facts make the failure they are read as known
now, derived ones (`promise_broken`, `hours_late`) as they stand now: a nightly look at the same case says the same.
Standard library and SQLAlchemy only.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from ml.features import answered_cases, change_versions_of, current_cases, promise_versions_of
from models.base import to_us
from models.recording import VERSION_COLUMNS
from models.rules.changes import SINCE_CHANGE, ChangeState
from models.rules.facts import AsOf, CaseHistory, CaseState
from models.rules.failure import failed
from models.rules.outcome import AsOfMoment, FailureDefinition
from models.rules.promises import PromiseState
from models.rules.sources import Source


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """A case whose outcome is known.

    Parameters
    ----------
    case_id : UUID
    customer : str
        Whose case it is, by reference.
    moment_us : int
        When its conditions count, UTC microseconds.
    time_us : int
        Its place in time: when the customer was asked, or when the case was opened.
    failed : bool
    """

    case_id: UUID
    customer: str
    moment_us: int
    time_us: int
    failed: bool


def case_outcomes(
    connection: Connection, workspace_id: UUID, definition: FailureDefinition, now_us: int, *, zone: str = "UTC"
) -> Iterator[CaseOutcome]:
    """Give the cases with a known outcome, in any order.

    Parameters
    ----------
    connection
        In a transaction of the workspace.
    definition
        What a failure is, and when conditions count.
    now_us
        The moment of reading, UTC microseconds.
    zone
        The workspace's zone, whose calendar days count.
    """
    if definition.asks_the_customer:
        for answer in connection.execute(answered_cases(workspace_id)):
            outcome = failed(definition.rule, answer.answers, {})
            if outcome is not None:
                yield CaseOutcome(answer.case_id, answer.customer, answer.moment_us, answer.moment_us, outcome)
        return
    reads = definition.rule.reads
    promises = _promises(connection, workspace_id) if Source.PROMISE.feeds(reads) else {}
    changes = _changes(connection, workspace_id, reads)
    for case in connection.execute(current_cases(workspace_id)).mappings():
        state = CaseState(to_us(case["occurred_at"]), to_us(case["recorded_at"]), _fields(case))
        facts = AsOf(CaseHistory([state], promises.get(case["id"], ()), (), zone, changes)).facts(now_us)
        outcome = None if facts is None else failed(definition.rule, {}, facts)
        moment_us = _moment_us(case, definition.as_of, now_us)
        if outcome is not None and moment_us is not None:
            yield CaseOutcome(case["id"], case["customer"], moment_us, to_us(case["opened_at"]), outcome)


def case_values(connection: Connection, workspace_id: UUID, name: str) -> dict[UUID, str]:
    """Return the value of a case's field, or of `attributes.` and a name, for every case that has one, as text."""
    kind, _, attribute = name.partition(".")
    found: dict[UUID, Any] = {}
    for case in connection.execute(current_cases(workspace_id)).mappings():
        found[case["id"]] = (case["attributes"] or {}).get(attribute) if attribute else case[kind]
    return {case_id: str(value) for case_id, value in found.items() if value is not None}


def _fields(case: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: value for name, value in case.items() if name not in VERSION_COLUMNS}


def _moment_us(case: Mapping[Any, Any], as_of: AsOfMoment, now_us: int) -> int | None:
    if as_of is AsOfMoment.LATEST:
        return now_us
    moment = case["done_at"] if as_of is AsOfMoment.DONE else case["opened_at"]
    return None if moment is None else to_us(moment)


def _promises(connection: Connection, workspace_id: UUID) -> dict[UUID, list[PromiseState]]:
    """Return all versions of the promises of every case."""
    found: defaultdict[UUID, list[PromiseState]] = defaultdict(list)
    for row in connection.execute(promise_versions_of(workspace_id)):
        found[row.case_id].append(_promise(row))
    return found


def _promise(row: Row[Any]) -> PromiseState:
    return PromiseState(
        promise=row.id.hex,
        occurred_us=row.occurred_us,
        recorded_us=row.recorded_us,
        made_us=row.made_us,
        due_us=row.due_us,
        due_is_date=False,
        moved_by=row.moved_by,
        kept_us=row.kept_us,
        voided=row.voided,
    )


def _changes(connection: Connection, workspace_id: UUID, reads: frozenset[str]) -> dict[str, list[ChangeState]]:
    """Return the versions of those changes of the company that a definition reads, by reference."""
    names = sorted(name.removeprefix(SINCE_CHANGE) for name in reads if name.startswith(SINCE_CHANGE))
    found: dict[str, list[ChangeState]] = {name: [] for name in names}
    for row in connection.execute(change_versions_of(workspace_id, names)) if names else ():
        found[row.reference].append(
            ChangeState(row.occurred_us, row.recorded_us, row.came_us, row.needs, row.teams, voided=row.voided)
        )
    return found
