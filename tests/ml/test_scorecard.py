"""The scorecard: the published numbers, named transformations as data, what is refused."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ml.scorecard import FIXED_FEATURES, FIXED_TERMS, Scorecard, Term, base_intercept, scorecard_for
from ml.transform import ScorecardRefused, Transform

PUBLISHED = {
    "contacts_90": (0, 0.15),
    "failure_contacts_90": (0.12, 0.12),
    "failure_contacts_30": (0.15, 0.15),
    "failure_share_365": (0.3, 0.3),
    "repeats_90": (0.25, 0.2),
    "not_first_90": (0.10, 0.15),
    "promises_broken_90": (0.40, 0.25),
    "promises_overdue": (0.45, 0.25),
    "promises_open": (0, 0.1),
    "promises_kept_90": (-0.08, 0.1),
    "elapsed_ratio_max_90": (0.20, 0.2),
    "elapsed_ratio_last": (0.15, 0.15),
    "handovers_90": (0.08, 0.1),
    "score_last": (0.9, 0.5),
    "score_min_90": (0.3, 0.3),
    "score_mean_90": (0.3, 0.3),
    "score_fall": (0.3, 0.3),
    "effort_last": (0.35, 0.25),
    "silent_after_invitations": (0.15, 0.25),
    "recency_ratio": (0.35, 0.25),
    "tenure_days": (-0.25, 0.2),
    "value_ratio": (0, 0.2),
}

VALUES = [
    ("contacts_90", 2, math.log(3)),
    ("failure_contacts_90", 9, 6),
    ("failure_contacts_30", 3, 3),
    ("failure_share_365", 0.4, 0.4),
    ("repeats_90", 7, 4),
    ("promises_overdue", 5, 3),
    ("elapsed_ratio_max_90", 0.2, 0),
    ("elapsed_ratio_max_90", 40, math.log(16)),
    ("elapsed_ratio_last", 2, math.log(2)),
    ("handovers_90", 8, 6),
    ("score_last", 0, 1),
    ("score_last", 9, 0),
    ("score_min_90", 3.5, 0.5),
    ("score_fall", 8, 1),
    ("score_fall", -2.5, -0.5),
    ("effort_last", 7, 1),
    ("effort_last", 1, -1),
    ("silent_after_invitations", 1, 1),
    ("recency_ratio", 0.01, math.log(0.25)),
    ("recency_ratio", 100, math.log(8)),
    ("tenure_days", 365, 0),
    ("tenure_days", 0, -2.5),
    ("value_ratio", 0, -3),
    ("value_ratio", 1, 0),
]


def test_the_fixed_terms_are_the_published_ones() -> None:
    assert {term.feature: (term.weight, term.sd) for term in FIXED_TERMS} == PUBLISHED
    assert set(PUBLISHED) <= FIXED_FEATURES


@pytest.mark.parametrize(("feature", "raw", "value"), VALUES)
def test_each_feature_is_transformed_as_published(feature: str, raw: float, value: float) -> None:
    term = next(term for term in FIXED_TERMS if term.feature == feature)
    assert term.transform(raw) == pytest.approx(value)


def test_a_known_direction_is_the_direction_of_the_weight() -> None:
    terms = scorecard_for(["a"], ["s"]).terms
    assert all(term.sign == (term.weight > 0) - (term.weight < 0) for term in terms)


def test_each_condition_and_each_set_adds_its_own_terms() -> None:
    added = scorecard_for(["late", "lost"], ["s"]).terms[len(FIXED_TERMS) :]
    assert {term.feature: (term.weight, term.sd) for term in added} == {
        "seen:late": (0.2, 0.25),
        "decayed:late": (0.1, 0.15),
        "verified:late": (-0.15, 0.2),
        "seen:lost": (0.2, 0.25),
        "decayed:lost": (0.1, 0.15),
        "verified:lost": (-0.15, 0.2),
        "set:s": (0.6, 0.5),
    }


def test_the_columns_do_not_depend_on_the_order_in_which_conditions_are_named() -> None:
    assert scorecard_for(["b", "a", "a"], ["2", "1"]) == scorecard_for(["a", "b"], ["1", "2"])


@pytest.mark.parametrize("loss", [0.01, 0.2, 0.9])
@pytest.mark.parametrize("horizon", [30, 90, 365])
def test_a_customer_with_all_terms_zero_has_exactly_the_base_rate(loss: float, horizon: int) -> None:
    rate = 1 / (1 + math.exp(-base_intercept(loss, horizon)))
    assert rate == pytest.approx(1 - (1 - loss) ** (horizon / 365), rel=1e-12)


@pytest.mark.parametrize(("loss", "horizon"), [(0, 90), (1, 90), (math.nan, 90), (0.2, 0), (0.2, math.inf)])
def test_a_loss_or_horizon_that_is_none_is_refused(loss: float, horizon: float) -> None:
    with pytest.raises(ValueError, match=r"yearly loss|horizon"):
        base_intercept(loss, horizon)


def test_a_scorecard_survives_the_round_trip_through_json() -> None:
    card = scorecard_for(["late"], ["s"])
    assert Scorecard.from_json(card.to_json()) == card


def flag_term(feature: str, *, weight: float = 0.1, sd: float = 0.1, sign: int = 0) -> Term:
    return Term(feature, feature, Transform.of("flag"), weight, sd, sign)


@pytest.mark.parametrize("feature", ["shoe_size", "seen:", "condition:late", "set", ""])
def test_a_feature_no_sql_produces_is_refused(feature: str) -> None:
    with pytest.raises(ScorecardRefused, match="unknown feature"):
        Scorecard((flag_term(feature),))


@pytest.mark.parametrize("name", ["gender", "Gender", " date-of-birth ", "Marital Status"])
def test_a_protected_attribute_is_refused_however_it_is_written(name: str) -> None:
    with pytest.raises(ScorecardRefused, match="protected"):
        Scorecard((flag_term(f"attribute:{name}"),))


def test_a_workspace_may_protect_more_attributes() -> None:
    assert Scorecard((flag_term("attribute:postcode"),))
    with pytest.raises(ScorecardRefused, match="protected"):
        Scorecard((flag_term("attribute:postcode"),), protected=frozenset({"postcode"}))


def test_two_terms_of_one_name_are_refused() -> None:
    with pytest.raises(ScorecardRefused, match="same name"):
        Scorecard((flag_term("contacts_90"), flag_term("contacts_90")))


@pytest.mark.parametrize("changes", [{"weight": math.nan}, {"sd": 0.0}, {"sd": -1.0}, {"sd": math.inf}, {"sign": 2}])
def test_a_term_without_proper_numbers_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ScorecardRefused):
        flag_term("contacts_90", **changes)


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "pickle"},
        {"kind": "cap"},
        {"kind": "cap", "at": 3, "more": 1},
        {"kind": "cap", "at": True},
        {"kind": "cap", "at": "3"},
        {"kind": "cap", "at": 10**400},
        {"kind": "cap", "at": 0},
        {"kind": "log_clip", "offset": 0, "scale": 1, "low": 0, "high": 2},
        {"kind": "log_clip", "offset": 0, "scale": 0, "low": 1, "high": 2},
        {},
    ],
)
def test_a_malformed_transformation_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ScorecardRefused):
        Transform.from_dict(document)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"name": "a"}]', "[" * 100_000])
def test_a_document_that_is_no_scorecard_is_refused(text: str) -> None:
    with pytest.raises(ScorecardRefused):
        Scorecard.from_json(text)


def test_a_fractional_sign_is_refused() -> None:
    document = [flag_term("contacts_90").to_dict() | {"sign": 0.5}]
    with pytest.raises(ScorecardRefused, match="sign"):
        Scorecard.from_json(json.dumps(document))


@given(st.sampled_from(FIXED_TERMS), st.floats(allow_nan=False))
@example(FIXED_TERMS[0], math.inf)
def test_no_finite_or_infinite_value_breaks_a_transformation(term: Term, x: float) -> None:
    assert math.isfinite(term.transform(x))


@given(st.sampled_from(FIXED_TERMS))
def test_not_a_number_is_never_turned_into_a_value(term: Term) -> None:
    assert math.isnan(term.transform(math.nan))


def test_a_refusal_has_a_code_and_says_what_to_do() -> None:
    for feature, code, said in (
        ("shoe_size", "unknown_feature", "use contacts_30"),
        ("attribute:Gender", "protected_feature", "leave the term out"),
    ):
        with pytest.raises(ScorecardRefused, match=said) as refused:
            Scorecard((Term("t", feature, Transform.of("cap", at=1), 0.1, 0.1, 0),))
        assert refused.value.code == code
    with pytest.raises(ScorecardRefused) as malformed:
        Scorecard.from_json("{}")
    assert malformed.value.code == "malformed_scorecard"
