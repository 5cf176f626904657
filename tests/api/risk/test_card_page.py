"""A model's card as a page: in the reader's language whole, with what was stored in English marked as English."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from api import languages
from api.risk import card_page, cards, reports
from api.risk.schemas import CardAnswer, DecisionAnswer, ReportAnswer, WeightAnswer
from api.risk.wording import SPOKEN, speech_in
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.registry import Watched
from tests.api.caller import Caller, refusal
from tests.api.risk.test_models import registered
from tests.api.risk.test_wording import FOREIGN

DAY = datetime(2026, 5, 4, tzinfo=UTC)
MODEL = UUID(int=7)
FOUND = "Two of 31 columns moved."
SHARE = {"value": 0.25, "low": 0.125, "high": 0.5}
ARM = dict.fromkeys(("log_loss", "brier_skill", "average_precision", "auc", "precision_at_capacity", "ece"), 0.25)
FORWARD = {
    "customers": 1200,
    "departures": 80,
    "rows": 4300,
    "model": ARM,
    "scorecard": ARM,
    "challenger": ARM,
    "intervals": {"model": {"auc": [0.125, 0.5]}},
}
ROW = {
    "rows": 430,
    "customers": 1100,
    "departures": 9,
    "low_risk": 0.1,
    "high_risk": 0.2,
    "risk": 0.25,
    "left": 0.25,
    "low": 0.125,
    "high": 0.5,
}
GROUP = {"group": "north", "customers": 1100, "risk": 0.25, "left": SHARE, "flagged": SHARE}
GROUPS = {"attribute": "region", "smaller_customers": 12, "smaller_groups": 3, "unknown_customers": 4}


def a_card(**more: Any) -> CardAnswer:
    """Give a card that says all a card can."""
    kept = {
        "forward": FORWARD,
        "reliability": {"model": [ROW]},
        "label_kind": "implicit",
        "kept_out": ["woman"],
        "compared": {"with": "prior", "difference": -0.0125, "low": -0.5, "high": 0.25, "reason": "no_difference"},
        "sets": {"kept": ["a + b"]},
        "libraries": {"numpy": "2"},
    }
    report = {"attributes": [{**GROUPS, "groups": [GROUP]}]}
    decision = DecisionAnswer(
        decision="promoted",
        was="candidate",
        before_id=None,
        anyway=True,
        reason="<b>ours</b>",
        actor="x",
        recorded_at=DAY,
    )
    fields: dict[str, Any] = {
        "id": MODEL,
        "name": "prior_logistic",
        "state": "champion",
        "basis": "blended",
        "n_customers": 8211,
        "n_departures": 402,
        "sha256": "0" * 64,
        "trained_from": DAY,
        "trained_to": DAY,
        "created_at": DAY,
        "usable": False,
        "refused": "it is torn",
        "purpose": cards.PURPOSE,
        "label": cards.LABEL,
        "horizon_days": 90,
        "threshold": 0.25,
        "intercept": -2.0,
        "decisions": [decision],
        "weights": [WeightAnswer(feature="contacts_90", weight=-0.25)],
        "drift": ReportAnswer(model=MODEL, report=None, detail=FOUND, computed_at=DAY),
        "fairness": ReportAnswer(model=MODEL, report=report, detail=FOUND, computed_at=DAY),
        "comparison": ReportAnswer(
            model=MODEL, report=None, detail=reports.NOT_YET[Watched.COMPARISON], computed_at=None
        ),
        "card": kept,
    }
    return CardAnswer(**{**fields, **more})


NOT_OURS = {"Warm Homes", "prior logistic", "contacts_90", "north", "<b>ours</b>", "numpy 2", ". SHA-256 "}
"""Names, codes and what somebody wrote: they stand as they are in every language."""
BARE: dict[str, Any] = {
    "card": {},
    "weights": [],
    "decisions": [],
    "refused": None,
    "trained_from": None,
    "drift": ReportAnswer(model=MODEL, report=None, detail=reports.NOT_IN_USE, computed_at=None),
    "fairness": ReportAnswer(model=MODEL, report=None, detail=reports.NOT_LOOKED, computed_at=None),
}


def page(language: str, **more: Any) -> str:
    """Give the page of a card in a language."""
    return bytes(card_page.shown(a_card(**more), "Warm Homes", language).body).decode()


def words_of(text: str) -> str:
    """Give what a page says in its own language: without what is marked as another's, and without what is drawn."""
    text = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'<span lang="en".*?</span>', "", text, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "\n", text))


@pytest.mark.parametrize("more", [{}, BARE], ids=["whole", "bare"])
@pytest.mark.parametrize("language", FOREIGN)
def test_no_line_of_the_page_is_left_in_english(language: str, more: dict[str, Any]) -> None:
    ours, english = (set(words_of(page(one, **more)).splitlines()) for one in (language, "en"))
    same = {sentence for sentence, own in speech_in(language).sentences.items() if sentence == own}
    assert {line for line in ours & english if re.search("[A-Za-z]{3}", line)} - same <= NOT_OURS


@pytest.mark.parametrize("language", SPOKEN)
def test_the_page_says_which_language_it_is_in_and_which_way_it_is_read(language: str) -> None:
    text = page(language)
    way = languages.direction(language)
    assert f'<html lang="{language}" dir="{way}">' in text
    assert (way == "rtl") == (language == "ar")
    assert ("<b>ours</b>" in text, "&lt;b&gt;ours&lt;/b&gt;" in text, "<script" in text) == (False, True, False)
    marked = f'<span lang="en" dir="ltr">{FOUND}</span>'
    assert (marked in text, FOUND in text) == (language != "en", True)


def test_numbers_are_written_as_the_language_does_and_kept_in_their_order() -> None:
    german, arabic, english = page("de"), page("ar"), page("en")
    assert "<td>0,250 [0,125; 0,500]</td>" in german
    assert "8.211 Kunden, von denen 402 gegangen sind" in german
    assert "um -0,0125 [-0,5000; +0,2500] ab: kein Unterschied" in german
    assert "\u2068\u2068[0.125، 0.500]\u2069\u2069" in arabic.replace("0.250 ", "")
    assert "<td>0.250 [0.125, 0.500]</td>" in english
    assert "8,211 customers, 402 of whom left" in english
    assert "risk 0.250: 0.250 left [0.125, 0.500], 1,100 customers" in english


@pytest.mark.anyio
async def test_a_reader_gets_the_language_asked_for_else_the_browser_s(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    path = f"/v1/models/{await registered(database, workspace)}/card"

    async def opened(accepted: str, **asked: str) -> tuple[str, str]:
        headers = {"Accept": "text/html", "Accept-Language": accepted}
        answer = await client.ask("GET", path, headers, params=asked)
        assert answer.headers["vary"] == "Accept, Accept-Language"
        title = re.search(r"<title>(.*?) \W ", answer.text)
        assert title is not None
        return answer.headers["content-language"], title[1]

    assert await opened("") == ("en", "Model card")
    assert await opened("xx, fr;q=0.8") == ("fr", "Fiche du modèle")
    assert await opened("fr", lang="ar") == ("ar", "بطاقة النموذج")
    assert await opened("nl", lang="xx") == ("nl", "Modelkaart")
    card = await client.ask("GET", path, {"Accept": "application/json", "Accept-Language": "de"})
    assert card.json()["purpose"] == cards.PURPOSE
    assert "content-language" not in card.headers
    refusal(await client.get(path, lang="x" * 36), 422)
