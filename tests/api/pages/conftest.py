"""What the tests of pages share: a browser, and surveys to answer."""

from typing import Any

import httpx
import pytest

from tests.api.caller import Caller, done
from tests.api.pages.browser import Browser


def words(en: str, pt: str = "", ar: str = "") -> dict[str, str]:
    """Give a text by language."""
    return {language: text for language, text in (("en", en), ("pt", pt), ("ar", ar)) if text}


def choices(*keys: str) -> list[dict[str, Any]]:
    """Give choices."""
    return [{"key": key, "texts": words(key.title())} for key in keys]


VISIT: list[dict[str, Any]] = [
    {
        "key": "mood",
        "kind": "rating",
        "required": True,
        "metric_key": "satisfaction",
        "texts": words("How was {company}?", "Como foi {company}?", "كيف كانت {company}؟"),
        "low_texts": words("Bad"),
        "high_texts": words("Good"),
    },
    {
        "key": "why",
        "kind": "choices",
        "texts": words("What went wrong?", "O que correu mal?", "ما الخطأ؟"),
        "choices": choices("late", "rude"),
        "show_if": {"all": [{"field": "answers.mood", "op": "le", "value": 2}]},
    },
    {"key": "minutes", "kind": "number", "min": 0, "max": 600, "texts": words("Minutes?", "Minutos?", "دقائق؟")},
    {"key": "comment", "kind": "text", "texts": words("Anything else?", "Mais?", "شيء آخر؟")},
]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests fill in pages faster than people do; what comes of it is tested for itself."""
    monkeypatch.setattr("api.pages.filling.DEFAULT_SECONDS", 0)


@pytest.fixture
def browser(http: httpx.AsyncClient) -> Browser:
    """Give somebody with a browser."""
    return Browser(http)


@pytest.fixture
async def asked(client: Caller) -> Caller:
    """Give the caller of a workspace with a customer, a case, and the survey `visit`."""
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    page = {"title": words("Your visit", "A sua visita", "زيارتك"), "thanks": words("We read it.", "Lemos tudo.")}
    done(await client.post("/v1/surveys", {"key": "visit", "questions": VISIT, "page": page}))
    done(await client.post("/v1/surveys/visit/publish"))
    return client
