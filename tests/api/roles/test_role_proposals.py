"""Staff propose how their roles should be; managers owe an answer, by a date."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI

from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, a_proposal, done, moment, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace
from tests.api.told import told

pytestmark = pytest.mark.anyio

WEDNESDAY = datetime(2026, 5, 6, 9, tzinfo=UTC)
TEN_WORKING_DAYS_ON = "2026-05-20T23:59:59.999999Z"
WHOLE = {
    "author": "Ana",
    "team": "north",
    "situation": "the warehouse closes at four",
    "stops_me_now": ["part_missing"],
    "decision_right": {"action": "order a part", "limit": 20_000, "currency": "EUR"},
    "knowledge_needed": ["the supplier's catalogue"],
    "tools_needed": ["a card"],
    "evidence": {"cases": ["R-17"], "responses": ["f-3"], "condition_sets": ["0190c5a0-0000-7000-8000-000000000001"]},
    "expected_effect": ["keep", "first"],
    "wanted": ["permission", "budget"],
    "scope": "team",
    "reversible": True,
    "experiment": {"start": "2026-06-01", "end": "2026-06-30", "measure": "done in one visit", "baseline": "4 of 10"},
}


async def test_a_proposal_is_kept_whole(client: Caller) -> None:
    await client.catalogue("part_missing")
    offered = await client.offer_role("P-1", **WHOLE)
    assert offered.pop("unchanged") is False
    assert {name: offered[name] for name in WHOLE} == WHOLE
    assert (offered["status"], offered["supporters"], offered["answers"], offered["steps"]) == ("offered", [], [], [])
    assert await client.read("/v1/role-proposals/P-1") == offered


async def test_a_proposal_without_a_reference_is_found_by_its_id(client: Caller) -> None:
    offered = await client.offer_role()
    assert offered["reference"] == offered["id"]
    assert (await client.read(f"/v1/role-proposals/{offered['id']}"))["customer_need"] == offered["customer_need"]


async def test_an_answer_is_owed_in_ten_working_days(client: Caller) -> None:
    with time_machine.travel(WEDNESDAY):
        offered = await client.offer_role("P-1")
    assert offered["due_at"] == TEN_WORKING_DAYS_ON
    assert moment(offered["owed_since"]) - WEDNESDAY < timedelta(minutes=1)
    assert offered["overdue"] is False


async def test_the_last_day_ends_in_the_workspaces_zone(client: Caller) -> None:
    done(await client.patch("/v1/workspace", {"zone": "America/Sao_Paulo"}, if_match="*"))
    with time_machine.travel(WEDNESDAY):
        assert (await client.offer_role("P-1"))["due_at"] == "2026-05-21T02:59:59.999999Z"


async def test_a_limit_is_in_the_workspaces_currency_unless_another_is_named(client: Caller) -> None:
    offered = await client.offer_role(decision_right={"action": "order a part", "limit": 20_000})
    assert offered["decision_right"]["currency"] == "EUR"


async def test_the_same_proposal_again_writes_nothing(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    first = await client.offer_role("P-1", team="north")
    again = await client.offer_role("P-1", team="north")
    assert again == {**first, "unchanged": True}
    assert [kind for kind, _ in await told(database, workspace)] == ["role_proposal.offered"]


async def test_the_same_reference_again_is_the_next_wording(client: Caller) -> None:
    first = await client.offer_role("P-1", team="north")
    again = await client.offer_role("P-1", situation="the warehouse closes at four")
    assert (again["id"], again["version"], again["unchanged"]) == (first["id"], 2, False)
    assert (again["team"], again["situation"]) == (None, "the warehouse closes at four")
    assert (again["due_at"], again["offered_at"]) == (first["due_at"], first["offered_at"])


async def test_what_stops_me_is_a_condition_of_the_catalogue(client: Caller) -> None:
    await client.catalogue("part_missing")
    body = a_proposal("P-1", stops_me_now=["part_missing", "nobody_knows"])
    refused = refusal(await client.post("/v1/role-proposals", body), 409, "unknown_reference")
    assert refused["retryable"] is True
    assert "nobody_knows" in refused["detail"]
    refusal(await client.get("/v1/role-proposals/P-1"), 404)


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("customer_need", None, "/customer_need"),
        ("kind", "holiday", "/kind"),
        ("expected_effect", ["speed"], "/expected_effect/0"),
        ("wanted", ["money"], "/wanted/0"),
        ("scope", "company", "/scope"),
        ("reversible", 1, "/reversible"),
        ("decision_right", {"action": "order", "limit": -1}, "/decision_right/limit"),
        ("evidence", {"orders": []}, "/evidence/orders"),
        ("experiment", {"start": "2026-06-02", "end": "2026-06-01", "measure": "visits"}, "/experiment"),
        ("experiment", {"start": 5, "end": "2026-06-01", "measure": "visits"}, "/experiment/start"),
        ("author", "  ", "/author"),
        ("salary", 1, "/salary"),
    ],
)
async def test_a_proposal_of_another_shape_is_refused_by_name(
    client: Caller, field: str, value: Any, pointer: str
) -> None:
    body = {**a_proposal(), field: value}
    if value is None:
        del body[field]
    refused = refusal(await client.post("/v1/role-proposals", body), 422, "malformed")
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


async def test_colleagues_stand_behind_a_proposal_once_each(client: Caller) -> None:
    await client.offer_role("P-1")
    await client.stand_behind("P-1", "Ben")
    await client.stand_behind("P-1", "Ana")
    supported = await client.stand_behind("P-1", " Ben ")
    assert supported["supporters"] == ["Ben", "Ana"]
    assert supported["version"] == 1


async def test_a_new_supporter_is_a_change_and_a_known_one_is_none(client: Caller) -> None:
    await client.offer_role("P-1")
    added = (await client.stand_behind("P-1", "Ben"))["stored_at"]
    assert (await client.stand_behind("P-1", "Ben"))["stored_at"] == added
    assert [item["reference"] for item in await client.read_all("/v1/role-proposals", updated_since=added)] == ["P-1"]


async def test_the_same_proposal_sent_twice_at_once_is_one(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    both = await asyncio.gather(*(client.offer_role("P-1") for _ in range(4)))
    assert len({offered["id"] for offered in both}) == 1
    assert len(await told(database, workspace)) == 1


async def test_events_name_the_proposal_and_nobody(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    offered = await client.offer_role("P-1", author="Ana", team="north")
    await client.answer_role("P-1", "support", answered_by="Mia")
    about = {"version": 1, "role_proposal": "P-1", "due_at": offered["due_at"]}
    about |= {name: offered[name] for name in ("role", "team", "kind")}
    assert await told(database, workspace) == [
        ("role_proposal.offered", {**about, "status": "offered"}),
        ("role_proposal.answered", {**about, "status": "supported", "verdict": "support"}),
    ]


async def test_lists_are_filtered_by_status_and_team(client: Caller) -> None:
    await client.offer_role("P-1", team="north")
    await client.offer_role("P-2", team="south")
    await client.answer_role("P-2", "support")

    async def found(**filters: str) -> list[str]:
        return [item["reference"] for item in await client.read_all("/v1/role-proposals", limit=1, **filters)]

    assert await found() == ["P-1", "P-2"]
    assert await found(status="supported") == ["P-2"]
    assert await found(team="north") == ["P-1"]
    refusal(await client.get("/v1/role-proposals", status="liked"), 422)


@pytest.mark.parametrize(
    ("scope", "reads", "sees_owed", "offers", "answers"),
    [
        ("roles:write", 200, 403, 201, 403),
        ("roles:support", 200, 200, 403, 201),
        ("records:write", 403, 403, 403, 403),
    ],
)
async def test_each_key_does_what_its_scope_says(
    client: Caller, caller: MakeCaller, *, scope: str, reads: int, sees_owed: int, offers: int, answers: int
) -> None:
    await client.offer_role("P-1")
    holder = await caller(scope)
    asked = [
        (await holder.get("/v1/role-proposals"), reads),
        (await holder.get("/v1/role-proposals/P-1"), reads),
        (await holder.get("/v1/support-owed"), sees_owed),
        (await holder.post("/v1/role-proposals", a_proposal("P-2")), offers),
        (await holder.post("/v1/role-proposals/P-1/supporters", {"name": "Ben"}), offers),
        (await holder.post("/v1/role-proposals/P-1/answer", {"verdict": "support"}), answers),
    ]
    assert [response.status_code for response, _ in asked] == [expected for _, expected in asked]
    if offers == 403:
        for step in ("reply", "try", "adopt", "withdraw"):
            body = {"reply": "so"} if step == "reply" else {}
            refusal(await holder.post(f"/v1/role-proposals/P-1/{step}", body), 403, "missing_scope")


async def test_nobody_reads_proposals_without_a_key(stranger: Caller) -> None:
    for path in ("/v1/role-proposals", "/v1/role-proposals/P-1", "/v1/support-owed"):
        refusal(await stranger.get(path), 401, "unauthenticated")


async def test_another_workspaces_proposal_is_as_good_as_missing(
    client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace
) -> None:
    await client.offer_role("P-1")
    neighbour = await caller("admin", of=await make_workspace("Cold Homes"))
    for path, body in (("supporters", {"name": "Ben"}), ("answer", {"verdict": "support"}), ("withdraw", {})):
        refusal(await neighbour.post(f"/v1/role-proposals/P-1/{path}", body), 404, "not_found")
    refusal(await neighbour.get("/v1/role-proposals/P-1"), 404, "not_found")
    assert await neighbour.read_all("/v1/role-proposals") == await neighbour.support_owed() == []


async def test_the_contract_says_that_either_scope_reads(app: FastAPI) -> None:
    for path in ("/v1/role-proposals", "/v1/role-proposals/{reference}"):
        said = app.openapi()["paths"][path]["get"]["security"]
        assert said == [{"HTTPBearer": ["roles:write"]}, {"HTTPBearer": ["roles:support"]}]
