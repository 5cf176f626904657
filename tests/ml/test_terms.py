"""A condition set is a term of its own where departures show it, and only there; its weight is then a learnt one."""

import numpy as np
from numpy.typing import NDArray

from ml.labels import DAY_US
from ml.scorecard import base_intercept, scorecard_for
from ml.snapshots import Snapshots
from ml.terms import fit_terms
from ml.training import Learned, learn

CODES = ["a", "b"]


def world(together: float, *, rows: int = 20_000, seed: int = 5) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Give two conditions and who left: each adds .3 to the log-odds, both at once `together` more."""
    rng = np.random.default_rng(seed)
    present = rng.random((rows, 2)) < 0.3
    log_odds = -2.5 + 0.3 * present.sum(axis=1) + together * present.all(axis=1)
    return present, rng.random(rows) < 1 / (1 + np.exp(-log_odds))


def snapshots(together: float, months: int = 30) -> Snapshots:
    """Give a world as snapshots of customers, one month after another."""
    present, left = world(together)
    flags = {f"seen:{code}": present[:, place] for place, code in enumerate(CODES)}
    flags |= {"set:both": np.logical_and(*present.T), "set:unseen": np.zeros(len(left), dtype=np.bool_)}
    columns = {name: flag.astype(np.float32) for name, flag in flags.items()}
    numbers = np.arange(len(left), dtype=np.int32)
    return Snapshots(
        columns, left.astype(np.int8), numbers // months, (numbers % months).astype(np.int64) * (30 * DAY_US)
    )


def learnt(together: float, first_us: int = 0) -> Learned:
    """Give the model learnt of a world whose set was first confirmed at a moment."""
    sets = {"both": first_us, "unseen": first_us}
    return learn(snapshots(together), conditions=CODES, sets=sets, yearly_loss=0.3, horizon_days=90, challenge=False)


def test_a_set_that_departures_bear_out_has_a_learnt_weight() -> None:
    for together in (1.2, 2.0):
        model = learnt(together).model
        weights = dict(zip(model.scorecard.features, model.weights, strict=True))
        assert abs(weights["set:both"] - together) < 0.3
        assert "set:unseen" not in weights


def test_a_set_that_departures_do_not_bear_out_is_not_served_at_the_scorecards_weight() -> None:
    found = learnt(0.0)
    assert found.sets == {"kept": [], "dropped": ["both", "unseen"], "tested": ["both", "unseen"]}
    assert not [name for name in found.model.scorecard.features if name.startswith("set:")]
    both = {"seen:a": 1.0, "seen:b": 1.0, "set:both": 1.0, "set:unseen": 0.0}
    present, left = world(0.0)
    assert abs(found.model.score(both).risk - left[present.all(axis=1)].mean()) < 0.02


def test_a_set_is_learnt_from_snapshots_before_it_was_found_and_not_praised_by_what_it_was_found_on() -> None:
    early, late = learnt(2.0, first_us=0), learnt(2.0, first_us=1000 * DAY_US)
    assert early.model.to_json() == late.model.to_json()
    assert (early.sets["tested"], late.sets["tested"]) == (["both", "unseen"], [])
    assert early.forward["model"]["log_loss"] < late.forward["model"]["log_loss"]
    assert early.forward["rows"] == late.forward["rows"] > 0


def test_where_nobody_left_the_scorecards_weight_stands() -> None:
    card = scorecard_for(CODES, ["both"])
    X = np.zeros((500, len(card.terms)))
    X[:100, -1] = 1
    fitted = fit_terms(card, X, np.zeros(500, dtype=int), intercept_mean=base_intercept(0.3, 90))
    assert fitted.scorecard == card
    assert fitted.estimator.basis_ == "prior"
