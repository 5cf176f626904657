"""Explanation by removal: a condition takes its sets with it, the wording stays an association."""

import dataclasses
import math
import sys
import time

import pytest

from ml.explain import ConfirmedSet, NearSet, explain
from ml.exposures import DAY_US, Sighting, exposure_features, lately_present, nearly_complete
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel, probability

CODES = ["late_engineer", "wrong_part", "no_callback", "rude"]
TRIPLE = ConfirmedSet("t", ("late_engineer", "wrong_part", "no_callback"))
PAIR = ConfirmedSet("p", ("rude", "no_callback"))
MODEL = RiskModel.prior(scorecard_for(CODES, ["t", "p"]), yearly_loss=0.2)
SEEN = {f"seen:{code}": 1.0 for code in CODES[:3]} | {"set:t": 1.0, "set:p": 0.0}


def risk(log_odds: float) -> float:
    return probability(MODEL.intercept + log_odds)


def test_a_condition_taken_away_takes_every_set_it_belongs_to_with_it() -> None:
    answer = explain(MODEL, SEEN, present=CODES[:3], sets=[TRIPLE, PAIR])
    assert answer.risk == pytest.approx(risk(3 * 0.2 + 0.6))
    assert {reason.code for reason in answer.conditions} == set(CODES[:3])
    assert [reason.risk_without for reason in answer.conditions] == pytest.approx([risk(2 * 0.2)] * 3)


def test_a_set_taken_away_takes_all_of_its_members() -> None:
    (reason,) = explain(MODEL, SEEN, present=CODES[:3], sets=[TRIPLE]).condition_sets
    assert reason.risk_without == pytest.approx(risk(0.0))
    assert reason.risk_broken == pytest.approx(risk(3 * 0.2))


def test_the_decayed_count_and_linked_features_go_with_the_condition() -> None:
    features = {"seen:rude": 1.0, "decayed:rude": 2.0, "promises_broken_90": 1.0, "score_last": 0.0}
    answer = explain(MODEL, features, present=["rude"], linked={"rude": ["promises_broken_90"]})
    assert answer.conditions[0].risk_without == pytest.approx(risk(0.9))


def test_a_condition_that_is_a_set_by_itself_does_not_outrank_the_larger_set_it_belongs_to() -> None:
    card = scorecard_for(CODES, ["t", "alone"])
    model = RiskModel.prior(card, yearly_loss=0.2)
    weights = dict(zip(card.features, model.weights, strict=True)) | {"set:t": 1.6}
    model = dataclasses.replace(model, weights=tuple(weights.values()))
    sets = [ConfirmedSet("alone", ("wrong_part",)), TRIPLE]
    answer = explain(model, SEEN | {"set:alone": 1.0}, present=CODES[:3], sets=sets)
    assert [reason.id for reason in answer.condition_sets] == ["t", "alone"]


def test_of_sets_that_add_the_same_the_one_whose_removal_leaves_least_comes_first() -> None:
    seen = {f"seen:{code}": 1.0 for code in CODES} | {"set:t": 1.0, "set:p": 1.0}
    answer = explain(MODEL, seen, present=CODES, sets=[PAIR, TRIPLE])
    assert [reason.id for reason in answer.condition_sets] == ["t", "p"]


def test_the_top_set_is_the_one_whose_breaking_lowers_the_risk_most() -> None:
    seen = {f"seen:{code}": 1.0 for code in CODES} | {"set:t": 1.0, "set:p": 1.0}
    weights = list(MODEL.weights)
    weights[MODEL.scorecard.features.index("set:p")] = 2.0
    model = dataclasses.replace(MODEL, weights=tuple(weights))
    answer = explain(model, seen, present=CODES, sets=[TRIPLE, PAIR])
    assert [reason.id for reason in answer.condition_sets] == ["p", "t"]
    assert answer.top_set == "no_callback + rude"


