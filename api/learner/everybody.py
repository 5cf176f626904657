"""Everybody at once: the feature matrix, and each one's risk, streamed from the database to a file of columns."""

import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pyarrow as pa
from pyarrow import csv, parquet
from sqlalchemy import Connection

from api.dependencies import Work, utc_now
from api.handlers import worker_caller
from api.learner.waiting import Summary
from api.risk.serving import Serving, admitted, serving
from api.settings import settings
from api.workspaces import service as workspaces
from ml.batches import SCORED, score_batches
from ml.features import all_moments, customer_departures, objectors
from ml.matrix import Exposed, feature_batches, matrix_schema
from models.archives.manifest import sync_folder
from models.base import to_us
from models.database import Database
from models.planning import NewTables

Write = Callable[[pa.RecordBatch], None]


async def write_features(workspace: str, to: str, as_of: str) -> Summary:
    """Write the feature matrix as known at a moment."""
    async with _reading(workspace) as work:
        exposed = await _exposed(work, await serving(work))
        objecting = set(await work.session.scalars(objectors(work.workspace_id)))
        moment_us = to_us(datetime.fromisoformat(as_of))

        def write(connection: Connection) -> int:
            batches = feature_batches(connection, work.workspace_id, moment_us, exposed, objecting)
            return _written(Path(to), matrix_schema(exposed), batches)

        return {"rows": await (await work.session.connection()).run_sync(write)}


async def write_risk(workspace: str, to: str) -> Summary:
    """Write everybody's risk now, but for those who left or object; nothing is kept."""
    async with _reading(workspace) as work:
        using, moment_us = await serving(work), to_us(work.now)
        exposed = await _exposed(work, using)
        gone = await work.session.execute(customer_departures(all_moments(work.workspace_id, [moment_us])))
        out: set[UUID] = {row.customer_id for row in gone}
        out |= set(await work.session.scalars(objectors(work.workspace_id)))

        def write(connection: Connection) -> int:
            batches = feature_batches(connection, work.workspace_id, moment_us, exposed, out)
            return _written(Path(to), SCORED, score_batches(batches, using.model))

        return {"rows": await (await work.session.connection()).run_sync(write), "model": using.model_id}


@asynccontextmanager
async def _reading(workspace: str) -> AsyncIterator[Work]:
    """Yield work that reads a workspace named by its name or slug."""
    database = Database(settings().database_url, 2)
    try:
        async with database.read() as session:
            found = await workspaces.find(session, workspace)
        await NewTables().flush(database)
        async with database.read(found.id) as session:
            yield Work(session, found.id, worker_caller(found.id), utc_now())
    finally:
        await database.close()


async def _exposed(work: Work, using: Serving) -> Exposed:
    codes = (await admitted(work)).codes
    return Exposed(codes, {found.id: found.conditions for found in using.sets}, using.attributes)


def _written(to: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write batches to a file; what breaks off leaves nothing under its name."""
    unfinished, rows = to.with_name(f".{to.name}.unfinished"), 0
    try:
        with WRITERS[to.suffix.lower()](unfinished, schema) as write:
            for batch in batches:
                write(batch)
                rows += batch.num_rows
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(to)
        sync_folder(to.resolve().parent)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


@contextmanager
def _csv(path: Path, schema: pa.Schema) -> Iterator[Write]:
    with csv.CSVWriter(path, schema) as writer:
        yield writer.write_batch


@contextmanager
def _parquet(path: Path, schema: pa.Schema) -> Iterator[Write]:
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        yield writer.write_batch


WRITERS: dict[str, Callable[[Path, pa.Schema], AbstractContextManager[Write]]] = {".csv": _csv, ".parquet": _parquet}
