"""A caller's clock may run a little ahead of ours: what it says has happened is taken, and held back to our clock."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.caller import Caller, ago, done, moment, refusal

pytestmark = pytest.mark.anyio


def telling(at: str) -> list[tuple[str, str, dict[str, Any], str]]:
    """Give what says of a moment that something happened then: method, address, body, and the field that says it."""
    case = {"customer": "C-1", "need": "repair", "opened_at": ago(days=1)}
    promise = {"what": "a call", "made_at": ago(hours=2), "due_at": ago(days=-1)}
    seen = {"case": "K-1", "condition": "late", "state": "present", "source": "staff", "observed_at": at}
    wanted = {"team": "north", "kind": "tool", "what": "a wrench", "asked_at": ago(days=1), "met_at": at}
    return [
        ("PUT", "/v1/cases/K-2", {**case, "opened_at": at}, "opened_at"),
        *[("PUT", "/v1/cases/K-1", {**case, name: at}, name) for name in ("done_at", "confirmed_at", "restored_at")],
        ("PUT", "/v1/cases/K-1/promises/p", {**promise, "made_at": at}, "made_at"),
        ("PUT", "/v1/cases/K-1/promises/q", {**promise, "kept_at": at}, "kept_at"),
        ("POST", "/v1/departures", {"reference": "r", "customer": "C-1", "kind": "signal", "at": at}, "at"),
        ("POST", "/v1/observations", {"reference": "r", **seen}, "observed_at"),
        ("POST", "/v1/changes", {"reference": "r", "what": "Release 7", "at": at}, "at"),
        ("POST", "/v1/support-requests", {"reference": "r", **wanted}, "met_at"),
    ]


async def test_what_has_just_happened_by_a_clock_ahead_is_taken(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.catalogue("late")
    for method, address, body, _ in telling(ago(minutes=-2)):
        done(await client.ask(method, address, json=body))
    for _, address, body, name in telling(""):
        stored = await client.read(address if "reference" not in body else f"{address}/{body['reference']}")
        assert moment(stored[name]) <= datetime.now(UTC), address


async def test_what_is_to_come_has_not_happened(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.catalogue("late")
    for method, address, body, name in telling(ago(minutes=-9)):
        refused = refusal(await client.ask(method, address, json=body), 422, "in_the_future")
        assert [error["pointer"] for error in refused["errors"]] == [f"/{name}"]
