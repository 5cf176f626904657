"""Two customers who are one: both references lead to the survivor, who has everything, and nothing was lost."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from api import kinds
from ml.features import all_moments, customer_features, departures
from models.base import to_us
from models.database import Database
from tests.api.caller import Caller, ago, done, moment, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio


async def merge(client: Caller, reference: str, into: str) -> Any:
    """Merge a customer into another."""
    return done(await client.post(f"/v1/customers/{reference}/merge", {"into": into}))


async def two(client: Caller) -> None:
    """Report the same person twice, each with a case, a contact, an answer, a payment and a departure."""
    for name in ("A", "B"):
        await client.put_customer(name, recorded_at=ago(days=40))
        await client.put_case(f"K-{name}", name, opened_at=ago(days=30), recorded_at=ago(days=30))
        await client.respond(f"K-{name}", satisfaction=2, answered_at=ago(days=20), recorded_at=ago(days=20))
        await client.interact(f"K-{name}", occurred_at=ago(days=25), recorded_at=ago(days=25))
        await client.pay(name, recorded_at=ago(days=12))
        await client.leave(name, reference=f"L-{name}", kind="signal", at=ago(days=10), recorded_at=ago(days=9))


async def test_everything_of_the_merged_customer_is_the_survivors(client: Caller) -> None:
    await two(client)
    merged = await merge(client, "A", "B")
    assert (merged["reference"], merged["merged"], merged["aliases"]) == ("B", "A", ["A"])
    kinds_moved = {**dict.fromkeys(("case", "departure", "interaction", "response", "revenue"), 1), "follow-up": 0}
    assert (merged["moved"], merged["unchanged"]) == (kinds_moved, False)
    for path in ("/v1/cases", "/v1/departures", "/v1/responses", "/v1/interactions", "/v1/revenues"):
        assert {item["customer"] for item in await client.read_all(path)} == {"B"}
    for name in ("A", "B"):
        cases = await client.read_all("/v1/cases", customer=name)
        assert [case["reference"] for case in cases] == ["K-B", "K-A"]
        assert len(await client.read_all("/v1/responses", customer=name)) == 2


async def test_the_old_reference_answers_the_survivor_and_says_so(client: Caller) -> None:
    await two(client)
    await merge(client, "A", "B")
    found = await client.read("/v1/customers/A")
    assert found == await client.read("/v1/customers/B")
    assert (found["reference"], found["aliases"]) == ("B", ["A"])
    assert [customer["reference"] for customer in await client.read_all("/v1/customers")] == ["B"]


async def test_the_old_reference_goes_on_wherever_one_is_taken(client: Caller) -> None:
    await two(client)
    await merge(client, "A", "B")
    put = await client.put("/v1/customers/A", {"segment": "family"})
    assert (put.status_code, put.json()["reference"]) == (200, "B")
    assert (await client.read("/v1/customers/B"))["segment"] == "family"
    await client.put_case("K-C", "A")
    bulk = done(await client.post("/v1/customers/bulk", [{"reference": "A", "name": "Ana"}, {"reference": "C"}]))
    assert [row["reference"] for row in bulk["results"]] == ["B", "C"]
    await client.leave("A")
    await client.respond("K-A", customer="A")
    await client.respond("K-A", customer="B")
    assert {case["customer"] for case in await client.read_all("/v1/cases")} == {"B"}
    risks = done(await client.post("/v1/risk/lookup", {"customers": ["A", "C", "B"]}))
    assert ([item["customer"] for item in risks["items"]], risks["unknown"]) == (["A", "C", "B"], [])
    one, other = [await client.read(f"/v1/customers/{name}/risk") for name in ("A", "B")]
    assert {**one, "customer": "", "as_of": ""} == {**other, "customer": "", "as_of": ""}


async def test_the_survivors_fields_win_and_absent_ones_are_filled(client: Caller) -> None:
    eur, usd = {"amount": 100, "currency": "EUR"}, {"amount": 900, "currency": "USD"}
    await client.put_customer("A", name="Ann", email="a@example.org", value=usd, attributes={"x": 1, "y": 1})
    await client.put_customer("B", name="Ana", value=eur, attributes={"y": 2, "z": 2})
    await client.put_customer("C", value=None)
    await merge(client, "A", "B")
    found = await client.read("/v1/customers/B")
    assert (found["name"], found["email"], found["value"]) == ("Ana", "a@example.org", eur)
    assert found["attributes"] == {"x": 1, "y": 2, "z": 2}
    await merge(client, "B", "C")
    filled = await client.read("/v1/customers/A")
    assert (filled["reference"], filled["aliases"], filled["value"]) == ("C", ["A", "B"], eur)


@pytest.mark.parametrize("wish", ["objects_to_scoring", "do_not_contact", "survey_opt_out"])
@pytest.mark.parametrize("sides", [("A",), ("B",), ("A", "B")])
async def test_a_wish_on_either_side_holds_for_the_survivor(client: Caller, wish: str, sides: tuple[str, ...]) -> None:
    for name in ("A", "B"):
        await client.put_customer(name, **{wish: name in sides})
    await merge(client, "A", "B")
    assert (await client.read("/v1/customers/A"))[wish] is True
    assert (await client.read("/v1/customers/A/risk"))["state"] == (
        "objected" if wish == "objects_to_scoring" else "active"
    )


async def test_nobody_is_referred_by_themselves(client: Caller) -> None:
    await client.put_customer("A", referred_by="B")
    await client.put_customer("B")
    await merge(client, "A", "B")
    assert (await client.read("/v1/customers/B"))["referred_by"] is None


async def test_a_customer_who_was_reported_does_not_become_a_stub_by_a_merge(client: Caller) -> None:
    done(await client.post("/v1/departures?stub=true", {"customer": "STUB-1", "kind": "closed", "at": ago(days=1)}))
    await client.put_customer("C-1")
    done(await client.post("/v1/customers/STUB-1/merge", {"into": "C-1"}))
    assert (await client.read("/v1/customers/C-1"))["stub"] is False


async def test_what_was_known_before_stays_as_it_was(client: Caller) -> None:
    await two(client)
    before = await client.read("/v1/customers/B/risk", as_of=ago(days=1))
    done(await client.put("/v1/cases/K-A", {"demand": "failure", "recorded_at": ago(days=5)}))
    await merge(client, "A", "B")
    after = await client.read("/v1/customers/B/risk", as_of=before["as_of"])
    assert after == before
    now = await client.read("/v1/customers/B/risk")
    assert now["risk"] > before["risk"]


async def test_a_withdrawn_record_stays_withdrawn(client: Caller, database: Database) -> None:
    await two(client)
    workspace_id = UUID((await client.read("/v1/me"))["workspace_id"])
    version = kinds.DEPARTURE.version
    async with database.write(workspace_id) as session:
        await session.execute(version.update().values(voided=True))
    await merge(client, "A", "B")
    async with database.read(workspace_id) as session:
        assert set((await session.scalars(select(version.c.voided))).all()) == {True}
        assert len((await session.scalars(select(version.c.id))).all()) == 3


async def test_what_was_learnt_of_the_merged_customer_before_is_told_by_what_the_survivor_did(
    client: Caller, database: Database
) -> None:
    await two(client)
    await merge(client, "A", "B")
    await client.leave("B", reference="gone")
    workspace_id = UUID((await client.read("/v1/me"))["workspace_id"])
    async with database.read(workspace_id) as session:
        left = {row.customer_id for row in await session.execute(departures(workspace_id))}
        known = await session.execute(select(kinds.CUSTOMER.head.c.id, kinds.CUSTOMER.head.c.reference))
        assert {row.reference for row in known if row.id in left} == {"A", "B"}
        moments = all_moments(workspace_id, [to_us(datetime.now(UTC))])
        rows = (await session.execute(customer_features(moments))).mappings().all()
        assert [row["contacts_90"] for row in rows] == [2]


async def test_merged_again_it_changes_nothing(client: Caller) -> None:
    await two(client)
    first = await merge(client, "A", "B")
    again = await merge(client, "A", "B")
    assert again == {**first, "moved": {}, "unchanged": True}
    await client.put_customer("C")
    await merge(client, "B", "C")
    assert (await merge(client, "A", "B"))["reference"] == "C"
    assert (await merge(client, "A", "C"))["unchanged"] is True


async def test_what_makes_no_sense_is_told_so(client: Caller) -> None:
    for name in ("A", "B", "C"):
        await client.put_customer(name)
    path = "/v1/customers/{}/merge"
    itself = refusal(await client.post(path.format("A"), {"into": "A"}), 422, "merged_into_itself")
    assert [error["pointer"] for error in itself["errors"]] == ["/into"]
    refusal(await client.post(path.format("nobody"), {"into": "A"}), 404, "not_found")
    refusal(await client.post(path.format("A"), {"into": "nobody"}), 409, "unknown_reference")
    await merge(client, "A", "B")
    assert (
        "into B before" in refusal(await client.post(path.format("A"), {"into": "C"}), 409, "already_merged")["detail"]
    )
    back = refusal(await client.post(path.format("B"), {"into": "A"}), 409, "already_merged")
    assert "one already" in back["detail"]


async def test_an_alias_named_as_the_survivor_leads_to_it(client: Caller) -> None:
    for name in ("A", "B", "C"):
        await client.put_customer(name)
    await merge(client, "B", "C")
    assert (await merge(client, "A", "B"))["reference"] == "C"
    assert (await client.read("/v1/customers/A"))["aliases"] == ["A", "B"]


async def test_two_merges_from_both_sides_leave_one_customer(client: Caller) -> None:
    for number in range(4):
        one, other = f"A{number}", f"B{number}"
        await client.put_customer(one)
        await client.put_customer(other)
        answers = await asyncio.gather(
            client.post(f"/v1/customers/{one}/merge", {"into": other}),
            client.post(f"/v1/customers/{other}/merge", {"into": one}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert await client.read(f"/v1/customers/{one}") == await client.read(f"/v1/customers/{other}")


async def test_what_is_stored_while_they_are_merged_is_the_survivors(client: Caller) -> None:
    """Both orders are right; what is not is a fact that stays with a customer nobody can find."""
    for number in range(6):
        one, other = f"A{number}", f"B{number}"
        await client.put_customer(one)
        await client.put_customer(other)
        await client.put_case(f"K{number}", one)
        body = {"customer": one, "need": "repair", "opened_at": ago(days=2)}
        answers = await asyncio.gather(
            client.put(f"/v1/cases/N{number}", body),
            client.post(f"/v1/customers/{one}/merge", {"into": other}),
            client.put(f"/v1/cases/K{number}", {"handovers": 2}),
            client.put(f"/v1/customers/{one}", {"attributes": {"n": number}}),
            client.post(
                "/v1/responses", {"survey": "post_interaction", "case": f"K{number}", "answers": {"satisfaction": 1}}
            ),
        )
        assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 201], [a.text for a in answers]
        cases = {case["reference"]: case for case in await client.read_all("/v1/cases", customer=other)}
        assert set(cases) == {f"N{number}", f"K{number}"}
        assert cases[f"K{number}"]["handovers"] == 2
        assert len(await client.read_all("/v1/responses", customer=other)) == 1
        assert (await client.read(f"/v1/customers/{other}"))["attributes"] == {"n": number}


async def test_an_import_run_again_after_a_merge_says_whose_the_records_are(client: Caller) -> None:
    row = {"reference": "K-1", "customer": "A", "need": "repair", "opened_at": ago(days=9), "recorded_at": ago(days=9)}
    await client.put_customer("A")
    await client.put_customer("B")
    done(await client.post("/v1/cases/bulk", [row]))
    await merge(client, "A", "B")
    for _ in range(2):
        assert done(await client.post("/v1/cases/bulk", [row]))["rejected"] == 0
    assert done(await client.post("/v1/cases/bulk", [row]))["unchanged"] == 1
    assert (await client.read("/v1/cases/K-1"))["customer"] == "B"


async def test_a_list_tells_of_a_merge_to_whoever_asks_what_changed(client: Caller) -> None:
    await client.put_customer("A")
    last = await client.read("/v1/customers/A")
    await client.put_customer("B")
    await client.put_customer("C")
    await merge(client, "A", "B")
    assert moment((await client.read("/v1/customers/B"))["stored_at"]) > moment(last["stored_at"])
    listed = await client.read_all("/v1/customers")
    assert [(customer["reference"], customer["aliases"]) for customer in listed] == [("C", []), ("B", ["A"])]


async def test_a_key_for_reading_merges_nobody(caller: MakeCaller) -> None:
    reader = await caller("records:read")
    refusal(await reader.post("/v1/customers/A/merge", {"into": "B"}), 403, "missing_scope")


async def test_nobody_is_merged_into_somebody_who_was_erased(client: Caller) -> None:
    for name in ("A", "B"):
        await client.put_customer(name)
    await client.erase("B")
    told = refusal(await client.post("/v1/customers/A/merge", {"into": "B"}), 409, "erased")
    assert told["retryable"] is False
    refusal(await client.post("/v1/customers/B/merge", {"into": "A"}), 404, "not_found")
