"""The rule language: what it says, and what it refuses."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.conditions import FIELD_KINDS, MAX_CLAUSES, MAX_DEPTH, RuleRefused, parse_rule
from models.rules.values import HOUR_US, Kind, micros

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NOON_US = micros(NOON)
NUMBERS = ("eq", "ne", "lt", "le", "gt", "ge")


def clause(field: str, op: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"field": field, "op": op, **({} if value is None else {"value": value}), **more}


def says(document: dict[str, Any], facts: dict[str, Any]) -> bool | None:
    return parse_rule(document if {"all", "any"} & set(document) else {"all": [document]}).evaluate(facts)


def outcomes(field: str, bound: Any, value: Any) -> list[bool | None]:
    return [says(clause(field, op, bound), {field: value}) for op in NUMBERS]


@pytest.mark.parametrize(
    ("bound", "value", "expected"),
    [
        (3, 2, [False, True, True, True, False, False]),
        (3, 3.0, [True, False, False, True, False, True]),
        (3, 4, [False, True, False, False, True, True]),
        ("b", "a", [False, True, True, True, False, False]),
        ("b", "b", [True, False, False, True, False, True]),
    ],
)
def test_like_compares_with_like(bound: Any, value: Any, expected: list[bool]) -> None:
    assert outcomes("attributes.x", bound, value) == expected


@pytest.mark.parametrize("bound", [3, "3"])
@pytest.mark.parametrize("value", [None, True, [3], {}, float("nan"), NOON])
def test_unlike_kinds_are_unknown_and_never_an_error(bound: Any, value: Any) -> None:
    assert outcomes("attributes.x", bound, value) == [None] * 6


def test_a_number_and_its_text_are_unlike() -> None:
    assert says(clause("attributes.x", "eq", 3), {"attributes.x": "3"}) is None
    assert says(clause("attributes.x", "ne", "3"), {"attributes.x": 3}) is None


def test_a_flag_is_not_a_number() -> None:
    assert says(clause("attributes.x", "eq", 1), {"attributes.x": True}) is None
    assert says(clause("attributes.x", "in", [1, "a"]), {"attributes.x": True}) is None
    assert says(clause("put_back", "ne", True), {"put_back": False}) is True


def test_a_time_compares_with_an_rfc_3339_time() -> None:
    expected = [True, False, False, True, False, True]
    assert outcomes("done_at", "2026-05-04T14:00:00+02:00", NOON_US) == expected
    assert outcomes("done_at", "2026-05-04T12:00:00Z", NOON) == expected
    assert outcomes("done_at", "2026-05-04T12:00:00Z", "2026-05-04T12:00:00Z") == expected
    assert outcomes("done_at", "2026-05-04T12:00:00Z", "noon") == [None] * 6


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-05-03", [False, True, False, False, True, True]),
        ("2026-05-04", [True, False, False, True, False, True]),
        ("2026-05-05", [False, True, True, True, False, False]),
    ],
)
def test_a_date_means_the_whole_day(day: str, expected: list[bool]) -> None:
    assert outcomes("done_at", day, NOON_US) == expected


def test_a_date_is_a_day_of_the_workspace() -> None:
    late = micros(datetime(2026, 5, 5, 1, tzinfo=UTC))
    document = {"all": [clause("done_at", "eq", "2026-05-04")]}
    assert parse_rule(document).evaluate({"done_at": late}) is False
    assert parse_rule(document, zone="America/Sao_Paulo").evaluate({"done_at": late}) is True


@pytest.mark.parametrize(
    ("done", "needed", "expected"),
    [(NOON_US + 1, NOON_US, True), (NOON, NOON_US, False), (None, NOON_US, None), (NOON_US, None, None)],
)
def test_a_time_compares_with_another_field(done: Any, needed: Any, expected: bool | None) -> None:
    late = clause("done_at", "gt", other_field="needed_by")
    assert says(late, {"done_at": done, "needed_by": needed}) is expected


def test_a_time_compares_with_the_text_of_a_time() -> None:
    late = clause("done_at", "gt", other_field="attributes.wanted")
    early = clause("answers.wanted", "le", other_field="done_at")
    assert says(late, {"done_at": NOON_US, "attributes.wanted": "2026-05-03"}) is True
    assert says(late, {"done_at": NOON_US, "attributes.wanted": "2026-05-04"}) is False
    assert says(early, {"done_at": NOON_US, "answers.wanted": "2026-05-04"}) is True
    assert says(late, {"done_at": NOON_US, "attributes.wanted": 3}) is None
    assert says(late, {"done_at": NOON_US, "attributes.wanted": "soon"}) is None


@pytest.mark.parametrize("op", NUMBERS)
@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_two_fields_compare_as_a_field_and_a_value_do(op: str, shift: int) -> None:
    facts = {"contacts": 3 + shift, "attributes.usual": 3, "done_at": NOON_US + shift, "needed_by": NOON_US}
    against_value = says(clause("contacts", op, 3), facts)
    assert says(clause("contacts", op, other_field="attributes.usual"), facts) is against_value
    assert says(clause("done_at", op, other_field="needed_by"), facts) is against_value


def test_two_fields_of_unlike_kinds_are_unknown() -> None:
    same = clause("attributes.a", "eq", other_field="attributes.b")
    less = clause("attributes.a", "lt", other_field="attributes.b")
    assert says(same, {"attributes.a": 1, "attributes.b": True}) is None
    assert says(same, {"attributes.a": [1], "attributes.b": [1]}) is None
    assert says(same, {"attributes.a": True, "attributes.b": True}) is True
    assert says(less, {"attributes.a": False, "attributes.b": True}) is None


def test_in_asks_for_one_of_several_values() -> None:
    north = clause("team", "in", ["north", "south"])
    assert says(north, {"team": "south"}) is True
    assert says(north, {"team": "east"}) is False
    assert says(north, {}) is None
    assert says(clause("attributes.x", "in", ["a", 1]), {"attributes.x": 1.0}) is True
    assert says(clause("attributes.x", "in", ["a", True]), {"attributes.x": 1}) is None


def test_in_asks_of_several_choices_whether_any_is_meant() -> None:
    reasons = clause("answers.reasons", "in", ["late", "wrong"])
    assert says(reasons, {"answers.reasons": ["rude", "late"]}) is True
    assert says(reasons, {"answers.reasons": ["rude"]}) is False
    assert says(reasons, {"answers.reasons": []}) is False
    assert says(reasons, {"answers.reasons": ["rude", 4]}) is None


def test_in_takes_times_and_days() -> None:
    days = clause("opened_at", "in", ["2026-05-01", "2026-05-04", "2026-12-31T23:00:00Z"])
    assert says(days, {"opened_at": NOON_US}) is True
    assert says(days, {"opened_at": NOON_US + 24 * HOUR_US}) is False
    assert says(days, {}) is None


def test_missing_is_always_known() -> None:
    assert says(clause("needed_by", "missing"), {}) is True
    assert says(clause("needed_by", "missing"), {"needed_by": None}) is True
    assert says(clause("needed_by", "missing", True), {"needed_by": 5}) is False
    assert says(clause("answers.comment", "missing", value=False), {"answers.comment": ""}) is True


KLEENE = (True, False, None)


@given(st.lists(st.sampled_from(KLEENE), min_size=1, max_size=6))
def test_groups_join_by_kleene_logic(values: list[bool | None]) -> None:
    facts = {f"attributes.f{index}": value for index, value in enumerate(values)}
    clauses = [clause(name, "eq", value=True) for name in facts]
    every = False if False in values else (None if None in values else True)
    some = True if True in values else (None if None in values else False)
    assert says({"all": clauses}, facts) is every
    assert says({"any": clauses}, facts) is some
    assert says({"any": [{"all": clauses}, {"any": clauses}]}, facts) is some


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
READABLE = {Kind.TEXT: "north", Kind.NUMBER: 3, Kind.FLAG: True, Kind.TIME: "2026-05-04"}


@given(st.sampled_from(sorted(FIELD_KINDS)), st.sampled_from((*NUMBERS, "in", "missing")), JSON)
def test_no_value_of_a_fact_raises(field: str, op: str, fact: Any) -> None:
    value: Any = READABLE[FIELD_KINDS[field]]
    if op == "missing" or (value is True and op != "in"):
        value = None if op == "missing" else True
        op = op if op in {"missing", "ne"} else "eq"
    document = clause(field, op, [value] if op == "in" else value)
    assert says(document, {field: fact}) in KLEENE
    other = clause(field, "eq", other_field="attributes.x")
    assert says(other, {field: fact, "attributes.x": fact}) in KLEENE


@given(JSON | st.fixed_dictionaries({"all": st.lists(JSON, max_size=3)}))
def test_nonsense_is_refused_and_never_crashes(document: Any) -> None:
    with pytest.raises(RuleRefused) as refused:
        parse_rule(document)
    assert refused.value.pointer == "" or refused.value.pointer.startswith("/")
    assert refused.value.detail in str(refused.value)


def test_a_rule_names_what_it_reads() -> None:
    document = {
        "any": [
            clause("done_at", "gt", other_field="needed_by"),
            {"all": [clause("attributes.part", "eq", "x"), clause("hours_open", "gt", 48)]},
            clause("hours_late", "gt", other_field="hours_open"),
            clause("answers.limit", "lt", other_field="hours_late"),
        ]
    }
    rule = parse_rule(document)
    assert rule.document is document
    assert rule.reads == {
        "done_at", "needed_by", "attributes.part", "hours_open", "hours_late", "answers.limit"
    }  # fmt: skip
    assert rule.clocks == (
        ("hours_open", 48),
        ("hours_late", "hours_open"),
        ("hours_open", "hours_late"),
        ("hours_late", "answers.limit"),
    )


def nested(depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {"all": [clause("contacts", "gt", 1)]}
    for _ in range(depth - 1):
        document = {"any": [document]}
    return document


def test_groups_nest_to_their_depth_and_clauses_come_to_their_number() -> None:
    assert says(nested(MAX_DEPTH), {"contacts": 2}) is True
    assert says({"any": [clause("contacts", "gt", 1)] * MAX_CLAUSES}, {"contacts": 2}) is True


def one(**members: Any) -> dict[str, Any]:
    return {"all": [members]}


@pytest.mark.parametrize(
    ("document", "pointer", "code"),
    [
        (None, "", "wrong_type"),
        ([], "", "wrong_type"),
        ({}, "/any", "wrong_type"),
        ({"all": []}, "/all", "empty"),
        ({"all": {}}, "/all", "wrong_type"),
        ({"all": [clause("contacts", "gt", 1)], "any": []}, "/any", "unknown_member"),
        ({"none/of~them": []}, "/none~1of~0them", "unknown_member"),
        (nested(MAX_DEPTH + 1), "/any/0" * MAX_DEPTH, "too_deep"),
        ({"any": [clause("contacts", "gt", 1)] * (MAX_CLAUSES + 1)}, f"/any/{MAX_CLAUSES}", "too_many"),
        ({"all": ["contacts"]}, "/all/0", "wrong_type"),
        ({"all": [{"all": [3]}]}, "/all/0/all/0", "wrong_type"),
        (one(op="eq", value=1), "/all/0/field", "field_missing"),
        (one(field=3, op="eq", value=1), "/all/0/field", "wrong_type"),
        (one(field="colour", op="eq", value=1), "/all/0/field", "unknown_field"),
        (one(field="attributes.", op="eq", value=1), "/all/0/field", "unknown_field"),
        (one(field="contacts", op="equals", value=1), "/all/0/op", "unknown_op"),
        (one(field="contacts", op=["eq"], value=1), "/all/0/op", "unknown_op"),
        (one(field="contacts", value=1), "/all/0/op", "unknown_op"),
        (one(field="contacts", op="gt"), "/all/0/value", "value_missing"),
        (one(field="contacts", op="gt", value=None), "/all/0/value", "value_missing"),
        (one(field="contacts", op="in"), "/all/0/value", "value_missing"),
        (one(field="contacts", op="gt", value=1, then=2), "/all/0/then", "unknown_member"),
        (one(field="contacts", op="gt", value="1"), "/all/0/value", "wrong_type"),
        (one(field="contacts", op="gt", value=True), "/all/0/value", "wrong_type"),
        (one(field="contacts", op="gt", value=float("nan")), "/all/0/value", "wrong_type"),
        (one(field="contacts", op="gt", value=float("inf")), "/all/0/value", "wrong_type"),
        (one(field="contacts", op="in", value=1), "/all/0/value", "wrong_type"),
        (one(field="contacts", op="in", value=[]), "/all/0/value", "empty"),
        (one(field="contacts", op="in", value=[1, "2"]), "/all/0/value/1", "wrong_type"),
        (one(field="attributes.x", op="eq", value={}), "/all/0/value", "wrong_type"),
        (one(field="attributes.x", op="gt", value=True), "/all/0/value", "wrong_type"),
        (one(field="done_at", op="gt", value="May"), "/all/0/value", "wrong_type"),
        (one(field="done_at", op="gt", value=5), "/all/0/value", "wrong_type"),
        (one(field="contacts", op="missing", value=1), "/all/0/value", "wrong_type"),
        (one(field="contacts", op="gt", value=1, other_field="reopened"), "/all/0/value", "value_unwanted"),
        (one(field="contacts", op="in", other_field="reopened"), "/all/0/other_field", "value_unwanted"),
        (one(field="contacts", op="missing", other_field="reopened"), "/all/0/other_field", "value_unwanted"),
        (one(field="contacts", op="gt", other_field="colour"), "/all/0/other_field", "unknown_field"),
        (one(field="contacts", op="gt", other_field="done_at"), "/all/0/other_field", "wrong_type"),
        (one(field="put_back", op="gt", other_field="waiting"), "/all/0/op", "wrong_type"),
        (one(field="put_back", op="lt", other_field="attributes.x"), "/all/0/op", "wrong_type"),
    ],
)
def test_what_cannot_be_read_is_refused_where_it_stands(document: Any, pointer: str, code: str) -> None:
    with pytest.raises(RuleRefused) as refused:
        parse_rule(document)
    assert (refused.value.pointer, refused.value.code) == (pointer, code)


def test_a_null_member_counts_as_not_given() -> None:
    assert says(one(field="contacts", op="gt", value=None, other_field="reopened"), {"contacts": 2, "reopened": 1})
    assert says(one(field="contacts", op="gt", value=1, other_field=None), {"contacts": 2}) is True
