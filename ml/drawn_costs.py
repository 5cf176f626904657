"""What a set that people drew costs: reckoned beside the sets that were found, one drawn set at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ml.case_matrix import CaseMatrix
from ml.costing.credit import DRAWS, credit
from ml.root_cost import RootCost, costs_of, customers_of


def with_each_drawn(
    matrix: CaseMatrix,
    sets: Sequence[Sequence[str]],
    drawn: Sequence[Sequence[str]],
    found: RootCost,
    *,
    draws: int = DRAWS,
) -> Iterator[RootCost]:
    """Credit the same costs again for each set that people drew, as if it had been found last, beside the others.

    Parameters
    ----------
    matrix : CaseMatrix
    sets, drawn : sequence of sequence of str
        The condition sets that were found together, and those drawn, by the codes of their members.
    found : RootCost
        What the failures cost, credited to the found sets.
    draws : int

    Yields
    ------
    RootCost
        Of the found sets and, last, one drawn set: what that is credited with is taken from them and from the leak, so
        costs of several drawn sets do not add up.
    """
    whose = customers_of(matrix)
    groups = [found.group_of["need"], found.group_of["team"]]
    costs = costs_of(matrix, [*sets, *drawn], whose, found.failures, groups)
    for at in range(len(sets), len(sets) + len(drawn)):
        chosen = [*range(len(sets)), at]
        beside = replace(costs, states=costs.states[:, chosen], members=costs.members[:, chosen])
        excess = found.departing.excess or 0.0
        yield replace(found, credited=credit(beside, excess, found.departing.matched, draws=draws))
