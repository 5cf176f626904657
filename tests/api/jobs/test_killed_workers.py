"""Workers are killed at any moment, on either store: no job is lost, no portion is done twice, another takes over.

A few rounds here; `bench/killed_workers.py` does as many as it is asked to.
"""

import random

import pytest

from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller
from tests.api.company import tell
from tests.api.conftest import MakeCaller, MakeWorkspace
from tests.api.jobs.killing import LEASE_SECONDS, Toll, one_round, workers
from tests.api.test_learner import many, reading

pytestmark = pytest.mark.anyio

SLACK_SECONDS = 60.0
"""Cores shared with other tests: a worker needs its time to come up, and to be given its turn."""


async def company(client: Caller) -> None:
    """Tell of a company in which sets are found."""
    for name in ("handed", "away"):
        await client.catalogue(name, rule=reading(name))
    await tell(client, many(failing=2))


@pytest.mark.slow
async def test_workers_killed_at_random_lose_nothing_and_do_nothing_twice(
    database: Database,
    workspace: WorkspaceSettings,
    client: Caller,
    caller: MakeCaller,
    make_workspace: MakeWorkspace,
) -> None:
    other = await make_workspace("Another")
    await company(client)
    await company(await caller("admin", of=other))
    toll = Toll()
    chosen = random.Random(7)  # noqa: S311 - an example, no secret
    async with workers(database, 2) as running:
        for learning in (False, True):
            await one_round(database, [workspace.id, other.id], running, chosen, toll, learning=learning)
    assert (toll.rounds, toll.jobs, toll.lost, toll.twice) == (2, 22, 0, 0)
    assert toll.kills >= 2
    assert max(toll.takeovers, default=0) < LEASE_SECONDS + SLACK_SECONDS
