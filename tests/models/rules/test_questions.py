"""Whether a survey's definition can be asked, and what is asked of whom."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.rules.fitting import merged, misfits
from models.rules.questions import faults, sampled, visible

TEXTS = {"en": "What?"}
CHOICES = [{"key": "a", "texts": TEXTS}, {"key": "b", "texts": TEXTS}]
UNHAPPY = {"all": [{"field": "answers.mood", "op": "le", "value": 2}]}


def question(key: str = "q", kind: str = "text", **fields: Any) -> dict[str, Any]:
    """Give a question."""
    return {"key": key, "kind": kind, "texts": TEXTS, **fields}


ASKED = [
    question("mood", "rating", required=True),
    question("why", "choices", choices=CHOICES, show_if=UNHAPPY, required=True),
    question("more", show_if={"all": [{"field": "answers.why", "op": "in", "value": ["a"]}]}),
]


@pytest.mark.parametrize(
    ("questions", "pointer", "code"),
    [
        ([], "/questions", "empty"),
        ([question(f"q{number}") for number in range(101)], "/questions", "too_many"),
        ([question("a"), question("a")], "/questions/1/key", "repeated_key"),
        ([question(kind="choice")], "/questions/0/choices", "missing"),
        ([question(kind="choice", choices=[])], "/questions/0/choices", "missing"),
        ([question(kind="choice", choices=[*CHOICES, CHOICES[0]])], "/questions/0/choices/2/key", "repeated_key"),
        ([question(kind="choice", choices=[{"key": str(n)} for n in range(101)])], "/questions/0/choices", "too_many"),
        ([question(kind="matrix", choices=CHOICES)], "/questions/0/rows", "missing"),
        ([question(kind="text", choices=CHOICES)], "/questions/0/choices", "unfit_member"),
        ([question(kind="text", min=1)], "/questions/0/min", "unfit_member"),
        ([question(kind="date", max=1)], "/questions/0/max", "unfit_member"),
        ([question(kind="number", max_length=1)], "/questions/0/max_length", "unfit_member"),
        ([question(kind="number", min=5, max=5)], "/questions/0/max", "scale_form"),
        ([question(kind="rating", min=0, max=11)], "/questions/0/max", "scale_form"),
        ([question(kind="rating", min=-1, max=5)], "/questions/0/max", "scale_form"),
        ([question(kind="rating", min=0.5, max=5)], "/questions/0/max", "scale_form"),
        ([question(kind="rating", min=7)], "/questions/0/max", "scale_form"),
        ([question(kind="nps", min=1)], "/questions/0/max", "scale_form"),
        ([question(kind="consent", metric_key="m")], "/questions/0/metric_key", "unfit_member"),
        ([question(required=True, sample={"group": "g", "show": 1})], "/questions/0/sample", "sampled_required"),
        ([question(show_if=UNHAPPY)], "/questions/0/show_if", "unknown_question"),
        ([question("q", show_if=UNHAPPY), question("mood", "rating")], "/questions/0/show_if", "later_question"),
        ([question("mood", "rating", show_if=UNHAPPY)], "/questions/0/show_if", "later_question"),
        ([question(show_if={"all": []})], "/questions/0/show_if/all", "empty"),
        ([question(show_if={"all": [{"field": "team", "op": "missing"}]})], "/questions/0/show_if", "unknown_question"),
    ],
)
def test_what_is_wrong_with_a_definition_is_named_with_its_place(
    questions: list[dict[str, Any]], pointer: str, code: str
) -> None:
    assert (pointer, code) in [(fault.pointer, fault.code) for fault in faults(questions)]


def test_a_question_of_every_kind_can_be_asked() -> None:
    kinds = ["rating", "nps", "csat", "ces", "yes_no", "text", "number", "date", "consent"]
    plain = [question(kind, kind) for kind in kinds]
    chosen = [question(kind, kind, choices=CHOICES) for kind in ("choice", "choices", "ranking")]
    grid = question("grid", "matrix", choices=CHOICES, rows=CHOICES)
    assert faults([*plain, *chosen, grid, question("felt", "rating", min=0, max=4)]) == []
    assert faults(ASKED) == []


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({}, ["mood"]),
        ({"mood": 5}, ["mood"]),
        ({"mood": 1}, ["mood", "why"]),
        ({"mood": 1, "why": ["b"]}, ["mood", "why"]),
        ({"mood": 1, "why": ["a"]}, ["mood", "why", "more"]),
        ({"mood": 5, "why": ["a"]}, ["mood"]),  # an answer that is not asked for asks for nothing
        ({"mood": "odd", "why": {}}, ["mood"]),
    ],
)
def test_a_question_is_asked_where_its_condition_holds(answers: dict[str, Any], asked: list[str]) -> None:
    assert [shown["key"] for shown in visible(ASKED, answers)] == asked


def test_what_is_not_asked_is_neither_needed_nor_taken() -> None:
    assert misfits(ASKED, {"mood": 5}, complete=True) == []
    assert misfits(ASKED, {"mood": 5, "why": None}, complete=True) == []
    hidden = misfits(ASKED, {"mood": 5, "why": ["a"]}, complete=True)
    assert [(misfit.pointer, misfit.code) for misfit in hidden] == [("/answers/why", "hidden_question")]
    lacking = misfits(ASKED, {"mood": 1}, complete=True)
    assert [(misfit.pointer, misfit.code) for misfit in lacking] == [("/answers/why", "required")]
    assert misfits(ASKED, {"why": ["a"]}, complete=True, before={"mood": 1}) == []
    assert merged(ASKED, {"mood": 1, "why": ["a"], "more": "late"}, {"mood": 4}) == {"mood": 4}


@pytest.mark.parametrize(
    ("asked", "value", "code"),
    [
        (question("q", "consent", required=True), False, "consent_needed"),
        (question("q", "consent", required=True), None, "consent_needed"),
        (question("q", "text", required=True), "  ", "required"),
        (question("q", "choices", required=True, choices=CHOICES), [], "required"),
        (question("q", "matrix", required=True, choices=CHOICES, rows=CHOICES), {"a": "b"}, "required"),
        (question("q", "matrix", required=True, choices=CHOICES, rows=CHOICES), {}, "required"),
        (question("q", "matrix", required=True, choices=CHOICES, rows=CHOICES), "a", "wrong_type"),
        (question("q", "matrix", choices=CHOICES, rows=CHOICES), {"c": "a"}, "unknown_row"),
        (question("q", "matrix", choices=CHOICES, rows=CHOICES), {"a": "c"}, "unknown_choice"),
        (question("q", "matrix", choices=CHOICES, rows=CHOICES), {"a": ["a"]}, "unknown_choice"),
        (question("q", "ranking", choices=CHOICES), ["a", "a"], "repeated_choice"),
        (question("q", "date"), "20260504", "wrong_type"),
        (question("q", "choice", choices=CHOICES), ["a"], "unknown_choice"),
    ],
)
def test_answers_of_every_kind_are_checked(asked: dict[str, Any], value: Any, code: str) -> None:
    assert [misfit.code for misfit in misfits([asked], {"q": value}, complete=True)] == [code]


def test_answers_that_fit_are_taken() -> None:
    grid = question("q", "matrix", required=True, choices=CHOICES, rows=CHOICES)
    assert misfits([grid], {"q": {"a": "b", "b": "b"}}, complete=True) == []
    assert misfits([question("q", "ranking", choices=CHOICES)], {"q": ["b"]}, complete=True) == []
    assert misfits([question("q", "consent", required=True)], {"q": True}, complete=True) == []


@given(some.text(max_size=20), some.integers(1, 6))
def test_one_seed_always_chooses_the_same_and_as_many_as_are_shown(seed: str, show: int) -> None:
    asked = [
        question("a"),
        *[question(f"f{n}", sample={"group": "felt", "show": show}) for n in range(6)],
        question("z"),
    ]
    drawn = sampled(asked, seed)
    assert drawn == sampled(asked, seed)
    assert len(drawn) == 2 + show
    assert [shown for shown in asked if shown in drawn] == drawn


ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(some.dictionaries(some.sampled_from(["mood", "why", "more", "grid", "rank", "day"]), ANYTHING), some.booleans())
def test_no_answer_however_odd_breaks_the_check(answers: dict[str, Any], complete: bool) -> None:
    asked = [
        *ASKED,
        question("grid", "matrix", choices=CHOICES, rows=CHOICES, required=True),
        question("rank", "ranking", choices=CHOICES),
        question("day", "date"),
    ]
    found = misfits(asked, answers, complete=complete)
    assert {misfit.pointer for misfit in found} <= {f"/answers/{shown['key']}" for shown in asked}
    if not found:
        assert set(merged(asked, {}, answers)) <= set(answers)
