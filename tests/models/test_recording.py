"""What was told in any order is stored as it happened, in the database too."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from api import kinds
from models.database import Database
from models.recording import Change, current, record
from tests.api.conftest import MakeWorkspace

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SAID: list[tuple[int, dict[str, Any]]] = [
    (1, {"name": "Ana", "segment": "family"}),
    (2, {"segment": "student", "attributes": {"floor": 1, "cat": True}}),
    (3, {"email": "ana@example.org", "attributes": {"cat": None}}),
    (4, {"segment": None, "name": "Anna"}),
]


def changes(reference: str, order: Any, *, recorded: datetime | None = None) -> list[Change]:
    """Give the changes in an order, each about the same customer."""
    happened = [(START + timedelta(days=day), given) for day, given in order]
    return [Change((reference,), given, moment, recorded or moment) for moment, given in happened]


async def test_every_order_of_arrival_leaves_the_same_customer(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = await make_workspace("One")
    orders = list(permutations(SAID))
    async with database.write(workspace.id) as session:
        for number, order in enumerate(orders):
            for change in changes(f"apart {number}", order, recorded=NOW):
                await record(session, kinds.CUSTOMER, workspace.id, [change], NOW)
        for number, order in enumerate(orders):
            await record(session, kinds.CUSTOMER, workspace.id, changes(f"at once {number}", order), NOW)
    async with database.read(workspace.id) as session:
        keys = [(f"{how} {number}",) for how in ("apart", "at once") for number in range(len(orders))]
        states = [
            {name: row[name] for name in kinds.CUSTOMER.fields}
            for row in (await current(session, kinds.CUSTOMER, workspace.id, keys)).values()
        ]
    assert len(states) == 2 * len(orders)
    assert all(state == states[0] for state in states)
    told = {"name": "Anna", "segment": None, "email": "ana@example.org", "attributes": {"floor": 1}}
    assert {name: states[0][name] for name in told} == told


async def test_a_thousand_rows_are_recorded_as_one_by_one(database: Database, make_workspace: MakeWorkspace) -> None:
    workspace = await make_workspace("One")
    chosen = random.Random(7)  # noqa: S311 - an example, no secret
    rows = [
        Change((f"C-{chosen.randrange(300)}",), {"segment": f"s{chosen.randrange(3)}"}, moment, moment)
        for moment in (START + timedelta(minutes=chosen.randrange(2000)) for _ in range(1000))
    ]
    async with database.write(workspace.id) as session:
        told = await record(session, kinds.CUSTOMER, workspace.id, rows, NOW)
        assert [item.key for item in told] == [change.key for change in rows]
        again = await record(session, kinds.CUSTOMER, workspace.id, [], NOW)
    assert again == []
    latest: dict[Any, Change] = {}
    for change in rows:
        if change.key not in latest or change.occurred_at > latest[change.key].occurred_at:
            latest[change.key] = change
    async with database.read(workspace.id) as session:
        found = await current(session, kinds.CUSTOMER, workspace.id, latest)
    assert set(found) == set(latest)


async def test_two_that_make_the_same_record_at_once_make_one(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = await make_workspace("One")

    async def make(number: int) -> Any:
        async with database.write(workspace.id) as session:
            change = Change(("C-1",), {"attributes": {f"a{number}": number}}, START, NOW)
            return (await record(session, kinds.CUSTOMER, workspace.id, [change], NOW))[0]

    made = await asyncio.gather(*map(make, range(4)))
    assert len({item.id for item in made}) == 1
    assert sum(item.created for item in made) == 1
    async with database.read(workspace.id) as session:
        [row] = (await current(session, kinds.CUSTOMER, workspace.id, [("C-1",)])).values()
        numbers = list(await session.scalars(select(kinds.CUSTOMER.version.c.number)))
    assert row["attributes"] == {f"a{number}": number for number in range(4)}
    assert sorted(numbers) == [1, 2, 3, 4]
