"""The condition-set miner: finds what conspires, refuses what it cannot know, says what it did not find."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from ml.conditions import ConditionSetMiner, FoundSet, TooFewFailures


def names_of(found: FoundSet) -> set[str]:
    return {condition.feature for condition in found.items}


def fire(
    seed: int, n: int, *, completion: float = 0.7, leak: float = 0.01
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Six conditions of which the first three conspire."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n, 6)) < 0.3).astype(float)
    complete = X[:, :3].all(axis=1)
    return X, (rng.random(n) < np.where(complete, completion, leak)).astype(np.int64)


@parametrize_with_checks([ConditionSetMiner(min_failures=1)])  # type: ignore[untyped-decorator]
@pytest.mark.filterwarnings("ignore")
def test_the_miner_keeps_the_contract_of_scikit_learn(estimator: BaseEstimator, check: object) -> None:
    check(estimator)  # type: ignore[operator]


def test_fuel_heat_and_oxygen_are_found_together_and_nothing_else() -> None:
    X, y = fire(1, 6000)
    miner = ConditionSetMiner(feature_names=["fuel", "heat", "oxygen", "a", "b", "c"]).fit(X, y)
    assert [names_of(found) for found in miner.sets_] == [{"fuel", "heat", "oxygen"}]
    found = miner.sets_[0]
    assert found.low < 0.7 < found.high
    assert all(rate is not None and rate < 0.05 for rate in found.rate_without.values())
    assert all(share is not None and share > 0.9 for share in found.essentiality.values())


def test_credited_failures_and_the_leak_together_are_all_failures() -> None:
    X, y = fire(2, 6000)
    miner = ConditionSetMiner().fit(X, y)
    assert sum(found.credited for found in miner.sets_) + miner.leak_.failures == pytest.approx(y.sum(), rel=1e-9)
    assert 0 < miner.leak_.share < 1


def test_under_sixteen_failures_nothing_is_said() -> None:
    X, y = fire(3, 6000)
    y[np.flatnonzero(y)[15:]] = 0
    with pytest.raises(TooFewFailures, match="15 failures") as refusal:
        ConditionSetMiner().fit(X, y)
    assert (refusal.value.needed, refusal.value.have, refusal.value.code) == (16, 15, "too_few_failures")


@pytest.mark.parametrize("outcome", [0, 1])
def test_an_outcome_that_never_varies_is_refused(outcome: int) -> None:
    with pytest.raises(ValueError, match="1 class"):
        ConditionSetMiner().fit(np.ones((50, 2)), np.full(50, outcome))


def test_duplicate_and_constant_columns_do_no_harm_and_duplicates_become_aliases() -> None:
    X, y = fire(4, 6000)
    wide = np.column_stack([X, X[:, 0], np.ones(len(y)), np.zeros(len(y))])
    miner = ConditionSetMiner().fit(wide, y)
    assert [names_of(found) for found in miner.sets_] == [{"x0", "x1", "x2"}]
    assert {"x1", "x2", "x6"} in [{c.feature for c in alias} for alias in miner.sets_[0].aliases]


def test_one_condition_alone_is_enough_to_analyse() -> None:
    rng = np.random.default_rng(5)
    x = rng.random(2000) < 0.2
    y = rng.random(2000) < np.where(x, 0.4, 0.02)
    found = ConditionSetMiner().fit(x[:, None].astype(float), y).sets_
    assert [names_of(each) for each in found] == [{"x0"}]
    assert list(found[0].essentiality.values()) == [None]


def test_columns_that_say_nothing_leave_everything_to_the_leak() -> None:
    rng = np.random.default_rng(6)
    X = (rng.random((3000, 5)) < 0.3).astype(float)
    miner = ConditionSetMiner().fit(X, rng.random(3000) < 0.05)
    assert miner.sets_ == []
    assert miner.leak_.share == pytest.approx(1, abs=1e-6)
    assert miner.transform(X).shape == (3000, 0)


def test_few_failures_are_said_aloud() -> None:
    X, y = fire(7, 3000)
    assert any("more sets will be found" in note for note in ConditionSetMiner().fit(X, y).notes_)


def test_numeric_cuts_are_moved_to_where_the_rule_is() -> None:
    rng = np.random.default_rng(8)
    X = rng.uniform(0, 100, (6000, 3))
    complete = (X[:, 0] > 83.7) & (X[:, 1] <= 21.3)
    y = rng.random(6000) < np.where(complete, 0.9, 0.02)
    found = ConditionSetMiner().fit(X, y).sets_
    assert len(found) == 1
    cuts = {c.feature: (c.op, c.value) for c in found[0].items}
    assert cuts["x0"][0] == "gt"
    assert cuts["x0"][1] == pytest.approx(83.7, abs=0.6)
    assert cuts["x1"][0] == "le"
    assert cuts["x1"][1] == pytest.approx(21.3, abs=0.6)


def test_a_category_is_one_item_per_level() -> None:
    rng = np.random.default_rng(9)
    level, late = rng.integers(0, 5, 6000), rng.random(6000) < 0.3
    y = rng.random(6000) < np.where((level == 3) & late, 0.6, 0.02)
    X = np.column_stack([level, late]).astype(float)
    found = ConditionSetMiner(categorical=[0]).fit(X, y).sets_
    assert [[(c.feature, c.op, c.value) for c in each.items] for each in found] == [
        [("x0", "eq", 3.0), ("x1", "eq", 1.0)]
    ]


def test_a_confounder_given_as_stratum_makes_no_set() -> None:
    rng = np.random.default_rng(10)
    segment = rng.integers(0, 2, 8000)
    X = (rng.random((8000, 4)) < np.where(segment, 0.6, 0.1)[:, None]).astype(float)
    y = rng.random(8000) < np.where(segment, 0.12, 0.02)
    assert ConditionSetMiner().fit(X, y).sets_
    assert ConditionSetMiner().fit(X, y, strata=segment).sets_ == []


def test_persistent_customers_make_no_set_once_they_are_named() -> None:
    rng = np.random.default_rng(11)
    customer = np.repeat(np.arange(400), 15)
    false = {"named": 0, "unnamed": 0}
    for _ in range(5):
        X = (rng.random((400, 20)) < 0.2)[customer].astype(float)
        y = rng.random(len(customer)) < rng.beta(0.2, 3.8, 400)[customer]
        false["named"] += bool(ConditionSetMiner().fit(X, y, groups=customer).sets_)
        false["unnamed"] += bool(ConditionSetMiner().fit(X, y).sets_)
    assert false["named"] <= 1
    assert false["unnamed"] >= 2


def test_what_was_not_observed_is_neither_present_nor_absent() -> None:
    X, y = fire(12, 12_000)
    X[np.random.default_rng(112).random(X.shape) < 0.1] = np.nan
    miner = ConditionSetMiner().fit(X, y)
    assert [names_of(found) for found in miner.sets_] == [{"x0", "x1", "x2"}]
    rows = np.array([[1, 1, 1, 0, 0, 0], [1, 1, np.nan, 0, 0, 0], [0, np.nan, np.nan, 0, 0, 0]])
    assert miner.transform(rows)[:, 0].tolist() == pytest.approx([1, np.nan, 0], nan_ok=True)
    chances = miner.predict_proba(rows)[:, 1]
    assert chances[0] > chances[1] > chances[2]


def test_the_result_does_not_depend_on_the_run() -> None:
    X, y = fire(13, 4000)
    assert ConditionSetMiner().fit(X, y).sets_ == ConditionSetMiner().fit(X, y).sets_


def test_the_names_of_a_result_say_what_the_sets_are() -> None:
    X, y = fire(14, 6000)
    miner = ConditionSetMiner(feature_names=list("abcdef")).fit(X, y)
    assert miner.get_feature_names_out().tolist() == ["a eq 1 & b eq 1 & c eq 1"]


def test_names_must_fit_the_columns() -> None:
    X, y = fire(15, 3000)
    with pytest.raises(ValueError, match="2 feature names"):
        ConditionSetMiner(feature_names=["a", "b"]).fit(X, y)


def test_the_number_of_tests_paid_for_counts_every_condition() -> None:
    X, y = fire(16, 3000)
    assert ConditionSetMiner().fit(X, y).tested_[2] == 5 * 15
