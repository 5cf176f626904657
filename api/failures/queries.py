"""Every statement about conditions, observations and condition sets, by name."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    RowMapping,
    ScalarSelect,
    Select,
    String,
    Table,
    and_,
    exists,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from models.base import UTCDateTime, text_enum
from models.failure import (
    Analysis,
    ConditionSet,
    ConditionSetFinding,
    ConditionSetVerdict,
    ObservationSource,
    RuleObservation,
    Verdict,
)
from models.ids import in_portions
from models.recording import ROWS_A_QUESTION, current_rows
from models.root_cost import RootCost

conditions = kinds.CONDITION.head
observations = kinds.OBSERVATION.head
sets = ConditionSet.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
rule_observations = RuleObservation.__table__  # type: ignore[attr-defined] # same
findings = ConditionSetFinding.__table__  # type: ignore[attr-defined] # same
analyses = Analysis.__table__  # type: ignore[attr-defined] # same
verdicts = ConditionSetVerdict.__table__  # type: ignore[attr-defined] # same
root_costs = RootCost.__table__  # type: ignore[attr-defined] # same


def current_conditions(workspace_id: UUID) -> Select[Any]:
    """Select the catalogue of conditions as it stands."""
    return current_rows(kinds.CONDITION, workspace_id).add_columns(conditions.c.stored_at.label("changed_at"))


def told_observations(workspace_id: UUID) -> Select[Any]:
    """Select what systems, customers and staff observed, as it stands, with its case and condition by name."""
    version = kinds.OBSERVATION.version
    return _named(
        current_rows(kinds.OBSERVATION, workspace_id).with_only_columns(
            version.c.id,
            observations.c.reference,
            version.c.number,
            version.c.state,
            version.c.source,
            version.c.observed_at,
            version.c.recorded_at,
            version.c.voided,
            observations.c.stored_at.label("changed_at"),
        ),
        version,
    )


def derived_observations(workspace_id: UUID) -> Select[Any]:
    """Select each rule's last step in each case, as observations are shown; its number counts the rows there are."""
    steps, others = rule_observations, rule_observations.alias("others")
    same = and_(
        others.c.workspace_id == steps.c.workspace_id,
        others.c.case_id == steps.c.case_id,
        others.c.condition_id == steps.c.condition_id,
    )
    later = tuple_(others.c.observed_at, others.c.number) > tuple_(steps.c.observed_at, steps.c.number)
    return _named(
        select(
            steps.c.id,
            literal(None, String).label("reference"),
            select(func.count()).select_from(others).where(same).scalar_subquery().label("number"),
            steps.c.state,
            literal(ObservationSource.RULE.value, text_enum(ObservationSource)).label("source"),
            steps.c.observed_at,
            type_coerce(steps.c.observed_at, UTCDateTime()).label("recorded_at"),
            literal(False).label("voided"),
            steps.c.stored_at.label("changed_at"),
        ).where(steps.c.workspace_id == workspace_id, ~exists().where(same, later)),
        steps,
    )


def _named(statement: Select[Any], seen: Table) -> Select[Any]:
    """Add to what was seen the names of its case and its condition."""
    cases = kinds.CASE.head
    same_case = and_(cases.c.workspace_id == seen.c.workspace_id, cases.c.id == seen.c.case_id)
    same_condition = and_(conditions.c.workspace_id == seen.c.workspace_id, conditions.c.id == seen.c.condition_id)
    return (
        statement.join(cases, same_case)
        .join(conditions, same_condition)
        .add_columns(
            seen.c.case_id,
            seen.c.condition_id,
            cases.c.reference.label("case"),
            conditions.c.reference.label("condition"),
        )
    )


def current_costs(workspace_id: UUID) -> Select[Any]:
    """Select costs as known now, each with its case's reference."""
    version, cases = kinds.COST_ENTRY.version, kinds.CASE.head
    same = and_(cases.c.workspace_id == version.c.workspace_id, cases.c.id == version.c.case_id)
    return (
        current_rows(kinds.COST_ENTRY, workspace_id)
        .join(cases, same)
        .add_columns(cases.c.reference.label("case"), kinds.COST_ENTRY.head.c.stored_at.label("changed_at"))
    )


async def codes(session: AsyncSession, workspace_id: UUID) -> list[str]:
    """Return the codes of the catalogue, in the order of the alphabet."""
    statement = select(conditions.c.reference).where(conditions.c.workspace_id == workspace_id)
    return list((await session.scalars(statement.order_by(conditions.c.reference))).all())


