"""LEARN: of what condition sets cost, how much countermeasures verified since have answered."""

from collections.abc import Iterable, Mapping

from api.dependencies import Work
from api.failures.owed import TooManyFailures, owed_by
from api.measures.loyalty.asking import Question
from api.measures.loyalty.counting.sums import Cell
from models.base import from_us
from models.rules.loyalty.dimensions import Part
from models.rules.loyalty.learning import Owed, learnt
from models.rules.loyalty.profile import PartSums
from models.rules.statistics import ClusterSums

THOUSANDTHS = 1000
"""Failures divided among sets are counted so, that sums stay whole numbers."""


async def cells(work: Work, asked: Question) -> Mapping[Cell, Mapping[Part, PartSums]]:
    """Return what was learnt by the end of each period; nothing where it is told apart: sets are everybody's."""
    found: dict[Cell, Mapping[Part, PartSums]] = {}
    if asked.by is not None:
        return found
    for place, period in enumerate(asked.periods):
        if period.start_us <= asked.now_us:
            try:
                owed = await owed_by(work, from_us(min(period.end_us, asked.now_us)))
            except TooManyFailures:
                continue
            if learnt(owed).value is not None:
                found[None, place] = {Part.LEARNT: sums_of(owed)}
    return found


def sums_of(sets: Iterable[Owed]) -> PartSums:
    """Return the sums over sets: what was answered of what each was owed, in minor units or thousandths of failures."""
    rows = list(sets)
    by_cost = learnt(rows).by_cost
    weighed = [
        (round(row.cost if by_cost and row.cost is not None else THOUSANDTHS * row.failures), row.answered)
        for row in rows
    ]
    known = ClusterSums.of((weight * answered, weight, weight * answered) for weight, answered in weighed)
    return PartSums(known, known.n)
