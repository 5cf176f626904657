"""The scan: what each candidate would add to the log-likelihood, from the failing rows alone.

With p the model's probability, w = 1/p over failing rows has the expectation n_S over any set that adds nothing;
r = sum w / n_S is therefore the ratio of the rate in S to what the model expects there.
"""

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Floats

_LEAST_FREE = 1e-12


def gains(
    weight: NDArray[np.floating], square: NDArray[np.floating], rows: NDArray[np.integer], failures: NDArray[np.integer]
) -> Floats:
    """Return each candidate's approximate gain in log-likelihood, 0 where it does no harm.

    Parameters
    ----------
    weight, square : ndarray of float, shape (candidates,)
        Sums of w and of w^2 over the failing rows of the candidate.
    rows, failures : ndarray of int, shape (candidates,)

    Returns
    -------
    ndarray of float, shape (candidates,)
        f_eff [log r + (1 - q) / q log((1 - q) / (1 - q / r))], the Bernoulli form (a Poisson form misses sets
        nested in others).

    Examples
    --------
    A set failing at .5 where .1 was expected, and one failing as expected:

    >>> import numpy as np
    >>> fails = np.array([50, 10])
    >>> gains(fails * 10.0, fails * 100.0, np.array([100, 100]), fails).round(2).tolist()
    [51.08, 0.0]
    """
    n = np.maximum(rows.astype(float), 1.0)
    r = weight / n
    better = np.flatnonzero((r > 1) & (failures > 0))
    gained = np.zeros(len(n))
    ratio, rate = r[better], failures[better] / n[better]
    effective = weight[better].astype(float) ** 2 / np.maximum(square[better], _LEAST_FREE)
    spared = np.maximum(1 - rate, 0.0)
    mirrored = np.where(spared > 0, spared / rate * np.log(np.maximum(spared, _LEAST_FREE) / (1 - rate / ratio)), 0.0)
    gained[better] = np.maximum(effective * (np.log(ratio) + mirrored), 0.0)
    return gained
