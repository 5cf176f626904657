"""Told the same, SQLite and PostgreSQL feed the same matrix to the search, bit for bit, and keep the same sets."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from api.dependencies import Work
from api.failures import rates
from api.feedback.service import publish_templates
from api.jobs.leases import Leases
from api.learner.learning import learning_here
from api.settings import settings
from api.worker import Worker, worker_caller
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from models.access import Scope
from models.database import Database
from tests.api.application import application
from tests.api.caller import Caller, done
from tests.api.company import Told, a_past, catalogue, tell, today
from tests.api.engines import opened

pytestmark = pytest.mark.anyio

OWN = {"id", "analysis", "recorded_at"}
"""What each store makes up for itself."""


async def moved_in(database: Database) -> tuple[WorkspaceSettings, str]:
    """Make a workspace and an admin's key."""
    now = datetime.now(UTC)
    async with database.write() as session:
        made = await workspaces.create_workspace(session, "Warm Homes", now)
        await publish_templates(session, made.id, now)
    async with database.write(made.id) as session:
        key = await workspaces.create_key(session, made.id, [Scope.ADMIN], now)
    return made, key.key


async def matrix_of(database: Database, workspace: WorkspaceSettings) -> dict[str, Any]:
    """Give what the search is fed, but for the ids of the cases."""
    async with database.read(workspace.id) as session:
        work = Work(session, workspace.id, worker_caller(workspace.id), datetime.now(UTC))
        matrix = vars(await rates.case_matrix(work, await rates.catalogue(work), strata="channel"))
    states = np.array(matrix.pop("states"), dtype=float)
    assert len(matrix.pop("cases")) == len(states) > 100
    return {**matrix, "shape": states.shape, "states": states.tobytes()}


async def sets_of(client: Caller) -> list[dict[str, Any]]:
    """Give all that is said of every set, what it costs included."""
    kept = await client.read_all("/v1/condition-sets")
    told = [await client.read(f"/v1/condition-sets/{item['id']}") for item in kept]
    return [{name: value for name, value in item.items() if name not in OWN} for item in told]


async def mined(database: Database, told: Told) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Tell a store everything through the product and let it be analysed: matrix, sets and summary."""
    workspace, key = await moved_in(database)
    transport = httpx.ASGITransport(application(database))
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        client = Caller(http, key)
        await catalogue(client)
        await tell(client, told)
        costs = [
            {"case": case, "reference": f"c-{case}", "kind": "refund", "amount": 900 + at, "basis": "measured"}
            | {"source": "ERP"}
            for at, case in enumerate(sorted({row["case"] for row in told.responses}))
        ]
        assert done(await client.post("/v1/costs/bulk", costs))["rejected"] == 0
        done(await client.post("/v1/condition-sets", {"conditions": ["long", "rude"], "note": "seen together"}))
        analysis = done(await client.post("/v1/analyses", {"strata": "channel"}))["id"]
        leases = Leases(database)
        await Worker(leases, learning_here(leases)).work_off()
        summary = (await client.read(f"/v1/analyses/{analysis}"))["summary"]
        done(await client.post("/v1/analyses", {}))
        await Worker(leases, learning_here(leases)).work_off()
        return await matrix_of(database, workspace), await sets_of(client), summary


async def test_both_stores_feed_the_same_matrix_and_keep_the_same_sets(
    migrated_file: Path, emptied_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = a_past(today(), customers=60)
    for number, row in enumerate(told.cases):
        row["channel"] = ("mail", "phone")[number // 2 % 2]
    found = []
    for url in (f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'steadfast.db')}", emptied_postgres_url):
        monkeypatch.setenv("STEADFAST_DATABASE_URL", url)
        settings.cache_clear()
        database = opened(url, pool_size=5)
        found.append(await mined(database, told))
        await database.close()
    (matrix, sets, summary), other = found
    assert matrix == other[0]
    assert set(matrix["strata"]) == {"mail", "phone"}
    assert len(sets) > 1
    assert all(item["root_cost"]["currency"] == "EUR" for item in sets)
    assert sets == other[1]
    assert summary == other[2]
