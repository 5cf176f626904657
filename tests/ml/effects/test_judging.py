"""Simulated companies: what is effective is verified, what is not is not, and falls are credited to what fell."""

from dataclasses import replace

import numpy as np
import pytest

from bench.countermeasures import company, is_verified, mined, planned, simulated, truth
from ml.effects.cases import Cases, KnownSet, Question
from ml.effects.credit import failures
from ml.effects.cusum import risk_adjusted
from ml.effects.elsewhere import difference
from ml.effects.judging import judge
from ml.effects.shares import change
from ml.effects.trends import segmented
from ml.effects.weeks import WEEK_US, weeks_of
from models.rules.avoided import what_if

LIVE, NOW = 52, 72
PAIR = KnownSet("s", ("a", "b"), 30 * WEEK_US, LIVE * WEEK_US)


def asked(*sets: KnownSet, now: float = NOW, **changed: object) -> Question:
    """Ask about countermeasures on both conditions of a set."""
    known = Question(("a", "b"), LIVE * WEEK_US, int(now * WEEK_US), None, frozenset(), sets or (PAIR,), (("a", "b"),))
    return replace(known, **changed)  # type: ignore[arg-type] # named as they are


@pytest.mark.parametrize(("effect", "right"), [(0.4, True), (0.0, False)])
def test_what_is_effective_is_verified_and_what_is_not_is_not(effect: float, right: bool) -> None:
    told = [is_verified(company(seed, effect=effect), LIVE, NOW) for seed in range(5)]
    assert told.count(right) >= 4


def test_a_what_if_is_what_the_generator_would_do() -> None:
    world = truth(3, 120_000)
    measures = planned(world, 3)
    told = what_if(mined(world), measures)
    slipping = frozenset(one.reference for one in measures)
    for figure, slipped in ((told.all_hold, frozenset[str]()), (told.all_slip, slipping)):
        assert figure.value == pytest.approx(simulated(world, measures, slipped, 3, rounds=3), rel=0.1)


def test_a_fall_of_failures_without_one_of_prevalence_is_credited_to_something_else() -> None:
    cases = company(2, effect=0.0)
    late = cases.times_us >= LIVE * WEEK_US
    better = replace(cases, failed=cases.failed & ~(late & (np.arange(len(late)) % 4 > 0)))
    told = judge(better, asked()).figures["sets"][0]
    assert told["credited_to"] == "something_else"
    assert "no_fall_in_prevalence" in told["lacking"]
    assert told["completion_after"]["high"] < told["completion_before"]["low"]
    assert judge(better, asked()).figures["cusum"]["signal_week"] is not None


def test_a_set_that_comes_together_as_before_has_returned() -> None:
    cases = company(4, effect=0.9, weeks=80)
    back = company(4, effect=0.0, weeks=80)
    lately = cases.times_us >= 64 * WEEK_US
    mixed = replace(cases, X=np.where(lately[:, None], back.X, cases.X))
    told = judge(mixed, asked())
    assert (told.rising, told.verified_for) == (("s",), ())
    assert told.figures["sets"][0]["lacking"][-1] == "set_returned"
    assert judge(cases, asked()).rising == ()


def test_what_was_found_in_the_baseline_cannot_be_verified_by_it() -> None:
    cases = company(1, effect=0.5)
    told = judge(cases, asked(replace(PAIR, found_until_us=50 * WEEK_US))).figures["sets"][0]
    assert (told["points_before"], told["lacking"]) == (2, ["no_baseline_after_discovery"])
    drawn = judge(cases, asked(replace(PAIR, found_until_us=None, covered_since_us=None))).figures["sets"][0]
    assert (drawn["points_before"], drawn["lacking"]) == (52, ["conditions_uncovered"])
    short = judge(cases, asked(now=LIVE + 4)).figures["sets"][0]
    assert short["lacking"] == ["covered_too_short", "too_few_points"]