async def case_ids_after(session: AsyncSession, workspace_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """Return the next cases in the order of their ids.

    Those of erased customers, who have no version, are left out: what rules saw in them stands, and what they saw it
    in is gone.
    """
    cases, version, customers = kinds.CASE.head, kinds.CASE.version, kinds.CUSTOMER.head
    now = (version.c.workspace_id == cases.c.workspace_id, version.c.id == cases.c.id)
    theirs = (customers.c.workspace_id == cases.c.workspace_id, customers.c.id == version.c.customer_id)
    statement = (
        select(cases.c.id)
        .join(version, and_(*now, version.c.number == cases.c.version))
        .join(customers, and_(*theirs, customers.c.version > 0))
        .where(cases.c.workspace_id == workspace_id)
        .order_by(cases.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(cases.c.id > after)
    return list((await session.scalars(statement)).all())


async def named_cases(session: AsyncSession, workspace_id: UUID, case_ids: Sequence[UUID]) -> list[RowMapping]:
    """Return cases as known now, each with its own reference as `case` and its customer's."""
    head, version, customers = kinds.CASE.head, kinds.CASE.version, kinds.CUSTOMER.head
    same = and_(customers.c.workspace_id == version.c.workspace_id, customers.c.id == version.c.customer_id)
    rows: list[RowMapping] = []
    for some in in_portions(case_ids):
        statement = (
            current_rows(kinds.CASE, workspace_id)
            .join(customers, same)
            .add_columns(head.c.reference.label("case"), customers.c.reference.label("customer"))
            .where(head.c.id.in_(some))
        )
        rows += (await session.execute(statement)).mappings().all()
    return rows


async def confirmed_before(
    session: AsyncSession, workspace_id: UUID, outcome: str, analysis_id: UUID
) -> dict[UUID, bool]:
    """Return the sets that whole analyses before one confirmed, and of each whether the newest of them did."""
    done = (analyses.c.workspace_id == workspace_id, analyses.c.outcome == outcome, analyses.c.state == "done")
    others = select(analyses.c.id).where(*done, analyses.c.whole.is_(True), analyses.c.id != analysis_id)
    newest = await session.scalar(others.order_by(analyses.c.created_at.desc(), analyses.c.id.desc()).limit(1))
    statement = select(findings.c.id, findings.c.analysis_id).where(
        findings.c.workspace_id == workspace_id, findings.c.status == "confirmed", findings.c.analysis_id.in_(others)
    )
    confirmed: dict[UUID, bool] = {}
    for row in await session.execute(statement):
        confirmed[row.id] = confirmed.get(row.id, False) or row.analysis_id == newest
    return confirmed


async def count_cases(session: AsyncSession, workspace_id: UUID) -> int:
    """Return how many cases a workspace has."""
    cases = kinds.CASE.head
    statement = select(func.count()).select_from(cases).where(cases.c.workspace_id == workspace_id)
    return int(await session.scalar(statement) or 0)


def in_force(workspace_id: UUID, outcome: str) -> ScalarSelect[Any]:
    """Select the newest finished analysis that looked at all cases of an outcome."""
    return (
        select(analyses.c.id)
        .where(analyses.c.workspace_id == workspace_id, analyses.c.outcome == outcome, analyses.c.state == "done")
        .where(analyses.c.whole.is_(True))
        .order_by(analyses.c.created_at.desc(), analyses.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def found_sets(workspace_id: UUID) -> Select[Any]:
    """Select all that analyses said of condition sets."""
    same = and_(findings.c.workspace_id == sets.c.workspace_id, findings.c.id == sets.c.id)
    return (
        select(findings, sets.c.conditions, sets.c.outcome).join(sets, same).where(sets.c.workspace_id == workspace_id)
    )


def latest_findings(workspace_id: UUID, outcome: str) -> Select[Any]:
    """Select the condition sets of the analysis in force for an outcome, in the order found."""
    newest = in_force(workspace_id, outcome)
    return found_sets(workspace_id).where(findings.c.analysis_id == newest).order_by(findings.c.position)


def root_cost_of(workspace_id: UUID, outcome: str, analysis: UUID | None) -> Select[Any]:
    """Select what failures cost as one analysis found it, by default the one in force."""
    found = in_force(workspace_id, outcome) if analysis is None else analysis
    return select(root_costs).where(root_costs.c.workspace_id == workspace_id, root_costs.c.id == found)


async def said_of_sets(
    session: AsyncSession, workspace_id: UUID, set_ids: Sequence[UUID] | None = None
) -> dict[UUID, list[RowMapping]]:
    """Return what people said of condition sets, of each the oldest first."""
    said: dict[UUID, list[RowMapping]] = {}
    statement = select(verdicts).where(verdicts.c.workspace_id == workspace_id)
    if set_ids is not None:
        statement = statement.where(verdicts.c.id.in_(set_ids))
    for row in (await session.execute(statement.order_by(verdicts.c.id, verdicts.c.number))).mappings():
        said.setdefault(row["id"], []).append(row)
    return said


def proposed_sets(workspace_id: UUID, outcome: str) -> Select[Any]:
    """Select the condition sets that people drew."""
    drawn = and_(
        verdicts.c.workspace_id == sets.c.workspace_id,
        verdicts.c.id == sets.c.id,
        verdicts.c.verdict == Verdict.PROPOSED.value,
    )
    statement = select(sets).where(sets.c.workspace_id == workspace_id, sets.c.outcome == outcome)
    return statement.where(exists().where(drawn)).order_by(sets.c.stored_at, sets.c.id)


async def customers_of_cases(session: AsyncSession, workspace_id: UUID, references: Sequence[str]) -> dict[str, str]:
    """Return whose cases some are, by reference."""
    cases, customers = kinds.CASE.head, kinds.CUSTOMER.head
    version = kinds.CASE.version
    theirs = and_(customers.c.workspace_id == version.c.workspace_id, customers.c.id == version.c.customer_id)
    found: dict[str, str] = {}
    for start in range(0, len(references), ROWS_A_QUESTION):
        statement = current_rows(kinds.CASE, workspace_id).join(customers, theirs)
        statement = statement.with_only_columns(cases.c.reference.label("case"), customers.c.reference.label("whose"))
        rows = await session.execute(
            statement.where(cases.c.reference.in_(references[start : start + ROWS_A_QUESTION]))
        )
        found |= {row.case: row.whose for row in rows}
    return found
