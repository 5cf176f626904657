"""A training: the risk model learnt from departures, tested forward in time, and registered."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from api import marks
from api.dependencies import Work, utc_now, writing_as
from api.failures import service as failures
from api.handlers import worker_caller
from api.jobs.leases import Held, Leases
from api.risk import registry
from api.risk.serving import EXPLAINING, UNDECLARED_LOSS
from api.risk.training import AT_ONCE, FIRST, PROMOTE
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from ml.features import first_confirmed
from ml.snapshots import Snapshots, read_snapshots
from ml.training import Learned
from ml.training import learn as learn_risk
from models.base import to_us
from models.mark import MarkName

PURPOSE = (
    "The probability that a customer leaves within the horizon, for offering follow-ups. "
    "This score must not decide a customer's terms or redress."
)


async def train(leases: Leases, held: Held, tell: Callable[[float, str], None]) -> None:
    """Learn a workspace's risk model, test it forward in time, and register it under the job's id."""
    tell(0.05, "reading")
    async with leases.database.read(held.workspace_id) as session:
        reading = Work(session, held.workspace_id, worker_caller(held.workspace_id), utc_now())
        found = await workspaces.of(reading)
        codes = await failures.condition_codes(reading)
        mined = [item for item in await failures.condition_sets(reading) if item.status in EXPLAINING]
        sets = {str(item.id): item.conditions for item in mined}
        now_us = to_us(reading.now)

        def read(connection: Connection) -> Snapshots:
            return read_snapshots(connection, found.id, now_us=now_us, horizon_days=found.horizon_days, sets=sets)

        snapshots = await (await session.connection()).run_sync(read)
        confirmed = {str(row.id): row.first_us for row in await session.execute(first_confirmed(found.id, EXPLAINING))}
    tell(0.4, "learning")
    first_us = {set_id: confirmed[set_id] for set_id in sets}
    learned = await asyncio.to_thread(_learn, snapshots, codes, first_us, found)
    tell(0.9, "storing")
    await _register(leases, held, learned, found)


def _learn(snapshots: Snapshots, codes: list[str], sets: dict[str, int], found: WorkspaceSettings) -> Learned:
    loss = found.yearly_loss or UNDECLARED_LOSS
    return learn_risk(snapshots, conditions=codes, sets=sets, yearly_loss=loss, horizon_days=found.horizon_days)


async def _register(leases: Leases, held: Held, learned: Learned, found: WorkspaceSettings) -> None:
    summary: dict[str, Any] = {
        "rows": learned.rows,
        "customers": learned.model.n_customers,
        "departures": learned.model.n_departures,
        "basis": learned.model.basis,
        "forward": learned.forward,
        "sets": learned.sets,
    }
    card = {**summary, "purpose": PURPOSE, "yearly_loss_declared": found.yearly_loss is not None}
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        model_id = await registry.register(
            work, learned.model, card, learned.trained_from_us, learned.trained_to_us, held.id
        )
        # Where nothing was promoted before, nobody's decision is overruled.
        first = held.request.get(PROMOTE) == FIRST and not await registry.has_champion(work)
        serves = held.request.get(PROMOTE) == AT_ONCE or (first and learned.forward.get("gain", -1.0) >= 0)
        if serves:
            await registry.promote(work, model_id)
        state = "champion" if serves else "candidate"
        await leases.done(work.session, held, {"model": str(model_id), "state": state, **summary})
    await marks.keep(leases.database, MarkName.TRAINING, utc_now())
