"""A database as a release left it, in one text file: `python -m tests.upgrading.recording` writes it for this release.

The company in it is the synthetic one of the demo, with few customers. A file holds the rows of every table by kind of
column, so that one file is loaded into either database, and what the API answered from them at the moment of recording.
Run it on the commit that is released, and keep the files of the releases before.
"""

import asyncio
import base64
import json
import os
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import time_machine
from fastapi import FastAPI
from sqlalchemy import JSON, BigInteger, Boolean, Column, LargeBinary, String, Table, Uuid, select
from sqlalchemy.types import NullType, TypeEngine

from api.cli import learning
from api.demo import loading, world
from api.learner import Refused, analyse, train
from api.main import create_app
from api.worker import work_off
from ml.conditions import TooFewFailures
from ml.snapshots import NothingToLearn
from models.database import Database, owner_engine
from models.migrating import migrate
from models.schema import head
from models.tables import metadata
from tests.api.caller import Caller, done
from tests.api.openapi import guarded
from tests.chaos.served import SECRET

FOLDER = Path(__file__).parent / "recorded"
RECORDED_AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ASKED_AT = RECORDED_AT + timedelta(minutes=10)
"""When the answers are asked for, so that what depends on now is the same whenever they are asked for again."""
RISK_AS_OF = RECORDED_AT + timedelta(minutes=5)
CUSTOMERS = 6
A_PAGE = 12
LARGEST = 200_000
KINDS: dict[str, TypeEngine[Any]] = {
    "uuid": Uuid(),
    "json": JSON(),
    "bytes": LargeBinary(),
    "flag": Boolean(),
    "whole": BigInteger(),
    "text": String(),
}


def kind_of(column: Column[Any]) -> str:
    """Give the kind of a column, by what the database keeps of it."""
    kept = getattr(column.type, "impl", column.type)
    for name, kind in KINDS.items():
        if isinstance(kept, type(kind)):
            return name
    return "whole" if kept.python_type is int else "float" if kept.python_type is float else "text"


def written(value: Any) -> Any:
    """Give a value as JSON has it."""
    if isinstance(value, UUID):
        return value.hex
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def read(value: Any, kind: str) -> Any:
    """Give a value as the driver wants it."""
    if value is None:
        return None
    if kind == "uuid":
        return UUID(value)
    return base64.b64decode(value) if kind == "bytes" else value


async def rows_of(url: str, table: Table) -> list[list[Any]]:
    """Give every row of a table, moments and choices as the database keeps them."""
    plain = [column.type if kind_of(column) in {"uuid", "json", "bytes", "flag"} else None for column in table.columns]
    columns = [
        column if kind is not None else Column(column.name, KINDS.get(kind_of(column), NullType()))
        for column, kind in zip(table.columns, plain, strict=True)
    ]
    statement = select(*columns).select_from(table).order_by(*table.primary_key.columns)
    engine = owner_engine(url)
    try:
        async with engine.connect() as connection:
            return [[written(value) for value in row] for row in await connection.execute(statement)]
    finally:
        await engine.dispose()


async def answers_of(app: FastAPI, key: str) -> dict[str, Any]:
    """Give what the first page of every list and every risk answers, by path."""
    answers = {}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        caller = Caller(http, key)
        paths = [route.path for route in guarded(app) if route.method == "GET" and "{" not in route.path]
        for path in paths:
            answer = await caller.get(path, **({"limit": A_PAGE} if takes_limit(app, path) else {}))
            if answer.is_success:
                answers[path] = answer.json()
        for customer in answers["/v1/customers"]["items"]:
            path = f"/v1/customers/{customer['reference']}/risk?as_of={RISK_AS_OF:%Y-%m-%dT%H:%M:%SZ}"
            answers[path] = done(await caller.ask("GET", path))
    return answers


def takes_limit(app: FastAPI, path: str) -> bool:
    """Return whether a list has pages."""
    parameters = app.openapi()["paths"][path]["get"].get("parameters", [])
    return any(parameter["name"] == "limit" for parameter in parameters)


async def company(url: str) -> str:
    """Make the company in an empty database, and give a key to it."""
    await migrate(url)
    database = Database(url, pool_size=2)
    world.CUSTOMERS = CUSTOMERS
    slug = await loading.load(database)
    await work_off(database)
    # So few customers are too few to look for sets, and a model of them would tell of nobody else: both may be refused.
    for learn in (analyse(str(slug)), train(str(slug), "promote")):
        with suppress(Refused, NothingToLearn, TooFewFailures):
            await learn
    await learning.score_all(str(slug))
    key = await loading.demo_key(database)
    await database.close()
    return key


async def recorded(url: str, key: str) -> dict[str, Any]:
    """Give every row of a database, and what the API answers from them."""
    database = Database(url, pool_size=2)
    answers = await answers_of(create_app(database), key)
    await database.close()
    tables = {
        name: {
            "columns": {column.name: kind_of(column) for column in table.columns},
            "rows": await rows_of(url, table),
        }
        for name, table in sorted(metadata.tables.items())
    }
    tables = {name: table for name, table in tables.items() if table["rows"]}
    return {"note": "Synthetic: nobody in it exists.", "revision": head(), "at": ASKED_AT.isoformat()} | {
        "key": key,
        "tables": tables,
        "answers": answers,
    }


def as_text(found: dict[str, Any]) -> str:
    """Write a recording with a row a line, for who looks at what changed."""
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return text.replace('"rows":[[', '"rows":[\n[').replace("],[", "],\n[").replace('},"', '},\n"') + "\n"


def main() -> int:
    """Record this release."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/recorded.db"
        os.environ |= {"STEADFAST_DATABASE_URL": url, "STEADFAST_SECRET": SECRET}
        with time_machine.travel(RECORDED_AT, tick=True):
            key = asyncio.run(company(url))
        with time_machine.travel(ASKED_AT, tick=True):
            text = as_text(asyncio.run(recorded(url, key)))
    if len(text.encode()) > LARGEST:
        sys.stderr.write(f"{len(text.encode())} bytes are too many to keep: take fewer customers\n")
        return 1
    path = FOLDER / f"{head()}.json"
    FOLDER.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path}: {len(text.encode())} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
