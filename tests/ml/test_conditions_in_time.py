"""Confirmation in time: what was found early must hold later, among other customers."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.conditions import ConditionSetMiner, FoundSet


def pair(
    seed: int, n: int, later_completion: float = 0.6, later_prevalence: float = 0.25
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Five conditions in time order; the first two conspire, from two thirds on perhaps less."""
    rng = np.random.default_rng(seed)
    late = np.arange(n) >= 0.7 * n
    prevalence = np.where(late, later_prevalence, 0.25)
    X = (rng.random((n, 5)) < 0.25).astype(float)
    X[:, 0] = rng.random(n) < prevalence
    chance = np.where(late, later_completion, 0.6)
    complete = X[:, :2].all(axis=1)
    return X, (rng.random(n) < np.where(complete, chance, 0.02)).astype(np.int64)


def first(X: NDArray[np.float64], y: NDArray[np.int64]) -> FoundSet:
    found: FoundSet = ConditionSetMiner().fit(X, y, time=np.arange(len(y))).sets_[0]
    assert {condition.feature for condition in found.items} == {"x0", "x1"}
    return found


def test_a_set_that_holds_later_is_confirmed_and_shown_by_its_later_figures() -> None:
    X, y = pair(1, 6000)
    found = first(X, y)
    complete = np.logical_and(X[:, 0], X[:, 1])
    assert found.status == "confirmed"
    assert found.p_confirm is not None
    assert found.p_confirm < 1e-6
    assert found.rows == complete[4200:].sum()
    assert found.discovery.rows == complete[:4200].sum()
    assert found.rate == pytest.approx(y[4200:][complete[4200:]].mean())


def test_the_rate_with_one_member_missing_is_of_the_same_time_as_the_rate_with_all() -> None:
    X, y = pair(1, 6000)
    cut = len(y) * 7 // 10
    lacking = X[:, :2].sum(axis=1) == 1
    y[:cut][lacking[:cut]] = 0
    y[cut:][lacking[cut:]] = np.arange(int(lacking[cut:].sum())) % 5 == 0
    miner = ConditionSetMiner().fit(X, y, time=np.arange(len(y)))
    assert miner.periods_ is not None
    later = miner.periods_.confirmation
    shown = miner.sets_[0]
    assert len(shown.items) == 2
    assert shown.rate == pytest.approx(y[later][X[later, :2].all(axis=1)].mean())
    assert shown.rate_without_any == pytest.approx(y[later][lacking[later]].mean())
    assert shown.rate_without_any == pytest.approx(0.2, abs=0.01)
    assert shown.rate_without_any_low is not None
    assert shown.rate_without_any_high is not None
    assert shown.rate_without_any_low < shown.rate_without_any < shown.rate_without_any_high


def test_without_time_nothing_is_confirmed() -> None:
    X, y = pair(2, 6000)
    miner = ConditionSetMiner().fit(X, y)
    assert {found.status for found in miner.sets_} == {"not_confirmed"}
    assert any("No time" in note for note in miner.notes_)


def test_a_set_whose_members_no_longer_fail_together_is_stopped() -> None:
    assert first(*pair(3, 6000, later_completion=0.05)).status == "stopped"


def test_a_set_that_no_longer_comes_together_is_stopped() -> None:
    assert first(*pair(4, 9000, later_prevalence=0.01)).status == "stopped"


def test_a_set_seen_too_rarely_later_is_not_judged() -> None:
    X, y = pair(5, 3000)
    y[X[:, 0] == 1] = 0
    X[X[:, 1] == 1, 0] = 0
    rows = np.arange(50, 3000, 110)
    X[rows, :2], y[rows] = 1, 1
    found = first(X, y)
    assert (found.status, found.customers) == ("too_few", 8)


def test_the_customers_who_discover_do_not_confirm() -> None:
    X, y = pair(6, 6000)
    customer = np.arange(6000) % 2500
    miner = ConditionSetMiner().fit(X, y, time=np.arange(6000), groups=customer)
    assert miner.periods_ is not None
    assert miner.periods_.hashed
    found, confirming = miner.periods_.discovery, miner.periods_.confirmation
    assert not set(customer[found]) & set(customer[confirming])
    assert found.max() < confirming.min()


def test_a_condition_noticed_because_the_case_failed_is_never_confirmed() -> None:
    X, y = pair(7, 8000)
    rng = np.random.default_rng(7)
    X[(y == 0) & (rng.random(8000) < 0.4), 0] = np.nan
    found = [each for each in ConditionSetMiner().fit(X, y, time=np.arange(8000)).sets_ if each.ascertainment]
    assert found
    assert {each.status for each in found} == {"not_confirmed"}


def test_too_few_early_failures_leave_nothing_to_set_aside() -> None:
    X, y = pair(8, 300)
    y[:] = 0
    y[-20:] = 1
    miner = ConditionSetMiner().fit(X, y, time=np.arange(300))
    assert miner.periods_ is None
    assert any("set later rows aside" in note for note in miner.notes_)


def test_numbers_that_amplify_each_other_are_told_from_what_conspires_alone() -> None:
    rng = np.random.default_rng(9)
    X = rng.uniform(0, 100, (20_000, 2))
    high = X > 85
    eta = 0.01 + 0.15 * high.sum(axis=1) + 1.2 * high.all(axis=1)
    y = rng.random(20_000) < -np.expm1(-eta)
    sets = ConditionSetMiner().fit(X, y, time=np.arange(20_000)).sets_
    assert {tuple(c.feature for c in found.items): found.status for found in sets} == {
        ("x0",): "confirmed",
        ("x1",): "confirmed",
        ("x0", "x1"): "amplifier",
    }
    cuts = {(c.feature, c.value) for found in sets for c in found.items}
    assert len(cuts) > 2
