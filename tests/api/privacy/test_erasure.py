"""Erasing a customer: what goes, what stays and still counts, and nobody comes back unnoticed."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from api import tombstones
from api.settings import settings
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.tables import metadata
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace

pytestmark = pytest.mark.anyio

ODD = {"all": [{"field": "attributes.part_fitted", "op": "eq", "value": False}]}


async def tell_of(client: Caller, customer: str, *cases: str, **fields: Any) -> None:
    """Tell of a customer with cases, each promised something, observed and answered."""
    await client.put_customer(customer, name="Ana", email="ana@example.org", attributes={"cat": "Mimi"}, **fields)
    for case in cases:
        await client.put_case(case, customer, handovers=3, team="north", attributes={"part_fitted": False})
        await client.promise(case, "visit", what="Ana is called at home")
        await client.observe(case, "rude", reference=f"o-{case}")
        answers = {"satisfaction": 1, "needs_met": "no", "comment": "Ana is cross"}
        await client.respond(case, satisfaction=1, answers=answers, reference=f"r-{case}")


def counted(rates: dict[str, Any]) -> list[Any]:
    """Give the counts of failure rates: their intervals know fewer customers as clusters than there were."""
    return [(row["conditions"], row["cases"], row["failures"], row["rate"]) for row in rates["rows"]]


async def rows(database: Database, workspace: WorkspaceSettings, name: str) -> list[Any]:
    """Give every row of a table."""
    async with database.read(workspace.id) as session:
        table = metadata.tables[name]
        return list((await session.execute(select(table))).all())


@pytest.fixture
async def catalogue(client: Caller) -> None:
    """Catalogue a condition that a rule sees and one that people see."""
    await client.catalogue("wrong_part", rule=ODD)
    await client.catalogue("rude")


@pytest.mark.usefixtures("catalogue")
async def test_a_customer_goes_and_the_cases_stay_without_them(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await tell_of(client, "C-1", "K-1", "K-2")
    await tell_of(client, "C-2", "K-3")
    await client.leave("C-1", reference="D-1")
    before = await client.read("/v1/failure-rates", condition="wrong_part")
    answer = await client.erase("C-1")
    assert answer["reference"] == "C-1"
    assert answer["removed"]["customer_versions"] == 1
    assert answer["removed"]["case_versions"] == 2
    refusal(await client.get("/v1/customers/C-1"), 404, "not_found")
    for gone in ("/v1/cases/K-1", "/v1/departures/D-1", "/v1/observations/o-K-1", "/v1/customers/C-1/risk"):
        refusal(await client.get(gone), 404, "not_found")
    cases = await client.read_all("/v1/cases")
    anonymous = [case for case in cases if case["reference"] != "K-3"]
    assert len(cases) == 3
    assert {(case["need"], case["team"], case["handovers"]) for case in cases} == {("repair", "north", 3)}
    assert [case["attributes"] for case in anonymous] == [{}, {}]
    assert len({case["customer"] for case in anonymous} | {"C-1", "C-2"}) == 4
    assert [item["reference"] for item in await client.read_all("/v1/customers")] == ["C-2"]
    after = await client.read("/v1/failure-rates", condition="wrong_part")
    assert counted(after) == counted(before)
    assert len(await rows(database, workspace, "observation_versions")) == 3
    assert len(await rows(database, workspace, "rule_observations")) == 3


@pytest.mark.usefixtures("catalogue")
async def test_a_response_keeps_its_scores_and_loses_its_words_and_its_id(client: Caller) -> None:
    await tell_of(client, "C-1", "K-1")
    before = (await client.read_all("/v1/responses"))[0]
    alone = await client.respond(None, customer="C-1", satisfaction=2, answers={"comment": "Ana again"})
    await client.erase("C-1")
    refusal(await client.get(f"/v1/responses/{before['id']}"), 404)
    refusal(await client.get(f"/v1/responses/{alone['id']}"), 404)
    kept = {row["answers"]["satisfaction"]: row for row in await client.read_all("/v1/responses")}
    assert kept[1]["answers"] == {"satisfaction": 1, "needs_met": "no"}
    assert kept[1]["failure"] is True
    assert kept[1]["case"] is not None
    assert kept[2]["answers"] == {"satisfaction": 2}
    assert (kept[2]["customer"], kept[2]["case"]) == (None, None)
    assert kept[1]["reference"] == kept[1]["id"]


async def test_erasing_again_says_the_same_and_writes_nothing(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1", name="Ana")
    first = await client.erase("C-1")
    count = len(await rows(database, workspace, "tombstones"))
    assert await client.erase("C-1") == first
    assert len(await rows(database, workspace, "tombstones")) == count == 1
    refusal(await client.delete("/v1/customers/nobody/personal-data"), 404, "not_found")


async def test_two_who_erase_at_once_erase_once(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1", name="Ana")
    await client.put_case("K-1", "C-1")
    both = await asyncio.gather(*[client.erase("C-1") for _ in range(2)])
    assert both[0] == both[1]
    assert len(await rows(database, workspace, "tombstones")) == 2


async def test_what_others_say_of_the_erased_is_cleared(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.put_customer("C-2", referred_by="C-1", name="Bo")
    await client.put_case("K-2", "C-2", caused_by_case="K-1")
    await client.erase("C-1")
    other = await client.read("/v1/customers/C-2")
    assert (other["referred_by"], other["name"]) == (None, "Bo")
    assert (await client.read("/v1/cases/K-2"))["caused_by_case"] is None


async def test_a_case_that_moved_to_another_customer_is_theirs(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_customer("C-2")
    await client.put_case("K-1", "C-1", occurred_at=ago(days=2), attributes={"of": "the first"})
    await client.put_case("K-1", "C-2", occurred_at=ago(days=1), attributes={"of": "the second"})
    await client.erase("C-1")
    kept = await client.read("/v1/cases/K-1")
    assert (kept["customer"], kept["attributes"]) == ("C-2", {"of": "the second"})
    done(await client.put("/v1/cases/K-1", {"handovers": 1}))


async def test_a_word_only_one_customer_used_goes_and_one_that_others_use_stays(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_customer("C-2")
    await client.put_case("K-1", "C-1", need="fetch Ana's cat from the roof", channel="Ana's phone", team="north")
    await client.put_case("K-2", "C-2", need="repair", team="north")
    await client.erase("C-1")
    [kept] = [case for case in await client.read_all("/v1/cases") if case["reference"] != "K-2"]
    assert (kept["need"], kept["channel"], kept["team"]) == ("erased", None, "north")


@pytest.mark.usefixtures("catalogue")
async def test_what_rules_saw_stands_when_rules_look_back_later(client: Caller, database: Database) -> None:
    await tell_of(client, "C-1", "K-1")
    await client.put_customer("C-2")
    await client.put_case("K-2", "C-2", attributes={"part_fitted": False})
    await client.erase("C-1")
    await client.catalogue("passed_on", rule={"all": [{"field": "handovers", "op": "ge", "value": 2}]})
    await work_off(database)
    seen = {row["case"]: row["state"] for row in await client.read_all("/v1/observations", condition="wrong_part")}
    assert list(seen.values()) == ["present", "present"]


@pytest.mark.usefixtures("catalogue")
async def test_events_that_named_the_erased_are_emptied_and_not_told(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await tell_of(client, "C-1", "K-1")
    await tell_of(client, "C-2", "K-2")
    hook = {"target_url": "https://example.org/hook", "events": ["response.received", "case.failed"]}
    done(await client.post("/v1/hooks", hook))
    await tell_of(client, "C-3", "K-3")
    before = await rows(database, workspace, "events")
    assert all(event.payload != {"erased": True} for event in before)
    await client.erase("C-1")
    await client.erase("C-3")
    after = {event.id: event for event in await rows(database, workspace, "events")}
    assert len(after) == len(before)
    emptied = {identity for identity, event in after.items() if event.payload == {"erased": True}}
    assert len(emptied) == len(before) * 2 / 3
    assert all(after[identity].once is None for identity in emptied)
    told_ = await rows(database, workspace, "deliveries")
    assert {row.state for row in told_} == {"dropped"}
    assert {row.event_id for row in told_} <= emptied
    assert await rows(database, workspace, "outbox_claims") == []


async def test_a_kept_answer_to_a_request_about_the_erased_goes_with_them(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_customer("C-2")
    left = {"customer": "C-1", "kind": "closed", "at": ago(days=1)}
    other = {"customer": "C-2", "kind": "closed", "at": ago(days=1)}
    done(await client.post("/v1/departures", left, idempotency_key="one"))
    first = await client.post("/v1/departures", other, idempotency_key="two")
    assert (await client.erase("C-1"))["removed"]["idempotent_answers"] == 1
    refusal(await client.post("/v1/departures", left, idempotency_key="one"), 409, "erased")
    again = await client.post("/v1/departures", other, idempotency_key="two")
    assert (again.headers["idempotent-replay"], again.json()) == ("true", first.json())


async def test_the_same_reference_in_another_workspace_is_another_person(
    client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace
) -> None:
    other = await caller("admin", of=await make_workspace("Another"))
    for who in (client, other):
        await who.put_customer("C-1", name="Ana")
        await who.put_case("K-1", "C-1")
    await client.erase("C-1")
    assert (await other.read("/v1/customers/C-1"))["name"] == "Ana"
    done(await other.put("/v1/cases/K-1", {"handovers": 1}))


async def test_a_tombstone_names_nobody_and_hangs_on_the_secret(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.put_customer("C-1")
    await client.erase("C-1")
    [stone] = await rows(database, workspace, "tombstones")
    assert "C-1" not in str(stone)
    assert stone.digest == tombstones.digest_of(workspace.id, "customer", "C-1")
    monkeypatch.setenv("STEADFAST_SECRET", "another secret")
    settings.cache_clear()
    assert stone.digest != tombstones.digest_of(workspace.id, "customer", "C-1")


async def test_many_cases_are_erased_together(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    await client.put_customer("C-1")
    rows_ = [
        {"reference": f"K-{number}", "customer": "C-1", "need": "repair", "opened_at": ago(days=1)}
        for number in range(700)
    ]
    assert done(await client.post("/v1/cases/bulk", rows_))["accepted"] == 700
    assert (await client.erase("C-1"))["removed"]["cases"] == 700
    async with database.read(workspace.id) as session:
        customers = metadata.tables["customers"]
        assert await session.scalar(select(func.count()).select_from(customers)) == 700
    assert isinstance(UUID((await client.read_all("/v1/cases"))[0]["reference"]), UUID)
