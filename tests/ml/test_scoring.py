"""Scoring one customer: day 0, unknown is not false, speed, stored models and what is refused of them."""

import json
import math
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.flagging import flag, outreach_threshold
from ml.scorecard import Scorecard, scorecard_for
from ml.scoring import ArtefactRefused, RiskModel, Score, basis_for, probability

CARD = scorecard_for(["late", "lost"], ["s"])
MODEL = RiskModel.prior(CARD, yearly_loss=0.2, horizon_days=90)
CUSTOMER = {
    "contacts_90": 3.0,
    "failure_contacts_90": 1.0,
    "failure_share_365": 0.33,
    "promises_broken_90": 1.0,
    "promises_kept_90": 2.0,
    "elapsed_ratio_last": 1.7,
    "score_last": 5.0,
    "effort_last": None,
    "repeats_90": 0.0,
    "tenure_days": 700.0,
    "seen:late": 1.0,
    "decayed:late": 0.8,
}


def test_a_customer_of_whom_nothing_is_known_has_the_base_rate() -> None:
    assert MODEL.score({}).risk == pytest.approx(1 - 0.8 ** (90 / 365), rel=1e-12)


def test_day_zero_says_that_nothing_was_learnt() -> None:
    assert (MODEL.basis, MODEL.n_customers, MODEL.n_departures, MODEL.threshold) == ("prior", 0, 0, None)


def test_the_interval_of_day_zero_is_the_declared_uncertainty() -> None:
    score = MODEL.score({"seen:late": 1.0, "promises_overdue": 2.0})
    eta = MODEL.intercept + 0.2 + 2 * 0.45
    reach = 1.6448536269514722 * math.sqrt(1 + 0.25**2 + (2 * 0.25) ** 2)
    assert score == pytest.approx(tuple(probability(eta + step) for step in (0, -reach, reach)), rel=1e-12)


def test_unknown_and_absent_are_the_same_and_are_not_zero() -> None:
    assert MODEL.score({"score_last": None}) == MODEL.score({})
    assert MODEL.score({"score_last": 0.0}).risk > MODEL.score({}).risk


def test_a_feature_the_model_has_no_term_for_is_passed_over() -> None:
    assert MODEL.score(CUSTOMER | {"seen:catalogued_later": 1.0}) == MODEL.score(CUSTOMER)


def test_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="None"):
        MODEL.score({"score_last": math.nan})


def test_the_order_of_the_features_does_not_change_a_bit_of_the_score() -> None:
    assert MODEL.score(dict(reversed(CUSTOMER.items()))) == MODEL.score(CUSTOMER)


def test_contributions_and_the_intercept_are_the_score() -> None:
    total = MODEL.intercept + sum(MODEL.contributions(CUSTOMER).values())
    assert probability(total) == pytest.approx(MODEL.score(CUSTOMER).risk, rel=1e-12)


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, math.nan])
def test_a_level_outside_its_range_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        MODEL.score({}, level=level)


@given(st.dictionaries(st.sampled_from(CARD.features), st.none() | st.floats(allow_nan=False), max_size=30))
def test_every_score_is_a_probability_within_its_interval(features: dict[str, float | None]) -> None:
    score = MODEL.score(features)
    assert 0 <= score.low <= score.risk <= score.high <= 1


@pytest.mark.skipif(sys.gettrace() is not None, reason="a traced program says nothing about speed")
def test_a_typical_customer_costs_microseconds_beside_a_large_scorecard() -> None:
    codes = [f"condition_{number}" for number in range(60)]
    model = RiskModel.prior(scorecard_for([*codes, "late"], codes[:20]), yearly_loss=0.2)
    fastest = math.inf
    for _ in range(20):
        begun = time.process_time()
        for _ in range(50):
            model.score(CUSTOMER)
        fastest = min(fastest, (time.process_time() - begun) / 50)
    assert fastest < 100e-6


