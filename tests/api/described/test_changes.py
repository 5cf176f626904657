"""A release, a price or a policy that changed: reported once, usable in rules, withdrawn where it was a mistake."""

from typing import Any

import pytest

from tests.api.caller import Caller, ago, done, refusal

pytestmark = pytest.mark.anyio

SOON_AFTER = {
    "all": [
        {"field": "since_change.release-7", "op": "missing", "value": False},
        {"field": "since_change.release-7", "op": "le", "value": 30},
    ]
}


async def tell(client: Caller, reference: str | None = "release-7", **fields: Any) -> Any:
    """Report a change that came ten days ago."""
    body = {"reference": reference, "what": "Release 7", "at": ago(days=10), **fields}
    return done(await client.post("/v1/changes", {name: value for name, value in body.items() if value is not None}))


async def seen(client: Caller, case: str) -> list[str]:
    """Give the state of what a rule saw in a case, oldest first."""
    listed = await client.read_all("/v1/observations", case=case)
    return [item["state"] for item in listed]


async def test_a_change_is_kept_and_corrected_by_its_reference(client: Caller) -> None:
    at = "2026-03-02T08:00:00Z"
    answer = await client.post("/v1/changes", {"reference": "r7", "what": "Release 7", "at": at, "needs": ["repair"]})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    stored = done(answer)
    assert (stored["at"], stored["needs"], stored["teams"], stored["voided"]) == (at, ["repair"], [], False)
    again = await client.post("/v1/changes", {"reference": "r7", "teams": ["north"]})
    assert (again.status_code, again.json()["unchanged"], again.json()["what"]) == (200, False, "Release 7")
    same = done(await client.post("/v1/changes", {"reference": "r7", "at": at}))
    assert (same["unchanged"], same["needs"], same["teams"]) == (True, ["repair"], ["north"])
    found = await client.read("/v1/changes/r7")
    assert await client.read_all("/v1/changes") == [found]


async def test_a_change_without_a_reference_is_found_by_its_id(client: Caller) -> None:
    stored = await tell(client, None)
    assert (await client.read(f"/v1/changes/{stored['id']}"))["what"] == "Release 7"


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_change_needs_what_and_when_and_has_come(client: Caller) -> None:
    refused = refusal(await client.post("/v1/changes", {"reference": "r7"}), 422, "malformed")
    assert [error["pointer"] for error in refused["errors"]] == ["/what", "/at"]
    body = {"what": "Release 8", "at": ago(days=-1)}
    refusal(await client.post("/v1/changes", body), 422, "in_the_future")
    refusal(await client.get("/v1/changes/r7"), 404, "not_found")


async def test_a_rule_asks_how_long_ago_a_change_was(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("before", "C-1", opened_at=ago(days=20), recorded_at=ago(days=20))
    await client.put_case("after", "C-1", opened_at=ago(days=5), recorded_at=ago(days=5))
    await client.put_case("other", "C-1", opened_at=ago(days=5), recorded_at=ago(days=5), need="move")
    condition = await client.catalogue("release_shaky", rule=SOON_AFTER)
    assert condition["past_cases"] == "evaluated"
    assert await client.read_all("/v1/observations") == []
    told = await tell(client, needs=["repair"], recorded_at=ago(days=9))
    assert told["past_cases"] == "evaluated"
    assert (await seen(client, "before"), await seen(client, "after")) == (["present"], ["present"])
    assert await seen(client, "other") == []
    (observed,) = await client.read_all("/v1/observations", case="before")
    assert observed["observed_at"][:19] == told["recorded_at"][:19]


async def test_the_days_since_a_change_run_on(client: Caller) -> None:
    await client.put_customer("C-1")
    await tell(client, at=ago(days=50), recorded_at=ago(days=50))
    await client.catalogue("release_shaky", rule=SOON_AFTER)
    await client.put_case("K-1", "C-1", opened_at=ago(days=40), recorded_at=ago(days=40))
    (observed,) = await client.read_all("/v1/observations", case="K-1")
    assert observed["state"] == "absent"
    assert observed["observed_at"][:16] == ago(days=20)[:16]


async def test_a_change_withdrawn_is_as_if_it_had_not_come(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.catalogue("release_shaky", rule=SOON_AFTER)
    await tell(client)
    assert await seen(client, "K-1") == ["present"]
    withdrawn = done(await client.post("/v1/changes/release-7/void", {"reason": "it was put off"}))
    assert (withdrawn["voided"], withdrawn["unchanged"]) == (True, False)
    assert await seen(client, "K-1") == ["absent"]
    again = done(await client.post("/v1/changes/release-7/void", {"reason": "it was put off"}))
    assert (again["unchanged"], again["version"]) == (True, withdrawn["version"])
    assert (await tell(client))["voided"] is False
    assert await seen(client, "K-1") == ["present"]
    refusal(await client.post("/v1/changes/nothing/void", {"reason": "r"}), 404, "not_found")


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_days_and_hours_are_not_compared(client: Caller) -> None:
    rule = {"all": [{"field": "since_change.r7", "op": "lt", "other_field": "hours_open"}]}
    body = {"code": "odd", "name": "odd", "kind": "process", "rule": rule}
    refused = refusal(await client.post("/v1/conditions", body), 422, "rule_refused")
    assert refused["errors"][0]["pointer"] == "/rule/all/0/other_field"
