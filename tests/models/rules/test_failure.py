"""When a case failed its customer, and what may not explain it."""

from typing import Any

import pytest

from models.rules.conditions import Rule, parse_rule
from models.rules.failure import DEFAULT_FAILURE, defines_outcome, failed

DEFAULT = parse_rule(DEFAULT_FAILURE)
SLA = parse_rule({"any": [{"field": "promise_broken", "op": "eq", "value": True}]})
EITHER = parse_rule({"any": [*DEFAULT_FAILURE["any"], *SLA.document["any"]]})
BOTH = parse_rule({"all": DEFAULT_FAILURE["any"]})


def reading(*fields: str) -> Rule:
    return parse_rule({"any": [{"field": field, "op": "missing"} for field in fields]})


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"satisfaction": 2}, True),
        ({"satisfaction": 3}, False),
        ({"satisfaction": 5, "needs_met": "no"}, True),
        ({"satisfaction": 1, "needs_met": "fully"}, True),
        ({"needs_met": "partly"}, False),
        ({"satisfaction": None, "needs_met": None}, None),
        ({"comment": "still no parcel"}, None),
        ({}, None),
    ],
)
def test_by_default_the_customer_says_whether_the_case_failed(answers: dict[str, Any], expected: bool | None) -> None:
    assert failed(DEFAULT, answers, {}) is expected


def test_an_unanswered_optional_question_leaves_a_failure_known() -> None:
    assert DEFAULT.evaluate({"answers.satisfaction": 5}) is None
    assert failed(DEFAULT, {"satisfaction": 5}, {}) is False


def test_answers_go_before_those_among_the_facts() -> None:
    assert failed(DEFAULT, {"satisfaction": 1}, {"answers.satisfaction": 5}) is True
    assert failed(DEFAULT, {}, {"answers.satisfaction": 5}) is False


def test_a_definition_without_answers_is_as_known_as_the_case() -> None:
    assert failed(SLA, {}, {"promise_broken": True}) is True
    assert failed(SLA, {}, {"promise_broken": False}) is False
    assert failed(SLA, {"satisfaction": 1}, {}) is None


def test_a_definition_of_both_waits_for_an_answer_unless_the_case_decides() -> None:
    assert failed(EITHER, {}, {"promise_broken": False}) is None
    assert failed(EITHER, {}, {"promise_broken": True}) is True
    assert failed(EITHER, {"satisfaction": 4}, {}) is False


def test_a_definition_that_asks_for_all_stays_unknown_until_all_is_known() -> None:
    assert failed(BOTH, {"satisfaction": 1}, {}) is None
    assert failed(BOTH, {"satisfaction": 5}, {}) is False
    assert failed(BOTH, {"satisfaction": 1, "needs_met": "no"}, {}) is True


@pytest.mark.parametrize(
    ("condition", "outcome", "shared"),
    [
        (reading("handovers"), DEFAULT, set()),
        (reading("answers.satisfaction", "team"), DEFAULT, {"answers.satisfaction"}),
        (reading("promise_broken"), SLA, {"promises"}),
        (reading("hours_late"), SLA, {"promises"}),
        (reading("waiting"), reading("hours_open"), {"done_at"}),
        (reading("done_at"), reading("waiting"), {"done_at"}),
        (reading("needed_by"), reading("hours_late"), {"needed_by"}),
        (reading("waiting"), SLA, set()),
        (reading("confirmed_at"), DEFAULT, {"answers.needs_met"}),
        (reading("confirmed_at"), reading("confirmed_at"), {"confirmed_at", "answers.needs_met"}),
    ],
)
def test_a_condition_may_not_read_what_defines_the_outcome(condition: Rule, outcome: Rule, shared: set[str]) -> None:
    assert defines_outcome(condition, outcome) == shared
    assert defines_outcome(outcome, condition) == shared
