"""The report: the profile first, then the one number, Felt, the Gap and the charts; unknown is said to be unknown."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.dependencies import Work
from api.measures.loyalty.asking import asked
from api.measures.loyalty.charts.schemas import ChartInterval
from api.measures.loyalty.felt.schemas import FeltAnswer, FeltFigure, GapAmong, GapItem, GapSide, Poststratified
from api.measures.loyalty.report import words
from api.measures.loyalty.report.early_answers import Estimate
from api.measures.loyalty.report.gathering import Report, gathered
from api.measures.loyalty.report.page import page
from api.measures.loyalty.schemas import DimensionAnswer, FactsAnswer
from api.measures.loyalty.validation.schemas import CorrelationAnswer, ValidationAnswer
from models.database import Database
from models.rules.loyalty.dimensions import Dimension
from models.rules.loyalty.validation import Agreement, Outcome
from tests.api.caller import Caller, done
from tests.api.measures.conftest import say
from tests.api.measures.loyalty.charted import post_weeks, week

pytestmark = pytest.mark.anyio

WEEKS = 26
STEADY = [8, 9] * 10


async def report(work: Work, interval: ChartInterval | None = ChartInterval.WEEK) -> Report:
    """Gather the report of half a year."""
    return await gathered(work, await asked(work, start=week(0), end=week(WEEKS)), interval)


def plain(html: str) -> str:
    """Give the words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL))


def check_whole(html: str) -> None:
    """See that a page is one file that anybody can read: nothing fetched, nothing run, everything named."""
    assert html.count("<h1>") == 1
    assert '<html lang="en">' in html
    assert "<script" not in html
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert "url(" not in html
    assert html.count("<table>") == html.count("<caption")
    assert html.count("<svg") == html.count("<desc")
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^" ]*)"', html)) <= set(ids)


async def test_a_workspace_without_records_is_told_what_is_missing(work: Work) -> None:
    found = await report(work)
    html = page(found)
    check_whole(html)
    told = plain(html)
    assert found.charts == []
    assert told.count("not measured") >= 8
    assert "tasks or appointments with a due date" in told
    assert "There is no one number: 0 of the eight dimensions are measured." in told
    assert "What customers feel of it is not yet known." in told
    assert "is not yet known: it takes both, now and in the window before" in told
    assert "Over time" not in told
    assert "Asked before" not in told
    assert told.count("Too little to say: ") == len(Outcome)
    assert told.count("The one number") == len(Outcome)


def test_a_dimension_is_validated_where_there_is_anything_to_say() -> None:
    known: dict[str, Any] = {"outcome": Outcome.DEPARTURES, "low": -0.8, "high": -0.125, "level": 0.95, "cells": 24}
    known |= {"groups": 2, "expected": -1, "agreement": Agreement.AS_EXPECTED, "says": "It goes with it."}
    both = [CorrelationAnswer(index=index, rho=rho, **known) for index in ("facts", "keep") for rho in (None, -0.5)]
    fields: dict[str, Any] = {"correlations": both}
    assert words.validated(ValidationAnswer.model_construct(**fields)) == [
        ("The one number", "departures", "not known", "It goes with it."),
        ("The one number", "departures", "-0.50 [-0.80, -0.12]", "It goes with it."),
        ("Keeps promises", "departures", "-0.50 [-0.80, -0.12]", "It goes with it."),
    ]


async def test_profile_charts_and_early_answers_stand_on_one_page(
    client: Caller, database: Database, work: Work
) -> None:
    picture = "data:image/png;base64,iVBORw0KGgo="
    branding = {"name": "Warm & <Homes>", "colour": "#0b5fff", "logo_url": picture}
    done(await client.patch("/v1/workspace", {"branding": branding}, if_match="*"))
    await post_weeks(client, database, [*STEADY, *[10] * 5, 1], demand="value")
    at = week(5).isoformat()
    await client.put_case("K-open", "C-1", opened_at=at)
    await say(client, {"answers": {"satisfaction": 1}, "on": at, "case": "K-open", "asked_at": at})
    await say(client, {"answers": {"satisfaction": 5}, "on": at, "case": "K-0-2", "asked_at": at})
    found = await report(work)
    html = page(found)
    check_whole(html)
    told = plain(html)
    assert "Warm &amp; &lt;Homes&gt;" in html
    assert f'<img src="{picture}" alt="">' in html
    assert "--brand:#0b5fff" in html
    assert "From 2 June 2025 until 1 December 2025" in told
    assert re.search(r"Keeps promises 8\d\.\d \[\d\d\.\d, \d\d\.\d\] 10 100 %", told)
    assert [(one.dimension, one.measure) for one in found.charts][:3] == [
        ("keep", "share"),
        ("flow", "elapsed"),
        ("first", "share"),
    ]
    assert "Week from 24 November 2025: outside its limits." in told
    assert "made by 20 points, and frozen." in told
    assert "Nothing is out of the ordinary." in told
    assert "1 of 2 answers were given before the case was done" in told
    assert told.index("Profile") < told.index("One number") < told.index("Felt") < told.index("Gap ")
    for word in ("target", "traffic"):
        assert told.count(word) == 1, "only to say that there is none"


