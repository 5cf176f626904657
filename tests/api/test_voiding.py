"""What was recorded by mistake can be withdrawn: it counts for nothing, is not lost, and told again it lives again."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import literal, select

from api.workspaces.service import WorkspaceSettings
from ml.features.asof import known_at, table_of
from models.base import to_us
from models.case import CaseVersion
from models.database import Database
from models.outbox import AuditEntry
from tests.api.caller import Caller, ago, done, refusal

pytestmark = pytest.mark.anyio

KINDS = ("cases", "promises", "interactions", "observations", "costs", "departures", "revenues", "responses")
LATE = {"all": [{"field": "promise_broken", "op": "eq", "value": True}]}
UNHAPPY = {"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]}
PASSED_ON = {"all": [{"field": "handovers", "op": "ge", "value": 2}]}


async def one_of_each(client: Caller) -> dict[str, str]:
    """Report one record of each kind; give the paths of each."""
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.promise("K-1", "P-1")
    await client.interact("K-1", reference="I-1")
    await client.catalogue("rude")
    await client.observe("K-1", "rude", reference="O-1")
    await client.cost("K-1", minutes=5, reference="X-1")
    await client.leave("C-1", reference="D-1")
    await client.pay("C-1", reference="R-1")
    response = await client.respond("K-1", satisfaction=1)
    names = {"interactions": "I-1", "observations": "O-1", "costs": "X-1", "departures": "D-1", "revenues": "R-1"}
    paths = {kind: f"/v1/{kind}/{name}" for kind, name in names.items()}
    promise = {"promises": "/v1/cases/K-1/promises/P-1", "responses": f"/v1/responses/{response['id']}"}
    return {"cases": "/v1/cases/K-1", **paths, **promise}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_record_that_is_withdrawn_leaves_the_lists_and_says_so(client: Caller, kind: str) -> None:
    path = (await one_of_each(client))[kind]
    before = await client.read(path)
    assert before["voided"] is False
    answer = await client.post(f"{path}/void", {"reason": "told by mistake"})
    withdrawn = done(answer)
    assert (answer.status_code, withdrawn["unchanged"], withdrawn["voided"]) == (200, False, True)
    assert withdrawn["id"] == before["id"]
    after = await client.get(path)
    assert after.json()["voided"] is True
    assert after.headers["etag"] == answer.headers["etag"] != f'"{before["version"]}"'
    assert await client.read_all(f"/v1/{kind}") == []
    assert await client.stream(f"/v1/{kind}") == []
    assert await client.read_all(f"/v1/{kind}", voided="true") == [after.json()]
    again = await client.void(path)
    assert (again["unchanged"], again["version"]) == (True, withdrawn["version"])


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_not_there_cannot_be_withdrawn(client: Caller, kind: str) -> None:
    paths = {kind: f"/v1/{kind}/nobody", "promises": "/v1/cases/nobody/promises/nobody"}
    paths["responses"] = f"/v1/responses/{UUID(int=1)}"
    refusal(await client.post(f"{paths[kind]}/void", {"reason": "why not"}), 404, "not_found")
    refusal(await client.post(f"{paths[kind]}/void", {}), 422, "malformed")
    refusal(await client.post(f"{paths[kind]}/void", {"reason": ""}), 422, "malformed")


async def test_a_promise_is_looked_for_in_its_case(client: Caller) -> None:
    await one_of_each(client)
    refusal(await client.post("/v1/cases/K-1/promises/P-2/void", {"reason": "why not"}), 404, "not_found")


async def test_who_withdrew_what_and_why_stands_in_the_audit_once(client: Caller, database: Database) -> None:
    paths = await one_of_each(client)
    for _ in range(2):
        await client.void(paths["costs"], "booked on the wrong case")
    workspace_id = UUID((await client.read("/v1/me"))["workspace_id"])
    entries = AuditEntry.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
    async with database.read(workspace_id) as session:
        found = (await session.execute(select(entries).where(entries.c.action == "cost_entry.voided"))).all()
    ((subject, details, actor),) = [(entry.subject, entry.details, entry.actor) for entry in found]
    assert re.fullmatch(r"/v1/costs/#[0-9a-f]+", subject)
    assert (details["reason"], actor[:4]) == ("booked on the wrong case", "key:")


async def test_what_is_told_again_lives_again(client: Caller) -> None:
    paths = await one_of_each(client)
    tellings: dict[str, Any] = {
        "cases": lambda: client.put_case("K-1", "C-1"),
        "promises": lambda: client.promise("K-1", "P-1"),
        "interactions": lambda: client.interact("K-1", reference="I-1"),
        "observations": lambda: client.observe("K-1", "rude", reference="O-1"),
        "costs": lambda: client.cost("K-1", minutes=5, reference="X-1"),
        "departures": lambda: client.leave("C-1", reference="D-1"),
        "revenues": lambda: client.pay("C-1", reference="R-1"),
    }
    for kind, tell in tellings.items():
        withdrawn = await client.void(paths[kind])
        await tell()
        found = await client.read(paths[kind])
        assert (found["voided"], found["version"]) == (False, withdrawn["version"] + 1)
        assert await client.read_all(f"/v1/{kind}") == [found]


async def test_old_news_and_repeated_posts_bring_nothing_back(client: Caller) -> None:
    await client.put_customer("C-1")
    case = {"customer": "C-1", "need": "repair", "opened_at": ago(days=9)}
    times = {"occurred_at": ago(days=9), "recorded_at": ago(days=9)}
    done(await client.post("/v1/cases/bulk", [{"reference": "K-1", **case, **times}]))
    body = {"id": str(UUID(int=7)), "survey": "post_interaction", "case": "K-1", "answers": {"satisfaction": 1}}
    done(await client.post("/v1/responses", body))
    await client.void("/v1/cases/K-1")
    await client.void(f"/v1/responses/{UUID(int=7)}")
    for fields in ({}, {"team": "north"}):
        done(await client.post("/v1/cases/bulk", [{"reference": "K-1", **case, **times, **fields}]))
        assert (await client.put("/v1/cases/K-1", {})).json()["voided"] is True
    assert (await client.post("/v1/responses", body)).status_code == 200
    assert await client.read_all("/v1/cases") == await client.read_all("/v1/responses") == []
    assert (await client.read("/v1/cases/K-1"))["team"] == "north"


async def test_old_news_of_a_withdrawn_record_does_not_withdraw_it_in_its_past(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    begun = {"occurred_at": ago(days=60), "recorded_at": ago(days=60)}
    await client.put_case("K-1", "C-1", opened_at=ago(days=60), **begun)
    await client.void("/v1/cases/K-1")
    late = {"handovers": 2, "occurred_at": ago(days=30), "recorded_at": ago(days=30)}
    assert done(await client.put("/v1/cases/K-1", late))["voided"] is True
    versions = table_of(CaseVersion)
    statement = select(versions.c.handovers).where(
        versions.c.workspace_id == workspace.id,
        known_at(versions, literal(to_us(datetime.now(UTC) - timedelta(days=20)))),
    )
    async with database.read(workspace.id) as session:
        assert (await session.scalars(statement)).all() == [2]


async def test_a_withdrawn_response_makes_no_failure_and_no_condition(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.catalogue("unhappy", rule=UNHAPPY)
    await client.catalogue("passed_on", rule=PASSED_ON)
    await client.put_case("K-1", "C-1", handovers=2)
    response = await client.respond("K-1", satisfaction=1)
    assert (response["failure"], response["conditions"]) == (True, ["passed_on", "unhappy"])
    assert (await client.read("/v1/failure-rates", condition="passed_on"))["failures"] == 1
    evidence = (await client.read("/v1/customers/C-1/risk"))["conditions"][0]["evidence"]
    assert f"response:{response['id']}" in evidence
    await client.void(f"/v1/responses/{response['id']}")
    rates = await client.read("/v1/failure-rates", condition="passed_on")
    assert (rates["cases"], rates["failures"]) == (0, 0)
    states = {item["condition"]: item["state"] for item in await client.read_all("/v1/observations", case="K-1")}
    assert states == {"passed_on": "present", "unhappy": "unknown"}
    risk = await client.read("/v1/customers/C-1/risk")
    assert [(item["code"], item["evidence"]) for item in risk["conditions"]] == [("passed_on", ["case:K-1"])]


async def test_of_several_responses_only_the_withdrawn_one_is_forgotten(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.catalogue("unhappy", rule=UNHAPPY)
    await client.put_case("K-1", "C-1")
    await client.respond("K-1", satisfaction=1, answered_at=ago(hours=3))
    second = await client.respond("K-1", satisfaction=5, answered_at=ago(hours=1))

    async def state() -> str:
        [seen] = await client.read_all("/v1/observations", case="K-1")
        return str(seen["state"])

    assert await state() == "absent"
    await client.void(f"/v1/responses/{second['id']}")
    assert await state() == "present"


async def test_a_withdrawn_case_counts_for_nothing_until_it_is_told_again(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.catalogue("passed_on", rule=PASSED_ON)
    await client.put_case("K-1", "C-1", handovers=2)
    await client.respond("K-1", satisfaction=1)

    async def counted() -> tuple[int, list[str], str]:
        rates = await client.read("/v1/failure-rates", condition="passed_on")
        risk = await client.read("/v1/customers/C-1/risk")
        [seen] = await client.read_all("/v1/observations", condition="passed_on")
        return rates["failures"], [item["code"] for item in risk["conditions"]], seen["state"]

    assert await counted() == (1, ["passed_on"], "present")
    await client.void("/v1/cases/K-1")
    assert await counted() == (0, [], "absent")
    await client.put_case("K-1", "C-1", handovers=3)
    assert await counted() == (1, ["passed_on"], "present")


async def test_a_case_that_fails_by_its_own_facts_counts_no_more_when_withdrawn(client: Caller) -> None:
    definition = {"all": [{"field": "reopened", "op": "ge", "value": 1}], "as_of": "latest"}
    done(await client.patch("/v1/workspace", {"failure_definition": definition}, if_match="*"))
    await client.catalogue("passed_on", rule=PASSED_ON)
    await client.put_customer("C-1")
    for number in (1, 2):
        await client.put_case(f"K-{number}", "C-1", handovers=2, reopened=1)
    assert (await client.read("/v1/failure-rates", condition="passed_on"))["failures"] == 2
    await client.void("/v1/cases/K-1")
    assert (await client.read("/v1/failure-rates", condition="passed_on"))["failures"] == 1


async def test_nobody_is_held_to_a_withdrawn_promise(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.catalogue("late", rule=LATE)
    await client.put_case("K-1", "C-1")
    await client.promise("K-1", "P-1", due_at=ago(hours=2))
    [seen] = await client.read_all("/v1/observations", case="K-1")
    assert seen["state"] == "present"
    before = await client.read("/v1/customers/C-1/risk")
    await client.void("/v1/cases/K-1/promises/P-1")
    [seen] = await client.read_all("/v1/observations", case="K-1")
    assert seen["state"] == "absent"
    assert (await client.read("/v1/customers/C-1/risk"))["risk"] < before["risk"]


async def test_a_customer_whose_departure_is_withdrawn_is_there_again(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.leave("C-1", reference="D-1")
    assert (await client.read("/v1/customers/C-1/risk"))["state"] == "left"
    await client.void("/v1/departures/D-1")
    assert (await client.read("/v1/customers/C-1/risk"))["state"] == "active"


async def test_a_withdrawn_observation_shows_in_no_risk(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.catalogue("rude")
    await client.observe("K-1", "rude", reference="O-1")
    assert [item["code"] for item in (await client.read("/v1/customers/C-1/risk"))["conditions"]] == ["rude"]
    await client.void("/v1/observations/O-1")
    assert (await client.read("/v1/customers/C-1/risk"))["conditions"] == []


async def test_what_a_rule_saw_is_neither_withdrawn_nor_spoken_for(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.catalogue("passed_on", rule=PASSED_ON)
    await client.put_case("K-1", "C-1", handovers=2)
    [seen] = await client.read_all("/v1/observations")
    refusal(await client.post(f"/v1/observations/{seen['reference']}/void", {"reason": "no"}), 422, "seen_by_a_rule")
    body = {"case": "K-1", "condition": "passed_on", "state": "absent", "source": "staff", "observed_at": ago(hours=1)}
    refusal(await client.post("/v1/observations", {**body, "reference": seen["reference"]}), 422, "seen_by_a_rule")
    assert await client.read_all("/v1/observations") == [seen]


async def test_a_withdrawn_stub_stays_one(client: Caller) -> None:
    done(
        await client.post(
            "/v1/interactions?stub=true",
            interaction := {"case": "K-1", "customer": "C-1", "channel": "phone", "occurred_at": ago(hours=1)},
        )
    )
    await client.void("/v1/cases/K-1")
    found = await client.read("/v1/cases/K-1")
    assert (found["stub"], found["voided"], interaction["case"]) == (True, True, "K-1")
