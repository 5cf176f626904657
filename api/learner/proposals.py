"""Sets that people drew, brought before an analysis: whose cases they came from, and what the data say of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from api.dependencies import Work
from api.failures import queries
from api.failures.analysing import Finding
from api.learner.describing import drawn_measures, evidence
from ml.case_matrix import CaseMatrix
from ml.conditions import ConditionSetMiner
from ml.mining.items import Item, Items
from ml.mining.proposals import Judged, judge_proposals
from ml.mining.strata import pooled
from models.failure import Verdict


@dataclass(frozen=True)
class Proposal:
    """A set that people drew, and the customers of the cases they drew it from."""

    conditions: tuple[str, ...]
    customers: frozenset[str]


async def read_proposals(work: Work, outcome: str, matrix: CaseMatrix) -> list[Proposal]:
    """Return the sets people drew that can be looked at, but for those set aside."""
    drawn = (await work.session.execute(queries.proposed_sets(work.workspace_id, outcome))).mappings().all()
    said = await queries.said_of_sets(work.session, work.workspace_id)
    cases = sorted({case for row in drawn for item in said[row["id"]] for case in item["cases"]})
    whose = await queries.customers_of_cases(work.session, work.workspace_id, cases)
    proposals = []
    for row in drawn:
        judged = [item["verdict"] for item in said[row["id"]] if item["verdict"] != Verdict.PROPOSED]
        if judged and judged[-1] == Verdict.SET_ASIDE:
            continue
        if not set(row["conditions"]) <= set(matrix.conditions):
            continue
        named = {case for item in said[row["id"]] for case in item["cases"]}
        customers = frozenset(whose[case] for case in named if case in whose)
        proposals.append(Proposal(tuple(sorted(row["conditions"])), customers))
    return proposals


def judged(
    matrix: CaseMatrix, miner: ConditionSetMiner, proposals: Sequence[Proposal], found: Collection[tuple[str, ...]]
) -> list[Finding]:
    """Return what the data say of sets people drew that were not found anyway."""
    drawn = [proposal for proposal in proposals if proposal.conditions not in found]
    if not drawn:
        return []
    customers = np.array(matrix.customers)
    strata = np.array(matrix.strata or [""] * len(matrix.failed))
    answers = judge_proposals(
        np.array(matrix.states, dtype=float),
        np.array(matrix.failed, dtype=bool),
        stratum=pooled(np.unique(strata, return_inverse=True)[1].reshape(-1))[0],
        customer=np.unique(customers, return_inverse=True)[1].reshape(-1),
        found=[_items(matrix, [condition.feature for condition in each.items]) for each in miner.sets_],
        proposed=[_items(matrix, proposal.conditions) for proposal in drawn],
        aside=[np.isin(customers, sorted(proposal.customers)) for proposal in drawn],
    )
    return [_finding(matrix, proposal, answer) for proposal, answer in zip(drawn, answers, strict=True)]


def _items(matrix: CaseMatrix, codes: Sequence[str]) -> Items:
    return tuple(Item(matrix.conditions.index(code), "eq", 1.0) for code in codes)


def _finding(matrix: CaseMatrix, proposal: Proposal, answer: Judged) -> Finding:
    head = answer.figures
    return Finding(
        conditions=proposal.conditions,
        status=answer.status,
        rows=head.rows,
        customers=head.customers,
        failures=head.failures,
        rate=head.rate,
        rate_without_any=None,
        completion=head.completion,
        low=head.low,
        high=head.high,
        measures=drawn_measures(proposal.conditions, answer),
        evidence=evidence(matrix, proposal.conditions),
    )
