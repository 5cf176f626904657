"""A form's fields are read by the kinds of the questions, and nothing a form can send breaks the reading."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api import languages
from api.languages import accepted, choose, languages_of
from api.pages.fields import read_fields, shown_again
from models.rules.fitting import misfits

CHOICES = [{"key": key, "texts": {"en": key}} for key in ("a", "b", "c")]
KINDS: list[dict[str, Any]] = [
    *[{"key": kind, "kind": kind} for kind in ("rating", "nps", "yes_no", "text", "number", "date", "consent")],
    *[{"key": kind, "kind": kind, "choices": CHOICES} for kind in ("choice", "choices", "ranking")],
    {"key": "matrix", "kind": "matrix", "choices": CHOICES, "rows": CHOICES},
]
KEYS = [question["key"] for question in KINDS]


@pytest.mark.parametrize(
    ("fields", "answers"),
    [
        ([("rating", " 4 ")], {"rating": 4}),
        ([("rating", "four")], {"rating": "four"}),
        ([("rating", "")], {"rating": None}),
        ([("rating", "4"), ("rating", "")], {"rating": 4}),
        ([("yes_no", "no")], {"yes_no": False}),
        ([("yes_no", "perhaps")], {"yes_no": "perhaps"}),
        ([("consent", "on")], {"consent": True}),
        ([("number", "12,5")], {"number": 12.5}),
        ([("number", "12")], {"number": 12}),
        ([("number", "1e400")], {"number": "1e400"}),
        ([("number", "nan")], {"number": "nan"}),
        ([("text", "a\r\nb\0")], {"text": "a\nb"}),
        ([("date", " 2026-05-04 ")], {"date": "2026-05-04"}),
        ([("choice", "a")], {"choice": "a"}),
        ([("choices", "a"), ("choices", "b"), ("choices", "a")], {"choices": ["a", "b"]}),
        ([("choices", "")], {"choices": None}),
        ([("matrix.a", "b"), ("matrix.b", "")], {"matrix": {"a": "b"}}),
        ([("matrix.a", "")], {"matrix": None}),
        ([("ranking", "b"), ("ranking", "a")], {"ranking": ["b", "a"]}),
        ([("ranking.a", "2"), ("ranking.b", "1"), ("ranking.c", "")], {"ranking": ["b", "a"]}),
        ([("ranking.a", "1"), ("ranking.b", "1")], {"ranking": "a: 1; b: 1"}),
        ([("ranking.a", "")], {"ranking": None}),
    ],
)
def test_a_field_is_read_by_the_kind_of_its_question(fields: list[tuple[str, str]], answers: dict[str, Any]) -> None:
    assert read_fields(KINDS, fields).answers == answers


def test_controls_are_no_answers_and_unknown_names_are_told() -> None:
    sent = read_fields(KINDS, [("_next", "/"), ("_id", "1"), ("utm", "x"), ("text.part", "x"), ("rating", "3")])
    assert (sent.answers, sent.controls) == ({"rating": 3}, {"next": "/", "id": "1"})
    assert sent.unknown == ["text.part", "utm"]


NAMES = (
    some.sampled_from([*KEYS, "matrix.a", "matrix.z", "ranking.a", "ranking.b", "_x", "text.", ".", ""]) | some.text()
)


@given(some.lists(some.tuples(NAMES, some.text() | some.sampled_from(["1", "a", "on", "-0", "1,5", "2026-01-01"]))))
def test_whatever_a_form_sends_is_read_and_then_checked(fields: list[tuple[str, str]]) -> None:
    sent = read_fields(KINDS, fields)
    assert set(sent.answers) <= set(KEYS)
    assert "\0" not in repr(sent.answers)
    plain = {name for name, _ in fields if not name.startswith("_")}
    assert set(sent.typed) == plain
    assert set(sent.unknown) <= plain
    assert {misfit.pointer for misfit in misfits(KINDS, sent.answers, complete=True)} <= {f"/answers/{k}" for k in KEYS}


ANSWERS = some.fixed_dictionaries(
    {},
    optional={
        "rating": some.integers(1, 5),
        "nps": some.integers(0, 10),
        "yes_no": some.booleans(),
        "consent": some.booleans(),
        "text": some.text("abc äß\n", min_size=1).filter(str.strip),
        "number": some.integers(-(10**9), 10**9) | some.integers(-999, 999).map(lambda n: n / 8),
        "date": some.dates().map(str),
        "choice": some.sampled_from("abc"),
        "choices": some.lists(some.sampled_from("abc"), min_size=1, unique=True),
        "ranking": some.lists(some.sampled_from("abc"), min_size=1, unique=True),
        "matrix": some.dictionaries(some.sampled_from("abc"), some.sampled_from("abc"), min_size=1),
    },
)


@given(ANSWERS)
def test_what_is_shown_again_and_sent_again_is_the_same_answer(answers: dict[str, Any]) -> None:
    fields = [
        (name, value)
        for question in KINDS
        for name, values in shown_again(question, answers.get(question["key"])).items()
        for value in values
    ]
    assert read_fields(KINDS, fields).answers == answers


@given(some.text(max_size=60))
def test_no_header_of_languages_breaks_the_choice(header: str) -> None:
    assert choose(["en", "pt-BR", "ar"], accepted(header), None) in {"en", "pt-BR", "ar"}


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["pt"], "pt-BR"),
        (["ar-EG", "pt"], "ar"),
        (["xx", None], "en"),
        ([], "en"),
        (["EN-gb"], "en"),
        (["pt-br"], "pt-BR"),
    ],
)
def test_the_nearest_language_is_chosen(wanted: list[str | None], chosen: str) -> None:
    assert choose(["en", "pt-BR", "ar"], wanted, None) == chosen


def test_a_page_speaks_what_most_questions_are_worded_in() -> None:
    asked = [{"texts": {"pt": "a"}}, {"texts": {"pt": "b", "en": "c"}}]
    assert languages_of(asked) == ["pt", "en"]
    assert choose([], ["pt"], None) == "en"
    assert languages.text_in(None, "en") == ""
    assert accepted("de;q=x, fr;q=0, it") == ["it"]
