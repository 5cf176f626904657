"""The portfolio: every condition of the dearest sets, ranked by what covering them is worth; point cover by name."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from operator import itemgetter
from typing import Any, Literal, NamedTuple
from uuid import UUID

from api.dependencies import Work
from api.failures import queries as failures
from api.failures.countermeasures import queries
from api.failures.countermeasures.covering import Covering, Row, covering
from api.failures.countermeasures.reckoning import OUTCOME, answer_of, measures_of, read_exposures
from api.failures.countermeasures.schemas import (
    ConditionCover,
    LeftOut,
    PointCover,
    PortfolioAnswer,
    PortfolioItem,
)
from models.ids import condition_set_id
from models.rules.avoided import Avoided, Exposures, Measure, WhatIf, never_complete, removal, what_if
from models.rules.coverage import Standing, hitting_set

ROOT_COST = "root_cost"
"""The key of a finding's measures under which its cost stands, once it is known: {amount, avoidable, currency}."""
SAFE = 2
RankedBy = Literal["avoided_cost_per_cost", "avoided_failures_per_cost", "avoided_cost", "avoided_failures"]


class RootCost(NamedTuple):
    """What a set costs, and what of it would stay away if the set never came together; null is not known, and not 0."""

    amount: int | None = None
    avoidable: int | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Priced:
    """A set with what covering all of it would avoid, and what that costs; None where it is not known."""

    id: UUID
    conditions: frozenset[str]
    never: Avoided
    measures: Sequence[Measure]
    left_out: Sequence[LeftOut]
    held: WhatIf
    root_cost: RootCost
    cost: int | None
    cost_currency: str | None

    @property
    def avoided_cost(self) -> float | None:
        """What of the set's avoidable cost would be avoided if all hold: the set is broken by any condition removed."""
        if self.root_cost.avoidable is None:
            return None
        return self.root_cost.avoidable * (1 - prod(1 - e for e in removal(self.measures).values()))

    def worth(self, by: RankedBy) -> float | None:
        """Return what it is ranked by."""
        gained = self.avoided_cost if by.startswith("avoided_cost") else self.held.all_hold.value
        if gained is None or not by.endswith("per_cost"):
            return gained
        return gained / self.cost if self.cost else None


async def portfolio(work: Work, most: int) -> PortfolioAnswer:
    """Return the dearest sets with all that would cover them, ranked; and what point cover would leave exposed."""
    kept = await queries.exposures_in_force(work.session, work.workspace_id, OUTCOME)
    if kept is None:
        return PortfolioAnswer(analysis=None, ranked_by="avoided_failures", sets_in_all=0, items=[], point=None)
    exposures = read_exposures(kept["document"])
    found = await covering(work)
    costs = await _root_costs(work)
    dearest = await asyncio.to_thread(_dearest, work.workspace_id, exposures, found, costs, most)
    by = _ranked_by(dearest)
    ranked = sorted(dearest, key=lambda one: (*_place(one, by), one.id.hex))
    return PortfolioAnswer(
        analysis=kept["id"],
        ranked_by=by,
        sets_in_all=len(exposures.sets),
        items=[_item(one, found, by) for one in ranked],
        point=_point([one.conditions for one in dearest]),
    )


async def _root_costs(work: Work) -> dict[UUID, Any]:
    rows = (await work.session.execute(failures.latest_findings(work.workspace_id, OUTCOME))).mappings()
    return {row["id"]: row["measures"].get(ROOT_COST) for row in rows}


def _dearest(
    workspace_id: UUID, exposures: Exposures, found: Covering, costs: Mapping[UUID, Any], most: int
) -> list[Priced]:
    """Return the sets that cost most, those with a known cost before the others, which go by their failures."""
    told = []
    for members in exposures.sets:
        set_id = condition_set_id(workspace_id, OUTCOME, members)
        cost = _amount(costs.get(set_id))
        never = never_complete(exposures, members)
        place = (cost.amount is not None, cost.amount or 0, never.value, set_id.hex)
        told.append((place, (set_id, members, never, cost)))
    told.sort(key=itemgetter(0), reverse=True)
    return [_priced(exposures, found, *one) for _, one in told[:most]]


