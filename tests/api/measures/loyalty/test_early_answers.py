"""Answers given before the case was done: how many, and how otherwise those customers answered."""

from datetime import timedelta
from typing import Any

import pytest

from api.dependencies import Work
from api.measures.loyalty.report.early_answers import EarlyAnswers, early_answers
from api.measures.loyalty.report.words import early_words
from models.base import to_us
from models.rules.statistics import clustered_share
from tests.api.caller import Caller
from tests.api.measures.conftest import say
from tests.api.measures.loyalty.charted import week

pytestmark = pytest.mark.anyio

DONE = week(1)


def said(
    satisfaction: int, case: str | None, hours: float, asked: float | None = None, **fields: Any
) -> dict[str, Any]:
    """Give an answer so many hours after the case was done, and when it was asked for."""
    own = {} if asked is None else {"asked_at": (DONE + timedelta(hours=asked)).isoformat()}
    named = {} if case is None else {"case": case}
    at = (DONE + timedelta(hours=hours)).isoformat()
    return {"answers": {"satisfaction": satisfaction}, "on": at, **named, **own, **fields}


async def early(work: Work) -> list[EarlyAnswers]:
    """Ask about some days before the cases were done, and a week after."""
    return await early_answers(work, to_us(week(0, 3)), to_us(week(2)))


async def test_nothing_said_is_nothing_to_tell(work: Work) -> None:
    found = await early(work)
    assert [(one.early, one.share.n, one.share.value, one.difference.value) for one in found] == [
        (0, 0, None, None)
    ] * 2
    assert early_words(found) == []


async def test_who_was_not_done_with_is_told_apart(client: Caller, work: Work) -> None:
    for number in range(4):
        await client.put_customer(f"C-{number}")
        opened = week(0).isoformat()
        # One confirmed it, one case was never done.
        done = [{"done_at": DONE.isoformat()}, {"done_at": DONE.isoformat()}, {"confirmed_at": DONE.isoformat()}, {}]
        await client.put_case(f"K-{number}", f"C-{number}", opened_at=opened, **done[number])
    await say(
        client,
        said(1, "K-0", -30, asked=-40),
        said(5, "K-0", 1, asked=-23),  # asked on the day it was done
        said(5, "K-1", 30, asked=-24),
        said(4, "K-2", 2),
        said(2, "K-3", 5, asked=3),
        said(1, None, 5),
        said(1, "K-1", -120),  # before the time that is asked for
        said(1, "K-1", -2, complete=False),
    )
    gone = await client.respond("K-1", satisfaction=1, answered_at=week(0, 6).isoformat())
    await client.void(f"/v1/responses/{gone['id']}")
    answered, asked = await early(work)
    assert (answered.moment, answered.early, answered.share.n, answered.share.customers) == ("answered", 2, 5, 4)
    by_hand = clustered_share([(1, 2), (0, 1), (0, 1), (1, 1)])
    assert answered.share.value == 0.4
    assert answered.share.low == pytest.approx(by_hand.low)
    assert answered.share.high == pytest.approx(by_hand.high)
    # Scores run from 0 to 10: 1 is 0, 2 is 2.5, 5 is 10.
    assert (answered.score_before.value, answered.score_before.n) == (1.25, 2)
    assert answered.score_after.value == pytest.approx(27.5 / 3)
    apart = answered.difference
    assert apart.value == pytest.approx(1.25 - 27.5 / 3)
    assert apart.low is not None
    assert apart.low < 1.25 - 27.5 / 3
    assert (answered.score_after.n, apart.n, apart.customers) == (3, 5, 4)
    assert (asked.moment, asked.early, asked.share.n, asked.score_before.n) == ("asked", 3, 4, 3)
    first, second = early_words([answered, asked])
    assert first.startswith("2 of 5 answers were given before the case was done: 40.0 [")
    assert second.startswith("3 of 4 questions were sent before the case was done: 75.0 [")


async def test_where_all_were_early_there_is_nothing_to_compare(client: Caller, work: Work) -> None:
    await client.put_customer("C-0")
    await client.put_case("K-0", "C-0", opened_at=week(0).isoformat())
    await say(client, said(1, "K-0", 1))
    found = await early(work)
    assert (found[0].share.value, found[0].share.low, found[0].share.high) == (1, 0, 1)
    assert (found[0].score_before.value, found[0].score_before.low, found[0].difference.value) == (0, None, None)
    [told] = early_words(found)
    assert told.startswith("1 of 1 answers were given before the case was done: 100.0 [0.0, 100.0] %, of 1 customers.")
    assert told.endswith("How otherwise they answered: too little to say.")
