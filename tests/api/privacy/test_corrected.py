"""Erasing somebody of whom a record was told that turned out to be another's: it stays the other's, as they told it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.tables import metadata
from tests.api.caller import Caller, ago, done, refusal

pytestmark = pytest.mark.anyio

Tell = Callable[[Caller, str], Awaitable[Any]]


async def hear(client: Caller, number: str) -> Any:
    """Tell what was heard in a case."""
    return done(await client.post("/v1/heard", {"reference": "R", "what": f"of {number}", "case": f"K-{number}"}))


KINDS: dict[str, tuple[str, Tell]] = {
    "departure": ("departure_versions", lambda client, n: client.leave(f"C-{n}", reference="R", kind="closed")),
    "revenue": ("revenue_versions", lambda client, n: client.pay(f"C-{n}", reference="R")),
    "interaction": ("interaction_versions", lambda client, n: client.interact(f"K-{n}", reference="R", team=f"t{n}")),
    "cost": ("cost_entry_versions", lambda client, n: client.cost(f"K-{n}", reference="R", minutes=5)),
    "observation": ("observation_versions", lambda client, n: client.observe(f"K-{n}", "rude", reference="R")),
    "heard": ("heard_versions", hear),
}
PATHS = {"heard": "/v1/heard/R"}


async def told_of_both(client: Caller, kind: str) -> None:
    """Tell of a record as the first customer's, and correct it to be the second's."""
    await client.catalogue("rude")
    for number in "12":
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}")
        await KINDS[kind][1](client, number)


async def versions(database: Database, workspace: WorkspaceSettings, kind: str) -> list[int]:
    """Give the numbers of a record's versions."""
    version = metadata.tables[KINDS[kind][0]]
    async with database.read(workspace.id) as session:
        return list((await session.scalars(select(version.c.number).order_by(version.c.number))).all())


@pytest.mark.parametrize("kind", KINDS)
async def test_a_record_that_was_corrected_to_be_anothers_stays_theirs(
    client: Caller, database: Database, workspace: WorkspaceSettings, kind: str
) -> None:
    await told_of_both(client, kind)
    path = PATHS.get(kind, f"/v1/{kind}s/R")
    before = await client.read(path)
    await client.erase("C-1")
    assert await client.read(path) == before
    assert await versions(database, workspace, kind) == [2]


@pytest.mark.parametrize("kind", KINDS)
async def test_erasing_whose_it_is_now_takes_what_was_told_of_it_before_as_well(
    client: Caller, database: Database, workspace: WorkspaceSettings, kind: str
) -> None:
    await told_of_both(client, kind)
    await client.erase("C-2")
    refusal(await client.get(PATHS.get(kind, f"/v1/{kind}s/R")), 404)
    kept = [] if kind in {"departure", "revenue"} else [1, 2]
    assert await versions(database, workspace, kind) == kept


async def test_what_is_left_of_a_record_is_laid_over_by_a_late_change(client: Caller) -> None:
    """What the first version said and the second kept still stands, though the first is gone."""
    await client.put_customer("C-1")
    await client.put_customer("C-2")
    for number, when in (("1", 9), ("2", 5)):
        await client.put_case(f"K-{number}", f"C-{number}", opened_at=ago(days=20))
        extra = {"team": "north"} if number == "1" else {}
        await client.interact(
            f"K-{number}", reference="R", occurred_at=ago(days=9), recorded_at=ago(days=when), **extra
        )
    assert (await client.read("/v1/interactions/R"))["team"] == "north"
    await client.erase("C-1")
    late = {"occurred_at": ago(days=9), "recorded_at": ago(days=7), "handling_minutes": 3}
    await client.interact("K-2", reference="R", **late)
    found = await client.read("/v1/interactions/R")
    assert (found["team"], found["handling_minutes"]) == ("north", 3)
    await client.interact("K-2", reference="R", occurred_at=ago(days=9), channel="mail")
    assert (await client.read("/v1/interactions/R"))["team"] == "north"
