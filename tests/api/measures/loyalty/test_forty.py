"""Forty cases told through the API come to what was worked out by hand, now and as it was known earlier."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import exp, log
from typing import Any

import pytest

from models.rules.loyalty.dimensions import PARTS, Dimension, Part
from models.rules.statistics import clustered_share
from tests.api.caller import Caller
from tests.api.measures.loyalty import by_hand
from tests.api.measures.loyalty.forty import FROM, TO, tell_forty, tell_later

pytestmark = pytest.mark.anyio
NOT_HERE = {"learn": ["learnt"], "enable": ["proposals_answered", "requests_met"]}
FIRST_MONDAY = datetime.fromisoformat("2026-03-02T00:00:00+09:00")


async def loyalty(client: Caller, **params: Any) -> Any:
    return await client.read("/v1/loyalty", **{"from": FROM, "to": TO, **params})


def counts(told: Mapping[str, Any]) -> by_hand.Counts:
    """Give what an answer says was counted, of the shares that have rows."""
    parts = [part for dimension in told["dimensions"] for part in dimension["parts"] if part["rows"]]
    return {Part(part["key"]): (part["k"], part["n"], part["rows"]) for part in parts}


def test_the_tables_add_up_to_the_totals() -> None:
    assert by_hand.whole() == by_hand.TOTALS
    assert by_hand.whole(earlier=True) == by_hand.EARLIER_TOTALS
    assert len({mark[0] for mark in by_hand.marks()}) == 39, "one of the forty was withdrawn"


async def test_forty_cases_come_to_what_was_worked_out_by_hand(client: Caller) -> None:
    known_at = await tell_forty(client)
    await tell_later(client)
    now = await loyalty(client)
    assert counts(now["facts"]) == by_hand.TOTALS
    _check_values(now["facts"])
    _check_keep(now["facts"]["dimensions"][0])
    # Of the 29 done for the customer 18 were confirmed.
    unchallenged = now["beside"]["unchallenged"]
    assert (unchallenged["n"], unchallenged["value"]) == (29, pytest.approx(100 * 11 / 29))
    earlier = await loyalty(client, as_known_at=known_at)
    assert counts(earlier["facts"]) == by_hand.EARLIER_TOTALS
    for by, place in (("need", 3), ("team", 2)):
        found = await loyalty(client, by=by)
        assert {group["group"]: counts(group) for group in found["groups"]} == by_hand.by_group(place)
    weekly = await loyalty(client, interval="week")
    starts = [datetime.fromisoformat(point["from"]) for point in weekly["points"]]
    assert starts == [FIRST_MONDAY + timedelta(weeks=week) for week in by_hand.WEEKS]
    assert dict(enumerate(map(counts, weekly["points"]))) == by_hand.by_week()


async def test_told_against_the_order_of_time_they_come_to_the_same(client: Caller) -> None:
    await tell_forty(client, backwards=True)
    await tell_later(client)
    assert counts((await loyalty(client))["facts"]) == by_hand.TOTALS


def _check_values(facts: Mapping[str, Any]) -> None:
    """Hold values, coverage and the one number against what was worked out by hand."""
    told = {one["key"]: one for one in facts["dimensions"]}
    values = {key: one["value"] for key, one in told.items() if one["status"] == "measured"}
    assert values == pytest.approx(by_hand.VALUES, abs=0.001)
    for key in by_hand.VALUES:
        shares = [by_hand.TOTALS[part] for part in PARTS[Dimension(key)]]
        assert told[key]["coverage"] == pytest.approx(min(known / rows for _, known, rows in shares))
        assert told[key]["low"] < told[key]["value"] < told[key]["high"]
    missing = {key: [one["part"] for one in told[key]["connect"]] for key in told if key not in by_hand.VALUES}
    assert missing == NOT_HERE
    assert facts["set"] == list(by_hand.VALUES)
    assert facts["value"] == pytest.approx(exp(sum(map(log, values.values())) / len(values)))


def _check_keep(keep: Mapping[str, Any]) -> None:
    """Hold KEEP's interval against the one over its customers."""
    signs: dict[str, str] = {}
    for mark in by_hand.marks():
        if mark[5] is Part.KEPT:
            signs[mark[1]] = signs.get(mark[1], "") + mark[6]
    found = clustered_share((sign.count("+"), len(sign)) for sign in signs.values())
    assert (keep["low"], keep["high"]) == (pytest.approx(100 * found.low), pytest.approx(100 * found.high))
    assert keep["n"] == len(signs)
