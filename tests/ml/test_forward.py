"""The test forward in time: nobody on both sides, nothing known too late, an interval for every figure."""

import json
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.drawn_figures import FIGURES, drawn_figures
from ml.evaluation import judge
from ml.forward import (
    ForwardRows,
    Outcomes,
    calibration_apart,
    came_true,
    compare_unseen,
    forward_card,
    reliability_card,
    run_forward,
    whole_customers,
)
from ml.labels import DAY_US

Reals = NDArray[np.float64]
Rows = NDArray[np.intp]
MONTH = 30 * DAY_US


def outcomes(customers: int = 300, months: int = 12, seed: int = 0) -> tuple[Outcomes, Reals]:
    rng = np.random.default_rng(seed)
    risk = rng.uniform(0.05, 0.4, customers * months)
    left = (rng.random(risk.size) < risk).astype(np.int8)
    whose = np.tile(np.arange(customers), months)
    moments = np.repeat(np.arange(months), customers) * MONTH
    return Outcomes(left, whose, moments, 97 * DAY_US), risk


def test_every_later_row_is_tested_once_by_other_customers_whose_outcome_was_known() -> None:
    there, risk = outcomes()
    seen: list[tuple[Rows, Rows, int]] = []

    def arms(train: Rows, test: Rows, cut_us: int) -> Mapping[str, Reals]:
        seen.append((train, test, cut_us))
        return {"model": risk[test]}

    tested = run_forward(there, arms)
    assert sorted(tested.rows) == list(np.flatnonzero(there.moments >= 6 * MONTH))
    np.testing.assert_array_equal(tested.said["model"], risk[tested.rows])
    np.testing.assert_array_equal(tested.outcomes.left, there.left[tested.rows])
    assert tested.last_cut_us == max(cut_us for _, _, cut_us in seen)
    for train, test, cut_us in seen:
        assert not set(there.customers[train]) & set(there.customers[test])
        assert there.moments[train].max() + there.known_after_us <= cut_us == there.moments[test].min()


def test_an_arm_that_cannot_be_learnt_everywhere_is_left_out() -> None:
    there, risk = outcomes()
    first = []

    def arms(_train: Rows, test: Rows, cut_us: int) -> Mapping[str, Reals | None]:
        first.append(cut_us)
        return {"model": risk[test], "challenger": None if cut_us == first[0] else risk[test]}

    assert set(run_forward(there, arms).said) == {"model"}


def test_too_short_a_past_tests_nothing() -> None:
    there, risk = outcomes(months=2)
    tested = run_forward(there, lambda _train, test, _cut: {"model": risk[test]})
    assert (forward_card(tested), reliability_card(tested)) == ({"rows": 0}, {})


def test_of_many_rows_whole_customers_are_drawn() -> None:
    customers = np.repeat(np.arange(100), 7)
    rows = whole_customers(customers, 350, 0)
    assert 300 < rows.size <= 350
    assert set(np.bincount(customers[rows], minlength=100)) == {0, 7}
    np.testing.assert_array_equal(rows, whole_customers(customers, 350, 0))
    np.testing.assert_array_equal(whole_customers(customers, 700, 0), np.arange(700))


def rows_tested() -> ForwardRows:
    there, risk = outcomes()
    flat = np.full(risk.size, there.left.mean())
    return ForwardRows(np.arange(risk.size), there, {"model": risk, "scorecard": flat})


def test_the_card_has_every_figure_with_its_interval() -> None:
    card = forward_card(rows_tested())
    assert (card["rows"], card["customers"]) == (3_600, 300)
    for arm in ("model", "scorecard"):
        assert set(card[arm]) == set(card["intervals"][arm]) == set(FIGURES)
    low, high = card["intervals"]["model"]["auc"]
    assert low < card["model"]["auc"] < high
    assert card["gain"] > 0
    assert json.dumps(card, allow_nan=False)
    assert {arm: len(rows) for arm, rows in reliability_card(rows_tested()).items()} == {"model": 10, "scorecard": 10}


@pytest.mark.parametrize("always", [0, 1])
def test_where_all_or_none_left_nothing_is_judged(always: int) -> None:
    there, risk = outcomes()
    same = Outcomes(np.full(risk.size, always, dtype=np.int8), there.customers, there.moments, 0)
    assert forward_card(ForwardRows(np.arange(risk.size), same, {"model": risk, "scorecard": risk})) == {"rows": 0}


def test_treated_and_kinds_of_label_stand_apart() -> None:
    there, risk = outcomes()
    rng = np.random.default_rng(1)
    treated = rng.random(risk.size) < 0.3
    left = np.where(treated, there.left * (rng.random(risk.size) < 0.5), there.left).astype(np.int8)
    kinds = np.where(left == 0, "", np.where(rng.random(risk.size) < 0.5, "crm", "implicit"))
    apart = calibration_apart(
        Outcomes(left, there.customers, there.moments, 0, treated=treated, label_kinds=kinds), risk
    )
    assert list(apart) == ["treated", "untreated", "label:crm", "label:implicit"]
    assert apart["treated"]["interval"][1] < apart["treated"]["expected"]
    low, high = apart["untreated"]["interval"]
    assert low < apart["untreated"]["expected"] < high
    assert apart["label:crm"]["departures"] + apart["label:implicit"]["departures"] == left.sum()
    assert apart["label:crm"]["rows"] == (left == 0).sum() + (kinds == "crm").sum()
    assert calibration_apart(there, risk) == {}


def test_a_candidate_is_compared_on_what_the_champion_had_not_seen_where_there_is_enough() -> None:
    tested = rows_tested()
    later = compare_unseen(tested, tested.said["scorecard"], 5 * MONTH)
    assert (later.rows, later.reason) == (1_800, "better")
    everything = compare_unseen(tested, tested.said["scorecard"], 12 * MONTH)
    assert (everything.rows, everything.worse) == (3_600, False)
    worse = compare_unseen(tested, tested.said["model"], 5 * MONTH, candidate="scorecard")
    assert worse.worse


def test_what_scored_in_silence_is_compared_with_what_came_true() -> None:
    there, risk = outcomes()
    found = came_true(there.left, {"champion": risk, "challenger": np.full(risk.size, 0.22)}, there.customers)
    assert found["comparison"]["reason"] == "worse"
    assert found["champion"]["auc"] > found["challenger"]["auc"] == 0.5
    assert len(found["reliability"]["challenger"]) == 10
    assert json.dumps(found, allow_nan=False)
    nothing = came_true(np.zeros(3), {"champion": risk[:3], "challenger": risk[:3]}, np.arange(3))
    assert ("champion" in nothing, nothing["comparison"]["reason"]) == (False, "too_few")
    assert came_true([], {"champion": risk[:0], "challenger": risk[:0]}, np.arange(0))["rows"] == 0


def test_figures_of_a_draw_are_those_of_the_rows_drawn() -> None:
    rng = np.random.default_rng(3)
    risk = np.round(rng.random(400), 2)
    left = (rng.random(400) < risk).astype(float)
    owner = np.arange(400) // 4
    found = drawn_figures(left, risk, owner, draws=1, seed=7)
    times = np.bincount(np.random.default_rng(7).integers(100, size=100), minlength=100)[owner]
    order = np.argsort(risk, kind="stable")
    chosen = np.repeat(order, times[order])
    quality = judge(left[chosen], risk[chosen])
    for name in FIGURES:
        assert found[name][0] == found[name][1] == pytest.approx(getattr(quality, name), abs=1e-9)


def test_draws_of_one_outcome_make_no_interval() -> None:
    assert drawn_figures([1.0, 1.0], [0.5, 0.6], draws=5) == {}
