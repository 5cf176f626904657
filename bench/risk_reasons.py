"""Does removal name the conspiring conditions? Worlds with a known triple, sets mined from their first part."""

import numpy as np
from numpy.typing import NDArray

from bench.risk_worlds import HORIZON_DAYS, YEARLY_LOSS, ConspiracyWorld, conspiracy_world
from ml.conditions import ConditionSetMiner
from ml.explain import ConfirmedSet, Explanation, explain
from ml.risk import PriorLogistic, to_risk_model
from ml.scorecard import Scorecard, base_intercept, scorecard_for
from ml.scoring import RiskModel
from ml.terms import fit_terms

LEARNT_SHARE = 0.7
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
    intercept = base_intercept(YEARLY_LOSS, HORIZON_DAYS)
    fitted = fit_terms(card, X, world.y[learnt], intercept_mean=intercept, time=np.arange(len(X)))
    return to_risk_model(fitted.estimator, fitted.scorecard, horizon_days=HORIZON_DAYS, gap_days=7)


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
    """Return the members of the sets the engine found and confirmed; rows are in the order of time.

    An amplifier counts: it is a confirmed set that happens to be the union of others.
    """
    miner = ConditionSetMiner().fit(present.astype(float), y, time=np.arange(len(y)))
    sets = [found.items for found in miner.sets_ if found.status in {"confirmed", "amplifier"}]
    return [tuple(int(item.feature[1:]) for item in items) for items in sets if all(item.value == 1 for item in items)]
