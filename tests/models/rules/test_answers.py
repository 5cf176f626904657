"""Whether answers fit their questions."""

from typing import Any

import pytest

from models.rules.answers import effort_of, score_of
from models.rules.fitting import misfits

CHOICES = [{"key": "a"}, {"key": "b"}]
QUESTIONS: list[dict[str, Any]] = [
    {"key": "rating", "kind": "rating", "metric_key": "satisfaction", "required": True},
    {"key": "nps", "kind": "nps", "metric_key": "nps"},
    {"key": "ces", "kind": "ces"},
    {"key": "minutes", "kind": "number", "min": 0},
    {"key": "comment", "kind": "text", "max_length": 5},
    {"key": "one", "kind": "choice", "choices": CHOICES},
    {"key": "some", "kind": "choices", "choices": CHOICES},
    {"key": "again", "kind": "yes_no"},
    {"key": "day", "kind": "date"},
    {"key": "grid", "kind": "matrix", "rows": [{"key": "x"}, {"key": "y"}], "choices": CHOICES},
]


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("rating", 6, "out_of_range"),
        ("rating", True, "wrong_type"),
        ("rating", "5", "wrong_type"),
        ("minutes", -1, "out_of_range"),
        ("minutes", "ten", "wrong_type"),
        ("minutes", False, "wrong_type"),
        ("comment", 3, "wrong_type"),
        ("comment", "too long", "too_long"),
        ("one", "c", "unknown_choice"),
        ("some", "a", "wrong_type"),
        ("some", ["a", "c"], "unknown_choice"),
        ("some", ["a", "a"], "repeated_choice"),
        ("again", 1, "wrong_type"),
        ("day", "2026-02-30", "wrong_type"),
        ("day", 3, "wrong_type"),
        ("nobody/asked~this", 1, "unknown_question"),
    ],
)
def test_an_answer_that_does_not_fit_is_named_with_its_place(key: str, value: Any, code: str) -> None:
    found = misfits(QUESTIONS, {"rating": 3, key: value}, complete=True)
    assert [misfit.code for misfit in found] == [code]
    assert found[0].pointer == f"/answers/{key.replace('~', '~0').replace('/', '~1')}"


def test_answers_that_fit_are_taken_and_cannot_say_is_no_answer() -> None:
    fitting = {"rating": 5, "nps": 0, "minutes": 2.5, "comment": "hm", "one": "a", "some": ["b"], "again": True}
    assert misfits(QUESTIONS, {**fitting, "day": "2026-05-04", "grid": {"x": "a"}}, complete=True) == []
    assert [misfit.code for misfit in misfits(QUESTIONS, {"rating": None}, complete=True)] == ["required"]
    assert misfits(QUESTIONS, {"rating": None}, complete=False) == []


def test_the_first_answered_question_of_the_metric_is_the_score() -> None:
    assert score_of(QUESTIONS, {"rating": 4, "nps": 1}) == 7.5
    assert score_of(QUESTIONS, {"rating": None, "nps": 1}) == 1
    assert (effort_of(QUESTIONS, {"ces": None}), effort_of(QUESTIONS, {"ces": 7})) == (None, 7)
