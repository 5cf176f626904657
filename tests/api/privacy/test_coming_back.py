"""Nobody who was erased comes back unnoticed: not by a late report, not by what others say, not by a claim."""

import asyncio

import pytest

from api.customers.schemas import CustomerRow
from api.customers.service import store_customers
from api.dependencies import writing_as
from api.feedback import hosted
from api.feedback.schemas import ResponseBody
from api.feedback.service import store_responses
from api.handlers import worker_caller
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.privacy.test_erasure import ODD, tell_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def catalogue(client: Caller) -> None:
    """Catalogue a condition that a rule sees and one that people see."""
    await client.catalogue("wrong_part", rule=ODD)
    await client.catalogue("rude")


async def test_a_case_reported_while_its_customer_is_erased_is_stored_before_or_refused(client: Caller) -> None:
    for round_ in range(4):
        name = f"C-{round_}"
        await client.put_customer(name)
        body = {"customer": name, "need": "repair", "opened_at": ago(days=1), "attributes": {"cat": "Mimi"}}
        puts = [client.put(f"/v1/cases/K-{round_}-{number}", body) for number in range(4)]
        *answers, erased = await asyncio.gather(*puts, client.delete(f"/v1/customers/{name}/personal-data"))
        assert erased.status_code == 200
        assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert [case["attributes"] for case in await client.read_all("/v1/cases") if case["attributes"]] == []


async def test_nobody_erased_comes_back_by_a_late_report(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.catalogue("rude")
    await client.erase("C-1")
    refusal(await client.put("/v1/customers/C-1", {"name": "Ana"}), 409, "erased")
    case = {"customer": "C-1", "need": "repair", "opened_at": ago(days=1)}
    assert refusal(await client.put("/v1/cases/K-9", case), 409, "erased")["retryable"] is False
    refusal(await client.put("/v1/cases/K-1", {**case, "customer": "C-2"}), 409, "erased")
    refusal(
        await client.post("/v1/departures", {"customer": "C-1", "kind": "closed", "at": ago(days=1)}), 409, "erased"
    )
    seen = {"case": "K-1", "condition": "rude", "state": "present", "source": "staff", "observed_at": ago(hours=1)}
    refusal(await client.post("/v1/observations", seen), 409, "erased")
    response = {"survey": "post_interaction", "customer": "C-1", "answers": {"satisfaction": 1}}
    refusal(await client.post("/v1/responses", response), 409, "erased")
    bulk = done(await client.post("/v1/customers/bulk", [{"reference": "C-1"}, {"reference": "C-2"}]))
    assert [row["problem"] and row["problem"]["code"] for row in bulk["results"]] == ["erased", None]


@pytest.mark.usefixtures("catalogue")
async def test_nobody_erased_comes_back_by_what_others_say_of_themselves(client: Caller) -> None:
    await tell_of(client, "C-1", "K-1")
    await tell_of(client, "C-2", "K-2", referred_by="C-1")
    await client.erase("C-1")
    for path, field, named in (("customers/C-2", "referred_by", "C-1"), ("cases/K-2", "caused_by_case", "K-1")):
        refused = refusal(await client.put(f"/v1/{path}", {field: named, "attributes": {"seen": True}}), 409, "erased")
        assert named in refused["detail"]
        assert (await client.read(f"/v1/{path}"))[field] is None


@pytest.mark.usefixtures("catalogue")
async def test_what_is_left_of_somebody_erased_is_nobody_to_tell_of(client: Caller) -> None:
    await tell_of(client, "C-1", "K-1")
    await tell_of(client, "C-2")
    await client.erase("C-1")
    [left] = [case["customer"] for case in await client.read_all("/v1/cases")]
    for _ in range(2):
        refusal(await client.put(f"/v1/customers/{left}", {"name": "Ana"}), 409, "erased")
    refusal(await client.post("/v1/departures", {"customer": left, "kind": "closed", "at": ago(days=1)}), 409, "erased")
    refusal(await client.post(f"/v1/customers/{left}/merge", {"into": "C-2"}), 404, "not_found")
    refusal(await client.post("/v1/customers/C-2/merge", {"into": left}), 409, "erased")
    await client.put_customer("erased-goods", name="a reference that only looks so")


async def test_a_claim_of_somebody_erased_is_dropped_and_tells_nothing(client: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    body = {"survey": "post_interaction", "customer": "C-1", "case": "K-1", "answers": {"satisfaction": 1}}
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    claimed = done(await form.post("/v1/responses", body))
    await client.erase("C-1")
    refusal(await client.get(f"/v1/responses/{claimed['id']}"), 404)
    late = await form.post("/v1/responses", body)
    assert late.status_code == 201
    found = await client.read(f"/v1/responses/{late.json()['id']}")
    assert (found["claimed_customer"], found["claimed_case"]) == (None, None)


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_whoever_is_claimed_or_named_while_they_are_erased_is_gone_all_the_same(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    await client.put_customer("C-2")
    await client.put_case("K-1", "C-1")
    answers = {"satisfaction": 2, "comment": "I am Ana"}
    async with writing_as(database, hosted.visitor(workspace.id)) as work:
        body = ResponseBody(survey="post_interaction", customer="C-1", case="K-1", answers=answers)
        await store_responses(work, [body])
        erasing = asyncio.create_task(client.erase("C-1"))
        await asyncio.sleep(0.3)
        assert not erasing.done()
    await erasing
    claims = await client.read_all("/v1/responses")
    assert [(claim["claimed_customer"], claim["claimed_case"]) for claim in claims] == [(None, None)]
    assert "Ana" not in str(claims)
    await client.put_customer("C-3")
    async with writing_as(database, worker_caller(workspace.id)) as work:
        await store_customers(work, [CustomerRow(reference="C-2", referred_by="C-3")])
        erasing = asyncio.create_task(client.erase("C-3"))
        await asyncio.sleep(0.3)
    await erasing
    assert (await client.read("/v1/customers/C-2"))["referred_by"] is None


async def test_somebody_only_claimed_can_be_erased(client: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    answers = {"satisfaction": 1, "comment": "I am Ana"}
    done(await form.post("/v1/responses", {"survey": "post_interaction", "customer": "C-1", "answers": answers}))
    assert (await client.erase("C-1"))["removed"]["response_versions"] == 1
    [kept] = await client.read_all("/v1/responses")
    assert (kept["claimed_customer"], kept["answers"]) == (None, {"satisfaction": 1})


async def test_an_admin_can_admit_somebody_again_and_erase_them_again(client: Caller) -> None:
    refusal(await client.post("/v1/customers/C-1/personal-data/readmit"), 404)
    await client.put_customer("C-1", name="Ana")
    first = await client.erase("C-1")
    admitted = done(await client.post("/v1/customers/C-1/personal-data/readmit"))
    assert done(await client.post("/v1/customers/C-1/personal-data/readmit")) == admitted
    assert (await client.put("/v1/customers/C-1", {"name": "Ana Two"})).status_code == 201
    assert (await client.read("/v1/customers/C-1"))["name"] == "Ana Two"
    second = await client.erase("C-1")
    assert second["erased_at"] > first["erased_at"]
    done(await client.post("/v1/customers/C-1/personal-data/readmit"))
    assert (await client.erase("C-1"))["removed"] == {}
    refusal(await client.put("/v1/customers/C-1", {}), 409, "erased")
