"""A condition's rule and the features that count the same events: what goes when the condition is taken away."""

from typing import Any

import pytest

from ml.same_events import COUNTED_BY, features_of
from ml.scorecard import FIXED_FEATURES
from models.rules.conditions import FIELD_KINDS, parse_rule


def clause(field: str, op: str, value: Any = None, **other: Any) -> dict[str, Any]:
    given = {} if value is None else {"value": value}
    return {"field": field, "op": op, **given, **other}


ASKED = {
    "broken": (clause("promise_broken", "eq", True), "promise_broken"),
    "not unbroken": (clause("promise_broken", "ne", False), "promise_broken"),
    "late": (clause("hours_late", "gt", 4), "hours_late"),
    "long": (clause("hours_open", "ge", 48), "hours_open"),
    "passed on": (clause("handovers", "ge", 3), "handovers"),
    "passed on once": (clause("handovers", "eq", 1), "handovers"),
    "passed on at all": (clause("handovers", "ne", 0), "handovers"),
    "reopened": (clause("reopened", "in", [1, 2]), "reopened"),
    "asked again": (clause("contacts", "gt", 1), "contacts"),
    "more often than passed on": (clause("contacts", "gt", other_field="handovers"), "contacts"),
    "less often than passed on": (clause("contacts", "le", other_field="handovers"), "handovers"),
    "failure demand": (clause("demand", "eq", "failure"), "demand"),
    "failure or unknown": (clause("demand", "in", ["failure", "unknown"]), "demand"),
    "unhappy": (clause("answers.satisfaction", "le", 2), "answers.satisfaction"),
}
NOT_ASKED = {
    "kept": clause("promise_broken", "eq", False),
    "not broken": clause("promise_broken", "ne", True),
    "on time": clause("hours_late", "lt", 1),
    "never passed on": clause("handovers", "eq", 0),
    "seldom passed on": clause("handovers", "in", [0]),
    "asked once": clause("contacts", "eq", 1),
    "something new": clause("demand", "eq", "value"),
    "anything but value": clause("demand", "ne", "value"),
    "not answered": clause("answers.satisfaction", "missing"),
    "a team": clause("team", "eq", "north"),
    "an attribute": clause("attributes.late", "eq", True),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("mode", ["all", "any"])
def test_what_a_clause_asks_for_takes_the_features_that_count_it(name: str, mode: str) -> None:
    asked, field = ASKED[name]
    rule = parse_rule({mode: [NOT_ASKED["a team"], {"all": [asked]}]})
    assert features_of(rule.document) == set(COUNTED_BY[field])


@pytest.mark.parametrize("name", NOT_ASKED)
def test_what_did_not_happen_is_counted_by_no_feature(name: str) -> None:
    assert features_of(parse_rule({"any": [NOT_ASKED[name]]}).document) == frozenset()


def test_a_condition_without_a_rule_is_counted_by_its_sightings_alone() -> None:
    assert features_of(None) == frozenset()


def test_every_feature_and_field_named_is_one_there_is() -> None:
    assert {name for names in COUNTED_BY.values() for name in names} <= FIXED_FEATURES
    assert {field for field in COUNTED_BY if not field.startswith("answers.")} <= FIELD_KINDS.keys()
