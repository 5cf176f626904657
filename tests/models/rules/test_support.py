"""Role proposals and the support owed to them."""

from datetime import UTC, date, datetime

import pytest

from models.rules.support import (
    AnswerRefused,
    ProposalStatus,
    Step,
    Verdict,
    answer,
    is_overdue,
    owed_due,
    owed_since,
    take_step,
)
from models.rules.values import HOUR_US, from_micros, micros

BY = date(2026, 6, 1)


@pytest.mark.parametrize("status", ["offered", "asked", "taken_to"])
@pytest.mark.parametrize(
    ("verdict", "after"),
    [
        ("support", "supported"),
        ("support_changed", "support_changed"),
        ("ask", "asked"),
        ("taken_to", "taken_to"),
        ("set_aside", "set_aside"),
    ],
)
def test_a_proposal_that_is_owed_an_answer_takes_any(status: str, verdict: str, after: str) -> None:
    assert answer(status, verdict, "because", BY) == after


@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_setting_aside_needs_a_reason(reason: str | None) -> None:
    with pytest.raises(AnswerRefused) as refused:
        answer("offered", "set_aside", reason, None)
    assert refused.value.code == "reason_missing"
    assert str(refused.value) == refused.value.detail
    assert answer("offered", "set_aside", "the law forbids it", None) is ProposalStatus.SET_ASIDE


def test_a_proposal_is_taken_to_somebody_by_a_date() -> None:
    with pytest.raises(AnswerRefused) as refused:
        answer("offered", "taken_to", "to the region", None)
    assert refused.value.code == "by_when_missing"


def test_a_no_may_become_a_yes_and_nothing_else() -> None:
    assert answer("set_aside", "support", None, None) is ProposalStatus.SUPPORTED
    assert answer("set_aside", "support_changed", "smaller", None) is ProposalStatus.SUPPORT_CHANGED
    for verdict in ("ask", "taken_to", "set_aside"):
        with pytest.raises(AnswerRefused) as refused:
            answer("set_aside", verdict, "again", BY)
        assert refused.value.code == "not_answerable"


@pytest.mark.parametrize("status", ["supported", "support_changed", "trying", "adopted", "withdrawn"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_yes_is_not_taken_back(status: str, verdict: str) -> None:
    with pytest.raises(AnswerRefused) as refused:
        answer(status, verdict, "because", BY)
    assert refused.value.code == "not_answerable"


@pytest.mark.parametrize(
    ("status", "step", "after"),
    [
        ("asked", "reply", "offered"),
        ("supported", "try", "trying"),
        ("support_changed", "try", "trying"),
        ("trying", "adopt", "adopted"),
        ("offered", "withdraw", "withdrawn"),
        ("set_aside", "withdraw", "withdrawn"),
        ("trying", "withdraw", "withdrawn"),
    ],
)
def test_the_author_goes_on_from_an_answer(status: str, step: str, after: str) -> None:
    assert take_step(status, step) == after


@pytest.mark.parametrize(
    ("status", "step"),
    [("offered", "try"), ("set_aside", "try"), ("supported", "adopt"), ("adopted", "withdraw"), ("offered", "reply")],
)
def test_a_step_out_of_turn_is_refused(status: str, step: str) -> None:
    with pytest.raises(AnswerRefused) as refused:
        take_step(status, step)
    assert refused.value.code == "step_not_possible"


def test_unknown_words_are_refused_by_name() -> None:
    with pytest.raises(AnswerRefused, match="A status is one of offered, ") as status:
        answer("new", "support", None, None)
    with pytest.raises(AnswerRefused, match="A verdict is one of support, ") as verdict:
        answer("offered", "maybe", None, None)
    with pytest.raises(AnswerRefused, match="A step is one of reply, ") as step:
        take_step("offered", "jump")
    assert [refused.value.code for refused in (status, verdict, step)] == [
        "unknown_status", "unknown_verdict", "unknown_step"
    ]  # fmt: skip


def test_every_status_but_the_last_two_can_be_left() -> None:
    for status in set(ProposalStatus) - {ProposalStatus.ADOPTED, ProposalStatus.WITHDRAWN}:
        assert take_step(status, Step.WITHDRAW) is ProposalStatus.WITHDRAWN


def test_an_answer_is_owed_from_the_offer_or_the_last_reply() -> None:
    assert owed_since("offered", 5) == 5
    assert owed_since("offered", 5, replied_us=9) == 9
    assert owed_since("taken_to", 5) == 5
    assert {owed_since(status, 5) for status in set(ProposalStatus) - {"offered", "taken_to"}} == {None}


@pytest.mark.parametrize(
    ("offered", "last_day"),
    [
        (date(2026, 5, 4), date(2026, 5, 18)),  # Monday to Monday
        (date(2026, 5, 8), date(2026, 5, 22)),  # Friday to Friday
        (date(2026, 5, 9), date(2026, 5, 22)),  # a Saturday counts from Monday on
        (date(2026, 5, 10), date(2026, 5, 22)),
    ],
)
def test_an_answer_is_due_ten_working_days_on(offered: date, last_day: date) -> None:
    noon = micros(datetime(offered.year, offered.month, offered.day, 12, tzinfo=UTC))
    due_us = owed_due(noon, "UTC")
    assert from_micros(due_us).date() == last_day
    assert from_micros(due_us + 1).date() > last_day


def test_the_day_is_the_workspaces() -> None:
    late_on_sunday = micros(datetime(2026, 5, 11, 1, tzinfo=UTC))  # ten in the evening in São Paulo
    due_us = owed_due(late_on_sunday, "America/Sao_Paulo")
    assert due_us + 1 == micros(datetime(2026, 5, 23, 3, tzinfo=UTC))


def test_a_day_the_manager_gave_is_the_due() -> None:
    assert owed_due(0, "UTC", BY) + 1 == micros(datetime(2026, 6, 2, tzinfo=UTC))


def test_an_answer_overdue_is_a_promise_not_kept() -> None:
    assert is_overdue("offered", 5 * HOUR_US, 5 * HOUR_US) is False
    assert is_overdue("offered", 5 * HOUR_US, 5 * HOUR_US + 1) is True
    assert is_overdue("taken_to", 5 * HOUR_US, 6 * HOUR_US) is True
    assert is_overdue("asked", 5 * HOUR_US, 6 * HOUR_US) is False
    assert is_overdue("set_aside", 5 * HOUR_US, 6 * HOUR_US) is False
