"""What was known of a case at a moment."""

from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from models.rules.facts import AnswerState, CaseHistory, CaseState, facts_at
from models.rules.promises import PromiseState, due_instant
from models.rules.values import DAY_US, HOUR_US, SECOND_US, micros

ZONE = "America/Sao_Paulo"  # UTC-3 in these months
OPENED = micros(datetime(2026, 5, 4, 12, tzinfo=UTC))  # nine o'clock there
EVENING = OPENED + 15 * HOUR_US - 1  # the last microsecond of that day there


def case(recorded_us: int = OPENED, occurred_us: int | None = None, **fields: Any) -> CaseState:
    occurred_us = recorded_us if occurred_us is None else occurred_us
    return CaseState(occurred_us, recorded_us, {"opened_at": OPENED, **fields})


def promise(
    due_us: int | None,
    recorded_us: int = OPENED,
    *,
    name: str = "delivery",
    made_us: int = OPENED,
    due_is_date: bool = False,
    moved_by: Literal["customer", "company"] | None = None,
    kept_us: int | None = None,
    voided: bool = False,
) -> PromiseState:
    return PromiseState(name, recorded_us, recorded_us, made_us, due_us, due_is_date, moved_by, kept_us, voided)


def known(moment_us: int, *states: CaseState | PromiseState | AnswerState, zone: str = ZONE) -> dict[str, Any]:
    cases = [state for state in states if isinstance(state, CaseState)]
    history = CaseHistory(
        cases or [case()],
        [state for state in states if isinstance(state, PromiseState)],
        [state for state in states if isinstance(state, AnswerState)],
        zone,
    )
    facts = facts_at(history, moment_us)
    assert facts is not None
    return facts


def test_before_its_first_record_nothing_is_known_of_a_case() -> None:
    history = CaseHistory([case(OPENED + 5, occurred_us=OPENED)], [], [], ZONE)
    assert facts_at(history, OPENED + 4) is None
    assert facts_at(history, OPENED + 5) is not None


def test_the_latest_state_recorded_by_the_moment_holds() -> None:
    versions = [
        case(OPENED, team="first"),
        case(OPENED + 50, occurred_us=OPENED + 20, team="second, told late"),
        case(OPENED + 30, team="third"),
    ]
    assert known(OPENED + 29, *versions)["team"] == "first"
    assert known(OPENED + 60, *versions)["team"] == "third"


def test_of_two_states_of_one_time_the_later_recorded_and_then_the_last_stored_holds() -> None:
    assert known(OPENED + 9, case(OPENED + 1, OPENED, team="b"), case(OPENED, OPENED, team="a"))["team"] == "b"
    assert known(OPENED, case(team="a"), case(team="b"))["team"] == "b"


def test_attributes_are_flat_whether_given_nested_or_not() -> None:
    facts = known(OPENED, case(attributes={"part": "x"}, **{"attributes.size": 3}))
    assert (facts["attributes.part"], facts["attributes.size"]) == ("x", 3)
    assert "attributes" not in known(OPENED, case(attributes=None))


def test_times_become_microseconds_whatever_they_were() -> None:
    facts = known(OPENED, case(opened_at=datetime(2026, 5, 4, 12, tzinfo=UTC), needed_by="2026-05-04T12:00:00Z"))
    assert facts["opened_at"] == facts["needed_by"] == OPENED


@pytest.mark.parametrize("milestone", ["done_at", "confirmed_at", "restored_at"])
def test_a_backfilled_milestone_is_known_from_its_own_time(milestone: str) -> None:
    backfilled = case(**{milestone: OPENED + HOUR_US})
    assert known(OPENED + HOUR_US - 1, backfilled)[milestone] is None
    assert known(OPENED + HOUR_US, backfilled)[milestone] == OPENED + HOUR_US