def test_before_a_whole_week_has_passed_nothing_is_said() -> None:
    told = judge(company(1, effect=0.5), asked(now=LIVE + 0.5))
    assert (told.figures["cases_after"], told.figures["cusum"], told.verified_for) == (0, None, ())
    assert told.figures["conditions"][0]["p_fall"] is None
    assert told.figures["sets"][0]["credited_to"] == "too_few_to_say"
    assert len(told.figures["conditions"][0]["chart"]) == 1


def test_conditions_nobody_catalogues_any_more_are_named() -> None:
    told = judge(company(1, effect=0.0), asked(replace(PAIR, members=("a", "gone")), conditions=("a", "gone")))
    assert (told.figures["unknown_conditions"], told.figures["sets"]) == (["gone"], [])


def in_teams(cases: Cases) -> Cases:
    """Let every second customer be another team's."""
    return replace(cases, team=np.where(cases.customer % 2 == 0, "north", "south"))


def test_a_team_is_held_against_those_without_a_countermeasure() -> None:
    known = in_teams(company(3, effect=0.5))
    nobody = in_teams(company(3, effect=0.0))
    north = known.team == "north"
    cases = replace(known, X=np.where(north[:, None], known.X, nobody.X))
    told = judge(cases, asked(team="north", elsewhere=frozenset({"south"}))).figures
    assert told["conditions"][0]["elsewhere"]["high"] < 0
    assert told["cases_before"] < len(cases.failed) / 2
    alone = judge(cases, asked(team="north")).figures
    assert alone["conditions"][0]["elsewhere"] is None
    unheard = judge(cases, asked(team="north", elsewhere=frozenset({"west"}))).figures
    assert unheard["conditions"][0]["elsewhere"] is None


def test_what_is_not_observed_is_not_counted() -> None:
    cases = company(5, effect=0.5)
    X = cases.X.copy()
    X[::3, 0] = np.nan
    told = judge(replace(cases, X=X), asked())
    assert told.figures["conditions"][0]["before"]["n"] < told.figures["conditions"][1]["before"]["n"]
    assert told.verified_for == ("s",)


def test_without_a_failure_before_there_is_no_risk_to_adjust_by() -> None:
    cases = company(1, effect=0.0)
    calm = replace(cases, failed=cases.failed & (cases.times_us >= LIVE * WEEK_US))
    told = judge(calm, asked()).figures
    assert told["cusum"] is None
    assert told["sets"][0]["completion_before"]["value"] is None


def test_parts_say_when_they_cannot_say() -> None:
    assert segmented([]) is None
    assert segmented([(week, 1, 2) for week in range(-7, 20)]) is None
    assert risk_adjusted(np.zeros(0, dtype=bool), np.zeros(0)) is None
    some = np.arange(40)
    few = change(some % 2 == 0, some < 4, some >= 4, some)
    assert (few.fall, few.rise) == (None, None)
    nowhere = np.zeros(40, dtype=bool)
    assert difference(some % 2 == 0, nowhere, some > 20, ~nowhere, some) is None


def test_few_rows_with_a_set_have_no_completion() -> None:
    X = np.zeros((60, 1))
    X[:5] = 1
    times = np.arange(60, dtype=np.int64) * WEEK_US
    cases = Cases(["a"], X, X[:, 0] > 0, np.arange(60), times, np.full(60, ""))
    told = failures(X, cases.failed, weeks_of(times, 30 * WEEK_US, 60 * WEEK_US), cases.customer, [cases.items(["a"])])
    assert (told.before["value"], told.before["n"], told.after["n"]) == (None, 5, 0)


def test_a_cusum_without_a_change_seldom_signals() -> None:
    rng = np.random.default_rng(4)
    risk = rng.uniform(0.02, 0.3, 800)
    told = [risk_adjusted(rng.random(800) < risk, risk) for _ in range(60)]
    assert sum(one is not None and one.signal is not None for one in told) <= 3
