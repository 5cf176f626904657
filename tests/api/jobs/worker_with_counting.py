"""`steadfast worker`, which also knows a kind of job whose portions are counted: what is done twice is seen."""

import asyncio
import sys

from api.cli import app
from api.dependencies import Work
from api.handlers import LIGHT, Step
from api.jobs.leases import Held
from api.outbox import NewEvent, emit_all

COUNT = "count"
PORTIONS = 12
SECONDS_A_PORTION = 0.05


async def count(work: Work, held: Held) -> Step:
    """Write one event for this portion of this job."""
    number = int(str((held.checkpoint or {}).get("number", 0))) + 1
    await emit_all(work, [NewEvent("counted", {"job": str(held.id), "number": number})])
    await asyncio.sleep(SECONDS_A_PORTION)
    return Step({"number": number} if number < PORTIONS else None, {"number": number}, "counting", number / PORTIONS)


LIGHT[COUNT] = count

if __name__ == "__main__":
    sys.exit(app())
