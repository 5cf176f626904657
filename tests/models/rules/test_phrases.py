"""Phrases are found whole, in any language, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.excerpts import LENGTH, excerpt_of
from models.rules.phrases import LONGEST_PHRASE, fault_of, find_phrase, fold


@pytest.mark.parametrize(
    ("text", "phrases", "found"),
    [
        ("The engineer came too late.", ["too late"], "too late"),
        ("TOO\nLATE!!", ["too late"], "too late"),
        ("It was latest news", ["late"], None),
        ("not on time", ["late"], None),
        ("", ["late"], None),
        ("late", [], None),
        ("too", ["too late"], None),
        ("Er kam verspätet", ["verspaet*", "verspät*"], "verspät*"),
        ("zwei Stunden Verspätungen", ["*spat*"], "*spat*"),
        ("die Reparatur", ["*tur"], "*tur"),
        ("Le technicien est arrivé très en retard", ["en retard"], "en retard"),
        ("El técnico llegó tarde", ["llego tarde"], "llego tarde"),
        ("O técnico chegou tarde demais", ["tarde demais"], "tarde demais"),
        ("وصل الفني مُتَأَخِّرًا", ["متأخرا"], "متأخرا"),
        ("كان المتأخر كثيرا", ["*متأخر*"], "*متأخر*"),
        ("बहुत देर से आया", ["देर से"], "देर से"),
        ("دیر می‌رسید", ["میرسید"], "میرسید"),
        ("技師が遅刻しました", ["遅刻"], "遅刻"),
        ("ช่างมาสายมาก", ["มาสาย"], "มาสาย"),
        ("😡😡😡", ["late", "遅刻"], None),
        ("too late and far too late", ["late", "far too late", "too late"], "too late"),
        ("part-time part missing", ["part missing"], "part missing"),
    ],
)
def test_a_phrase_is_found(text: str, phrases: list[str], found: str | None) -> None:
    match = find_phrase(text, phrases)
    assert (None if match is None else match.phrase) == found


def test_where_it_was_found_is_told_in_the_text_as_it_was_written() -> None:
    text = "Naïve: Straße ﬁne, ZU SPÄT gekommen"
    match = find_phrase(text, ["zu spät"])
    assert match is not None
    assert text[match.start : match.end] == "ZU SPÄT"


@pytest.mark.parametrize(
    ("phrase", "fault"),
    [
        ("late", None),
        ("遅刻", None),
        ("x" * LONGEST_PHRASE, None),
        ("x" * (LONGEST_PHRASE + 1), f"at most {LONGEST_PHRASE} characters"),
        ("", "at least 2 letters"),
        ("*", "at least 2 letters"),
        ("a*", "at least 2 letters"),
        ("🙈 !", "at least 2 letters"),
    ],
)
def test_what_cannot_be_looked_for_is_said(phrase: str, fault: str | None) -> None:
    assert fault_of(phrase) == fault


@given(st.text(max_size=200), st.lists(st.text(max_size=30), max_size=5))
def test_whatever_is_written_is_read(text: str, phrases: list[str]) -> None:
    match = find_phrase(text, phrases)
    if match is not None:
        assert match.phrase in phrases
        assert 0 <= match.start < match.end <= len(text)


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=900), st.integers(0, 900), st.integers(0, 100))
def test_an_excerpt_is_a_part_around_what_it_is_for(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    end = min(start + length, len(text))
    shown = excerpt_of(text, start, end)
    assert len(shown) <= LENGTH + 2
    assert text[start:end] in shown
    assert shown.strip("…") in text
