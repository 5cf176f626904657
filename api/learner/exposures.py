"""What an analysis keeps for reckoning with countermeasures, and the end of the period its sets were found in."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from api.failures.analysing import Finding
from ml.case_matrix import CaseMatrix
from ml.conditions import ConditionSetMiner
from ml.effects.exposure import exposures
from ml.mining.items import Item
from ml.mining.strata import pooled
from models.base import from_us
from models.rules.avoided import Exposures

RECKONED = frozenset({"confirmed", "amplifier", "supported"})
"""Countermeasures are reckoned against what holds; what was not confirmed, or stopped, is part of the leak."""
FITTED = RECKONED | {"not_confirmed", "too_few", "stopped"}


def exposed(matrix: CaseMatrix, found: Sequence[Finding]) -> Exposures:
    """Return how often which sets were complete together in the cases of an analysis, and the fit on all of them."""
    fitted = [item for item in found if item.status in FITTED]
    strata = np.unique(np.array(matrix.strata or [""] * len(matrix.failed)), return_inverse=True)[1].reshape(-1)
    return exposures(
        np.array(matrix.states, dtype=float),
        np.array(matrix.failed, dtype=bool),
        stratum=pooled(strata)[0],
        customer=np.unique(np.array(matrix.customers), return_inverse=True)[1].reshape(-1),
        sets=[tuple(Item(matrix.conditions.index(code), "eq", 1.0) for code in item.conditions) for item in fitted],
        names=matrix.conditions,
        reckoned=[item.status in RECKONED for item in fitted],
    )


def discovered_until(matrix: CaseMatrix, miner: ConditionSetMiner) -> datetime | None:
    """Return the end of the period sets were found in: all cases' where nothing was set aside to confirm them."""
    periods = miner.periods_
    times = matrix.times if periods is None else [matrix.times[row] for row in periods.discovery]
    return from_us(max(times) + 1)
