"""Risk-adjusted CUSUM: whether cases fail less often than their own risk would have it, case by case."""

from dataclasses import dataclass

import numpy as np

from ml.mining.bitsets import Flags, Floats

ODDS_RATIO = 0.5
"""What is watched for: odds of failing halved."""
FALSE_ALARMS = 0.01
_RUNS = 400
_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Cusum:
    """A chart that climbs while cases fail less often than expected.

    Attributes
    ----------
    path : ndarray of float, shape (n,)
        After each case.
    limit : float
        Reached by one in a hundred such series if nothing changed.
    signal : int or None
        The case at which the limit was reached first.
    expected, failures : float
        Failures expected by the cases' own risk, and seen.
    """

    path: Floats
    limit: float
    signal: int | None
    expected: float
    failures: int


def risk_adjusted(failed: Flags, risk: Floats) -> Cusum | None:
    """Follow cases in the order of time.

    Parameters
    ----------
    failed : ndarray of bool, shape (n,)
    risk : ndarray of float, shape (n,)
        P(failure) of each by a model fitted before, between 0 and 1.

    Returns
    -------
    Cusum or None
        None without a case.

    Notes
    -----
    Steiner et al. (2000, doi:10.1093/biostatistics/1.4.441): X_t = max(0, X_{t-1} + W_t),
    W = log[R^y / (1 - p + R p)], R = 1/2. The limit is the 99th percentile of the largest X over 400 series of the
    same cases whose failures are drawn from their risks, with a fixed seed: the same cases give the same limit. That
    cases of one customer fail together, and that the risks are estimates, is not in it: a signal says *look*.

    Examples
    --------
    >>> told = risk_adjusted(np.zeros(400, dtype=bool), np.full(400, 0.1))
    >>> told.signal is not None, round(told.expected)
    (True, 40)
    """
    if not len(failed):
        return None
    saved = -np.log(1 - risk + ODDS_RATIO * risk)
    lost = saved + np.log(ODDS_RATIO)
    path = _climbed(np.where(failed, lost, saved)[None, :])[0]
    limit = _limit(risk, saved, lost)
    reached = np.flatnonzero(path >= limit)
    signal = int(reached[0]) if reached.size else None
    return Cusum(path, limit, signal, float(risk.sum()), int(failed.sum()))


def _climbed(steps: Floats) -> Floats:
    total = np.cumsum(steps, axis=1)
    lowest = np.minimum(np.minimum.accumulate(total, axis=1), 0.0)
    path: Floats = total - lowest
    return path


def _limit(risk: Floats, saved: Floats, lost: Floats) -> float:
    rng = np.random.default_rng(0)
    at_once = max(1, min(_RUNS, _AT_ONCE // len(risk)))
    highest: list[float] = []
    while len(highest) < _RUNS:
        drawn = rng.random((at_once, len(risk))) < risk
        highest += _climbed(np.where(drawn, lost, saved)).max(axis=1).tolist()
    return float(np.quantile(highest[:_RUNS], 1 - FALSE_ALARMS))