def test_answers_count_strictly_after_they_were_given() -> None:
    answer = AnswerState(OPENED + 5, OPENED + 5, OPENED, {"satisfaction": 2})
    assert "answers.satisfaction" not in known(OPENED + 5, case(), answer)
    assert known(OPENED + 6, case(), answer)["answers.satisfaction"] == 2


def test_an_answer_recorded_later_counts_from_its_recording() -> None:
    answer = AnswerState(OPENED + 5, OPENED + 50, None, {"satisfaction": 2})
    assert "answers.satisfaction" not in known(OPENED + 49, case(), answer)
    assert known(OPENED + 50, case(), answer)["answers.satisfaction"] == 2


def test_the_latest_answer_to_each_question_counts() -> None:
    later = AnswerState(OPENED + 9, OPENED + 9, None, {"satisfaction": 4, "comment": None})
    earlier = AnswerState(OPENED + 5, OPENED + 5, None, {"satisfaction": 2, "comment": "oh"})
    facts = known(OPENED + 10, case(), later, earlier)
    assert (facts["answers.satisfaction"], facts["answers.comment"]) == (4, "oh")


def broken(moment_us: int, *promises: PromiseState) -> bool:
    value: bool = known(moment_us, case(), *promises)["promise_broken"]
    return value


DUE = OPENED + HOUR_US


def test_without_a_promise_none_was_broken() -> None:
    assert broken(OPENED) is False
    assert broken(OPENED + DAY_US, promise(None)) is False


@pytest.mark.parametrize("kept_us", [None, DUE - 5, DUE + 5])
def test_a_promises_day_passes_whether_it_was_kept_or_not(kept_us: int | None) -> None:
    assert known(DUE, case(), promise(DUE, kept_us=kept_us))["due_passed"] is False
    assert known(DUE + 1, case(), promise(DUE, kept_us=kept_us))["due_passed"] is True
    assert known(DUE + 1, case())["due_passed"] is False


@pytest.mark.parametrize(
    ("kept_us", "expected"), [(None, True), (DUE, False), (DUE - 5, False), (DUE + 1, True), (DUE + DAY_US, True)]
)
def test_past_its_due_a_promise_is_broken_unless_kept_by_then(kept_us: int | None, expected: bool) -> None:
    assert broken(DUE, promise(DUE, kept_us=kept_us)) is False
    assert broken(DUE + 1, promise(DUE, kept_us=kept_us)) is expected
    assert broken(DUE + 9 * DAY_US, promise(DUE, kept_us=kept_us)) is expected


@pytest.mark.parametrize("due_us", [OPENED - 9 * HOUR_US, OPENED, EVENING])
@pytest.mark.parametrize(("kept_us", "expected"), [(None, True), (EVENING, False), (EVENING + 1, True)])
def test_a_promised_day_ends_with_that_local_day(due_us: int, kept_us: int | None, expected: bool) -> None:
    by_day = promise(due_us, due_is_date=True, kept_us=kept_us)
    assert due_instant(by_day, ZONE) == EVENING
    assert broken(EVENING, by_day) is False
    assert broken(EVENING + 1, by_day) is expected


def test_a_keeping_recorded_late_mends_what_looked_broken() -> None:
    versions = [promise(DUE), promise(DUE, DUE + 50, kept_us=DUE - 1)]
    assert broken(DUE + 49, *versions) is True
    assert broken(DUE + 50, *versions) is False


@pytest.mark.parametrize(("moved_by", "expected"), [("company", True), ("customer", False), (None, False)])
def test_only_the_company_moving_a_date_leaves_the_old_one_in_force(
    moved_by: Literal["customer", "company"] | None, expected: bool
) -> None:
    versions = [promise(DUE), promise(DUE + DAY_US, OPENED + 5, moved_by=moved_by)]
    assert broken(DUE + 1, *versions) is expected
    assert broken(DUE + DAY_US + 1, *versions) is True


