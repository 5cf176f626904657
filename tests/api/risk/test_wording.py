"""The reason for a risk is said in every language whole, with its numbers, as an association and never a promise."""

import string
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as some

from api.pages.chrome import SPOKEN as SPOKEN_BY_PAGES
from api.risk import wording
from api.risk.wording import SPOKEN, language_for, reason_text, speech_in

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
FOREIGN = [language for language in SPOKEN if language != "en"]
LEFT = {"customers": 489, "rate": 0.51, "rate_without_one": 0.13}
TRIPLE = {
    "conditions": ["late_engineer", "wrong_part", "no_callback"],
    "customers": 612,
    "rate_with": 0.78,
    "rate_without_any": 0.2,
    "departures": LEFT,
}


def told(**more: Any) -> dict[str, Any]:
    """Give what is told of a customer who met the triple."""
    without = (("late_engineer", 0.19), ("wrong_part", 0.2), ("no_callback", 0.22))
    conditions = [{"code": code, "risk_without": risk} for code, risk in without]
    said = {"risk": 0.41, "low": 0.33, "high": 0.5, "horizon_days": 90, "conditions": conditions}
    return {**said, "condition_sets": [TRIPLE], "near_sets": [], **more}


def sentences() -> set[str]:
    """Give every sentence that reasons and model cards are made of, from where it stands."""
    found = extract_from_dir(wording.CATALOGUES.parent, METHODS, keywords={"_": None, "message": None})
    return {text if isinstance(text, str) else text[0] for _, _, text, _, _ in found}


def catalogue(language: str) -> Catalog:
    """Give a language's catalogue as translators see it."""
    with (wording.CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, language, abort_invalid=True)


def values_in(text: str) -> set[str]:
    """Give the names of the values a sentence has room for."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_reasons_are_given_in_every_language_that_pages_speak() -> None:
    assert SPOKEN == SPOKEN_BY_PAGES
    assert len(SPOKEN) >= 8


@pytest.mark.parametrize("language", FOREIGN)
def test_every_sentence_is_said_in_every_language(language: str) -> None:
    entries = [entry for entry in catalogue(language) if entry.id]
    said = {str(entry.id): str(entry.string) for entry in entries}
    assert sentences() == said.keys()
    assert [entry.id for entry in entries if entry.fuzzy or not str(entry.string).strip()] == []
    assert [text for text, own in said.items() if values_in(text) != values_in(own)] == []


def test_the_sentence_has_the_form_of_the_method_with_departures_and_failures_apart() -> None:
    assert reason_text(told()) == (
        "Risk .41 [.33, .50] within 90 days; for a customer like this one without late_engineer .19; "
        "without wrong_part .20; without no_callback .22; these three act together "
        "(489 customers, 51 % left; 13 % when one is missing) "
        "(612 customers, 78 % of their cases failed; 20 % when one is missing)."
    )


def test_numbers_are_written_as_the_language_does() -> None:
    text = reason_text(told(condition_sets=[{**TRIPLE, "departures": {**LEFT, "customers": 4890}}]), "de")
    assert text.startswith("Risiko 0,41 [0,33; 0,50] innerhalb von 90 Tagen; bei einem Kunden wie diesem ohne late")
    assert "(4.890 Kunden, 51\xa0% gegangen; 13\xa0%, wenn eine fehlt)" in text


def test_a_language_read_from_right_to_left_keeps_codes_in_their_order() -> None:
    near = {"conditions": ["rude", "slow"], "missing": "slow"}
    text = reason_text(told(condition_sets=[], near_sets=[near]), "ar")
    for codes in ("late_engineer", "rude + slow", "slow"):
        assert f"\u2068{codes}\u2069" in text
    assert text.count("\u2068") == text.count("\u2069") == 5
    assert "؛ " in text
    assert "\u2068" not in reason_text(told(), "de")


def test_a_set_is_named_where_other_conditions_stand_beside_it() -> None:
    beside = {"code": "rude", "risk_without": 0.3}
    text = reason_text(told(conditions=[*told()["conditions"], beside]))
    assert "; late_engineer + wrong_part + no_callback act together (489" in text


def test_a_set_of_one_is_said_to_act_alone() -> None:
    single = {**TRIPLE, "conditions": ["rude"], "departures": None}
    text = reason_text(told(conditions=[{"code": "rude", "risk_without": 0.1}], condition_sets=[single]))
    assert text.endswith("; rude is known to act alone (612 customers, 78 % of their cases failed; 20 % without it).")


def test_a_near_set_names_the_member_that_is_missing() -> None:
    near = [{"conditions": ["rude", "slow"], "missing": "slow"}]
    assert reason_text(told(condition_sets=[], near_sets=near)).endswith("; slow too would complete rude + slow.")


def test_what_is_not_known_is_left_out() -> None:
    bare = {"conditions": TRIPLE["conditions"], "rate_with": None, "rate_without_any": None, "customers": None}
    assert reason_text(told(condition_sets=[bare])).endswith("; these three act together.")
    nobody = {"customers": 0, "rate": None, "rate_without_one": None}
    assert reason_text(told(condition_sets=[{**bare, "departures": nobody}])).endswith("; these three act together.")
    lone = {"customers": 3, "rate": 1.0, "rate_without_one": None}
    assert reason_text(told(condition_sets=[{**bare, "departures": lone}])).endswith("(3 customers, 100 % left).")


def test_what_was_stored_by_an_earlier_version_is_told_as_far_as_it_goes() -> None:
    before = told()
    del before["near_sets"]
    before["condition_sets"] = [{"conditions": ["a", "b"], "customers": 1, "rate_with": 0.5, "rate_without_any": None}]
    before["near_sets"] = [{"id": "x", "missing": "c"}]
    assert reason_text(before).endswith("; a + b act together (1 customers, 50 % of their cases failed).")


def test_a_customer_without_conditions_is_told_apart_from_one_whose_conditions_weigh_nothing() -> None:
    assert reason_text(told(conditions=[], condition_sets=[])).endswith("; no condition on record.")
    light = told(conditions=[{"code": "rude", "risk_without": 0.41}], condition_sets=[])
    assert reason_text(light).endswith("; no single condition on record lowers it visibly.")


@pytest.mark.parametrize("language", SPOKEN)
@given(risk=some.floats(0, 1))
def test_no_risk_is_told_as_a_certainty(language: str, risk: float) -> None:
    said = speech_in(language).risk(risk)
    assert not any(said.endswith(certain) for certain in ("0.00", "0,00", "1.00", "1,00"))
    assert said


@pytest.mark.parametrize("language", SPOKEN)
def test_every_language_tells_the_same_figures_and_no_cause(language: str) -> None:
    text = reason_text(told(), language)
    for digits in ("41", "33", "50", "19", "20", "22", "489", "51", "13", "612", "78", "90"):
        assert digits in text
    for codes in TRIPLE["conditions"]:  # type: ignore[attr-defined] # a list
        assert codes in text
    assert not {"cause", "because", "Ursache", "causa", "oorzaak", "سبب"} & set(text.replace(";", " ").split())


def test_the_reader_is_answered_in_the_first_language_there_is() -> None:
    assert language_for("nl", "de") == "nl"
    assert language_for(None, "ar-EG,ar;q=0.9,en;q=0.8") == "ar"
    assert language_for("xx", None) == "en"
    assert language_for(None, "," * 100_000) == "en"
