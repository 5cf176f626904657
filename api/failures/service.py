"""What can be said of conditions and observations, one or many at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Select

from api import audit, jobs, kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Malformed, NoSuchThing, UnknownReference
from api.failures import derivation, queries, sets
from api.failures.schemas import (
    ConditionAnswer,
    ConditionBody,
    ConditionSetAnswer,
    ConditionStored,
    ObservationAnswer,
    ObservationBody,
)
from api.paging import next_cursor, page_of
from api.recorded import Stored, by_row, impossible, when
from api.workspaces import service as workspaces
from models.failure import ObservationSource
from models.ids import uuid7
from models.recording import Change, Recorded
from models.rules.conditions import RuleRefused, parse_rule

CASES_IN_A_REQUEST = 500
"""So many past cases a new rule looks at before the answer; more are a job's work."""
OUTCOME = "failure"


async def store_condition(work: Work, body: ConditionBody) -> ConditionStored:
    """Catalogue a condition, and let its rule look at the past cases."""
    zone = (await workspaces.of(work)).zone
    _check_rule(body.rule, zone)
    occurred, recorded = when(body, work.now)
    given = body.model_dump(exclude={"code", "occurred_at", "recorded_at"})
    stored = (await customers.keep(work, kinds.CONDITION, [Change((body.code,), given, occurred, recorded)]))[0]
    if not stored.unchanged:
        await audit.note(work, "condition.stored", body.code, {"version": stored.version})
    work.kept.pop(derivation.KEPT, None)
    past = "no_rule" if body.rule is None else "evaluated" if stored.unchanged else await _look_back(work)
    found = await read_condition(work, body.code)
    return ConditionStored(**found.model_dump(), unchanged=stored.unchanged, past_cases=past)


async def _look_back(work: Work) -> Any:
    if await queries.count_cases(work.session, work.workspace_id) > CASES_IN_A_REQUEST:
        await jobs.enqueue(work, jobs.DERIVE, {})
        return "queued"
    await derivation.derive_all(work)
    return "evaluated"


def _check_rule(rule: Mapping[str, JsonValue] | None, zone: str) -> None:
    if rule is None:
        return
    try:
        parse_rule(rule, zone=zone)
    except RuleRefused as refused:
        pointer = f"/rule{refused.pointer}"
        errors = [{"pointer": pointer, "code": refused.code, "detail": refused.detail}]
        raise Malformed(f"Correct {pointer}: {refused.detail}", code="rule_refused", errors=errors) from None


async def read_condition(work: Work, code: str) -> ConditionAnswer:
    """Return a condition of the catalogue."""
    statement = queries.current_conditions(work.workspace_id).where(queries.conditions.c.reference == code)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no condition {code}.")
    return _condition_answer(row)


async def list_conditions(
    work: Work, limit: int, cursor: str | None, updated_since: datetime | None
) -> tuple[list[ConditionAnswer], str | None]:
    """Return a page of the catalogue."""
    statement = page_of(
        queries.current_conditions(work.workspace_id), kinds.CONDITION.head, cursor, limit, updated_since
    )
    rows = (await work.session.execute(statement)).mappings().all()
    return [_condition_answer(row) for row in rows[:limit]], next_cursor(rows, limit)


async def condition_ids(work: Work, codes: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of those conditions that are catalogued."""
    return await customers.ids_of(work, kinds.CONDITION, codes)


async def condition_codes(work: Work) -> list[str]:
    """Return the codes of the catalogue."""
    return await queries.codes(work.session, work.workspace_id)


async def store_observations(work: Work, rows: Sequence[ObservationBody]) -> list[Stored]:
    """Record what systems, customers and staff saw in cases."""
    cases = await customers.case_ids(work, (row.case for row in rows))
    opened = await customers.cases_opened_at(work, cases.values())
    conditions = await condition_ids(work, [row.condition for row in rows])

    def prepare(row: ObservationBody) -> Change:
        case_id = customers.known_case(cases, row.case)
        if row.condition not in conditions:
            detail = f"There is no condition {row.condition} in the catalogue."
            errors = [{"pointer": "/condition", "code": UnknownReference.code, "detail": detail}]
            raise UnknownReference(f"{detail} Post it to /v1/conditions first.", errors=errors)
        if row.observed_at < opened[case_id]:
            raise impossible("observed_at", "before_opened_at", "The observation lies before its case was opened.")
        occurred, recorded = when(row, work.now, happened=("observed_at", row.observed_at))
        identity = uuid7()
        given = {
            "case_id": case_id,
            "condition_id": conditions[row.condition],
            "state": row.state.value,
            "source": row.source,
            "observed_at": row.observed_at,
        }
        return Change((row.reference or str(identity),), given, occurred, recorded, identity=identity)

    async def keep(changes: Sequence[Change]) -> list[Recorded]:
        return await customers.keep(work, kinds.OBSERVATION, changes)

    return await by_row(rows, prepare, keep)


async def read_observation(work: Work, reference: str) -> ObservationAnswer:
    """Return an observation as it stands."""
    statement = queries.current_observations(work.workspace_id).where(queries.observations.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no observation {reference}.")
    return _observation_answer(row)


async def list_observations(
    work: Work,
    limit: int,
    cursor: str | None,
    updated_since: datetime | None,
    *,
    case: str | None = None,
    condition: str | None = None,
) -> tuple[list[ObservationAnswer], str | None]:
    """Return a page of observations, of one case or condition where named."""
    statement: Select[Any] = queries.current_observations(work.workspace_id)
    if case is not None:
        statement = statement.where(kinds.CASE.head.c.reference == case)
    if condition is not None:
        statement = statement.where(queries.conditions.c.reference == condition)
    statement = page_of(statement, kinds.OBSERVATION.head, cursor, limit, updated_since)
    rows = (await work.session.execute(statement)).mappings().all()
    return [_observation_answer(row) for row in rows[:limit]], next_cursor(rows, limit)


async def condition_sets(work: Work, status: str | None = None) -> list[ConditionSetAnswer]:
    """Return what the analysis in force says of condition sets, in the order found."""
    found = await sets.looked_at(work, OUTCOME)
    return [item for item in found if status is None or item.status == status]


def _condition_answer(row: Mapping[Any, Any]) -> ConditionAnswer:
    return ConditionAnswer(
        id=row["id"],
        code=row["reference"],
        version=row["number"],
        name=row["name"],
        kind=row["kind"],
        rule=row["rule"],
        description=row["description"],
        stored_at=row["changed_at"],
    )


def _observation_answer(row: Mapping[Any, Any]) -> ObservationAnswer:
    derived = row["source"] == ObservationSource.RULE
    return ObservationAnswer(
        id=row["id"],
        reference=row["reference"],
        version=row["number"],
        case=row["case"],
        condition=row["condition"],
        state=row["state"],
        source=row["source"],
        observed_at=row["observed_at"],
        recorded_at=row["recorded_at"],
        derived_at=row["changed_at"] if derived else None,
        stored_at=row["changed_at"],
    )