def test_the_api_process_scores_and_explains_without_any_numeric_library() -> None:
    program = (
        "import sys, ml.explain, ml.flagging, ml.scorecard, ml.scoring; "
        "print([name for name in ('numpy', 'scipy', 'sklearn') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - own interpreter
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(("departures", "basis"), [(0, "prior"), (1, "blended"), (299, "blended"), (300, "learned")])
def test_the_basis_follows_from_the_departures(departures: int, basis: str) -> None:
    assert basis_for(departures) == basis


def test_a_model_survives_the_round_trip_through_json() -> None:
    model = RiskModel.prior(CARD, 0.1, 180, gap_days=14, threshold=0.25)
    assert RiskModel.from_json(model.to_json()) == model
    assert RiskModel.from_json(model.to_json().encode()) == model


def document(**changes: Any) -> str:
    return json.dumps(json.loads(MODEL.to_json()) | changes)


def triangle(**cells: float) -> list[list[float]]:
    rows: list[list[float]] = json.loads(MODEL.to_json())["covariance"]
    for cell, value in cells.items():
        i, j = map(int, cell.removeprefix("at_").split("_"))
        rows[i][j] = value
    return rows


REFUSED = {
    "newer": document(format=2),
    "older": document(format=0),
    "format_text": document(format="1"),
    "format_true": document(format=True),
    "foreign": document(kind="other"),
    "not_json": "{",
    "nested": "[" * 100_000,
    "list": "[]",
    "nothing": "",
    "nan": MODEL.to_json().replace('"intercept": ', '"intercept": NaN, "was": '),
    "infinite": document(intercept=1).replace('"intercept": 1', '"intercept": 1e999'),
    "huge": document(intercept=10**400),
    "text_weight": document(weights=["0"] * len(CARD.terms)),
    "weight_missing": document(weights=[0.0]),
    "term_missing": document(terms=[]),
    "terms_null": document(terms=None),
    "unknown_field": document(more=1),
    "unknown_feature": document().replace('"seen:late"', '"shoe_size"'),
    "protected": document().replace('"seen:late"', '"attribute:gender"'),
    "short_row": document(covariance=[[1.0]] * (len(CARD.terms) + 1)),
    "negative_variance": document(covariance=triangle(at_3_3=-0.1)),
    "correlation": document(covariance=triangle(at_3_1=5.0)),
    "basis": document(basis="learned"),
    "departures": document(n_departures=3, basis="blended"),
    "threshold": document(threshold=1.5),
    "horizon": document(horizon_days=0),
    "half_day": document(horizon_days=90.5),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_corrupt_foreign_or_newer_document_is_refused(text: str) -> None:
    with pytest.raises(ArtefactRefused):
        RiskModel.from_json(text)


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail_otherwise(text: bytes) -> None:
    with pytest.raises(ArtefactRefused):
        RiskModel.from_json(text)


def test_an_empty_scorecard_scores_the_base_rate() -> None:
    assert RiskModel.prior(Scorecard(()), 0.2).score(CUSTOMER).risk == MODEL.score({}).risk


SCORE = Score(0.2, 0.15, 0.26)


@pytest.mark.parametrize(
    ("threshold", "was_flagged", "verified", "flagged", "uncertain"),
    [
        (None, True, False, False, False),
        (0.2, False, False, True, True),
        (0.21, False, False, False, True),
        (0.21, True, False, True, True),
        (0.21, True, True, False, True),
        (0.25, True, False, True, True),
        (0.2501, True, False, False, True),
        (0.1, False, True, True, False),
        (0.3, False, False, False, False),
    ],
)
def test_a_flag_is_raised_at_the_threshold_and_cleared_at_four_fifths_of_it_or_by_a_verified_countermeasure(
    threshold: float | None, was_flagged: bool, verified: bool, flagged: bool, uncertain: bool
) -> None:
    assert flag(SCORE, threshold, was_flagged=was_flagged, verified=verified) == (flagged, uncertain)


def test_outreach_pays_from_the_risk_at_which_what_it_saves_is_what_it_costs() -> None:
    assert outreach_threshold(1000, 20, helps=0.2) == pytest.approx(0.1)


def test_outreach_that_never_pays_has_no_threshold() -> None:
    assert outreach_threshold(100, 20) is None
    assert outreach_threshold(0, 20) is None


@pytest.mark.parametrize(("value", "cost", "helps"), [(-1, 1, 0.2), (1, 0, 0.2), (1, 1, 1.2), (1, -1, 0.2)])
def test_a_value_cost_or_chance_that_is_none_is_refused(value: float, cost: float, helps: float) -> None:
    with pytest.raises(ValueError, match="value"):
        outreach_threshold(value, cost, helps=helps)