def _priced(
    exposures: Exposures,
    found: Covering,
    set_id: UUID,
    members: frozenset[str],
    never: Avoided,
    root_cost: RootCost,
) -> Priced:
    on_it = _on(found, members)
    measures, left_out = measures_of(found, on_it)
    mine = [Measure(one.reference, one.conditions & members, one.effectiveness) for one in measures]
    held = what_if(exposures, mine)
    return Priced(set_id, members, never, mine, left_out, held, root_cost, *_cost_of(on_it, members))


def _on(found: Covering, members: frozenset[str]) -> list[Row]:
    return [
        row
        for row in found.rows
        if members & set(row["conditions"]) and found.standings[row["id"]] is not Standing.RETIRED
    ]


def _amount(told: Any) -> RootCost:
    """Read a set's cost."""
    if not isinstance(told, Mapping) or told.get("amount") is None:
        return RootCost()
    return RootCost(told["amount"], told.get("avoidable"), told.get("currency"))


def _cost_of(rows: Sequence[Row], members: frozenset[str]) -> tuple[int | None, str | None]:
    """Return what covering a set costs: not known while a condition is uncovered, a cost unknown, or two currencies."""
    if members - {code for row in rows for code in row["conditions"]}:
        return None, None
    if any(row["cost"] is None and row["running_cost"] is None for row in rows):
        return None, None
    currencies = {row["currency"] for row in rows}
    if len(currencies) > 1:
        return None, None
    return sum((row["cost"] or 0) + (row["running_cost"] or 0) for row in rows), currencies.pop()


def _ranked_by(sets: Sequence[Priced]) -> RankedBy:
    """Return what can be said of every one of the sets: what is not known of one is not compared.

    Nor is money in two currencies, nor what some countermeasures avoid with what they and others cost.
    """
    costed = bool(sets) and all(one.avoided_cost is not None for one in sets)
    priced = len({one.cost_currency for one in sets}) == 1 and all(one.cost and not one.left_out for one in sets)
    if costed:
        return "avoided_cost_per_cost" if priced else "avoided_cost"
    return "avoided_failures_per_cost" if priced else "avoided_failures"


def _place(one: Priced, by: RankedBy) -> tuple[float, float]:
    """Order by what covering is worth; where nothing is planned yet, by what the set itself costs in failures."""
    return (-(one.worth(by) or 0.0), -one.never.value)


def _item(one: Priced, found: Covering, by: RankedBy) -> PortfolioItem:
    rows = _on(found, one.conditions)
    answered = {code for row in rows for code in row["conditions"]}
    together = found.redundancy_of(one.conditions)
    return PortfolioItem(
        condition_set=one.id,
        conditions=[
            ConditionCover(
                code=code,
                status=found.of_condition(code),
                countermeasures=[row["reference"] for row in rows if code in row["conditions"]],
            )
            for code in sorted(one.conditions)
        ],
        coverage=found.of_set(one.conditions).value,
        redundancy=together,
        safe_if_one_slips=together >= SAFE,
        uncovered=sorted(one.conditions - answered),
        root_cost=one.root_cost.amount,
        avoidable_cost=one.root_cost.avoidable,
        currency=one.root_cost.currency,
        left_out=list(one.left_out),
        failures_if_never_complete=answer_of(one.never),
        all_hold=answer_of(one.held.all_hold),
        best_slips=answer_of(one.held.best_slips),
        all_slip=answer_of(one.held.all_slip),
        avoided_cost=one.avoided_cost,
        cost=one.cost,
        cost_currency=one.cost_currency,
        worth=one.worth(by),
    )


def _point(sets: Sequence[frozenset[str]]) -> PointCover | None:
    """Say of the fewest conditions that stop every set what they leave exposed."""
    if not sets:
        return None
    chosen = hitting_set(sets)
    exposed = sorted(frozenset().union(*sets) - set(chosen))
    left = ", ".join(exposed) or "no other condition of these sets"
    return PointCover(
        label="point",
        conditions=chosen,
        says=f"Point: stops it today, leaves {left} exposed.",
        exposed=exposed,
    )
