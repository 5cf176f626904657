"""Contacts within a case: of whom they were, when they took place, and nothing of it twice."""

import pytest

from tests.api.caller import Caller, ago, done, moment, refusal

pytestmark = pytest.mark.anyio

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def begin(client: Caller) -> None:
    """Report two customers with a case each."""
    for number in (1, 2):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}")


async def test_an_interaction_is_kept_whole_and_knows_whose_case_it_is(client: Caller) -> None:
    await begin(client)
    whole = {"channel": "chat", "handling_minutes": 12, "demand": "failure", "handed_over": False, "team": "north"}
    at = ago(hours=3)
    answer = await client.post("/v1/interactions", {"case": "K-1", "reference": "I-1", "occurred_at": at, **whole})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    found = done(answer)
    assert {name: found[name] for name in whole} == whole
    assert (found["case"], found["customer"], found["voided"]) == ("K-1", "C-1", False)
    assert moment(found["occurred_at"]) == moment(at)
    read = await client.get("/v1/interactions/I-1")
    assert (read.json(), read.headers["etag"]) == (found, '"1"')


async def test_what_is_not_known_of_an_interaction_is_null(client: Caller) -> None:
    await begin(client)
    found = await client.interact("K-1")
    assert [found[name] for name in ("handling_minutes", "demand", "handed_over", "team")] == [None] * 4
    assert found["reference"] == found["id"]


async def test_the_same_reference_again_is_the_next_state_and_may_correct_its_moment(client: Caller) -> None:
    await begin(client)
    await client.interact("K-1", reference="I-1", team="north", handling_minutes=5)
    earlier = ago(hours=5)
    again = await client.post(
        "/v1/interactions",
        {"case": "K-1", "reference": "I-1", "channel": "phone", "occurred_at": earlier, "handling_minutes": None},
    )
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')
    found = await client.read("/v1/interactions/I-1")
    assert (found["team"], found["handling_minutes"], found["version"]) == ("north", None, 2)
    assert moment(found["occurred_at"]) == moment(earlier)
    assert len(await client.read_all("/v1/interactions")) == 1


@on_sqlite
async def test_what_cannot_be_of_an_interaction_is_refused(client: Caller) -> None:
    await begin(client)
    body = {"case": "K-1", "channel": "phone", "occurred_at": ago(hours=1)}
    wrong = {
        "customer_mismatch": {"customer": "C-2"},
        "before_opened_at": {"occurred_at": ago(days=3)},
        "in_the_future": {"occurred_at": ago(hours=-1)},
        "known_before": {"recorded_at": ago(hours=2)},
    }
    for code, fields in wrong.items():
        refusal(await client.post("/v1/interactions", {**body, **fields}), 422, code)
    for name, value in (("channel", None), ("handling_minutes", -1), ("demand", "some"), ("minutes", 3)):
        refusal(await client.post("/v1/interactions", {**body, name: value}), 422, "malformed")
    refusal(await client.post("/v1/interactions", {**body, "case": "K-9"}), 409, "unknown_reference")
    refusal(await client.post("/v1/interactions", {**body, "customer": "C-9"}), 409, "unknown_reference")
    refusal(await client.get("/v1/interactions/I-9"), 404)
    assert await client.read_all("/v1/interactions") == []


async def test_interactions_are_taken_in_bulk_and_can_be_narrowed(client: Caller) -> None:
    await begin(client)
    rows = [
        {"reference": f"I-{place}", "case": case, "channel": channel, "demand": demand, "occurred_at": ago(hours=place)}
        for place, (case, channel, demand) in enumerate(
            [
                ("K-1", "phone", "value"),
                ("K-1", "chat", "failure"),
                ("K-2", "phone", "failure"),
                ("K-9", "phone", None),
            ],
            start=1,
        )
    ]
    answer = done(await client.post("/v1/interactions/bulk", rows))
    assert (answer["accepted"], answer["rejected"]) == (3, 1)
    assert done(await client.post("/v1/interactions/bulk", rows))["unchanged"] == 3

    async def references(**params: str) -> set[str]:
        return {item["reference"] for item in await client.read_all("/v1/interactions", **params)}

    assert await references(case="K-1") == {"I-1", "I-2"}
    assert await references(customer="C-2") == {"I-3"}
    assert await references(channel="phone", demand="failure") == {"I-3"}
    assert await references(customer="C-9") == set()
