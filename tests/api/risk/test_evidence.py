"""Every piece of evidence that is named can be read, with the scope that reads records and with no less."""

from typing import Any
from urllib.parse import quote

import pytest

from models.access import Scope
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio
PLACES = {"case": "/v1/cases/", "response": "/v1/responses/", "observation": "/v1/observations/"}
ODD = "K 2:a?b#c%20"


def place_of(evidence: str) -> str:
    """Give where a piece of evidence is read: its kind up to the first colon, and what it is known by."""
    kind, _, reference = evidence.partition(":")
    return PLACES[kind] + quote(reference, safe="")


async def named(client: Caller, customer: str) -> set[str]:
    """Give all evidence that is named of a customer now, and in what was stored before."""
    found = await client.read(f"/v1/customers/{customer}/risk")
    return {item for condition in found["conditions"] for item in condition["evidence"]}


async def upset(client: Caller, customer: str, *cases: str) -> list[Any]:
    """Report a customer with a condition seen in each case, and an answer about each."""
    await client.put_customer(customer)
    said = []
    for case in cases:
        done(await client.put(f"/v1/cases/{quote(case, safe='')}", a_case(customer)))
        await client.observe(case, "rude")
        said.append(await client.respond(case, satisfaction=1))
    return said


def a_case(customer: str) -> dict[str, Any]:
    """Give the body of a case."""
    return {"customer": customer, "need": "repair", "opened_at": ago(days=2)}


async def test_all_evidence_can_be_read(client: Caller, caller: MakeCaller) -> None:
    await client.catalogue("rude")
    await client.catalogue("unhappy", rule={"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]})
    reader, risky = await caller(Scope.RECORDS_READ), await caller(Scope.RISK_READ)
    said = await upset(client, "C-1", "K-1", ODD)
    await upset(client, "C-2", "K-3")
    shown = await named(risky, "C-1")
    assert shown == {"case:K-1", f"case:{ODD}", *(f"response:{one['id']}" for one in said)}
    for item in shown:
        found = await reader.read(place_of(item))
        assert found["id"] == item.partition(":")[2] or found["reference"] == item.partition(":")[2]
        assert (await risky.get(place_of(item))).status_code == 403

    done(await client.post("/v1/customers/C-2/merge", {"into": "C-1"}))
    merged = await named(risky, "C-1")
    assert "case:K-3" in merged
    assert merged == await named(risky, "C-2")

    await client.void(f"/v1/responses/{said[0]['id']}")
    await client.void("/v1/cases/K-3")
    after = await named(risky, "C-1")
    assert f"response:{said[0]['id']}" not in after
    assert "case:K-3" not in after
    # What was named before it was withdrawn can be looked up still, and says that it was.
    for item in shown | merged | after:
        await reader.read(place_of(item))
    assert (await reader.read("/v1/cases/K-3"))["voided"] is True


async def test_evidence_of_somebody_erased_is_named_no_more(client: Caller, caller: MakeCaller) -> None:
    await client.catalogue("rude")
    await upset(client, "C-1", "K-1")
    await upset(client, "C-2", "K-2")
    kept, gone = await named(client, "C-2"), await named(client, "C-1")
    await client.erase("C-1")
    refusal(await client.get("/v1/customers/C-1/risk"), 404, "not_found")
    refusal(await client.get("/v1/customers/C-1/risk/history"), 404, "not_found")
    assert await named(client, "C-2") == kept
    reader = await caller(Scope.RECORDS_READ)
    for item in kept:
        await reader.read(place_of(item))
    # A case outlives its customer, without anybody's name; what the customer answered is gone.
    for item in gone:
        found = await reader.get(place_of(item))
        if item.startswith("case:"):
            refusal(found, 404, "not_found")
        else:
            assert found.status_code in {200, 404}
