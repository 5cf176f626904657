"""What else is said of a set: credits that add up, figures reckoned by hand, and tests that say no more than is so."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.conditions import ConditionSetMiner, FoundSet
from ml.mining.clusters import Customers
from ml.mining.grouping import collapse
from ml.mining.interaction import Apart, Share, apart, excess_risk, pair_shares, synergy, synergy_index
from ml.mining.items import Item
from ml.mining.observed import Observed

A, B, C = (Item(column, "eq", 1.0) for column in range(3))


def told_apart(
    X: NDArray[np.float64], y: NDArray[np.bool_], *members: Item, customer: NDArray[np.intp] | None = None
) -> Apart:
    """Tell the rows of a world apart by a set's members, the set alone in the model."""
    observed = Observed(X)
    grouping = collapse(y, np.zeros(len(y), dtype=np.intp), observed.matrix([members]))
    return apart(observed, grouping, Customers(customer, len(y)), members)


def cells(**counts: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Make rows of two conditions from `b11=(rows, failures)` and so on."""
    X, y = [], []
    for name, (rows, failures) in counts.items():
        X += [[float(name[1]), float(name[2])]] * rows
        y += [True] * failures + [False] * (rows - failures)
    return np.array(X), np.array(y)


PAIR: dict[str, tuple[int, int]] = {"b11": (100, 60), "b10": (100, 20), "b01": (200, 30), "b00": (400, 20)}


def test_a_pair_is_reckoned_as_by_hand() -> None:
    shares = pair_shares(told_apart(*cells(**PAIR), A, B))
    assert shares is not None
    p11, p10, p01, p00 = 0.6, 0.2, 0.15, 0.05
    v11, v10, v01, v00 = 0.24 / 99, 0.16 / 99, 0.1275 / 199, 0.0475 / 399
    assert shares[1, 1] == pytest.approx(Share(p11, v11))
    told = excess_risk(shares)
    assert told is not None
    spread = 1.959963985 * np.sqrt((v11 + v10 + v01) / p00**2 + v00 * ((p11 - p10 - p01) / p00**2) ** 2)
    assert told == pytest.approx((6.0, 6.0 - spread, 6.0 + spread))
    index = synergy_index(shares)
    assert index is not None
    assert index.value == pytest.approx(0.55 / 0.25)
    assert index.low is not None
    assert index.high is not None
    assert index.low < index.value < index.high
    assert index.low * index.high == pytest.approx(index.value**2)


def test_a_pair_is_not_reckoned_where_there_is_nothing_to_divide_by() -> None:
    shares = pair_shares(told_apart(*cells(**{**PAIR, "b00": (400, 0)}), A, B))
    assert shares is not None
    assert excess_risk(shares) is None
    assert synergy_index(shares) is not None
    apart_safe = pair_shares(told_apart(*cells(**{**PAIR, "b10": (100, 5), "b01": (200, 10)}), A, B))
    assert apart_safe is not None
    assert synergy_index(apart_safe) is None
    protective = pair_shares(told_apart(*cells(**{**PAIR, "b11": (100, 2)}), A, B))
    assert protective is not None
    assert synergy_index(protective) is None
    assert excess_risk(protective).value < 0  # type: ignore[union-attr]
    assert pair_shares(told_apart(*cells(b11=(9, 3), b10=(9, 3), b00=(9, 3)), A, B)) is None


@pytest.mark.parametrize("clustered", [True, False])
def test_one_customer_alone_tells_a_rate_and_no_interval(*, clustered: bool) -> None:
    X, y = cells(**{**PAIR, "b11": (4, 2) if clustered else (1, 1)})
    customer = np.maximum(np.arange(len(y)) - 3, 0) if clustered else None
    shares = pair_shares(told_apart(X, y, A, B, customer=customer))
    assert shares is not None
    for told in (excess_risk(shares), synergy_index(shares)):
        assert told is not None
        assert (told.low, told.high) == (None, None)


def test_customers_are_counted_and_not_their_rows() -> None:
    X, y = cells(**PAIR)
    alone = pair_shares(told_apart(X, y, A, B))
    own = pair_shares(told_apart(X, y, A, B, customer=np.arange(len(y))))
    twice = pair_shares(told_apart(np.repeat(X, 2, 0), np.repeat(y, 2), A, B, customer=np.repeat(np.arange(len(y)), 2)))
    assert alone is not None
    assert own is not None
    assert twice is not None
    for pair, share in alone.items():
        assert own[pair] == pytest.approx(share)
        assert twice[pair] == pytest.approx(share)


def test_what_was_not_observed_is_left_out_of_a_pair() -> None:
    X, y = cells(**PAIR)
    more = np.vstack([X, np.full((50, 2), np.nan), [[1, np.nan]] * 50])
    told = pair_shares(told_apart(more, np.append(y, np.ones(100, dtype=bool)), A, B))
    assert told == pair_shares(told_apart(X, y, A, B))


def world(rng: np.random.Generator, n: int, **lengths: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Make a world of three conditions in which the sets named, like `ab`, complete with 1 - exp(-length)."""
    X = (rng.random((n, 3)) < 0.4).astype(float)
    eta = np.full(n, 0.05)
    for name, length in lengths.items():
        eta += length * X[:, ["abc".index(letter) for letter in name]].all(axis=1)
    return X, rng.random(n) < -np.expm1(-eta)


def test_synergy_is_told_where_there_is_some() -> None:
    rng = np.random.default_rng(5)
    together = synergy(told_apart(*world(rng, 4000, ab=0.8), A, B), 0, frozenset())
    assert together.ratio > 50
    assert together.p_value < 1e-9
    three = synergy(told_apart(*world(rng, 6000, abc=0.8, ab=0.2), A, B, C), 0, frozenset())
    assert three.p_value < 1e-6


def test_synergy_is_seldom_told_where_both_only_add_up() -> None:
    rng = np.random.default_rng(6)
    told = [synergy(told_apart(*world(rng, 1500, a=0.3, b=0.3), A, B), 0, frozenset()).p_value for _ in range(60)]
    assert 0 <= sum(p <= 0.05 for p in told) <= 8


def test_synergy_yields_to_customers_who_come_again() -> None:
    rng = np.random.default_rng(7)
    X, y = world(rng, 600, ab=0.5)
    once = synergy(told_apart(X, y, A, B, customer=np.arange(600)), 0, frozenset())
    often = told_apart(np.repeat(X, 4, 0), np.repeat(y, 4), A, B, customer=np.repeat(np.arange(600), 4))
    assert synergy(often, 0, frozenset()).ratio == pytest.approx(once.ratio, rel=0.15)


def fitted(X: NDArray[np.float64], y: NDArray[np.bool_], **beside: Any) -> ConditionSetMiner:
    """Mine a world."""
    miner = ConditionSetMiner(feature_names=[f"x{j}" for j in range(X.shape[1])])
    miner.fit(X, y, **beside)
    return miner


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    unknown=st.sampled_from([0.0, 0.15]),
    strata=st.sampled_from([0, 3]),
    customers=st.sampled_from([0, 150]),
)
def test_credits_and_leak_are_all_the_failures(seed: int, unknown: float, strata: int, customers: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = world(rng, 900, ab=1.0, c=0.3, abc=0.5)
    X[rng.random(X.shape) < unknown] = np.nan
    miner = fitted(
        X,
        y,
        groups=rng.integers(0, customers, 900) if customers else None,
        strata=rng.integers(0, strata, 900) if strata else None,
        time=np.arange(900),
    )
    assert sum(found.credited for found in miner.sets_) + miner.leak_.failures == pytest.approx(y.sum(), abs=1e-9)
    for found in miner.sets_:
        within(found, y)


def within(found: FoundSet, y: NDArray[np.bool_]) -> None:
    """Require of one set what must be so of any."""
    told, said = found.measures, found.measures.vocabulary
    assert 0 <= found.credited <= told.failures + 1e-9
    assert told.attributable == pytest.approx(found.avoidable / y.sum())
    assert said.consistency == pytest.approx(told.failures / told.rows)
    assert 0 <= said.unique_coverage <= said.raw_coverage <= 1
    assert 0 <= said.fussell_vesely <= 1 + 1e-9
    assert 0 < said.birnbaum <= 1
    assert all(0 <= each <= 1 for each in said.birnbaum_of)
    assert (told.synergy is None) == (len(found.items) == 1)
    assert told.risk_ratio is None or told.risk_ratio.value == pytest.approx(found.risk_ratio)
    if told.risk_ratio is not None:
        assert told.risk_ratio.low is not None
        assert told.risk_ratio.high is not None
        assert 1 - 1e-9 <= told.risk_ratio.low <= told.risk_ratio.value <= told.risk_ratio.high + 1e-9


def test_a_set_in_other_words_is_reckoned_as_by_hand() -> None:
    """Fifty of two hundred rows have both, two in five of which fail; of the others one in fifteen does."""
    X, y = cells(b11=(50, 20), b10=(50, 4), b01=(50, 3), b00=(50, 3))
    X, y = np.repeat(X, 4, 0), np.repeat(y, 4)
    [found] = fitted(X, y).sets_
    told, said = found.measures, found.measures.vocabulary
    q = 1 - 0.6 / (14 / 15)
    assert found.completion == pytest.approx(q, abs=1e-5)
    assert (told.rows, told.customers, told.failures) == (200, 200, 80)
    assert (said.consistency, said.raw_coverage, said.unique_coverage) == pytest.approx((0.4, 80 / 120, 80 / 120))
    assert said.fussell_vesely == pytest.approx(200 * q / 120, abs=1e-4)
    assert said.birnbaum == pytest.approx(14 / 15, abs=1e-4)
    assert said.birnbaum_of == pytest.approx([(400 / 800) * q * 14 / 15] * 2, abs=1e-4)
    assert found.avoidable == pytest.approx(200 * (0.4 - 1 / 15), abs=0.01)
    assert told.attributable == pytest.approx(found.avoidable / 120)
    assert told.risk_ratio is not None
    assert told.risk_ratio.value == pytest.approx(6.0, abs=1e-3)
    assert said.minimal_cut_set


def test_a_confounder_moves_the_crude_completion_away_from_the_adjusted() -> None:
    rng = np.random.default_rng(11)
    stratum = np.repeat([0, 1], 4000)
    X = (rng.random((8000, 2)) < np.where(stratum, 0.8, 0.2)[:, None]).astype(float)
    eta = np.where(stratum, 0.5, 0.02) + 0.6 * X.all(axis=1)
    y = rng.random(8000) < -np.expm1(-eta)
    [found] = [each for each in fitted(X, y, strata=stratum).sets_ if len(each.items) == 2]
    crude = found.measures.crude
    assert found.completion == pytest.approx(1 - np.exp(-0.6), abs=0.05)
    assert crude.value > found.completion + 0.1
    assert crude.low is not None
    assert crude.high is not None
    assert crude.low < crude.value < crude.high
    [plain] = [each for each in fitted(X, y).sets_ if len(each.items) == 2]
    assert plain.measures.crude.value == pytest.approx(plain.completion)


def test_a_set_that_always_completes_has_a_risk_ratio_without_end() -> None:
    X, y = cells(b11=(40, 40), b10=(200, 0), b01=(200, 0), b00=(200, 0))
    [found] = fitted(X, y).sets_
    assert found.measures.risk_ratio is None or found.measures.risk_ratio.value > 1e6
    assert found.completion == pytest.approx(1)