def near(*seen: tuple[str, str, float]) -> tuple[NearSet, ...]:
    """Give the sets near in cases in which conditions have been present for some days."""
    sets = [TRIPLE, PAIR, ConfirmedSet("one", ("late",))]
    sightings = [Sighting(case, code, -int(days * DAY_US)) for case, code, days in seen]
    members = {known.id: known.conditions for known in sets}
    features = exposure_features(sightings, 0, members)
    short = nearly_complete(sightings, 0, members)
    return explain(MODEL, features, present=lately_present(sightings, 0), sets=sets, near=short).near_sets


def test_a_set_is_near_where_one_case_has_all_but_one_member() -> None:
    assert near(("k", "rude", 1)) == (NearSet("p", "no_callback"),)
    assert near(("k", "late_engineer", 1), ("k", "wrong_part", 2)) == (NearSet("t", "no_callback"),)
    assert near(("k", "late_engineer", 1)) == ()


def test_members_seen_in_different_cases_do_not_make_a_set_near() -> None:
    assert near(("k", "late_engineer", 1), ("m", "wrong_part", 1)) == ()
    parts = [("k", code, 1.0) for code in TRIPLE.conditions]
    assert near(*parts, ("m", "late_engineer", 1), ("m", "wrong_part", 1)) == (NearSet("p", "rude"),)


def test_of_several_near_cases_the_latest_says_what_is_missing_and_old_ones_say_nothing() -> None:
    assert near(("k", "rude", 9), ("m", "no_callback", 1)) == (NearSet("p", "rude"),)
    assert near(("k", "rude", 91)) == ()


def test_the_stored_exposure_decides_whether_a_set_is_complete() -> None:
    apart = explain(MODEL, SEEN | {"set:t": 0.0}, present=CODES[:3], sets=[TRIPLE])
    assert apart.condition_sets == ()
    unknown = explain(MODEL, SEEN | {"set:t": None}, present=CODES[:3], sets=[TRIPLE])
    assert [reason.id for reason in unknown.condition_sets] == ["t"]


def test_contributions_and_the_base_sum_to_the_log_odds_of_the_risk() -> None:
    features = SEEN | {"promises_kept_90": 2.0, "score_last": 9.0, "unknown_feature": 3.0}
    answer = explain(MODEL, features, present=CODES[:3], sets=[TRIPLE, PAIR])
    total = answer.base_log_odds + sum(one.log_odds for one in answer.contributions)
    assert probability(total) == pytest.approx(answer.risk, abs=1e-12)
    assert [one.feature for one in answer.contributions] == [
        "set:t", "seen:late_engineer", "seen:no_callback", "seen:wrong_part", "promises_kept_90"
    ]  # fmt: skip
    assert answer.base_log_odds == MODEL.intercept


def test_what_a_contribution_says_is_what_its_removal_does() -> None:
    answer = explain(MODEL, SEEN, present=CODES[:3], sets=[TRIPLE])
    of = {one.feature: one.log_odds for one in answer.contributions}
    (reason,) = answer.condition_sets
    assert reason.risk_broken == pytest.approx(risk(sum(of.values()) - of["set:t"]))


def test_the_order_in_which_things_are_given_changes_nothing() -> None:
    forward = explain(MODEL, SEEN, present=CODES[:3], sets=[TRIPLE, PAIR])
    backward = explain(MODEL, dict(reversed(SEEN.items())), present=CODES[2::-1], sets=[TRIPLE, PAIR])
    assert forward == backward


@pytest.mark.skipif(sys.gettrace() is not None, reason="a traced program says nothing about speed")
def test_an_explanation_costs_under_a_millisecond() -> None:
    codes = [f"condition_{number}" for number in range(60)]
    sets = [ConfirmedSet(f"s{number}", tuple(codes[number : number + 3])) for number in range(20)]
    model = RiskModel.prior(scorecard_for(codes, [confirmed.id for confirmed in sets]), yearly_loss=0.2)
    features = {f"seen:{code}": 1.0 for code in codes[:8]} | {f"set:s{number}": 1.0 for number in range(6)}
    fastest = math.inf
    for _ in range(20):
        begun = time.process_time()
        explain(model, features, present=codes[:8], sets=sets)
        fastest = min(fastest, time.process_time() - begun)
    assert fastest < 1e-3
