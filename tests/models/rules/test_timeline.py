"""When conditions were present: changes only, complete, and never rewritten by what came later."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st

from models.rules.conditions import Rule, parse_rule
from models.rules.facts import AnswerState, CaseHistory, CaseState, facts_at
from models.rules.promises import PromiseState
from models.rules.sources import Source
from models.rules.timeline import RuleBook, derive, moments
from models.rules.values import DAY_US, HOUR_US, end_of_local_day, micros

ZONE = "America/Sao_Paulo"
START = micros(datetime(2026, 5, 4, 12, tzinfo=UTC))  # nine o'clock there
MIDNIGHT = START + 15 * HOUR_US
NOW = START + 30 * DAY_US


def rule(field: str, op: str, value: Any = None, other: str | None = None) -> Rule:
    return parse_rule({"all": [{"field": field, "op": op, "value": value, "other_field": other}]})


RULES = {
    "promise_broken": rule("promise_broken", "eq", True),
    "due_passed": rule("due_passed", "eq", True),
    "still_waiting": rule("waiting", "eq", True),
    "no_promised_day": rule("needed_by", "missing"),
    "handed_over": rule("handovers", "ge", 2),
    "done_late": rule("done_at", "gt", other="needed_by"),
    "not_confirmed": rule("confirmed_at", "missing"),
    "unhappy": rule("answers.satisfaction", "le", 2),
    "open_two_days": rule("hours_open", "gt", 48),
    "open_long": rule("hours_open", "ge", other="attributes.limit"),
    "open_short": rule("hours_open", "in", [0, 5.1]),
    "very_late": rule("hours_late", "ge", 24.3),
    "later_than_open": rule("hours_late", "lt", other="hours_open"),
    "waiting_and_late": parse_rule(
        {
            "all": [
                {"field": "waiting", "op": "eq", "value": True},
                {"any": [{"field": "hours_late", "op": "gt", "value": 0}]},
            ]
        }
    ),
}


def case(recorded_us: int = START, **fields: Any) -> CaseState:
    return CaseState(recorded_us, recorded_us, {"opened_at": START, **fields})


def promise(due_us: int, recorded_us: int = START, **fields: Any) -> PromiseState:
    plain = PromiseState("p", recorded_us, recorded_us, recorded_us, due_us, False, None, None, False)
    return replace(plain, **fields)


def history(*states: CaseState | PromiseState | AnswerState) -> CaseHistory:
    return CaseHistory(
        [state for state in states if isinstance(state, CaseState)],
        [state for state in states if isinstance(state, PromiseState)],
        [state for state in states if isinstance(state, AnswerState)],
        ZONE,
    )


def seen(name: str, *states: CaseState | PromiseState | AnswerState, now_us: int = NOW) -> list[tuple[int, str]]:
    rows = derive(history(*states), {name: RULES[name]}, now_us)
    assert all(row.condition == name and row.recorded_us == row.moment_us for row in rows)
    return [(row.moment_us, row.state) for row in rows]


def test_a_condition_absent_from_the_start_takes_no_row() -> None:
    assert seen("handed_over", case(handovers=0), case(START + 9, handovers=1)) == []


def test_only_changes_take_a_row() -> None:
    counts = [0, 2, 3, None, None, 1]
    states = [case(START + index, handovers=count) for index, count in enumerate(counts)]
    assert seen("handed_over", *states) == [
        (START + 1, "present"),
        (START + 3, "unknown"),
        (START + 5, "absent"),
    ]


def test_a_case_not_yet_known_has_no_rows() -> None:
    assert seen("promise_broken", promise(START + 5)) == []
    assert seen("no_promised_day", promise(START - 9, START - 9), case()) == [(START, "present")]


def test_a_deadline_that_passes_without_a_record_takes_the_moment_itself() -> None:
    due_us = START + HOUR_US
    assert seen("promise_broken", case(), promise(due_us)) == [(due_us + 1, "present")]
    assert seen("promise_broken", case(), promise(due_us), now_us=due_us) == []


def test_a_promised_day_breaks_at_local_midnight() -> None:
    assert seen("promise_broken", case(), promise(START, due_is_date=True)) == [(MIDNIGHT, "present")]


def test_a_promise_told_of_after_its_due_breaks_when_told_of() -> None:
    told = promise(START + 1, START + 9, made_us=START)
    assert seen("promise_broken", case(), told) == [(START + 9, "present")]


def test_an_answer_counts_from_the_microsecond_after_it() -> None:
    prompt = AnswerState(START + 9, START + 9, START + 5, {"satisfaction": 1})
    told_later = replace(prompt, recorded_us=START + 50)
    assert seen("unhappy", case(), prompt) == [(START, "unknown"), (START + 10, "present")]
    assert seen("unhappy", case(), told_later) == [(START, "unknown"), (START + 50, "present")]


def test_a_backfilled_milestone_takes_its_own_time() -> None:
    backfilled = case(confirmed_at=START + 7)
    assert seen("not_confirmed", backfilled) == [(START, "present"), (START + 7, "absent")]
    assert seen("not_confirmed", backfilled, now_us=START + 6) == [(START, "present")]


def test_waiting_ends_with_the_morning_of_the_day_of_done() -> None:
    done_us = MIDNIGHT + 5 * HOUR_US
    assert seen("still_waiting", case(done_at=done_us)) == [(START, "present"), (MIDNIGHT, "absent")]
    assert seen("still_waiting", case(), case(done_us, done_at=done_us)) == [(START, "present"), (done_us, "absent")]
    assert seen("still_waiting", case(done_at=START + 1)) == []


def test_a_clock_passes_its_bound_without_any_record() -> None:
    bound_us = START + 48 * HOUR_US
    assert seen("open_two_days", case()) == [(bound_us + 1, "present")]
    assert seen("open_two_days", case(done_at=bound_us)) == []
    assert seen("open_long", case(attributes={"limit": 5})) == [(START + 5 * HOUR_US, "present")]
    assert seen("open_long", case(attributes={"limit": "five"})) == [(START, "unknown")]
    assert seen("open_long", case(attributes={"limit": 1e300})) == []
    assert seen("open_short", case()) == [
        (START, "present"),
        (START + 1, "absent"),
        (START + round(5.1 * HOUR_US), "present"),
        (START + round(5.1 * HOUR_US) + 1, "absent"),
    ]


def test_lateness_runs_from_what_was_needed_or_promised() -> None:
    late_us = round(24.3 * HOUR_US)
    assert seen("very_late", case(needed_by=START + 9)) == [(START + 9 + late_us, "present")]
    assert seen("very_late", case(), promise(START + 9)) == [(START + 9 + late_us, "present")]
    assert seen("very_late", case()) == [(START, "unknown")]


def test_a_case_opened_after_its_record_is_not_open_yet() -> None:
    planned = case(START - HOUR_US)
    assert seen("open_two_days", planned) == [
        (START - HOUR_US, "unknown"),
        (START, "absent"),
        (START + 48 * HOUR_US + 1, "present"),
    ]


def test_moments_are_those_at_which_something_becomes_known_due_or_asked() -> None:
    told = history(
        case(START, done_at=START + 40),
        case(START + 2),
        promise(START + 10, START + 3, kept_us=START + 20, made_us=START + 5),
        AnswerState(START + 31, START + 31, START + 30, {}),
        AnswerState(START + 33, START + 38, None, {}),
    )
    expected = [0, 2, 3, 5, 11, 20, 30, 32, 33, 38, 40]
    assert moments(told, NOW) == [START + shift for shift in expected]
    assert moments(told, START + 11) == [START + shift for shift in expected[:5]]


# What follows draws histories of a few days, on a grid coarse enough for things to coincide.
TIMES = st.integers(0, 60).map(lambda step: START + step * 2 * HOUR_US)
MAYBE = st.none() | TIMES
COUNTS = st.none() | st.integers(0, 3)


@st.composite
def case_states(draw: st.DrawFn) -> CaseState:
    recorded_us, earlier = draw(TIMES), draw(st.sampled_from([0, 1, 20]))
    fields: dict[str, Any] = {name: draw(MAYBE) for name in ("opened_at", "needed_by", "done_at", "confirmed_at")}
    fields |= {"handovers": draw(COUNTS), "attributes": {"limit": draw(COUNTS)}}
    return CaseState(recorded_us - earlier * HOUR_US, recorded_us, fields)


@st.composite
def promise_states(draw: st.DrawFn) -> PromiseState:
    movers: tuple[Literal["customer", "company"] | None, ...] = ("customer", "company", None)
    return PromiseState(
        promise=draw(st.sampled_from("ab")),
        occurred_us=(occurred_us := draw(TIMES)),
        recorded_us=occurred_us + draw(st.sampled_from([0, 1, 20])) * HOUR_US,
        made_us=draw(TIMES),
        due_us=draw(MAYBE),
        due_is_date=draw(st.booleans()),
        moved_by=draw(st.sampled_from(movers)),
        kept_us=draw(MAYBE),
        voided=draw(st.sampled_from([False, False, True])),
    )


@st.composite
def answer_states(draw: st.DrawFn) -> AnswerState:
    answered_us = draw(TIMES)
    return AnswerState(
        answered_us,
        answered_us + draw(st.sampled_from([0, 1, 20])) * HOUR_US,
        draw(st.none() | st.just(answered_us - HOUR_US)),
        {"satisfaction": draw(st.none() | st.integers(1, 5))},
    )


def order(state: CaseState | PromiseState | AnswerState) -> tuple[Any, ...]:
    if isinstance(state, AnswerState):
        return state.answered_us, state.recorded_us
    return getattr(state, "promise", ""), state.occurred_us, state.recorded_us


# No two states tie: of those that do, the last stored holds, and order of arrival is what decides.
HISTORIES = st.builds(
    CaseHistory,
    st.lists(case_states(), min_size=1, max_size=4, unique_by=order),
    st.lists(promise_states(), max_size=4, unique_by=order),
    st.lists(answer_states(), max_size=3, unique_by=order),
    st.sampled_from(["UTC", ZONE]),
)


def known_by(told: CaseHistory, moment_us: int) -> CaseHistory:
    return CaseHistory(
        [state for state in told.cases if state.recorded_us <= moment_us],
        [state for state in told.promises if state.recorded_us <= moment_us],
        [state for state in told.answers if state.recorded_us <= moment_us],
        told.zone,
    )


def forgetting(fields: Mapping[str, Any], after: Mapping[str, int]) -> dict[str, Any]:
    return {name: None if name in after and (value or 0) > after[name] else value for name, value in fields.items()}


@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(told: CaseHistory, random: Any) -> None:
    cases, promises, answers = (
        random.sample(states, len(states)) for states in (told.cases, told.promises, told.answers)
    )
    shuffled = CaseHistory(cases, promises, answers, told.zone)
    assert derive(shuffled, RULES, NOW) == derive(told, RULES, NOW)


@given(HISTORIES, TIMES)
def test_what_is_recorded_later_never_changes_an_earlier_row(told: CaseHistory, then_us: int) -> None:
    earlier = [row for row in derive(told, RULES, NOW) if row.moment_us <= then_us]
    assert derive(known_by(told, then_us), RULES, then_us) == earlier


@given(HISTORIES, TIMES)
def test_no_row_reads_what_lies_after_its_moment_but_the_end_of_the_day_for_waiting(
    told: CaseHistory, then_us: int
) -> None:
    by_then = known_by(told, then_us)
    horizons = {"done_at": end_of_local_day(then_us, told.zone), "confirmed_at": then_us}
    blind = CaseHistory(
        [replace(state, fields=forgetting(state.fields, horizons)) for state in by_then.cases],
        [
            replace(state, kept_us=None if (state.kept_us or 0) > then_us else state.kept_us)
            for state in by_then.promises
        ],
        [state for state in by_then.answers if state.answered_us < then_us],
        told.zone,
    )
    assert facts_at(blind, then_us) == facts_at(told, then_us)
    earlier = [row for row in derive(told, RULES, NOW) if row.moment_us <= then_us]
    assert derive(blind, RULES, then_us) == earlier


INSTANTS = st.integers(START, START + 6 * DAY_US) | st.builds(int.__add__, TIMES, st.integers(-2, 2))


@given(HISTORIES, INSTANTS)
def test_a_timeline_says_at_every_instant_what_the_rule_says_then(told: CaseHistory, at_us: int) -> None:
    facts = facts_at(told, at_us)
    states: dict[str, str] = dict.fromkeys(RULES, "absent")
    for row in derive(told, RULES, NOW):
        if row.moment_us <= at_us and row.recorded_us <= at_us:
            states[row.condition] = row.state
    names = {True: "present", False: "absent", None: "unknown"}
    expected = {code: "absent" if facts is None else names[rule.evaluate(facts)] for code, rule in RULES.items()}
    assert states == expected


@given(HISTORIES)
def test_rows_change_the_state_and_come_in_order(told: CaseHistory) -> None:
    rows = derive(told, RULES, NOW)
    assert [row.moment_us for row in rows] == sorted(row.moment_us for row in rows)
    for code in RULES:
        states = ["absent", *(row.state for row in rows if row.condition == code)]
        assert all(before != after for before, after in pairwise(states))


@given(HISTORIES)
def test_a_promise_or_an_answer_changes_nothing_for_rules_that_read_none(told: CaseHistory) -> None:
    book = RuleBook(RULES)
    without = {
        Source.PROMISE: CaseHistory(told.cases, [], told.answers, told.zone),
        Source.ANSWER: CaseHistory(told.cases, told.promises, [], told.zone),
    }
    for source, fewer in without.items():
        looking = book.reading(source)
        blind = RuleBook({code: rule for code, rule in RULES.items() if code not in looking.rules})
        assert looking.rules
        assert blind.derive(fewer, NOW) == blind.derive(told, NOW)
        assert looking.derive(told, NOW) == [row for row in book.derive(told, NOW) if row.condition in looking.rules]
    assert book.reading(Source.CASE).rules == RULES
