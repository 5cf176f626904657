"""Risk is reckoned from what was known at the moment: the same later, on any database, in training and in serving."""

import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection, select

from api import kinds
from api.dependencies import Work
from api.failures import rates
from api.feedback.service import publish_templates
from api.main import create_app
from api.risk.service import risk_of_many
from api.worker import worker_caller
from api.workspaces import service as workspaces
from ml.exposures import Sighting, exposure_features
from ml.features import (
    FEATURES,
    Moments,
    all_moments,
    customer_conditions,
    customer_departures,
    customer_features,
    served,
    served_conditions,
    served_departures,
    served_features,
)
from ml.features.customers import OF_ASKING
from ml.snapshots import read_snapshots
from models.access import Scope
from models.base import to_us
from models.database import Database
from tests.api.caller import Caller, done
from tests.api.company import Told, a_past, catalogue, known_after, tell, today

pytestmark = pytest.mark.anyio

NOW = today() - timedelta(days=30)
EARLIER = NOW - timedelta(days=120)
SETS = {"set": ["passed_on", "late"]}
Row = dict[str, float | None]


@asynccontextmanager
async def told_company(url: str, told: Told) -> AsyncIterator[tuple[Database, UUID, Caller]]:
    """Give a workspace that was told of a company, in the database at an address."""
    database = Database(url, pool_size=3)
    now = datetime.now(UTC)
    try:
        async with database.write() as session:
            workspace = await workspaces.create_workspace(session, "Warm Homes", now)
            await publish_templates(session, workspace.id, now)
            key = await workspaces.create_key(session, workspace.id, [Scope.ADMIN], now)
        transport = httpx.ASGITransport(create_app(database))
        async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
            client = Caller(http, key.key)
            await catalogue(client)
            await tell(client, told)
            yield database, workspace.id, client
    finally:
        await database.close()


async def names(database: Database, workspace_id: UUID) -> dict[UUID, str]:
    """Give the reference of every customer."""
    head = kinds.CUSTOMER.head
    async with database.read(workspace_id) as session:
        return {row.id: row.reference for row in await session.execute(select(head.c.id, head.c.reference))}


async def features(database: Database, workspace_id: UUID, moments: Moments) -> dict[tuple[str, int], Row]:
    """Give every number that risk is reckoned from, by customer and moment, as training reads them."""
    asked = customer_features(moments), customer_departures(moments), customer_conditions(moments)
    return await read(database, workspace_id, *asked)


async def features_served(
    database: Database, workspace_id: UUID, customer_ids: Sequence[UUID], moment_us: int
) -> dict[tuple[str, int], Row]:
    """Give the same of some customers, as serving reads it."""
    asked = served_features(), served_departures(), served_conditions()
    return await read(database, workspace_id, *asked, given=served(workspace_id, customer_ids, moment_us))


async def read(
    database: Database, workspace_id: UUID, of_all: Any, of_departures: Any, of_conditions: Any, given: Any = None
) -> dict[tuple[str, int], Row]:
    """Put together what three statements find."""
    known = await names(database, workspace_id)
    found: dict[tuple[str, int], Row] = {}
    seen: dict[tuple[str, int], list[Sighting]] = {}
    async with database.read(workspace_id) as session:
        for one in await session.execute(of_conditions, given):
            sighting = Sighting(one.case_id, one.condition, one.since_us)
            seen.setdefault((known[one.customer_id], one.moment_us), []).append(sighting)
        left = {(known[one.customer_id], one.moment_us) for one in await session.execute(of_departures, given)}
        for row in (await session.execute(of_all, given)).mappings():
            key = known[row["customer_id"]], row["moment_us"]
            values: Row = {name: None if row[name] is None else float(row[name]) for name in FEATURES}
            values |= exposure_features(seen.get(key, ()), key[1], SETS)
            values |= {"left": float(key in left), "value": row["value_amount"]}
            found[key] = values
    return found


def alike(one: Mapping[Any, Row], other: Mapping[Any, Row], tolerance: float) -> None:
    """Hold two sets of features to be the same."""
    assert set(one) == set(other)
    for key, values in one.items():
        assert set(values) == set(other[key]), key
        for name, value in values.items():
            assert other[key][name] == (value if value is None else pytest.approx(value, abs=tolerance)), (key, name)


def says_something(found: Mapping[Any, Row]) -> None:
    """Hold features to be of a company to which something happened: each tells some customers apart."""
    quiet = {"promises_open", "promises_overdue", "effort_last"}  # all are kept in the end, and no effort is asked
    quiet |= {
        *OF_ASKING,
        "elapsed_ratio_max_90",
        "elapsed_ratio_last",
        "value_ratio",
    }  # nobody was asked, no night passed
    quiet |= {"elapsed_hours_max_90", "elapsed_hours_mean_90", "elapsed_hours_last"}  # all take two days
    columns = {name for values in found.values() for name in values} - quiet
    dull = {name for name in columns if len({values.get(name) for values in found.values()}) == 1}
    assert dull == set()
    assert {"seen:passed_on", "seen:late", "seen:long", "seen:rude", "set:set", "decayed:late"} <= columns


