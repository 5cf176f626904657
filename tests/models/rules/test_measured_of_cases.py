"""A measure's value in a case is what was known at a moment, and nothing told later."""

import pytest

from models.rules.measured_of_cases import FIELDS, HOUR_US, CaseStory, Told, is_of_a_case, number_of

STORY = CaseStory(
    [
        Told(
            0, opened_us=0, values={"contacts": 1, "told_first": None, "attributes": {"response": 12, "note": "long"}}
        ),
        Told(10 * HOUR_US, 0, 8 * HOUR_US, {"contacts": 3, "told_first": True, "attributes": None}),
    ],
    handled=[(HOUR_US, 20), (9 * HOUR_US, 15)],
)


@pytest.mark.parametrize(
    ("name", "at_hour", "value"),
    [
        ("contacts", 1, 1.0),
        ("contacts", 10, 3.0),
        ("told_first", 1, None),
        ("told_first", 11, 1.0),
        ("attributes.response", 1, 12.0),
        ("attributes.response", 11, None),
        ("attributes.note", 1, None),
        ("attributes.other", 1, None),
        ("hours_open", 4, 4.0),
        ("hours_open", 12, 8.0),
        ("handling_minutes", 0, None),
        ("handling_minutes", 1, 20.0),
        ("handling_minutes", 9, 35.0),
    ],
)
def test_the_value_is_that_of_the_moment(name: str, at_hour: int, value: float | None) -> None:
    assert STORY.value_at(name, at_hour * HOUR_US) == value


def test_before_it_was_told_and_after_it_was_withdrawn_nothing_is_known() -> None:
    gone = CaseStory([Told(5, opened_us=0), Told(9, voided=True)], [(5, 10)])
    assert [gone.value_at("handling_minutes", moment) for moment in (4, 5, 9)] == [None, 10.0, None]


def test_what_holds_last_counts_and_not_what_was_told_last() -> None:
    late = CaseStory([Told(30, values={"contacts": 1}), Told(10, values={"contacts": 2})])
    assert [late.value_at("contacts", moment) for moment in (10, 40)] == [2.0, 2.0]


def test_an_opening_that_is_not_known_or_to_come_has_no_hours() -> None:
    assert CaseStory([Told(0)]).value_at("hours_open", 5) is None
    assert CaseStory([Told(0, opened_us=10)]).value_at("hours_open", 5) is None
    assert CaseStory([Told(0, opened_us=10, done_us=5)]).value_at("hours_open", 20) == 0.0


def test_a_case_is_done_when_that_was_known() -> None:
    assert STORY.known_done_us() == 10 * HOUR_US
    assert CaseStory([]).known_done_us() is None
    assert CaseStory([Told(0, done_us=5), Told(9)]).known_done_us() is None
    assert CaseStory([Told(0, done_us=50)]).known_done_us() == 50
    assert CaseStory([Told(20, done_us=5), Told(30, done_us=5)]).known_done_us() == 20


def test_what_a_measure_can_be() -> None:
    assert all(is_of_a_case(name) for name in FIELDS)
    assert not any(is_of_a_case(name) for name in ("", "opened_at", "answers.satisfaction", "contacts.x"))


def test_what_is_no_number_is_not_known() -> None:
    values = (2, 2.5, False, "2", [2], float("nan"), float("inf"))
    assert [number_of(value) for value in values] == [2.0, 2.5, 0.0, None, None, None, None]