async def test_months_are_named_and_few_points_are_provisional(client: Caller, database: Database, work: Work) -> None:
    await post_weeks(client, database, [*[5] * 22, *[10] * 4])
    told = plain(page(await report(work, ChartInterval.MONTH)))
    assert "Jun 2025" in told
    assert "made by 6 points: provisional, fewer than twelve." in told
    assert "November 2025: outside its limits." in told


async def test_a_run_of_months_is_said_from_its_first_to_its_last(
    client: Caller, database: Database, work: Work
) -> None:
    await post_weeks(client, database, [8] * 9 + [10] * 9)
    told = plain(page(await report(work)))
    assert re.search(r"Weeks from 2 June 2025 to \d+ \w+ 2025: eight or more in a row", told)


@pytest.fixture
def felt() -> FeltAnswer:
    """Give what customers feel, published."""
    told: dict[str, Any] = {"value": 71.0, "low": 68.2, "high": 73.8, "customers": 1600, "published": True}
    told |= {"omega": FeltFigure(value=0.84, low=0.8, high=0.87), "detail": "", "poststratified": None}
    return FeltAnswer.model_construct(**told)


async def test_felt_and_the_gap_are_told_where_they_are_known(work: Work, felt: FeltAnswer) -> None:
    nothing = GapSide(before=None, now=None, change=None)
    moved = GapAmong(facts=nothing, felt=nothing, change=FeltFigure(value=-2.0, low=-5.0, high=1.0))
    unknown = GapAmong(facts=nothing, felt=nothing, change=None)
    gap = [GapItem(dimension="keep", item="felt_1", among_all=moved, among_responders=unknown)]
    empty = await report(work)
    html = page(replace(empty, loyalty=empty.loyalty.model_copy(update={"felt": felt, "gap": gap})))
    check_whole(html)
    told = plain(html)
    assert "71.0 [68.2, 73.8], of 1600 customers." in told
    assert "omega: 0.84 [0.80, 0.87]." in told
    assert "Keeps promises -2.0 [-5.0, 1.0] too little to say" in told


def test_what_is_not_published_is_its_interval_and_the_reason(felt: FeltAnswer) -> None:
    weighed = Poststratified(value=70, low=66, high=74, responders=9, strata=2, joined=0, largest_weight=1.5)
    assert words.felt_words(felt.model_copy(update={"poststratified": weighed}))[0].endswith(
        "As if all customers served had answered alike often: 70.0 [66.0, 74.0]."
    )
    hidden = {"value": None, "published": False, "detail": "Too few forms.", "poststratified": weighed}
    told, why = words.felt_words(felt.model_copy(update=hidden))
    assert told.startswith("What customers feel of it, 0 to 100: [68.2, 73.8], of 1600")
    assert why == "Too few forms."


def test_the_one_number_names_its_set_and_its_range() -> None:
    found: dict[str, Any] = {
        "dimensions": [],
        "value": 61.25,
        "low": 55.0,
        "high": 67.0,
        "lowest": 48.0,
        "highest": 75.0,
        "set": list(Dimension)[:5],
    }
    told = words.one_number(FactsAnswer.model_construct(**found))
    assert told.startswith("61.2 [55.0, 67.0], a weighted geometric mean of 5 dimensions: Keeps promises, Done when")
    assert "anything from 48.0 to 75.0" in told


@pytest.mark.parametrize(
    ("told", "words_of_it"),
    [((None, None, None), "not known"), ((None, 1.0, 2.0), "[1.0, 2.0]"), ((-0.04, None, None), "0.0")],
)
def test_a_figure_without_interval_or_value_says_what_there_is(told: Any, words_of_it: str) -> None:
    value, low, high = told
    assert words.figure(Estimate(value=value, low=low, high=high, n=0, customers=0)) == words_of_it


def test_learn_counts_no_rows() -> None:
    told: dict[str, Any] = {"parts": [], "status": "not_measured"}
    unknown = DimensionAnswer.model_construct(**told)
    assert (words.counted(unknown), words.said(unknown)) == ([], "not measured")


async def test_a_window_as_it_was_known_then_has_charts_as_known_then(
    client: Caller, database: Database, work: Work
) -> None:
    await post_weeks(client, database, STEADY)
    then = datetime.now(UTC) - timedelta(days=1)
    question = await asked(work, start=week(0), end=week(WEEKS), as_known_at=then)
    assert (await gathered(work, question, ChartInterval.WEEK)).charts == []
