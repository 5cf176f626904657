"""Follow-ups as they are told: owed by a date, closed with an outcome, withdrawn, and shown with the risk."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from api.dependencies import writing_as
from api.handlers import worker_caller
from api.risk.follow_ups.overdue import emit_overdue
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.told import told

pytestmark = pytest.mark.anyio

PATH = "/v1/follow-ups"
WEDNESDAY = datetime(2026, 5, 6, 9, tzinfo=UTC)
ONE_STORE = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
async def two_customers(client: Caller) -> None:
    """Report two customers with a case each."""
    for number in (1, 2):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}", team="north")


async def owe(client: Caller, reference: str | None = "F-1", **fields: Any) -> Any:
    """Owe a customer something."""
    return done(await client.post(PATH, {**fields, **({} if reference is None else {"reference": reference})}))


async def first_owed(client: Caller, customer: str = "C-1") -> Any:
    """Read which follow-up a risk answer shows."""
    return (await client.read(f"/v1/customers/{customer}/risk"))["follow_up"]


async def test_a_new_one_is_redress_for_its_case_by_the_workspaces_rule(client: Caller) -> None:
    with time_machine.travel(WEDNESDAY):
        owed = await owe(client, case="K-1", owner="Ana", promise="a call")
        assert (owed["kind"], owed["origin"], owed["status"]) == ("redress", "person", "open")
        assert (owed["customer"], owed["case"], owed["team"]) == ("C-1", "K-1", "north")
        assert (owed["due_at"], owed["overdue"]) == ("2026-05-08T23:59:59.999999Z", False)
        assert owed["do_not_contact"] is False
    assert owed.pop("unchanged") is False
    found = await client.get(f"{PATH}/F-1")
    assert (found.json(), found.headers["etag"]) == ({**owed, "overdue": True}, '"1"')
    shown = await first_owed(client)
    assert shown == {name: owed[name] for name in shown if name != "overdue"} | {"overdue": True}


async def test_the_same_again_changes_nothing_and_absent_keeps(client: Caller) -> None:
    owed = await owe(client, customer="C-1", due_at=ago(days=-3), team="south")
    again = await owe(client, customer="C-1", due_at=owed["due_at"])
    assert (again["unchanged"], again["version"], again["team"]) == (True, 1, "south")
    changed = await owe(client, team=None, owner="north", case="K-1", kind="redress")
    assert (changed["team"], changed["owner"], changed["case"], changed["version"]) == (None, "north", "K-1", 2)
    assert (await owe(client, case=None))["case"] is None
    unnamed = await owe(client, None, customer="C-2")
    assert unnamed["reference"] == unnamed["id"]


async def test_what_is_told_late_is_laid_where_it_belongs(client: Caller) -> None:
    await owe(client, customer="C-1", owed_at=ago(days=9), recorded_at=ago(days=9), owner="Ana", due_at=ago(days=1))
    await owe(client, owner="Bo", occurred_at=ago(days=2), recorded_at=ago(days=2))
    late = await owe(client, owner="Cy", note="said Cy", occurred_at=ago(days=5), recorded_at=ago(days=5))
    assert (late["owner"], late["note"]) == ("Bo", "said Cy")


async def test_closing_one_says_what_came_of_it_and_alters_no_assessment(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await owe(client, case="K-1", promise="a call", owed_at=ago(days=2))
    done(await client.post("/v1/customers/C-1/risk/feedback", {"verdict": "agree"}))
    before = await client.read_all("/v1/customers/C-1/risk/history")
    closed = done(
        await client.post(
            f"{PATH}/F-1/close", {"outcome": "put_right", "promise_kept": True, "contacted_at": ago(days=1)}
        )
    )
    assert (closed["status"], closed["outcome"], closed["promise_kept"]) == ("closed", "put_right", True)
    again = done(await client.post(f"{PATH}/F-1/close", {"outcome": "put_right"}))
    assert (again["closed_at"], again["unchanged"]) == (closed["closed_at"], True)
    done(await client.post("/v1/customers/C-1/risk/feedback", {"verdict": "agree", "reference": "again"}))
    assert len(before) == 1
    assert await client.read_all("/v1/customers/C-1/risk/history") == before
    assert await first_owed(client) is None
    reopened = await owe(client, closed_at=None, outcome=None)
    assert reopened["status"] == "open"
    refusal(await client.post(f"{PATH}/F-9/close", {"outcome": "helped"}), 404, "not_found")
    assert await emit(database, workspace) == 0


async def emit(database: Database, workspace: WorkspaceSettings) -> int:
    """Look for what is overdue, as the worker does."""
    async with writing_as(database, worker_caller(workspace.id)) as work:
        return await emit_overdue(work)


async def test_one_overdue_is_told_of_once_for_each_date(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await owe(client, case="K-1", owed_at=ago(days=9), due_at=ago(days=3), owner="Ana", promise="a call")
    await owe(client, "F-2", customer="C-2", owed_at=ago(days=9), due_at=ago(days=-3))
    assert [await emit(database, workspace) for _ in range(2)] == [1, 0]
    [payload] = [payload for kind, payload in await told(database, workspace) if kind == "follow_up.overdue"]
    assert (payload["follow_up"], payload["customer"], payload["case"], payload["team"]) == (
        "F-1",
        "C-1",
        "K-1",
        "north",
    )
    assert not {"owner", "promise"} & set(payload)
    await owe(client, due_at=ago(days=2))
    assert await emit(database, workspace) == 1
    assert [item["reference"] for item in await client.read_all(PATH, overdue="true")] == ["F-1"]
    assert [item["reference"] for item in await client.read_all(PATH, overdue="false")] == ["F-2"]
    done(await client.post(f"{PATH}/F-1/close", {"outcome": "not_reached"}))
    assert await client.read_all(PATH, overdue="true") == []


async def test_redress_is_shown_before_outreach_and_then_what_is_due_first(client: Caller) -> None:
    await owe(client, "O-1", customer="C-1", kind="outreach", due_at=ago(days=-1))
    assert (await first_owed(client))["reference"] == "O-1"
    await owe(client, "R-2", customer="C-1", due_at=ago(days=-9))
    await owe(client, "R-1", case="K-1", due_at=ago(days=-5))
    assert (await first_owed(client))["reference"] == "R-1"
    assert await first_owed(client, "C-2") is None
    done(await client.post(f"{PATH}/R-1/void", {"reason": "mistake"}))
    assert (await first_owed(client))["reference"] == "R-2"
    looked_up = done(await client.post("/v1/risk/lookup", {"customers": ["C-2", "C-1"]}))
    assert [(item["follow_up"] or {}).get("reference") for item in looked_up["items"]] == [None, "R-2"]


async def test_as_of_a_moment_what_was_open_then_is_shown(client: Caller) -> None:
    past = {"owed_at": ago(days=9), "recorded_at": ago(days=9), "due_at": ago(days=7)}
    await client.put_customer("C-3", recorded_at=ago(days=20))
    await owe(client, customer="C-3", **past)
    done(await client.post(f"{PATH}/F-1/close", {"outcome": "helped"}))
    then = await client.read("/v1/customers/C-3/risk", as_of=ago(days=8))
    assert (then["follow_up"]["reference"], then["follow_up"]["overdue"]) == ("F-1", False)
    assert (await client.read("/v1/customers/C-3/risk", as_of=ago(days=10)))["follow_up"] is None


async def test_one_withdrawn_is_owed_no_longer_until_it_is_told_again(client: Caller) -> None:
    await owe(client, case="K-1")
    withdrawn = done(await client.post(f"{PATH}/F-1/void", {"reason": "mistake"}))
    assert (withdrawn["status"], withdrawn["voided"], withdrawn["unchanged"]) == ("withdrawn", True, False)
    assert done(await client.post(f"{PATH}/F-1/void", {"reason": "mistake"}))["unchanged"] is True
    refusal(await client.post(f"{PATH}/F-1/close", {"outcome": "helped"}), 409, "answer_refused")
    refusal(await client.post(f"{PATH}/F-9/void", {"reason": "r"}), 404, "not_found")
    assert await client.read_all(PATH) == []
    assert len(await client.read_all(PATH, voided="true")) == 1
    assert len(await client.read_all(PATH, status="withdrawn")) == 1
    assert (await owe(client, "F-2", case="K-1"))["status"] == "open"
    refusal(await client.post(PATH, {"reference": "F-1", "owner": "Ana"}), 409, "already_owed")


async def test_they_are_listed_by_whom_and_what_they_are_owed_for(client: Caller, caller: MakeCaller) -> None:
    await owe(client, "F-1", case="K-1", owner="Ana")
    await owe(client, "F-2", case="K-2", team="south")
    await owe(client, "F-3", customer="C-2", kind="outreach")
    done(await client.post(f"{PATH}/F-2/close", {"outcome": "declined"}))
    done(await client.post("/v1/customers/C-2/merge", {"into": "C-1"}))

    async def listed(**asked: str) -> set[str]:
        return {item["reference"] for item in await client.read_all(PATH, **asked)}

    assert await listed(kind="redress") == {"F-1", "F-2"}
    assert await listed(status="open") == {"F-1", "F-3"}
    assert await listed(status="closed") == {"F-2"}
    assert await listed(team="south") == {"F-2"}
    assert await listed(owner="Ana") == {"F-1"}
    assert await listed(case="K-1") == {"F-1"}
    assert await listed(customer="C-2") == await listed(customer="C-1") == {"F-1", "F-2", "F-3"}
    assert await listed(customer="C-9") == set()
    refusal(await client.get(PATH, status="late"), 422)
    reader, writer = await caller("records:read"), await caller("records:write")
    assert len(await reader.read_all(PATH)) == 3
    refusal(await reader.post(PATH, {"customer": "C-1"}), 403, "missing_scope")
    refusal(await writer.get(PATH), 403, "missing_scope")


async def test_an_answer_and_an_assessment_are_the_customers_own(client: Caller) -> None:
    response = await client.respond("K-1", satisfaction=1)
    assessment = done(await client.post("/v1/customers/C-1/risk/feedback", {"verdict": "agree"}))["assessment"]
    about = {"response": response["id"], "assessment": assessment}
    owed = await owe(client, case="K-1", **about)
    assert {name: owed[name] for name in about} == about
    assert (await owe(client, response=None))["response"] is None
    for name, identity in about.items():
        refused = await client.post(PATH, {"customer": "C-2", name: identity})
        assert refused.json()["errors"][0]["pointer"] == f"/{name}" if "errors" in refused.json() else True
        refusal(refused, 409, "unknown_reference")
    done(await client.post("/v1/customers/C-1/merge", {"into": "C-2"}))
    assert (await owe(client, "F-2", customer="C-2", assessment=assessment))["assessment"] == assessment


@ONE_STORE
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "malformed"),
        ({"customer": "C-9"}, 409, "unknown_reference"),
        ({"case": "K-9"}, 409, "unknown_reference"),
        ({"case": "K-1", "customer": "C-2"}, 422, "customer_mismatch"),
        ({"customer": "C-1", "due_at": "2020-01-01T00:00:00Z"}, 422, "before_owed_at"),
        ({"customer": "C-1", "owed_at": "2190-01-01T00:00:00Z"}, 422, "in_the_future"),
        ({"customer": "C-1", "contacted_at": "2190-01-01T00:00:00Z"}, 422, "in_the_future"),
        ({"customer": "C-1", "closed_at": "2020-01-01T00:00:00Z", "outcome": "helped"}, 422, "before_owed_at"),
        ({"customer": "C-1", "outcome": "helped"}, 422, "incomplete"),
        ({"customer": "C-1", "promise_kept": True}, 422, "nothing_promised"),
        ({"customer": "C-1", "promise_kept": 1}, 422, "malformed"),
        ({"customer": "C-1", "kind": "gift"}, 422, "malformed"),
        ({"customer": "C-1", "outcome": "solved"}, 422, "malformed"),
        ({"customer": "C-1", "origin": "failure"}, 422, "malformed"),
        ({"customer": "C-1", "owner": " "}, 422, "malformed"),
        ({"reference": "F-0", "customer": None}, 422, "cannot_be_cleared"),
        ({"reference": "F-0", "customer": "C-2"}, 422, "customer_mismatch"),
        ({"reference": "F-0", "due_at": None}, 422, "cannot_be_cleared"),
        ({"reference": "F-0", "kind": "outreach"}, 422, "kind_stays"),
        ({"reference": "F-0", "closed_at": "2020-01-01T00:00:00Z"}, 422, "before_owed_at"),
        ({"case": "K-1"}, 409, "already_owed"),
    ],
)
async def test_what_cannot_be_is_refused(client: Caller, body: dict[str, Any], status: int, code: str) -> None:
    await owe(client, "F-0", case="K-1")
    refusal(await client.post(PATH, body), status, code)
    assert len(await client.read_all(PATH)) == 1


async def test_two_at_once_owe_redress_for_a_case_once(client: Caller) -> None:
    answers = await asyncio.gather(*(client.post(PATH, {"reference": f"F-{n}", "case": "K-1"}) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(await client.read_all(PATH)) == 1


async def test_a_repeated_request_owes_once(client: Caller) -> None:
    first, again = [await client.post(PATH, {"customer": "C-1"}, idempotency_key="k") for _ in range(2)]
    assert first.json() == again.json()
    assert len(await client.read_all(PATH)) == 1


async def test_erased_with_the_customer(client: Caller) -> None:
    await owe(client, case="K-1", promise="to C-1")
    await owe(client, "F-2", customer="C-2", note="as C-1 was told")
    told_of = await client.read("/v1/customers/C-1/personal-data")
    assert "to C-1" in str(told_of)
    await client.erase("C-1")
    assert [item["reference"] for item in await client.read_all(PATH)] == ["F-2"]
    await client.put_customer("C-3")
    done(await client.post("/v1/customers/C-3/merge", {"into": "C-2"}))


async def test_a_wish_not_to_be_contacted_stands_beside_what_is_owed(client: Caller) -> None:
    await client.put_customer("C-1", do_not_contact=True)
    owed = await owe(client, case="K-1", owed_at=ago(days=1))
    assert (owed["status"], owed["do_not_contact"]) == ("open", True)
    assert (await first_owed(client))["reference"] == "F-1"
    moment = datetime.fromisoformat(owed["owed_at"])
    assert datetime.now(UTC) - moment > timedelta(hours=23)
