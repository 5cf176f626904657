"""What waits for managers: for how long, and whether it is a promise not kept. Nobody is counted by it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.api.caller import Caller, done

pytestmark = pytest.mark.anyio

WEDNESDAY = datetime(2026, 5, 6, 9, tzinfo=UTC)


async def test_what_is_due_first_stands_first(client: Caller) -> None:
    for reference, days in (("P-2", 7), ("P-1", 0), ("P-3", 14)):
        with time_machine.travel(WEDNESDAY + timedelta(days=days)):
            await client.offer_role(reference)
    assert [item["reference"] for item in await client.support_owed(limit=1)] == ["P-1", "P-2", "P-3"]


async def test_proposals_due_together_are_each_listed_once(client: Caller) -> None:
    with time_machine.travel(WEDNESDAY):
        for number in range(5):
            await client.offer_role(f"P-{number}")
    listed = [item["reference"] for item in await client.support_owed(limit=2)]
    assert sorted(listed) == [f"P-{number}" for number in range(5)]


async def test_silence_past_the_due_is_a_promise_not_kept(client: Caller) -> None:
    with time_machine.travel(WEDNESDAY):
        await client.offer_role("P-1", author="Ana", wanted=["permission"])
    with time_machine.travel(datetime(2026, 5, 20, 23, 59, tzinfo=UTC)):
        (waiting,) = await client.support_owed()
        assert (waiting["overdue"], waiting["waiting_days"]) == (False, 14)
    with time_machine.travel(datetime(2026, 5, 21, 0, 0, 1, tzinfo=UTC)):
        (waiting,) = await client.support_owed()
        assert waiting["overdue"] is True
        assert (await client.read("/v1/role-proposals/P-1"))["overdue"] is True
    assert (waiting["author"], waiting["wanted"]) == ("Ana", ["permission"])


async def test_an_answer_given_late_ends_the_waiting(client: Caller) -> None:
    with time_machine.travel(WEDNESDAY):
        await client.offer_role("P-1")
    with time_machine.travel(WEDNESDAY + timedelta(days=60)):
        answered = await client.answer_role("P-1", "support")
        assert answered["overdue"] is False
        assert await client.support_owed() == []


async def test_it_is_narrowed_to_what_changed_and_still_oldest_due_first(client: Caller) -> None:
    for reference, days in (("P-2", 7), ("P-1", 0), ("P-3", 14)):
        with time_machine.travel(WEDNESDAY + timedelta(days=days)):
            await client.offer_role(reference)
    with time_machine.travel(WEDNESDAY + timedelta(days=20)):
        asked = {"reference": "S-1", "team": "north", "kind": "tool", "what": "a lamp"}
        done(await client.post("/v1/support-requests", asked))
        await client.stand_behind("P-1", "Ana")
    since = (WEDNESDAY + timedelta(days=10)).isoformat()
    changed = [item["reference"] for item in await client.support_owed(updated_since=since, limit=1)]
    assert changed[0] == "P-1"
    assert set(changed) == {"P-1", "P-3", "S-1"}
    assert changed == [item["reference"] for item in await client.stream("/v1/support-owed", updated_since=since)]


async def test_it_is_narrowed_to_a_team_and_to_nobody(client: Caller) -> None:
    await client.offer_role("P-1", team="north", author="Ana")
    await client.offer_role("P-2", team="south", author="Ana")
    assert [item["reference"] for item in await client.support_owed(team="south")] == ["P-2"]
    (page,) = [await client.read("/v1/support-owed", team="south")]
    assert set(page) == {"items", "next_cursor"}
