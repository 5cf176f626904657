"""Interrupted time series: how a weekly share's level and slope differ from where its own trend was going."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from ml.mining.bitsets import Floats

LEAST_POINTS = 8
_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trend:
    """A segmented regression.

    Attributes
    ----------
    level : Estimate
        The step at the moment of going live.
    slope : Estimate
        The change of the weekly slope from then on.
    points : int
    lags : int
        Over so many weeks errors are taken as related.
    """

    level: Estimate
    slope: Estimate
    points: int
    lags: int


def segmented(points: Sequence[tuple[int, int, int]]) -> Trend | None:
    """Fit a weekly share by segmented regression.

    Parameters
    ----------
    points : sequence of (week, k, n)
        Week 0 is the first after going live; n > 0.

    Returns
    -------
    Trend or None
        None with under 8 points on either side.

    Notes
    -----
    y_t = b0 + b1 t + b2 1{t >= 0} + b3 t 1{t >= 0}, weighted by n (Wagner et al. 2002). The covariance holds where
    errors differ in size and follow each other (Newey & West 1987, Bartlett weights, floor(4 (T/100)^(2/9)) lags,
    T / (T - 4)); t with T - 4 degrees of freedom.

    Examples
    --------
    >>> told = segmented([(week, 40 if week < 0 else 20, 100) for week in range(-10, 10)])
    >>> round(told.level.value, 3), round(told.slope.value, 3)
    (-0.2, 0.0)
    """
    week, k, n = np.array(points, dtype=float).reshape(-1, 3).T
    after = week >= 0
    if min(int(after.sum()), int((~after).sum())) < LEAST_POINTS:
        return None
    root = np.sqrt(n)
    design = np.stack([np.ones_like(week), week, after, week * after], axis=1) * root[:, None]
    fitted = np.linalg.lstsq(design, k / n * root, rcond=None)[0]
    score = design * (k / n * root - design @ fitted)[:, None]
    lags = int(4 * (len(week) / 100) ** (2 / 9))
    bread = np.linalg.pinv(design.T @ design, hermitian=True)
    freedom = len(week) - _COLUMNS
    covariance = len(week) / freedom * bread @ _related(score, lags) @ bread
    level, slope = (_estimate(fitted, covariance, at, freedom) for at in (2, 3))
    return Trend(level, slope, points=len(week), lags=lags)


def _related(score: Floats, lags: int) -> Floats:
    meat: Floats = score.T @ score
    for lag in range(1, lags + 1):
        crossed = score[lag:].T @ score[:-lag]
        meat = meat + (1 - lag / (lags + 1)) * (crossed + crossed.T)
    return meat


def _estimate(fitted: Floats, covariance: Floats, at: int, freedom: int) -> Estimate:
    half = float(student.ppf(0.975, freedom) * np.sqrt(max(covariance[at, at], 0.0)))
    value = float(fitted[at])
    return Estimate(value, value - half, value + half)
