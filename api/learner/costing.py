"""What the failures of an analysis cost, and by whose doing: read, reckoned, and kept with the analysis."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from api.dependencies import Work, utc_now
from api.failures import queries
from api.failures.analysing import Finding
from api.jobs.leases import Held, Leases
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from ml.case_costs import CostFacts, read_cost_facts
from ml.case_matrix import CaseMatrix
from ml.cost_report import CostReport
from ml.drawn_costs import with_each_drawn
from ml.root_cost import Terms, root_cost
from models.base import to_us
from models.rules.cost import Rates
from models.rules.cost_kinds import Component

Report = dict[str, Any]
IN_SHORT = ("amount", "low", "high", "currency", "cases", "known")


async def costed(
    leases: Leases, held: Held, matrix: CaseMatrix, found: Sequence[Finding], sets: Sequence[Sequence[str]]
) -> tuple[list[Finding], Report]:
    """Return what was found with the root-cost of each set beside it, and the whole cost of failure.

    What failures cost in all is credited to the sets the search found; one that people drew is reckoned beside those.
    """
    async with leases.database.read(held.workspace_id) as session:
        terms = _terms(await workspaces.settings_of(session, held.workspace_id))

        def read(connection: Connection) -> CostFacts:
            return read_cost_facts(connection, held.workspace_id)

        facts = await (await session.connection()).run_sync(read)
    now_us = to_us(utc_now())
    found_by_search = {tuple(sorted(each)) for each in sets}
    drawn = [item.conditions for item in found if item.conditions not in found_by_search]
    report, beside = await asyncio.to_thread(_reports, matrix, (sets, drawn), facts, terms, now_us)
    of_set = {tuple(each["conditions"]): _of_finding(each) for each in (*report["condition_sets"], *beside)}
    told = [
        replace(item, measures={**item.measures, "root_cost": of_set[item.conditions]})
        if item.conditions in of_set
        else item
        for item in found
    ]
    return told, report


def _reports(
    matrix: CaseMatrix,
    sets: tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]],
    facts: CostFacts,
    terms: Terms,
    now_us: int,
) -> tuple[Report, list[Report]]:
    """Return the cost of failure by the sets that were found, and of each drawn set as if it stood beside them."""
    searched, drawn = sets
    found = root_cost(matrix, searched, facts, terms, now_us)
    beside = [
        CostReport(each, matrix.conditions, [*searched, one], facts, terms).of_set(len(searched))
        for one, each in zip(drawn, with_each_drawn(matrix, searched, drawn, found), strict=True)
    ]
    return CostReport(found, matrix.conditions, searched, facts, terms).document(), beside


def _of_finding(each: Report) -> Report:
    return {name: value for name, value in each.items() if name != "conditions"}


def _terms(found: WorkspaceSettings) -> Terms:
    told = found.cost_rates
    rates = Rates(
        currency=found.currency,
        minute=None if told.minute is None else told.minute.amount,
        minute_by_team={team: rate.amount for team, rate in told.minute_by_team.items()},
        contact=None if told.contact is None else told.contact.amount,
        kinds={kind: Component(part) for kind, part in told.components.items()},
    )
    return Terms(
        rates, told.repeat_within_days, found.horizon_days, told.value_years, told.excess_departure, told.referral_share
    )


def in_short(report: Report) -> Report:
    """Return what the summary of an analysis says of the cost of failure."""
    return {"root_cost": {name: report[name] for name in IN_SHORT}}


async def keep(work: Work, analysis_id: UUID, report: Report) -> None:
    """Keep what failures cost beside the analysis that found it."""
    row = {"workspace_id": work.workspace_id, "id": analysis_id, "report": report, "recorded_at": work.now}
    await work.session.execute(insert(queries.root_costs), [row])
