"""Attributes of customers as features: by number or level, unknown where nothing fit was said."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.attributes import attribute_features, declared_in, parts_of
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel
from ml.tailoring import Belief, tailored

NUMBERS, LISTS = st.floats() | st.integers(), st.lists(st.integers(), max_size=2)
JSON = st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | LISTS


@pytest.mark.parametrize(
    ("value", "level", "holds"),
    [
        ('"gold"', "gold", 1.0),
        ('"tin"', "gold", 0.0),
        ("true", "true", 1.0),
        ("3", "3", 1.0),
        ('"a=b"', "a=b", 1.0),
        ("null", "gold", None),
        ('["gold"]', "gold", None),
        ('{"gold": 1}', "gold", None),
    ],
)
def test_a_level_holds_or_does_not_or_is_unknown(value: str, level: str, holds: float | None) -> None:
    feature = f"attribute:plan={level}"
    assert attribute_features(f'{{"plan": {value}}}', [feature]) == {feature: holds}


@pytest.mark.parametrize("told", [None, "", "{}", '{"seats": "12"}', '{"seats": true}', '{"seats": 1e999}', "[1]"])
def test_what_is_no_number_is_unknown(told: str | None) -> None:
    assert attribute_features(told, ["attribute:seats"]) == {"attribute:seats": None}
    assert attribute_features(f'{{"seats": {"9" * 400}}}', ["attribute:seats"]) == {"attribute:seats": None}


def test_nothing_is_read_where_nothing_is_declared() -> None:
    assert attribute_features("no JSON at all", ()) == {}


def test_what_groups_are_made_by_is_no_feature() -> None:
    features = ["attribute:plan=gold", "score_last", "attribute:plan=gold", "attribute:seats"]
    assert declared_in(features) == ("attribute:plan=gold", "attribute:seats")
    assert declared_in(features, {"plan"}) == ("attribute:seats",)
    assert parts_of("attribute:a=b=c") == ("a", "b=c")


@given(st.dictionaries(st.sampled_from(["plan", "seats"]), JSON))
def test_whatever_is_said_can_be_scored(said: dict[str, object]) -> None:
    beliefs = {"attribute:plan=gold": Belief(0.5), "attribute:seats": Belief(1.0, scale=100.0)}
    model = RiskModel.prior(tailored(scorecard_for(), beliefs), 0.2)
    found = attribute_features(json.dumps(said), declared_in(model.scorecard.features))
    score = model.score(found)
    assert 0 < score.low <= score.risk <= score.high < 1
    assert score.risk == pytest.approx(model.score({name: value for name, value in found.items() if value}).risk)


def test_a_number_counts_by_its_scale_and_ten_times_it_at_most() -> None:
    [term] = tailored(scorecard_for(), {"attribute:seats": Belief(1.0, scale=100.0)}).terms[-1:]
    assert [term.transform(seats) for seats in (-50.0, 0.0, 250.0, 1e9)] == [-0.5, 0.0, 2.5, 10.0]
    assert (term.weight, term.sd, term.sign) == (1.0, 0.25, 0)
