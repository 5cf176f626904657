"""A workspace's own beliefs: laid over the published scorecard, and nothing believed of what may not be a feature."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.protected import PROTECTED_ATTRIBUTES
from ml.scorecard import FIXED_TERMS, scorecard_for
from ml.scoring import RiskModel
from ml.tailoring import Belief, beliefs_of, tailored, why_not
from ml.transform import ScorecardRefused

CARD = scorecard_for(["late"], ["a1"])
WEIGHTS = st.floats(-10, 10, allow_nan=False)
SDS = st.floats(1e-6, 10, allow_nan=False)
BELIEFS = st.builds(Belief, st.none() | WEIGHTS, st.none() | SDS)


@given(st.dictionaries(st.sampled_from([*CARD.features, "seen:gone", "set:gone"]), BELIEFS))
def test_only_what_is_named_differs_and_the_columns_stay(beliefs: dict[str, Belief]) -> None:
    card = tailored(CARD, beliefs)
    assert [(term.name, term.feature, term.transform) for term in card.terms] == [
        (term.name, term.feature, term.transform) for term in CARD.terms
    ]
    for own, published in zip(card.terms, CARD.terms, strict=True):
        belief = beliefs.get(own.feature, Belief())
        assert own.weight == (published.weight if belief.weight is None else belief.weight)
        assert own.sd == (published.sd if belief.sd is None else belief.sd)
        assert own.sign in {published.sign, 0}
        assert own.weight * own.sign >= 0
    assert beliefs_of({name: belief.to_dict() for name, belief in beliefs.items()}) == beliefs
    assert RiskModel.from_json(RiskModel.prior(card, 0.2).to_json()).weights == card.weights


def test_nothing_believed_is_the_published_scorecard() -> None:
    assert tailored(CARD, {}) == CARD


@pytest.mark.parametrize(
    ("weight", "sd"),
    [(10.1, None), (-10.1, None), (math.nan, None), (math.inf, None), (None, 0.0), (None, -1.0), (None, 10.1)],
    ids=["heavy", "heavy the other way", "no number", "endless", "certain", "below nothing", "anything goes"],
)
def test_what_no_scorecard_can_hold_is_refused(weight: float | None, sd: float | None) -> None:
    with pytest.raises(ScorecardRefused):
        Belief(weight, sd)


@pytest.mark.parametrize(
    "document",
    [{"score_last": 3}, {"score_last": {"weight": 1.0}}, {"score_last": {"weight": "1", "sd": None}}],
    ids=["a number", "half", "a text"],
)
def test_a_document_that_is_none_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ScorecardRefused):
        beliefs_of(document)


@pytest.mark.parametrize("name", sorted(PROTECTED_ATTRIBUTES))
def test_a_protected_attribute_is_refused_by_name(name: str) -> None:
    for feature in (name, f"attribute:{name}", f"attribute: {name.upper().replace('_', '-')} "):
        refused = why_not(feature, CARD)
        assert refused is not None
        assert refused.code == "protected_feature"
        assert feature in refused.detail


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        ("seen:early", "GET /v1/conditions"),
        ("decayed:early", "GET /v1/conditions"),
        ("verified:early", "GET /v1/conditions"),
        ("set:b2", "GET /v1/condition-sets"),
        ("attribute:", "attribute:plan=gold"),
        ("shoe", "score_last"),
        ("", "score_last"),
        ("other:shoe", "score_last"),
    ],
)
def test_an_unknown_feature_is_refused_and_says_what_to_do(feature: str, said: str) -> None:
    refused = why_not(feature, CARD)
    assert refused is not None
    assert (refused.code, said in refused.detail) == ("unknown_feature", True)


def test_every_feature_of_the_scorecard_may_be_believed_of() -> None:
    assert {why_not(feature, CARD) for feature in CARD.features} == {None}
    assert set(CARD.features) > {term.feature for term in FIXED_TERMS}
