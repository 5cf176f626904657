"""What staff heard customers need is kept in the customers' words, and what was not served is found."""

from typing import Any

import pytest

from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio


async def hear(client: Caller, reference: str | None = "H-1", **fields: Any) -> Any:
    """Tell what a customer needed."""
    body = {"reference": reference, "what": "Somebody who stays until it is warm.", **fields}
    return done(await client.post("/v1/heard", {name: value for name, value in body.items() if value is not None}))


async def listed(client: Caller, **params: Any) -> list[str]:
    """Give the references of what was heard."""
    return [item["reference"] for item in await client.read_all("/v1/heard", limit=1, **params)]


async def test_what_was_heard_is_kept_in_the_customers_words(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    whole = {"need": "advice", "case": "K-1", "team": "north", "served": False, "heard_by": "Ana"}
    answer = await client.post("/v1/heard", {"reference": "H-1", "what": "Stay.", "heard_at": ago(days=1), **whole})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    told = done(answer)
    assert {name: told[name] for name in whole} == whole
    assert told.pop("unchanged") is False
    assert await client.read("/v1/heard/H-1") == told
    served = await client.post("/v1/heard", {"reference": "H-1", "served": True})
    assert (served.status_code, served.json()["what"], served.json()["heard_at"]) == (200, "Stay.", told["heard_at"])
    assert done(await client.post("/v1/heard", {"reference": "H-1", "served": True}))["unchanged"] is True


async def test_needs_heard_but_unserved_are_listed(client: Caller) -> None:
    await hear(client, "H-1", served=False, need="advice")
    await hear(client, "H-2", served=True, team="north")
    await hear(client, "H-3", need="advice")
    await hear(client, "H-4")
    withdrawn = done(await client.post("/v1/heard/H-4/void", {"reason": "told twice"}))
    assert (withdrawn["voided"], withdrawn["unchanged"]) == (True, False)
    assert await listed(client, served=False) == ["H-1", "H-3"]
    assert await listed(client, served=True) == ["H-2"]
    assert await listed(client, need="advice") == ["H-1", "H-3"]
    assert await listed(client, team="north") == ["H-2"]
    assert await listed(client) == ["H-1", "H-2", "H-3", "H-4"]
    needs = await client.read_all("/v1/needs", undescribed=True)
    assert [need["key"] for need in needs] == ["advice"]


async def test_it_is_about_a_case_that_is_known_or_about_none(client: Caller) -> None:
    body = {"what": "Stay.", "case": "K-9"}
    refused = refusal(await client.post("/v1/heard", body), 409, "unknown_reference")
    assert refused["retryable"] is True
    await client.put_customer("C-1")
    await client.put_case("K-9", "C-1")
    told = done(await client.post("/v1/heard", body))
    assert (told["case"], told["reference"]) == ("K-9", told["id"])
    cleared = done(await client.post("/v1/heard", {"reference": told["id"], "case": None}))
    assert cleared["case"] is None


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_what_says_nothing_is_refused(client: Caller) -> None:
    refused = refusal(await client.post("/v1/heard", {"need": "advice"}), 422, "malformed")
    assert [error["pointer"] for error in refused["errors"]] == ["/what"]
    refusal(await client.post("/v1/heard", {"what": "Stay.", "heard_at": ago(days=-1)}), 422, "in_the_future")
    refusal(await client.get("/v1/heard/H-9"), 404, "not_found")
    refusal(await client.post("/v1/heard/H-9/void", {"reason": "r"}), 404, "not_found")


async def test_managers_read_and_staff_write(caller: MakeCaller) -> None:
    manager, staff = await caller("roles:support"), await caller("roles:write")
    await hear(staff)
    assert await listed(manager) == ["H-1"]
    refusal(await manager.post("/v1/heard", {"what": "Stay."}), 403, "missing_scope")
