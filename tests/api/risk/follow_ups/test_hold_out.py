"""Who is held out of outreach at random, that nothing says who, and what is known of its effect."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, update

from api import kinds
from api.dependencies import Work, writing_as
from api.handlers import worker_caller
from api.risk import draws
from api.schedules import tick
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.follow_up import Arm
from models.ids import uuid7
from tests.api.caller import Caller, ago, done
from tests.api.jobs.clock import Clock
from tests.api.risk.follow_ups.reaching import PATH, customer, declare, offer, reckon, said, score
from tests.api.told import told

pytestmark = pytest.mark.anyio


async def arms(database: Database, workspace: WorkspaceSettings) -> dict[Arm, int]:
    """Count what was drawn."""
    async with database.read(workspace.id) as session:
        rows = await session.execute(select(draws.draws.c.arm, func.count()).group_by(draws.draws.c.arm))
        return {row[0]: row[1] for row in rows}


async def test_some_are_held_out_and_nothing_says_who(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draws, "is_held_out", lambda _key, _share, seed: int(seed[1], 16) % 2 == 0)
    await declare(client, hold_out_share=0.1)
    names = [f"C-{number}" for number in range(8)]
    for name in names:
        await customer(client, name, 1_000_000)
    fresh = {name: (await said(client, name))["flagged"] for name in names}
    flagged = [name for name in names if fresh[name]]
    assert (await arms(database, workspace), 0 < len(flagged) < 8) == ({}, True)
    await score(database, workspace)
    assert {name: (await said(client, name))["flagged"] for name in names} == fresh
    assert await arms(database, workspace) == {Arm.OFFERED: len(flagged), Arm.HELD_OUT: 8 - len(flagged)}
    await score(database, workspace)
    assert sum((await arms(database, workspace)).values()) == 8
    assert [kind for kind, _ in await told(database, workspace)] == ["customer.at_risk"] * len(flagged)
    assert {item["customer"] for item in await client.read_all("/v1/risk", flagged="true")} == set(flagged)
    assert await offer(database, workspace) == len(flagged)
    for name in set(names) - set(flagged):
        answer = await client.read(f"/v1/customers/{name}/risk")
        assert (answer["flag_rule"], answer["follow_up"]) == ("cost", None)
        assert "held" not in str(answer)


async def test_a_draw_holds_for_a_horizon_and_then_everybody_is_drawn_anew(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draws, "is_held_out", lambda _key, _share, seed: seed[2] == "1")
    await declare(client, hold_out_share=0.05)
    await customer(client, "C-1", 10_000_000)
    await score(database, workspace)
    assert (await said(client, "C-1"))["flagged"] is False
    monkeypatch.setattr(draws, "is_held_out", lambda *_: False)
    assert (await said(client, "C-1"))["flagged"] is False
    with time_machine.travel(datetime.now(UTC) + timedelta(days=91)):
        assert (await said(client, "C-1"))["flagged"] is True
        await score(database, workspace)
    assert await arms(database, workspace) == {Arm.HELD_OUT: 1, Arm.OFFERED: 1}


async def test_redress_is_never_held_out(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draws, "is_held_out", lambda *_: True)
    await declare(client, hold_out_share=0.1)
    await customer(client, "C-1", 1_000_000)
    await client.respond("K-C-1-0", satisfaction=1)
    await score(database, workspace)
    clock = Clock()
    await tick(database, clock)
    clock.move(minutes=2)
    await tick(database, clock)
    await work_off(database)
    [owed] = await client.read_all(PATH)
    assert (owed["kind"], owed["customer"]) == ("redress", "C-1")


async def draw_past(work: Work, names: dict[str, Any], arm: Arm, number: int = 1) -> None:
    """Draw customers into an arm a hundred days ago."""
    for customer_id in names.values():
        row = {"workspace_id": work.workspace_id, "id": uuid7(), "customer_id": customer_id, "number": number}
        row |= {"arm": arm, "share": 0.1, "horizon_days": 90, "drawn_at": work.now - timedelta(days=100)}
        await work.session.execute(draws.draws.insert().values(row))


async def test_the_effect_is_told_when_it_is_known(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await declare(client)
    names = [f"C-{number}" for number in range(120)]
    rows = [{"reference": name} for name in names]
    done(await client.post("/v1/customers/bulk", rows))
    heads = kinds.CUSTOMER.head
    async with writing_as(database, worker_caller(workspace.id)) as work:
        found = {row.reference: row.id for row in await work.session.execute(select(heads.c.reference, heads.c.id))}
        await draw_past(work, {name: found[name] for name in names[:80]}, Arm.OFFERED)
        await draw_past(work, {name: found[name] for name in names[80:]}, Arm.HELD_OUT)
    gone = [{"customer": name, "kind": "cancelled", "at": ago(days=50)} for name in (*names[:4], *names[80:100])]
    gone += [{"customer": "C-50", "kind": "cancelled", "at": ago(days=5)}]
    gone += [{"customer": "C-51", "kind": "signal", "at": ago(days=50)}]
    done(await client.post("/v1/departures/bulk", [{**row, "reference": f"D-{n}"} for n, row in enumerate(gone)]))
    for name, kind in (("C-60", "outreach"), ("C-61", "redress"), ("C-110", "outreach")):
        body = {"customer": name, "kind": kind, "owed_at": ago(days=80), "due_at": ago(days=70)}
        done(await client.post(PATH, {**body, "contacted_at": ago(days=75)}))
    await client.put_customer("C-119", objects_to_scoring=True)
    assert await reckon(database, workspace) is True
    known = await client.read("/v1/outreach/effect")
    assert known["known"] == "lowers_departures"
    counts = ("customers", "draws", "departures", "contacted")
    assert [known["offered"][name] for name in counts] == [80, 80, 4, 1]
    assert [known["held_out"][name] for name in counts] == [39, 39, 20, 1]
    assert known["uplift"] == pytest.approx(20 / 39 - 4 / 80)
    assert 0 < known["low"] < known["uplift"] < known["high"]
    assert known["helps"] > 0.3
    await customer(client, "C-200", 1_000_000)
    assert (await said(client, "C-200"))["threshold"] == pytest.approx(500 / (1_000_000 * known["helps"]))


async def test_draws_stay_with_who_was_merged_and_count_for_the_one_there_is(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    for name in ("old", "new"):
        await client.put_customer(name)
    heads = kinds.CUSTOMER.head
    async with writing_as(database, worker_caller(workspace.id)) as work:
        ids = {row.reference: row.id for row in await work.session.execute(select(heads.c.reference, heads.c.id))}
        await draw_past(work, {"old": ids["old"]}, Arm.HELD_OUT)
        await draw_past(work, {"new": ids["new"]}, Arm.OFFERED)
        await work.session.execute(
            update(draws.draws).where(draws.draws.c.customer_id == ids["old"]).values(drawn_at=work.now)
        )
    done(await client.post("/v1/customers/old/merge", {"into": "new"}))
    async with writing_as(database, worker_caller(workspace.id)) as work:
        last = (await draws.newest(work, [ids["new"]]))[ids["new"]]
        assert (last.arm, last.number) == (Arm.HELD_OUT, 1)
        assert draws.arm_of(work, ids["new"], last, 0.05) is Arm.HELD_OUT
        assert await draws.store(work, [ids["new"]], 0.05, 90) == 0
        assert await draws.store(work, [], 0.05, 90) == 0
