"""Comments as numbers: what is kept of them, what a document must be, and how it is read."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.scoring import ArtefactRefused
from ml.text import CommentModel, Tag, terms_of, words_of

LATE = Tag("late", "similarity", {0: 0.8, 2: 0.6}, 0.0, 0.3, 0, 0)
RUDE = Tag("rude", "similarity", {1: 1.0}, 0.0, 0.3, 0, 0)
LEARNT = Tag("cold", "learnt", {0: 4.0, 1: -1.0}, -2.0, 0.5, 40, 12)
MODEL = CommentModel(("w:late", "w:rude", "c:late"), (1.0, 2.0, 1.5), (LATE, RUDE, LEARNT), 90, 60)


@pytest.mark.parametrize(
    "personal",
    [
        "ana.costa@example.org",
        "https://example.org/ana?x=1",
        "www.example.org",
        "@ana_costa",
        "+49-170-1234567",
        "order4711b",
        "NL91ABNA0417164300",
        "12:30",
    ],
)
def test_what_leads_to_one_person_is_no_word(personal: str) -> None:
    assert words_of(f"ask {personal} please") == ["ask", "please"]


def test_a_comment_of_emoji_alone_says_nothing() -> None:
    assert terms_of("😡😡 !!! 👎🏽") == {}
    assert MODEL.scores("😡") == []
    assert MODEL.scores("unknown words") == []


def test_arabic_has_words_and_pieces() -> None:
    found = terms_of("وصل الفني مُتَأَخِّرًا")
    assert found["w:متاخرا"] == 1
    assert found["w:الفني متاخرا"] == 1
    assert any(term.startswith("c:") for term in found)


def test_a_vector_has_length_one_whatever_is_in_it() -> None:
    for text in ("late", "late late rude", "rude"):
        assert math.fsum(value**2 for value in MODEL.vector(text).values()) == pytest.approx(1.0)


def test_of_likenesses_only_the_likest_is_enough_and_what_was_learnt_stands_for_itself() -> None:
    scores = {one.code: one for one in MODEL.scores("late rude")}
    assert scores["late"].score > scores["rude"].score > RUDE.threshold
    assert (scores["late"].enough, scores["rude"].enough) == (True, False)
    assert scores["cold"].basis == "learnt"
    assert 0 <= scores["cold"].score <= 1
    [cold] = [one for one in MODEL.scores("late") if one.code == "cold"]
    assert cold.enough


def test_a_document_is_read_as_it_was_written() -> None:
    assert CommentModel.from_json(MODEL.to_json()) == MODEL
    assert CommentModel.from_json(MODEL.to_json().encode()).scores("late") == MODEL.scores("late")


def spoilt(**changed: Any) -> str:
    """Give the model's document with something else in it."""
    return json.dumps({**json.loads(MODEL.to_json()), **changed})


TAG = json.loads(MODEL.to_json())["tags"][0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "{}",
        spoilt(kind="steadfast.risk"),
        spoilt(format=2),
        spoilt(idf=[1.0]),
        spoilt(idf=[1.0, 2.0, float("nan")]),
        spoilt(idf=[1.0, 2.0, "x"]),
        spoilt(terms=["w:late", "w:late", "c:late"]),
        spoilt(terms=["w:late", 7, "c:late"]),
        spoilt(tags=[{**TAG, "basis": "magic"}]),
        spoilt(tags=[{**TAG, "places": [0]}]),
        spoilt(tags=[{**TAG, "places": [0, 9]}]),
        spoilt(tags=[{**TAG, "weights": [0.5, float("inf")]}]),
        spoilt(tags=[{"code": "late"}]),
        spoilt(more=1),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ArtefactRefused):
        CommentModel.from_json(text)


@given(st.text(max_size=300))
def test_whatever_is_written_is_scored(text: str) -> None:
    assert all(0 <= one.score <= 1 for one in MODEL.scores(text))
