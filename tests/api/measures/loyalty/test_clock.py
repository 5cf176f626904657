"""When a case is done for its customer: what an answer confirms, and what it does not."""

from typing import Any

import pytest

from tests.api.caller import Caller, ago, done

pytestmark = pytest.mark.anyio
OPENED, CALLED_DONE, NEEDED, ANSWERED = 40, 38, 36, 30
"""Days ago."""


async def told(client: Caller, answers: list[tuple[int, str]], **case: Any) -> tuple[float | None, int, float | None]:
    """Tell of one case and answers to it; give FLOW, how many were done, and the median time in days."""
    await client.put_customer("C-1")
    times = {"opened_at": ago(days=OPENED), "needed_by": ago(days=NEEDED)}
    done(await client.put("/v1/cases/K-1", {"customer": "C-1", "need": "repair", **times, **case}))
    for days, met in answers:
        said = {"survey": "post_interaction", "case": "K-1", "answered_at": ago(days=days)}
        done(await client.post("/v1/responses", {**said, "answers": {"satisfaction": 3, "needs_met": met}}))
    found = await client.read("/v1/loyalty")
    flow = next(part for part in found["facts"]["dimensions"] if part["key"] == "flow")["parts"][0]
    capable = next((one for one in found["beside"]["capability"] if one["group"] == "repair"), None)
    hours = capable and capable["median_hours"]
    return flow["k"], capable["n"] if capable else 0, None if hours is None else round(hours / 24, 2)


async def test_who_answers_late_does_not_make_a_punctual_case_late(client: Caller) -> None:
    assert await told(client, [(ANSWERED, "fully")], done_at=ago(days=CALLED_DONE)) == (1, 1, OPENED - CALLED_DONE)


async def test_where_nothing_was_called_done_it_is_done_at_the_answer(client: Caller) -> None:
    assert await told(client, [(ANSWERED, "fully")]) == (0, 1, OPENED - ANSWERED)


async def test_after_a_no_what_was_called_done_before_it_confirms_nothing(client: Caller) -> None:
    answers = [(CALLED_DONE - 1, "no"), (ANSWERED, "fully")]
    assert await told(client, answers, done_at=ago(days=CALLED_DONE)) == (0, 1, OPENED - ANSWERED)


async def test_a_no_keeps_the_clock_running(client: Caller) -> None:
    assert await told(client, [(ANSWERED, "no")], done_at=ago(days=CALLED_DONE)) == (0, 0, None)


async def test_when_the_customer_confirmed_is_told_as_it_was_recorded(client: Caller) -> None:
    confirmed = {"done_at": ago(days=CALLED_DONE), "confirmed_at": ago(days=ANSWERED)}
    assert await told(client, [], **confirmed) == (0, 1, OPENED - ANSWERED)
