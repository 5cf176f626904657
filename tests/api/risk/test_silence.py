"""Learning from silence: only where the workspace says so and no departure is reported, and never from both."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Connection, Select, literal, select

from api import kinds
from api.workspaces.service import WorkspaceSettings
from ml.snapshots import NothingToLearn, Snapshots, read_snapshots
from models.base import to_us
from models.database import Database
from tests.api.caller import Caller, ago, moment

pytestmark = pytest.mark.anyio


async def learnt_from(database: Database, workspace_id: UUID, contacts: Select[Any] | None = None, **asked: Any) -> Any:
    """Read the snapshots of a workspace."""
    now_us = to_us(datetime.now(UTC))

    def read(connection: Connection) -> Snapshots:
        return read_snapshots(
            connection, workspace_id, now_us=now_us, horizon_days=90, sets={}, contacts=contacts, **asked
        )

    async with database.read(workspace_id) as session:
        return await (await session.connection()).run_sync(read)


async def test_a_shop_learns_from_silence_where_it_says_so(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    came = {"often": range(400, 0, -20), "silent": range(400, 300, -20), "complains": range(400, 0, -40), "new": [30]}
    for reference, days in came.items():
        await client.put_customer(reference, recorded_at=ago(days=420))
        for day in days:
            demand = "failure" if reference == "complains" else "value"
            told = {"opened_at": ago(days=day), "recorded_at": ago(days=day), "demand": demand}
            await client.put_case(f"{reference}-{day}", reference, **told)
    with pytest.raises(NothingToLearn, match="No departure"):
        await learnt_from(database, workspace.id)
    found = await learnt_from(database, workspace.id, silent_days=60)
    assert found.label_kind == "implicit"
    # Only the two that had come by then are there: who complains is no buyer, who is new was none yet.
    assert len(set(found.customers.tolist())) == 2
    left = {found.customers[row] for row in range(len(found.left)) if found.left[row]}
    assert len(left) == 1
    assert not found.treated.any()
    await client.leave("new", at=ago(days=120))
    reported = await learnt_from(database, workspace.id, silent_days=60)
    assert reported.label_kind == "reported"
    assert len(set(reported.customers.tolist())) == 4


async def test_snapshots_are_marked_whose_customer_was_contacted(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    for reference in ("reached", "left-alone"):
        await client.put_customer(reference, recorded_at=ago(days=300))
    await client.leave("left-alone", at=ago(days=20))
    at = moment(ago(days=150))
    head = kinds.CUSTOMER.head
    contacts = select(head.c.id.label("customer_id"), literal(to_us(at), BigInteger).label("contacted_us"))
    contacts = contacts.where(head.c.workspace_id == workspace.id, head.c.reference == "reached")
    found = await learnt_from(database, workspace.id, contacts)
    us = found.moments
    within = (us < to_us(at)) & (us + 97 * 86_400_000_000 >= to_us(at))
    assert found.treated.sum() == within.sum() / 2 > 0
    assert set(found.customers[found.treated].tolist()) in ({0}, {1})
