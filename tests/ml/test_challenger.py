"""A challenger reads what varies, follows known signs, and is calibrated on customers it did not see."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.challenger import (
    Calibration,
    Challenger,
    TooFewDepartures,
    challenger_scores,
    fit_boosting,
    fit_challenger,
)
from ml.evaluation import expected_calibration_error, judge
from ml.scorecard import Scorecard, scorecard_for
from ml.scoring import ArtefactRefused

Reals = NDArray[np.float64]


def drawn(size: int, seed: int = 0) -> tuple[dict[str, Reals], NDArray[np.int64], NDArray[np.int64]]:
    """Give raw features, who left, and whose each row is: two rows each."""
    rng = np.random.default_rng(seed)
    columns = {
        "score_last": np.where(rng.random(size) < 0.4, rng.integers(0, 11, size), np.nan),
        "contacts_90": rng.poisson(2, size).astype(float),
        "seen:late": (rng.random(size) < 0.2).astype(float),
        "promises_open": np.full(size, 3.0),
    }
    unhappy = np.nan_to_num(columns["score_last"], nan=8.0) < 5
    log_odds = -2 + 1.5 * unhappy + 1.2 * columns["seen:late"]
    return columns, (rng.random(size) < 1 / (1 + np.exp(-log_odds))).astype(int), np.arange(size) // 2


@pytest.fixture(scope="module")
def challenger() -> Challenger:
    return fit_challenger(scorecard_for(["late"]), *drawn(3_000), horizon_days=90, gap_days=7)


def test_it_ranks_and_is_calibrated_on_customers_it_never_saw(challenger: Challenger) -> None:
    columns, left, _ = drawn(6_000, seed=1)
    risk = challenger_scores(challenger, columns)
    assert judge(left, risk).auc > 0.65
    assert expected_calibration_error(left, risk) < 0.03


def test_it_reads_only_what_varies(challenger: Challenger) -> None:
    assert challenger.card["columns"] == ["contacts_90", "score_last", "seen:late"]
    assert (challenger.n_customers, challenger.card["calibration"]) == (1_500, "sigmoid")


def test_known_signs_hold_everywhere(challenger: Challenger) -> None:
    scores = np.arange(0.0, 11.0)
    for contacts in (0.0, 3.0, 9.0):
        columns = {"score_last": scores, "contacts_90": np.full(11, contacts), "seen:late": np.zeros(11)}
        assert (np.diff(challenger_scores(challenger, columns)) <= 0).all()
        columns["seen:late"] = np.ones(11)
        late = challenger_scores(challenger, columns)
        columns["seen:late"] = np.zeros(11)
        assert (late >= challenger_scores(challenger, columns)).all()


def test_unknown_is_not_zero_and_a_column_nobody_sent_is_unknown(challenger: Challenger) -> None:
    one = {"contacts_90": [2.0], "seen:late": [0.0]}
    unknown = challenger_scores(challenger, {**one, "score_last": [np.nan]})
    assert challenger_scores(challenger, one) == unknown
    assert unknown < challenger_scores(challenger, {**one, "score_last": [0.0]})


def test_nobody_to_score_is_no_score(challenger: Challenger) -> None:
    assert challenger_scores(challenger, {"contacts_90": []}).shape == (0,)


def test_the_same_rows_make_the_same_challenger(challenger: Challenger) -> None:
    again = fit_challenger(scorecard_for(["late"]), *drawn(3_000), horizon_days=90, gap_days=7)
    columns, _, _ = drawn(100, seed=2)
    np.testing.assert_array_equal(challenger_scores(challenger, columns), challenger_scores(again, columns))


def test_many_departures_are_calibrated_by_steps_and_nothing_is_certain() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8_400, 2))
    y = rng.random(8_400) < 1 / (1 + np.exp(-3 * X[:, 0]))
    fitted = fit_boosting(X, y, signs=[1, 0])
    risk = fitted.risk(X)
    assert fitted.calibration.method == "isotonic"
    assert 0 < risk.min() < risk.max() < 1
    assert expected_calibration_error(y, risk) < 0.03
    assert (np.diff(fitted.risk(np.column_stack([np.linspace(-3, 3, 50), np.zeros(50)]))) >= 0).all()


def test_isotonic_steps_end_where_they_end() -> None:
    steps = Calibration("isotonic", (-1.0, 1.0), (0.1, 0.3))
    np.testing.assert_allclose(steps.of(np.array([-9.0, 0.0, 9.0])), [0.1, 0.2, 0.3])


@pytest.mark.parametrize("left", ["nobody", "everybody", "few"])
def test_too_few_on_either_side_make_no_challenger(left: str) -> None:
    columns, _, customers = drawn(400)
    outcome = {"nobody": np.zeros(400), "everybody": np.ones(400), "few": (np.arange(400) < 60) * 1.0}[left]
    with pytest.raises(TooFewDepartures, match="customers left") as refused:
        fit_challenger(scorecard_for(["late"]), columns, outcome, customers, horizon_days=90, gap_days=7)
    assert refused.value.reason == "too_few_departures"


def test_features_that_never_vary_make_no_challenger() -> None:
    with pytest.raises(TooFewDepartures, match="nothing about them varies"):
        fit_boosting(np.ones((400, 2)), np.arange(400) % 2)
    with pytest.raises(TooFewDepartures):
        fit_boosting(np.full((400, 2), np.nan), np.arange(400) % 2)


def test_a_boosting_of_other_columns_is_refused(challenger: Challenger) -> None:
    with pytest.raises(ArtefactRefused, match="another number of columns"):
        Challenger(Scorecard(()), challenger.boosting, challenger.calibration, 90, 7, 2, 1)
