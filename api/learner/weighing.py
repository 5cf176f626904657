"""Weighing: of every measure in use, how it goes with needs met and with departures, from the cases as they stand."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from api.dependencies import Work, utc_now, writing_as
from api.handlers import worker_caller
from api.jobs.leases import Held, Leases
from api.roles import weighed
from api.roles.weighed import Row
from api.workspaces import service as workspaces
from ml.departed import read_departed
from ml.in_use import NEEDS_MET, Followed, Sightings, Sought, read_sightings
from models.base import to_us
from models.rules.bearing import Bearing, Matters, bearing, matter

Found = tuple[Row, Matters, dict[str, Any]]


async def weigh(leases: Leases, held: Held, tell: Callable[[float, str], None]) -> None:
    """Look at every measure that says what it is, and keep what was found."""
    tell(0.05, "reading")
    async with leases.database.read(held.workspace_id) as session:
        reading = Work(session, held.workspace_id, worker_caller(held.workspace_id), utc_now())
        settings = await workspaces.of(reading)
        rows = await weighed.measures(reading)

        def read(connection: Connection) -> list[Sightings]:
            now_us, silent = to_us(reading.now), settings.implicit_departure_days
            departed = read_departed(connection, held.workspace_id, silent_days=silent, now_us=now_us)
            followed = Followed(departed.left_at, settings.horizon_days, now_us)
            wanted = [Sought(row["field"], row["metric_key"]) for row in rows]
            return read_sightings(connection, held.workspace_id, wanted, followed)

        seen = await (await session.connection()).run_sync(read)
    tell(0.5, "weighing")
    found = await asyncio.to_thread(_weighed, rows, seen, settings.horizon_days)
    tell(0.9, "storing")
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        kept = await weighed.keep(work, found)
        await leases.done(work.session, held, {"measures": len(rows), "kept": kept})


def _weighed(rows: Sequence[Row], seen: Sequence[Sightings], horizon_days: int) -> list[Found]:
    """Return of each measure whether it matters, and the figures that say so."""
    bearings = [_bearings(row, each) for row, each in zip(rows, seen, strict=True)]
    said = matter([list(each.values()) for each in bearings])
    return [
        (row, matters, _figures(each, found, horizon_days))
        for row, matters, each, found in zip(rows, said, seen, bearings, strict=True)
    ]


def _bearings(row: Row, seen: Sightings) -> dict[str, Bearing | None]:
    # Whether needs met go with needs met is no question.
    needs = None if row["metric_key"] == NEEDS_MET or not seen.asked else bearing(seen.needs_met)
    return {"needs_met": needs, "departures": bearing(seen.departures) if seen.asked else None}


def _figures(seen: Sightings, found: dict[str, Bearing | None], horizon_days: int) -> dict[str, Any]:
    ways = {way: None if each is None else _way(each, seen.not_known[way]) for way, each in found.items()}
    return {"asked": seen.asked, "horizon_days": horizon_days, **ways}


def _way(found: Bearing, not_known: int) -> dict[str, Any]:
    counts = {"customers": found.customers, "happened": found.happened, "did_not_happen": found.did_not_happen}
    told = {"cases": found.rows, **counts, "not_known": not_known, "lacking": found.lacking}
    if found.association is None:
        return told | dict.fromkeys(("cut", "when_low", "when_high", "difference", "rank", "probability"))
    figures = asdict(found.association)
    for side in ("when_low", "when_high"):
        del figures[side]["n_effective"]
    return told | figures
