"""Layered critical values: what a set of each size must gain before it is believed (Webb 2008).

The price counts every set that could have been tried from every cut position that was searched, not only the few
that were kept (doi:10.1007/s10994-008-5046-x).
"""

from math import comb

import numpy as np
from scipy.stats import norm

from ml.mining.bitsets import Floats

LONGEST = 5
EXPECTED_SETS = 5


def tried_by_size(searched: int) -> dict[int, int]:
    """Return K C(m, k), the number of tests paid for, by size k of a set.

    Parameters
    ----------
    searched : int
        m: items of the plain conditions plus two for every cut position searched.

    Examples
    --------
    >>> tried_by_size(40)[2]
    3900
    """
    return {k: EXPECTED_SETS * max(1, comb(searched, k)) for k in range(1, LONGEST + 1)}


def penalties(searched: int, alpha: float) -> Floats:
    """Return z^2/2 by size of a set (index 0 unused), z = Phi^-1(1 - alpha / (K C(m, k))).

    Examples
    --------
    >>> penalties(40, 0.05).round(2).tolist()
    [0.0, 6.06, 8.86, 11.29, 13.43, 15.34]
    """
    z = norm.isf([alpha / tests for tests in tried_by_size(searched).values()])
    return np.concatenate([[0.0], z**2 / 2])