def test_a_move_is_not_made_twice_by_a_version_that_keeps_the_date() -> None:
    moved = promise(DUE + DAY_US, OPENED + 5, moved_by="company")
    kept = promise(DUE + DAY_US, OPENED + 6, moved_by="customer", kept_us=DUE + 9)
    assert broken(DUE + DAY_US, promise(DUE), moved, kept) is True


def test_a_customer_may_move_what_the_company_moved() -> None:
    by_company = promise(DUE + DAY_US, OPENED + 5, moved_by="company")
    by_customer = promise(DUE + 2 * DAY_US, OPENED + 6, moved_by="customer")
    assert broken(DUE + DAY_US + 1, promise(DUE), by_company, by_customer) is False


def test_the_first_date_ever_named_is_in_force_whoever_named_it() -> None:
    assert broken(DUE + 1, promise(None), promise(DUE, OPENED + 5, moved_by="company")) is True


def test_a_promise_not_yet_made_not_yet_known_or_withdrawn_is_none() -> None:
    assert broken(DUE + 1, promise(DUE, made_us=DUE + 2)) is False
    assert broken(DUE + 1, promise(DUE, DUE + 2)) is False
    assert broken(DUE + 1, promise(DUE), promise(DUE, OPENED + 5, voided=True)) is False


@pytest.mark.parametrize(
    ("done_us", "expected"),
    [(None, True), (OPENED, False), (OPENED + HOUR_US, False), (EVENING, False), (EVENING + 1, True)],
)
def test_waiting_is_not_being_done_by_the_end_of_the_local_day(done_us: int | None, expected: bool) -> None:
    assert known(OPENED, case(done_at=done_us))["waiting"] is expected


def test_waiting_never_opens_a_later_record() -> None:
    assert known(OPENED, case(), case(OPENED + HOUR_US, done_at=OPENED + HOUR_US))["waiting"] is True


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 3.0),
        ({"done_at": OPENED + HOUR_US}, 1.0),
        ({"done_at": OPENED + 9 * HOUR_US}, 3.0),
        ({"done_at": OPENED - HOUR_US}, 0.0),
        ({"opened_at": None}, None),
        ({"opened_at": OPENED + 4 * HOUR_US}, None),
    ],
)
def test_hours_open_run_from_opening_to_done(fields: dict[str, Any], expected: float | None) -> None:
    assert known(OPENED + 3 * HOUR_US, case(**fields))["hours_open"] == expected


LATE = DUE + 3 * HOUR_US


@pytest.mark.parametrize(
    ("fields", "promises", "expected"),
    [
        ({}, [], None),
        ({}, [promise(None)], None),
        ({"needed_by": DUE}, [], 3.0),
        ({"needed_by": DUE, "done_at": DUE + HOUR_US}, [], 1.0),
        ({"needed_by": DUE, "done_at": DUE - HOUR_US}, [], 0.0),
        ({"needed_by": DUE}, [promise(LATE)], 0.0),
        ({"needed_by": LATE}, [promise(DUE)], 3.0),
        ({"needed_by": DUE}, [promise(DUE, kept_us=DUE)], 0.0),
        ({}, [promise(DUE, kept_us=DUE + HOUR_US)], 1.0),
        ({}, [promise(DUE, kept_us=LATE + HOUR_US)], 3.0),
        ({"done_at": DUE + HOUR_US}, [promise(DUE, kept_us=LATE + HOUR_US)], 1.0),
        ({"done_at": DUE + 2 * HOUR_US}, [promise(DUE)], 2.0),
        ({"done_at": OPENED}, [promise(DUE)], 0.0),
        ({}, [promise(DUE + HOUR_US), promise(DUE, name="call")], 3.0),
        ({}, [promise(DUE, kept_us=DUE + SECOND_US), promise(DUE, name="call")], 3.0),
    ],
)
def test_hours_late_run_from_the_earliest_broken_due(
    fields: dict[str, Any], promises: list[PromiseState], expected: float | None
) -> None:
    assert known(LATE, case(**fields), *promises)["hours_late"] == expected
