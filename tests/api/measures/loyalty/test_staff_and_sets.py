"""What staff are owed, and what was learnt of condition sets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import insert, update

from api.dependencies import Work, writing_as
from api.failures import owed
from api.failures.countermeasures.queries import effects
from api.failures.queries import analyses
from api.measures.loyalty import facts
from api.measures.loyalty.asking import By, asked
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.ids import uuid7
from models.rules.loyalty.dimensions import Part
from tests.api.caller import Caller, ago, done
from tests.api.measures.loyalty.conftest import ask
from tests.api.risk.found import confirm, operator

pytestmark = pytest.mark.anyio
MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
STAFF = frozenset({Part.PROPOSALS_ANSWERED, Part.REQUESTS_MET})
WINDOW = {"start": MONDAY - timedelta(days=1), "end": MONDAY + timedelta(days=120)}


async def a_spring(client: Caller, supporters: list[str]) -> None:
    """Offer four proposals and two requests, and let some be answered."""
    with time_machine.travel(MONDAY):
        done(await client.put("/v1/teams/north", {"name": "North", "supported_by": supporters}))
        for name in ("P-1", "P-2", "P-3", "P-4"):
            await client.offer_role(name, team="north")
        for name, kind in (("S-1", "tool"), ("S-2", "knowledge"), ("S-3", "authority")):
            body = {"reference": name, "team": "north", "kind": kind, "what": "a wrench"}
            done(await client.post("/v1/support-requests", body))
        await client.answer_role("P-1", "support", reason="it helps")
        await client.answer_role("P-2", "support")
        await client.answer_role("P-3", "taken_to", taken_to="board", by_when="2026-08-01", reason="money")
        await client.answer_role("P-4", "ask", reason="which parts?")
        met = {"reference": "S-1", "team": "north", "kind": "tool", "what": "a wrench"}
    with time_machine.travel(MONDAY + timedelta(days=50)):
        done(await client.post("/v1/support-requests", {**met, "met_at": datetime.now(UTC).isoformat()}))
        # Long after the date it had: a date the company gave itself moves nothing.
        await client.answer_role("P-3", "support", reason="it pays")


async def test_what_three_or_more_owe_is_told(client: Caller, work: Work) -> None:
    await a_spring(client, ["Eva", "Ida", "Oda"])
    told = (await ask(work, STAFF, **WINDOW))[None, 0]
    proposals, requests = told[Part.PROPOSALS_ANSWERED], told[Part.REQUESTS_MET]
    # P-4 waits for its author; a request for authority is not knowledge or a tool.
    assert (proposals.known.total, proposals.known.n, proposals.known.customers) == (1, 3, 3)
    assert (requests.known.total, requests.known.n) == (1, 2)
    assert set(await ask(work, STAFF, **WINDOW, by=By.TEAM)) == {("north", 0)}
    assert await ask(work, STAFF, **WINDOW, by=By.NEED) == {}
    before = {**WINDOW, "as_known_at": MONDAY + timedelta(days=30)}
    then = (await ask(work, STAFF, **before))[None, 0]
    # What was told later was not known: nothing was said of the third, and no request was 60 days old.
    assert then[Part.PROPOSALS_ANSWERED].known.n == 3
    assert Part.REQUESTS_MET not in then


async def test_what_one_or_two_owe_is_theirs(client: Caller, work: Work) -> None:
    # One of the proposals was taken to the board: two owe them in all.
    await a_spring(client, ["Eva"])
    assert await ask(work, STAFF, **WINDOW) == {}


async def test_a_reply_moves_the_date_and_a_proposal_withdrawn_is_owed_nothing(client: Caller, work: Work) -> None:
    with time_machine.travel(MONDAY):
        done(await client.put("/v1/teams/north", {"name": "North", "supported_by": ["Eva", "Ida", "Oda"]}))
        await client.offer_role("P-1", team="north")
        await client.offer_role("P-2", team="north")
        await client.answer_role("P-1", "ask", reason="which?")
        await client.go_on("P-2", "withdraw")
    with time_machine.travel(MONDAY + timedelta(days=20)):
        await client.go_on("P-1", "reply", reply="all")
        await client.answer_role("P-1", "set_aside", reason="too dear")
    told = (await ask(work, STAFF, **WINDOW))[None, 0]
    assert (told[Part.PROPOSALS_ANSWERED].known.total, told[Part.PROPOSALS_ANSWERED].known.n) == (1, 1)


async def two_sets(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    """Confirm two sets 40 days ago: in each failing case of the last weeks one came together, in one case both."""
    for code in ("a", "b", "c", "d"):
        done(await client.post("/v1/conditions", {"code": code, "name": code, "kind": "process"}))
    for number, codes in enumerate(["abc", "abc", "abcd", "d", "a"]):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}", opened_at=ago(days=20))
        await client.respond(f"K-{number}", satisfaction=1)
        await client.cost(f"K-{number}", kind="refund", amount=100, minutes=None)
        for code in codes:
            row = {"case": f"K-{number}", "condition": code, "state": "present", "source": "staff"}
            done(await client.post("/v1/observations", {**row, "observed_at": ago(days=19)}))
    await confirm(database, workspace.id, ["a", "b", "c"], ["d"])
    async with database.write(workspace.id) as session:
        mine = analyses.c.workspace_id == workspace.id
        await session.execute(update(analyses).where(mine).values(created_at=datetime.now(UTC) - timedelta(days=40)))


async def verify(
    client: Caller, database: Database, workspace: WorkspaceSettings, *codes: str, returned: bool = False
) -> None:
    """Put a countermeasure on some conditions, verified since yesterday, or verified once and back again."""
    live = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
    body = {"title": "train", "kind": "knowledge", "conditions": list(codes), "owner": "Eva"}
    stored = done(await client.post("/v1/countermeasures", {**body, "live_from": live.isoformat()}))
    since = datetime.now(UTC) - timedelta(days=1)
    async with writing_as(database, operator(workspace.id)) as work:
        row = {"workspace_id": workspace.id, "id": uuid7(), "countermeasure_id": UUID(stored["id"]), "live_from": live}
        row |= {"conditions": sorted(codes), "verified_at": since, "confirmed_at": since, "returned": returned}
        await work.session.execute(insert(effects), {**row, "figures": {}, "recorded_at": work.now})


async def learnt(work: Work) -> tuple[float, float, int]:
    await work.session.rollback()  # what was read before is read anew
    now = datetime.now(UTC)
    told = (await ask(replace(work, now=now), [Part.LEARNT]))[None, 0][Part.LEARNT]
    return told.known.total, told.known.n, told.known.customers


async def test_one_member_of_three_is_no_answer_and_all_are(
    client: Caller, work: Work, database: Database, workspace: WorkspaceSettings
) -> None:
    await two_sets(client, database, workspace)
    # Each set is owed what its cases cost: 100, 100 and half of 100; and 100 and half of 100.
    assert await learnt(work) == (0, 400, 2)
    await verify(client, database, workspace, "a")
    assert await learnt(work) == (0, 400, 2)
    await verify(client, database, workspace, "b", "c")
    assert await learnt(work) == (250, 400, 2)
    await verify(client, database, workspace, "d")
    assert await learnt(work) == (400, 400, 2)


async def test_a_return_clears_it_and_two_of_three_are_two_thirds(
    client: Caller, work: Work, database: Database, workspace: WorkspaceSettings
) -> None:
    await two_sets(client, database, workspace)
    await verify(client, database, workspace, "d", returned=True)
    await verify(client, database, workspace, "a", "b")
    assert await learnt(work) == pytest.approx((250 * 2 / 3, 400, 2))
    question = await asked(work)
    assert await facts.cells(work, replace(question, by=By.TEAM), [Part.LEARNT]) == {}


async def test_one_cost_unknown_and_all_sets_are_weighed_by_failures(
    client: Caller, work: Work, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_sets(client, database, workspace)
    await client.put_case("K-9", "C-1", opened_at=ago(days=20))
    await client.respond("K-9", satisfaction=1)
    row = {"case": "K-9", "condition": "d", "state": "present", "source": "staff", "observed_at": ago(days=19)}
    done(await client.post("/v1/observations", row))
    assert await learnt(work) == (0, 5000, 2)
    monkeypatch.setattr(owed, "MOST_FAILURES", 2)
    now = datetime.now(UTC)
    assert await ask(replace(work, now=now), [Part.LEARNT]) == {}


async def test_failures_by_facts_are_learnt_from_too(
    client: Caller, work: Work, database: Database, workspace: WorkspaceSettings
) -> None:
    await two_sets(client, database, workspace)
    rule = {"failure_definition": {"all": [{"field": "contacts", "op": "ge", "value": 3}]}}
    done(await client.patch("/v1/workspace", rule, if_match="*"))
    await client.put_case("K-3", "C-3", contacts=3)
    rates = {"minute": {"amount": 1, "currency": "EUR"}}
    done(await client.patch("/v1/workspace", {"cost_rates": rates}, if_match="*"))
    fresh = Work(work.session, work.workspace_id, work.caller, datetime.now(UTC))
    assert await learnt(fresh) == (0, 100, 2 - 1)
