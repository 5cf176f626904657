"""A training learns a model, its challenger and their forward test; what cannot be learnt from is refused in words."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.labels import DAY_US
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel
from ml.snapshots import NothingToLearn, Snapshots
from ml.training import NO_CHALLENGER, Champion, Learned, learn, model_scores

MONTHS, CUSTOMERS = 12, 500


def snapshots(seed: int = 0, *, constant: bool = False) -> Snapshots:
    rng = np.random.default_rng(seed)
    size = MONTHS * CUSTOMERS
    columns = {
        "promises_broken_90": rng.poisson(0.3, size).astype(np.float32),
        "score_last": np.where(rng.random(size) < 0.4, rng.integers(0, 11, size), np.nan).astype(np.float32),
        "seen:late": (rng.random(size) < 0.2).astype(np.float32),
    }
    if constant:
        columns = {name: np.ones_like(column) for name, column in columns.items()}
    log_odds = -2.5 + columns["promises_broken_90"] + 0.8 * columns["seen:late"]
    left = (rng.random(size) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
    customers = np.tile(np.arange(CUSTOMERS, dtype=np.int32), MONTHS)
    return Snapshots(columns, left, customers, np.repeat(np.arange(MONTHS), CUSTOMERS) * (30 * DAY_US))


def learnt(found: Snapshots, champion: Champion | None = None, **more: NDArray[np.generic]) -> Learned:
    return learn(
        found,
        conditions=["late"],
        sets={},
        yearly_loss=0.3,
        horizon_days=90,
        champion=champion,
        challenge=bool(more),
        **more,  # type: ignore[arg-type]  # treated and label_kinds
    )


def test_a_training_says_all_that_its_card_holds() -> None:
    found = snapshots()
    treated = np.arange(found.left.size) % 3 == 0
    kinds = np.where(found.left == 1, "crm", "")
    prior = RiskModel.prior(scorecard_for(["late"]), 0.3)
    learned = learnt(found, Champion(prior, -1), treated=treated, label_kinds=kinds)
    assert set(learned.reliability) == {"model", "scorecard", "challenger"}
    assert learned.forward["challenger"]["auc"] > 0.6
    assert learned.forward["rows"] == MONTHS * CUSTOMERS // 2
    assert set(learned.forward["apart"]) == {"treated", "untreated", "label:crm"}
    assert learned.challenger is not None
    assert learned.challenger_card["columns"] == ["promises_broken_90", "score_last", "seen:late"]
    assert (learned.comparison.worse, learned.comparison.reason) == (False, "better")
    assert json.dumps([learned.forward, learned.reliability, learned.challenger_card], allow_nan=False)


def test_a_champion_that_says_what_is_true_is_not_easily_beaten() -> None:
    found = snapshots()
    champion = learnt(snapshots(seed=1)).model
    noise = snapshots(seed=2)
    shuffled = Snapshots(
        found.columns,
        np.where(found.moments < 180 * DAY_US, noise.left[::-1], found.left),
        found.customers,
        found.moments,
    )
    assert learnt(shuffled, Champion(champion, -1)).comparison.worse


def test_a_stored_model_says_of_many_what_it_says_of_each() -> None:
    found = snapshots()
    model = learnt(found).model
    many = model_scores(model, found.columns)
    for row in range(0, 400, 20):
        features = {name: float(column[row]) for name, column in found.columns.items() if not np.isnan(column[row])}
        assert abs(many[row] - model.score(features).risk) < 1e-12


def test_rows_in_any_order_make_one_model() -> None:
    found = snapshots()
    order = np.random.default_rng(0).permutation(found.left.size)
    mixed = Snapshots(
        {name: column[order] for name, column in found.columns.items()},
        found.left[order],
        found.customers[order],
        found.moments[order],
    )
    np.testing.assert_allclose(learnt(mixed).model.weights, learnt(found).model.weights, atol=1e-9)


def test_nobody_who_left_leaves_the_scorecard_as_it_is() -> None:
    found = snapshots()
    stayed = Snapshots(found.columns, found.left * 0, found.customers, found.moments)
    learned = learnt(stayed, treated=np.zeros(found.left.size, dtype=np.bool_))
    assert (learned.model.basis, learned.forward, learned.reliability["model"][0]["departures"]) == (
        "prior",
        {"rows": 0},
        0,
    )
    assert (learned.challenger, learned.challenger_card) == (None, NO_CHALLENGER)


def test_a_company_that_everybody_left_is_learnt_from_and_neither_tested_nor_challenged() -> None:
    found = snapshots()
    gone = Snapshots(found.columns, np.ones_like(found.left), found.customers, found.moments)
    learned = learnt(gone, treated=np.zeros(found.left.size, dtype=np.bool_))
    assert (learned.forward, learned.challenger) == ({"rows": 0}, None)
    assert np.isfinite(learned.model.weights).all()
    assert 0.5 < learned.model.score({}).risk < 1


def test_a_single_customer_is_learnt_from_and_hardly_moves_anything() -> None:
    found = snapshots()
    one = Snapshots(
        {name: column[:3] for name, column in found.columns.items()},
        np.array([0, 0, 1], dtype=np.int8),
        np.zeros(3, dtype=np.int32),
        found.moments[::CUSTOMERS][:3],
    )
    learned = learnt(one, treated=np.zeros(3, dtype=np.bool_))
    assert (learned.model.basis, learned.forward, learned.challenger) == ("blended", {"rows": 0}, None)
    assert learned.model.score({}).high > 0.05


def test_no_row_at_all_is_refused_in_words() -> None:
    found = snapshots()
    nothing = Snapshots({"score_last": np.empty(0, np.float32)}, found.left[:0], found.customers[:0], found.moments[:0])
    with pytest.raises(NothingToLearn, match="no snapshot of any customer") as error:
        learnt(nothing)
    assert error.value.code == "nothing_to_learn_from"


def test_features_that_never_vary_move_no_weight_by_themselves() -> None:
    learned = learnt(snapshots(constant=True), treated=np.zeros(MONTHS * CUSTOMERS, dtype=np.bool_))
    assert learned.challenger is None
    assert "challenger" not in learned.forward
    assert np.isfinite(learned.model.weights).all()


def test_a_single_snapshot_is_learnt_from_and_tests_nothing() -> None:
    found = snapshots()
    first = found.moments == 0
    short = Snapshots(
        {name: column[first] for name, column in found.columns.items()},
        found.left[first],
        found.customers[first],
        found.moments[first],
    )
    learned = learnt(short, Champion(RiskModel.prior(scorecard_for(["late"]), 0.3), 0))
    assert (learned.forward, learned.comparison.reason) == ({"rows": 0}, "no_champion")
    assert learned.model.n_departures == short.left.sum()
