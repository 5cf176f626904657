"""Synthetic customers whose true risk is known: for the cold start and for naming a conspiring triple.

A world draws raw features as the service would store them (counts, ratios, scores, some unknown), true weights around
the scorecard's, and departures from them. Nothing here reads real data.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from ml.design import design_matrix
from ml.scorecard import Scorecard, base_intercept, scorecard_for

YEARLY_LOSS = 0.2
HORIZON_DAYS = 90
CONDITIONS = tuple(f"condition_{number}" for number in range(8))
RHO = 0.25
COMPLETION = 0.42
SETS = {"pair": CONDITIONS[:2], "triple": CONDITIONS[2:5]}

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """Rows with their true risk; `time` is the month of the row, every row another customer."""

    scorecard: Scorecard
    X: Reals
    p: Reals
    y: NDArray[np.int64]
    time: NDArray[np.int64]


def raw_features(rng: np.random.Generator, size: int) -> dict[str, Reals]:
    """Draw raw features of `size` customers: one hidden level of service runs through all of them."""
    trouble = rng.normal(size=size)

    def count(rate: float, pull: float = 0.6) -> Reals:
        return rng.poisson(rate * np.exp(pull * trouble)).astype(float)

    def known(values: Reals, share: float) -> Reals:
        return np.where(rng.random(size) < share, values, np.nan)

    score = np.clip(np.round(7.6 - 1.6 * trouble + rng.normal(scale=1.5, size=size)), 0, 10)
    worst = np.clip(score - rng.poisson(0.7, size), 0, 10)
    contacts = count(1.5, 0.3) + 1
    failure = np.minimum(count(0.5), contacts)
    elapsed = np.exp(0.3 * trouble + rng.normal(scale=0.6, size=size))
    columns = {
        "contacts_90": contacts,
        "failure_contacts_90": failure,
        "failure_contacts_30": rng.binomial(failure.astype(int), 0.4).astype(float),
        "failure_share_365": known(np.clip(failure / contacts, 0, 1), 0.6),
        "repeats_90": count(0.2),
        "not_first_90": count(0.3),
        "promises_broken_90": count(0.25, 0.9),
        "promises_overdue": count(0.08, 0.9),
        "promises_open": count(0.4, 0.1),
        "promises_kept_90": count(0.9, -0.2),
        "elapsed_ratio_max_90": known(elapsed * 1.4, 0.7),
        "elapsed_ratio_last": known(elapsed, 0.7),
        "handovers_90": count(0.5),
        "score_last": known(score, 0.4),
        "score_min_90": known(worst, 0.4),
        "score_mean_90": known((score + worst) / 2, 0.4),
        "score_fall": known(rng.normal(loc=0.4 * trouble, scale=1.5), 0.25),
        "effort_last": known(np.clip(np.round(3.3 + trouble + rng.normal(size=size)), 1, 7), 0.3),
        "silent_after_invitations": (rng.random(size) < 0.3).astype(float),
        "recency_ratio": known(np.exp(rng.normal(scale=0.7, size=size)), 0.5),
        "tenure_days": rng.exponential(600, size),
        "value_ratio": np.exp(rng.normal(scale=0.8, size=size)),
    }
    return columns | condition_features(rng, trouble)


def condition_features(rng: np.random.Generator, trouble: Reals) -> dict[str, Reals]:
    """Draw what happened to each customer: conditions seen, their decayed counts, complete sets."""
    size = trouble.size
    columns: dict[str, Reals] = {}
    for code in CONDITIONS:
        times = rng.poisson(0.25 * np.exp(0.5 * trouble))
        columns[f"seen:{code}"] = (times > 0).astype(float)
        columns[f"decayed:{code}"] = times * rng.uniform(0.4, 1.0, size)
        columns[f"verified:{code}"] = (rng.random(size) < 0.05).astype(float)
    for name, members in SETS.items():
        columns[f"set:{name}"] = np.min([columns[f"seen:{code}"] for code in members], axis=0)
    return columns


def scorecard_world(rng: np.random.Generator) -> tuple[Scorecard, Reals, float]:
    """Return the scorecard with true weights (times lognormal(.6), a quarter zeroed) and true intercept (+-.5)."""
    scorecard = scorecard_for(CONDITIONS, SETS)
    weights = np.array(scorecard.weights) * np.exp(rng.normal(scale=0.6, size=len(scorecard.terms)))
    weights[rng.random(weights.size) < 0.25] = 0.0
    intercept = base_intercept(YEARLY_LOSS, HORIZON_DAYS) + rng.choice([-0.5, 0.5])
    return scorecard, weights, float(intercept)


def draw_rows(
    rng: np.random.Generator, scorecard: Scorecard, weights: Reals, intercept: float, size: int, months: int = 24
) -> World:
    """Draw `size` customers and whether they left."""
    X = design_matrix(scorecard, raw_features(rng, size))
    p = expit(intercept + X @ weights)
    y = (rng.random(size) < p).astype(np.int64)
    return World(scorecard, X, p, y, np.sort(rng.integers(months, size=size)))


def until_departures(world: World, departures: int) -> slice:
    """Return the first rows up to and with the given number of departures."""
    reached = np.flatnonzero(np.cumsum(world.y) >= departures)
    if not reached.size:
        raise ValueError("the world is too small for that many departures")
    return slice(0, int(reached[0]) + 1)


@dataclass(frozen=True)
class ConspiracyWorld:
    """Customers and their conditions; having all of `triple` makes many leave, whatever else they met."""

    codes: tuple[str, ...]
    triple: tuple[str, ...]
    present: NDArray[np.bool_]
    y: NDArray[np.int64]


def conspiracy_world(seed: int, size: int = 30_000, conditions: int = 12) -> ConspiracyWorld:
    """Draw correlated conditions (latent rho .25), single effects on half of them, and one conspiring triple.

    Single effects add up on the scale of the risk model in odd worlds and on that of the engine in even ones, so
    that neither is always right about them.
    """
    rng = np.random.default_rng(seed)
    codes = tuple(f"condition_{number:02}" for number in range(conditions))
    cut = norm.isf(rng.uniform(0.12, 0.3, conditions))
    shared = rng.normal(size=(size, 1)) * np.sqrt(RHO)
    present = shared + np.sqrt(1 - RHO) * rng.normal(size=(size, conditions)) > cut
    triple = rng.choice(conditions, 3, replace=False)
    strength = np.where(rng.random(conditions) < 0.5, rng.uniform(0.2, 0.8, conditions), 0.0)
    alone = expit(-2.9 + present @ strength) if seed % 2 else 1 - 0.95 * np.prod(1 - 0.1 * present * strength, axis=1)
    together = present[:, triple].all(axis=1)
    y = rng.random(size) < 1 - (1 - alone) * (1 - COMPLETION * together)
    return ConspiracyWorld(codes, tuple(codes[i] for i in sorted(triple)), present, y.astype(np.int64))
