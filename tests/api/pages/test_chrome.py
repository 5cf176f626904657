"""What pages say themselves: in every language whole, and in the one its reader understands."""

import string
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from api.pages import chrome
from api.pages.chrome import SPOKEN, chrome_for, chrome_in
from api.pages.complaints import complaint
from models.rules.answers import Question, fit_of, lacks_answer
from tests.api.caller import Caller, done
from tests.api.pages.browser import HTML, Browser, read
from tests.api.pages.conftest import choices

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
ROOM = Path(chrome.__file__).parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
FOREIGN = [language for language in SPOKEN if language != "en"]


def sentences() -> set[str]:
    """Give every sentence that pages say, from where it stands."""
    found = extract_from_dir(ROOM, METHODS, keywords={"_": None, "message": None})
    return {text if isinstance(text, str) else text[0] for _, _, text, _, _ in found}


def catalogue(language: str) -> Catalog:
    """Give a language's catalogue as translators see it."""
    with (ROOM / "catalogues" / f"{language}.po").open("rb") as file:
        return read_po(file, language, abort_invalid=True)


def values_in(text: str) -> set[str]:
    """Give the names of the values a sentence has room for."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_pages_speak_at_least_six_languages_one_from_right_to_left() -> None:
    assert {"en", "de", "fr", "es", "pt", "ar"} <= set(SPOKEN)
    assert [one for one in SPOKEN if chrome_in(one).direction == "rtl"] == ["ar"]


@pytest.mark.parametrize("language", FOREIGN)
def test_every_sentence_is_said_in_every_language(language: str) -> None:
    entries = [entry for entry in catalogue(language) if entry.id]
    said = {str(entry.id): str(entry.string) for entry in entries}
    assert sentences() == said.keys()
    assert [entry.id for entry in entries if entry.fuzzy or not str(entry.string).strip()] == []
    assert [text for text, own in said.items() if values_in(text) != values_in(own)] == []
    assert len(sentences()) > 70


def test_numbers_and_days_are_written_as_the_language_does() -> None:
    german, english = chrome_in("de"), chrome_in("en")
    assert (german.shown(1234.5), english.shown(1234.5)) == ("1.234,5", "1,234.5")
    assert (german.days(365), english.days(1), chrome_in("ar").days(365)) == ("365 Tage", "1 day", "365 يومًا")
    assert (german.day(date(2026, 5, 4)), english.day(date(2026, 5, 4))) == ("4. Mai 2026", "May 4, 2026")
    assert chrome_for(["xx", "nl-BE"]).language == "nl"


ODD: list[tuple[dict[str, Any], Any, str]] = [
    ({"kind": "nps"}, 11, "Wählen Sie eine ganze Zahl von 0 bis 10."),
    ({"kind": "number", "min": 0}, -1, "Eine Zahl von mindestens 0."),
    ({"kind": "number", "max": 2.5}, 3, "Eine Zahl von höchstens 2,5."),
    ({"kind": "number", "min": 1, "max": 1500}, 0, "Eine Zahl von 1 bis 1.500."),
    ({"kind": "number"}, 1e13, "Diese Zahl ist zu groß."),
    ({"kind": "number"}, "x", "Schreiben Sie eine Zahl, zum Beispiel 12,5."),
    ({"kind": "text", "max_length": 3}, "xxxx", "Schreiben Sie höchstens 3 Zeichen; dies sind 4."),
    ({"kind": "text"}, 3, "So kann das nicht angenommen werden."),
    ({"kind": "date"}, "x", "Schreiben Sie einen Tag wie 2026-05-04."),
    ({"kind": "yes_no"}, "x", "Wählen Sie eine der gezeigten Antworten."),
    ({"kind": "choice", "choices": choices("a")}, "b", "Wählen Sie eine der gezeigten Antworten."),
    ({"kind": "choices", "choices": choices("a")}, ["b"], "Wählen Sie aus den gezeigten Antworten, jede einmal."),
    ({"kind": "ranking", "choices": choices("a")}, "a: x", "Vergeben Sie jeden Platz nur einmal."),
    (
        {"kind": "matrix", "choices": choices("a"), "rows": choices("r")},
        {"r": "b"},
        "Wählen Sie in jeder Zeile eine der gezeigten Antworten.",
    ),
]


@pytest.mark.parametrize(("question", "value", "said"), ODD)
def test_what_does_not_fit_is_said_with_its_values(question: Question, value: Any, said: str) -> None:
    asked = {"key": "q", **question}
    [misfit, *_] = fit_of(asked, value)
    assert complaint(chrome_in("de"), asked, misfit, value) == said


def test_what_lacks_is_said_too() -> None:
    german = chrome_in("de")
    consent = {"key": "q", "kind": "consent", "required": True}
    matrix = {"key": "q", "kind": "matrix", "required": True, "choices": choices("a"), "rows": choices("r")}
    for asked, value, said in (
        (consent, False, "Ohne diese Einwilligung"),
        (matrix, {}, "Diese Frage braucht"),
        (matrix, {"s": "a"}, "Jede Zeile"),
    ):
        misfit = lacks_answer(asked, value)
        assert misfit is not None
        assert complaint(german, asked, misfit, value).startswith(said)


@on_sqlite
@pytest.mark.anyio
async def test_a_page_speaks_what_its_reader_does_and_says_which_words_are_the_surveys(
    asked: Caller, browser: Browser
) -> None:
    german = await browser.open("/f/warm-homes/visit?lang=de")
    assert (german.language["lang"], "Über" in german.text or "Zu Ihrer Antwort" in german.text) == ("de", True)
    assert '<h1 lang="en" dir="ltr">Your visit</h1>' in german.response.text
    assert '<span class="needed" lang="de" dir="ltr">(erforderlich)</span>' in german.response.text
    sent = await browser.send("/f/warm-homes/visit?lang=de", german, mood=3)
    assert sent.headers["location"].endswith("/thanks?lang=de")
    thanks = await browser.open(sent.headers["location"])
    assert '<p lang="en" dir="ltr">We read it.</p>' in thanks.response.text
    assert [one["language"] for one in await asked.read_all("/v1/responses")] == ["en"]
    chosen = await browser.open("/f/warm-homes/visit", languages="de, ar;q=0.5")
    assert (chosen.language["lang"], chosen.language["dir"]) == ("ar", "rtl")


@on_sqlite
@pytest.mark.anyio
@pytest.mark.parametrize("language", SPOKEN)
async def test_what_is_refused_is_said_in_the_readers_language(asked: Caller, browser: Browser, language: str) -> None:
    title = chrome_in(language).say("There is nothing here")
    shown = await browser.open("/f/warm-homes/nothing", 404, languages=f"xx,{language};q=0.5")
    assert (title in shown.text, shown.language["lang"]) == (True, language)
    made = done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1", "language": language}))
    done(await asked.post(f"/v1/invitations/{made['id']}/revoke"))
    gone = await browser.http.get(f"/i/{made['token']}?lang={language}", headers=HTML)
    assert (gone.status_code, chrome_in(language).say("This link was withdrawn") in read(gone).text) == (410, True)