async def test_what_was_known_does_not_change_when_more_becomes_known(migrated_url: str) -> None:
    async with told_company(migrated_url, a_past(NOW)) as (database, workspace_id, client):
        moments = all_moments(workspace_id, [to_us(EARLIER), to_us(NOW)])
        before = await features(database, workspace_id, moments)
        says_something(before)
        await tell(client, known_after(NOW, ["C-0", "C-1", "C-2", "C-5"]))
        alike(before, await features(database, workspace_id, moments), 1e-12)
        later = await features(database, workspace_id, all_moments(workspace_id, [to_us(NOW + timedelta(hours=1))]))
        changed = {name for name, _ in later if later[name, _] != before[name, to_us(NOW)]}
        told = later["C-1", to_us(NOW + timedelta(hours=1))]
        assert changed >= {"C-0", "C-1", "C-2", "C-5"}
        assert (told["left"], told["value"], told["score_last"] is not None) == (1.0, 1, True)


async def test_tenure_counts_from_the_day_somebody_became_a_customer_and_is_unknown_without_it(
    migrated_url: str,
) -> None:
    told = a_past(NOW, customers=4, days=600)
    del told.customers[0]["since"]
    async with told_company(migrated_url, told) as (database, workspace_id, _):
        tenure = {
            name: values["tenure_days"]
            for (name, _), values in (
                await features(database, workspace_id, all_moments(workspace_id, [to_us(NOW)]))
            ).items()
        }
        assert tenure.pop("C-0") is None
        expected = {f"C-{n}": 600 - n + n / 24 for n in range(1, 4)}
        assert tenure == pytest.approx(expected, abs=1e-6)


async def test_training_and_serving_see_the_same_customer(migrated_url: str) -> None:
    async with told_company(migrated_url, a_past(NOW, customers=12)) as (database, workspace_id, client):
        us = to_us(NOW)
        trained = await features(database, workspace_id, all_moments(workspace_id, [to_us(EARLIER), us]))
        trained = {key: values for key, values in trained.items() if key[1] == us}
        ids = list(await names(database, workspace_id))
        alike(trained, await features_served(database, workspace_id, ids, us), 1e-12)
        for customer, name in list((await names(database, workspace_id)).items())[:4]:
            alone = await features_served(database, workspace_id, [customer], us)
            alike({(name, us): trained[name, us]}, alone, 1e-12)
        assert len(trained) == 12
        assert (await client.read("/v1/me"))["scopes"] == ["admin"]


async def test_the_snapshots_of_training_do_not_change_when_more_becomes_known(migrated_url: str) -> None:
    async with told_company(migrated_url, a_past(NOW, customers=12)) as (database, workspace_id, client):

        def read(connection: Connection) -> Any:
            return read_snapshots(connection, workspace_id, now_us=to_us(NOW), horizon_days=90, sets=SETS)

        async def snapshots() -> Any:
            async with database.read(workspace_id) as session:
                return await (await session.connection()).run_sync(read)

        before = await snapshots()
        news = known_after(NOW, ["C-0", "C-1", "C-2"])
        news.departures.clear()
        await tell(client, news)
        after = await snapshots()
        assert before.moments.tolist() == after.moments.tolist()
        assert before.left.tolist() == after.left.tolist()
        assert 0 < before.left.sum() < len(before.left)
        arrays = [*before.columns.values(), before.left, before.customers, before.moments]
        assert sum(array.nbytes for array in arrays) == len(before.left) * (4 * len(before.columns) + 13)
        for name, column in before.columns.items():
            assert after.columns[name] == pytest.approx(column, abs=1e-12, nan_ok=True), name


async def test_both_databases_tell_the_same(tmp_path: Path, migrated_file: Path, emptied_postgres_url: str) -> None:
    told, found, said = a_past(NOW), [], []
    for url in (f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'copy.db')}", emptied_postgres_url):
        async with told_company(url, told) as (database, workspace_id, client):
            await tell(client, known_after(NOW, ["C-0", "C-1", "C-4"]))
            us = [to_us(EARLIER), to_us(NOW), to_us(NOW + timedelta(hours=2))]
            found.append(await features(database, workspace_id, all_moments(workspace_id, us)))
            async with database.read(workspace_id) as session:
                work = Work(session, workspace_id, worker_caller(workspace_id), NOW)
                answers, _ = await risk_of_many(work, [row["reference"] for row in told.customers])
                said.append([answer.model_dump(exclude={"conditions"}) for answer in answers])
                matrix = await rates.case_matrix(work, await rates.catalogue(work))
                found.append({("matrix", 0): {"failed": float(sum(matrix.failed)), "rows": float(len(matrix.failed))}})
    alike(found[0], found[2], 1e-9)
    alike(found[1], found[3], 1e-9)
    assert len(said[0]) == len(told.customers)
    for one, other in zip(*said, strict=True):
        for name, value in one.items():
            assert other[name] == (pytest.approx(value, abs=1e-9) if isinstance(value, float) else value), name


async def test_a_case_is_mined_without_what_its_own_answer_says(migrated_url: str) -> None:
    async with told_company(migrated_url, a_past(NOW, customers=6)) as (database, workspace_id, client):
        async with database.read(workspace_id) as session:
            work = Work(session, workspace_id, worker_caller(workspace_id), datetime.now(UTC))
            matrix = await rates.case_matrix(work, await rates.catalogue(work))
        long = matrix.conditions.index("long")
        assert {1.0, 0.0} & {row[long] for row in matrix.states} <= {0.0}
        assert any(row[matrix.conditions.index("passed_on")] == 1.0 for row in matrix.states)
        present = [
            seen for seen in await client.read_all("/v1/observations", condition="long") if seen["state"] == "present"
        ]
        assert len(present) > 3
        assert len(matrix.failed) == len(await client.read_all("/v1/responses"))
        rows = done(await client.get("/v1/failure-rates", condition="long"))["rows"]
        assert [row["cases"] for row in rows if row["conditions"] == {"long": True}] == [0]
