"""Cases as a matrix to mine: which conditions were there when it counted, and whether the case failed its customer.

Conditions are taken as known at the moment the failure definition states. A condition seen by a rule is absent where
nothing is stored; one that people report is *not observed* there, and so is every condition of a case that nobody had
told of by that moment: unknown is not false. A condition whose rule reads what the outcome's definition reads is
refused by name, and so is one that was only ever recorded after the outcome. Standard library and SQLAlchemy only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan
from uuid import UUID

from sqlalchemy import CTE, Connection

from ml.case_outcomes import case_outcomes, case_values
from ml.features import answered_case_moments, case_moments, cases_known_from, condition_states, told_conditions
from models.rules.conditions import Rule
from models.rules.failure import defines_outcome
from models.rules.outcome import FailureDefinition

PRESENT, ABSENT = 1.0, 0.0
NOT_OBSERVED = float("nan")
STATES = {"present": PRESENT, "absent": ABSENT, "unknown": NOT_OBSERVED}


@dataclass(frozen=True)
class CataloguedCondition:
    """A condition that may be mined: its code, and the rule that sees it where one does."""

    code: str
    rule: Rule | None


@dataclass
class CaseMatrix:
    """Cases with a known outcome, ready to mine.

    Attributes
    ----------
    conditions : list of str
        Codes of the columns.
    states : list of list of float
        One row a case: 1 present, 0 absent, NaN not observed.
    failed : list of bool
    customers : list of str
        Whose case each row is, by reference (clusters).
    times : list of int
        Its place in time, for confirming later what was found earlier, UTC microseconds: when the customer was asked,
        or when the case was opened.
    cases : list of UUID
    strata : list of str
        The value of the confounder asked for, empty where none was.
    refused : dict of str to frozenset of str
        Conditions that would define the outcome, and the fields they share with it.
    recorded_after : list of str
        Conditions of these cases that nobody had recorded in any of them by the moment it counted, and some have since:
        whoever recorded them knew the outcome. Their columns hold nothing but *not observed*.
    not_known : int
        How many rows are of cases that nobody had told of by the moment their conditions count.
    """

    conditions: list[str]
    states: list[list[float]] = field(default_factory=list)
    failed: list[bool] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    cases: list[UUID] = field(default_factory=list)
    strata: list[str] = field(default_factory=list)
    refused: dict[str, frozenset[str]] = field(default_factory=dict)
    recorded_after: list[str] = field(default_factory=list)
    not_known: int = 0


def read_case_matrix(
    connection: Connection,
    workspace_id: UUID,
    definition: FailureDefinition,
    catalogue: Sequence[CataloguedCondition],
    now_us: int,
    *,
    window: tuple[int | None, int | None] = (None, None),
    strata: str | None = None,
    zone: str = "UTC",
) -> CaseMatrix:
    """Read a workspace's cases with a known outcome.

    Parameters
    ----------
    connection
        In a transaction of the workspace.
    definition
        What a failure is, and when conditions count.
    catalogue
        The conditions there are.
    now_us
        The moment of reading, UTC microseconds: what counts as of `latest` counts now.
    window
        From which place in time on, and before which, cases are read; None for no end.
    strata
        A field of the case, or `attributes.` and a name, to tell cases apart by.
    zone
        The workspace's zone, whose calendar days count where a failure is a matter of deadlines.
    """
    refused = {
        condition.code: shared
        for condition in catalogue
        if condition.rule is not None and (shared := defines_outcome(condition.rule, definition.rule))
    }
    mined = [condition for condition in catalogue if condition.code not in refused]
    matrix = CaseMatrix([condition.code for condition in mined], refused=refused)
    blank = [NOT_OBSERVED if condition.rule is None else ABSENT for condition in mined]
    column = {condition.code: index for index, condition in enumerate(mined)}
    unknown = [NOT_OBSERVED] * len(mined)
    known_us = {row.id: row.known_us for row in connection.execute(cases_known_from(workspace_id))}
    rows = case_outcomes(connection, workspace_id, definition, now_us, zone=zone)
    states = _states(connection, workspace_id, definition, now_us)
    apart = {} if strata is None else case_values(connection, workspace_id, strata)
    start, end = window
    # A database returns rows in any order; what is found must not depend on it.
    for row in sorted(rows, key=lambda row: (row.time_us, row.customer, row.failed, row.case_id)):
        if (start is not None and row.time_us < start) or (end is not None and row.time_us >= end):
            continue
        known = row.case_id in known_us and known_us[row.case_id] <= row.moment_us
        matrix.not_known += not known
        values = blank.copy() if known else unknown.copy()
        for code, state in states.get((row.case_id, row.moment_us), ()):
            if code in column:
                values[column[code]] = STATES[state]
        matrix.states.append(values)
        matrix.failed.append(row.failed)
        matrix.customers.append(row.customer)
        matrix.times.append(row.time_us)
        matrix.cases.append(row.case_id)
        if strata is not None:
            matrix.strata.append(apart.get(row.case_id, ""))
    matrix.recorded_after = _recorded_after(connection, workspace_id, matrix)
    return matrix


def _recorded_after(connection: Connection, workspace_id: UUID, matrix: CaseMatrix) -> list[str]:
    """Return the conditions that were told of in these cases, but in none of them in time."""
    never = [
        code for place, code in enumerate(matrix.conditions) if all(isnan(states[place]) for states in matrix.states)
    ]
    if not never or not matrix.cases:
        return []
    cases = set(matrix.cases)
    told = connection.execute(told_conditions(workspace_id, never))
    return sorted({row.condition for row in told if row.case_id in cases})


def _states(
    connection: Connection, workspace_id: UUID, definition: FailureDefinition, now_us: int
) -> dict[tuple[UUID, int], list[tuple[str, str]]]:
    """Return the states of conditions by case and moment; what is not listed was not stored."""
    rows: CTE
    if definition.asks_the_customer:
        rows = answered_case_moments(workspace_id)
    else:
        rows = case_moments(workspace_id, definition.as_of.value, now_us)
    states: dict[tuple[UUID, int], list[tuple[str, str]]] = {}
    for row in connection.execute(condition_states(workspace_id, rows)):
        states.setdefault((row.case_id, row.moment_us), []).append((row.condition, str(row.state)))
    return states
