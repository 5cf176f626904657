"""Does removal name the conspiring conditions? Worlds with a known triple, sets mined from their first part.

The sets are found with a plain score-test search kept in this file, so that the figure judges the explanation and
not the engine: products of two or three conditions beside all single effects, Bonferroni over all of them.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from bench.risk_worlds import HORIZON_DAYS, YEARLY_LOSS, ConspiracyWorld, conspiracy_world
from ml.explain import ConfirmedSet, Explanation, explain
from ml.risk import PriorLogistic, to_risk_model
from ml.scorecard import Scorecard, base_intercept, scorecard_for
from ml.scoring import RiskModel

LEARNT_SHARE = 0.7
MOST_SETS = 5
Members = tuple[int, ...]


def named_exactly(worlds: int) -> tuple[int, int, int, int]:
    """Return how many left with the triple complete, and in how many it was named exactly by each way.

    The ways: the explanation's top set; the three conditions whose removal lowers the risk most; the three largest
    linear contributions of a model of single effects.
    """
    counts = np.zeros(4, dtype=int)
    for seed in range(worlds):
        counts += _one_world(conspiracy_world(seed))
    total, top_set, removal, linear = counts.tolist()
    return total, top_set, removal, linear


def _one_world(world: ConspiracyWorld) -> NDArray[np.int64]:
    learnt = np.arange(len(world.y)) < LEARNT_SHARE * len(world.y)
    sets = [
        ConfirmedSet(f"s{number}", tuple(world.codes[i] for i in members))
        for number, members in enumerate(mined(world.present[learnt], world.y[learnt]))
    ]
    model = _learnt_model(world, learnt, sets)
    single = PriorLogistic(prior_sd=0.5, intercept_mean=-2, intercept_sd=3, strength=1.0)
    single.fit(world.present[learnt].astype(float), world.y[learnt])
    columns = [world.codes.index(code) for code in world.triple]
    chosen = np.flatnonzero(~learnt & (world.y == 1) & world.present[:, columns].all(axis=1))
    counts = np.zeros(4, dtype=np.int64)
    for row in chosen:
        answer = _explained(world, model, sets, row)
        linear = single.contributions(world.present[[row]].astype(float))[0]
        counts += (
            1,
            answer.top_set is not None and set(answer.top_set.split(" + ")) == set(world.triple),
            {reason.code for reason in answer.conditions[:3]} == set(world.triple),
            {world.codes[i] for i in np.argsort(-linear)[:3]} == set(world.triple),
        )
    return counts


def _scorecard(world: ConspiracyWorld, sets: list[ConfirmedSet]) -> Scorecard:
    return scorecard_for(world.codes, [found.id for found in sets])


def _learnt_model(world: ConspiracyWorld, learnt: NDArray[np.bool_], sets: list[ConfirmedSet]) -> RiskModel:
    card = _scorecard(world, sets)
    X = np.zeros((int(learnt.sum()), len(card.terms)))
    for column, feature in enumerate(card.features):
        kind, _, name = feature.partition(":")
        if kind == "seen":
            X[:, column] = world.present[learnt, world.codes.index(name)]
        elif kind == "set":
            X[:, column] = complete(world.present[learnt], _members(world, sets, name))
    estimator = PriorLogistic(
        prior_mean=card.weights, prior_sd=card.sds, intercept_mean=base_intercept(YEARLY_LOSS, HORIZON_DAYS)
    )
    estimator.fit(X, world.y[learnt], time=np.arange(len(X)))
    return to_risk_model(estimator, card, horizon_days=HORIZON_DAYS, gap_days=7)


def _members(world: ConspiracyWorld, sets: list[ConfirmedSet], identity: str) -> Members:
    found = next(found for found in sets if found.id == identity)
    return tuple(world.codes.index(code) for code in found.conditions)


def _explained(world: ConspiracyWorld, model: RiskModel, sets: list[ConfirmedSet], row: int) -> Explanation:
    present = [code for code, there in zip(world.codes, world.present[row], strict=True) if there]
    features: dict[str, float | None] = {f"seen:{code}": 1.0 for code in present}
    features |= {f"set:{found.id}": float(set(found.conditions) <= set(present)) for found in sets}
    return explain(model, features, present=present, sets=sets)


def complete(present: NDArray[np.bool_], members: Members) -> NDArray[np.bool_]:
    """Tell in which rows every member is present."""
    return np.asarray(present[:, list(members)].all(axis=1))


def mined(present: NDArray[np.bool_], y: NDArray[np.int64]) -> list[Members]:
    """Return products of two or three conditions that single effects and each other do not explain."""
    candidates = [members for size in (2, 3) for members in combinations(range(present.shape[1]), size)]
    products = np.column_stack([complete(present, members) for members in candidates]).astype(float)
    least = norm.isf(0.05 / len(candidates))
    found: list[int] = []
    while len(found) < MOST_SETS:
        X = np.column_stack([present.astype(float), products[:, found]])
        flat = PriorLogistic(prior_sd=10, intercept_sd=10, strength=1.0).fit(X, y)
        z = _score_z(np.column_stack([np.ones(len(X)), X]), products, y, flat.decision_function(X))
        best = int(np.argmax(z))
        if z[best] < least:
            break
        found.append(best)
    return [candidates[number] for number in found]


def _score_z(
    rows: NDArray[np.float64], products: NDArray[np.float64], y: NDArray[np.int64], log_odds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the score test of adding each product alone: positive where it raises the risk."""
    p = expit(log_odds)
    weighted = rows.T * (p * (1 - p))
    cross = weighted @ products
    information = (p * (1 - p)) @ products**2 - np.einsum("ij,ij->j", cross, np.linalg.solve(weighted @ rows, cross))
    told = information > 1.0  # a product already in the model, or nearly, has nothing left to tell
    z = products.T @ (y - p) / np.sqrt(np.where(told, information, 1.0))
    return np.where(told, z, -np.inf)
