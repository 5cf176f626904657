"""Companies of any size for the bench of rescoring: what features read, made as arrays and loaded in bulk.

Customers, their cases in up to two versions, promises, responses and invitations over one year, five events a customer.
The same rows go into PostgreSQL (COPY), SQLite and DuckDB, with the indexes and keys that each has. Heads are loaded of
customers alone: features read versions.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet
from sqlalchemy import Uuid, make_url

from ml.features import usual_month
from models.tables import metadata

DAY_US = 86_400_000_000
NOW_US = 1_780_000_000_000_000
"""Late in May 2026."""
WORKSPACE = UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0001)
PER_CUSTOMER = {"case": 1.8, "promise": 1.2, "response": 1.2, "invitation": 0.4}
"""Events a customer; a fifth of the cases are told twice, which makes about five."""
EMPTY = {"given": "[]", "attributes": "{}", "answers": "{}"}


def made(customers: int, seed: int = 1) -> dict[str, pa.Table]:
    """Make the rows of every table as Arrow tables, ids as sixteen bytes."""
    random = np.random.default_rng(seed)
    people = np.arange(customers)
    since = NOW_US - random.integers(1, 2000, customers) * DAY_US
    begun = np.maximum(since, NOW_US - 500 * DAY_US)
    told = {"occurred_at": begun, "recorded_at": begun, "stored_at": begun}
    rows: dict[str, dict[str, Any]] = {
        "customers": {"id": _ids(1, people), "stored_at": begun, "reference": _texts("C-", people), "version": 1},
        "customer_versions": {
            "id": _ids(1, people),
            "number": 1,
            **told,
            "since": since,
            "voided": False,
            "value_amount": (np.exp(random.normal(11, 1, customers))).astype(np.int64),
            "value_currency": "EUR",
            "survey_opt_out": random.random(customers) < 0.03,
        },
    }
    cases = _many(random, customers, "case")
    opened = NOW_US - random.integers(0, 365 * DAY_US, len(cases))
    took = (np.exp(random.normal(3.5, 1.2, len(cases))) * 3_600_000_000).astype(np.int64)
    case_ids = _ids(2, np.arange(len(cases)))
    rows["case_versions"] = _cases(random, cases, case_ids, opened, took)
    rows["promise_versions"] = _promises(random, case_ids, opened, round(customers * PER_CUSTOMER["promise"]))
    rows["response_versions"] = _responses(random, _many(random, customers, "response"))
    asked = _many(random, customers, "invitation")
    sent = NOW_US - random.integers(0, 365 * DAY_US, len(asked))
    rows["invitations"] = {
        "id": _ids(5, np.arange(len(asked))),
        "reference": _texts("I-", np.arange(len(asked))),
        "survey_id": _ids(9, np.zeros(len(asked), np.int64)),
        "customer_id": _ids(1, asked),
        "created_at": sent,
        "stored_at": sent,
    }
    month = usual_month(NOW_US)
    needs = [f"need-{number}" for number in range(12)]
    rows["medians"] = {
        "as_of": month,
        "kind": pa.array([*["elapsed"] * 12, "value"]),
        "key": pa.array([*needs, "EUR"]),
        "n": 1000,
        "median": pa.array([*[33 * 3_600_000_000] * 12, 60_000]),
        "recorded_at": month,
    }
    return {name: _table(columns) for name, columns in rows.items()}


def events(tables: Mapping[str, pa.Table]) -> int:
    """Count what was told of customers."""
    beside = {"customers", "customer_versions", "medians"}
    return sum(table.num_rows for name, table in tables.items() if name not in beside)


def _many(random: np.random.Generator, customers: int, kind: str) -> np.ndarray:
    """Give whose each event is: some have many, many none."""
    weight = random.gamma(1.0, 1.0, customers)
    return np.repeat(np.arange(customers), random.poisson(weight * PER_CUSTOMER[kind]))


def _cases(random: np.random.Generator, whose: np.ndarray, ids: np.ndarray, opened: Any, took: Any) -> dict[str, Any]:
    n = len(whose)
    done = np.where(opened + took <= NOW_US, opened + took, -1)
    twice = np.flatnonzero((random.random(n) < 0.2) & (done > 0))
    order = np.concatenate([np.arange(n), twice])
    again = np.arange(len(order)) >= n
    moved = np.isin(np.arange(n), twice)[order] & ~again
    at = np.where(again, done[order], opened[order])
    pick = random.integers(0, 12, n)[order]
    demand = np.array(["value", "failure", "unknown"])[random.choice(3, n, p=[0.6, 0.3, 0.1])[order]]
    return {
        "id": ids[order],
        "number": np.where(again, 2, 1),
        "occurred_at": at,
        "recorded_at": at,
        "stored_at": at,
        "customer_id": _ids(1, whose)[order],
        "need": np.char.add("need-", pick.astype(str)),
        "demand": demand,
        "opened_at": opened[order],
        "done_at": _nulled(np.where(moved, -1, done[order])),
        "voided": False,
        "contacts": random.integers(1, 4, n)[order],
        "handovers": random.integers(0, 3, n)[order],
        "reopened": random.integers(0, 2, n)[order],
    }


def _promises(random: np.random.Generator, cases: np.ndarray, opened: Any, n: int) -> dict[str, Any]:
    of = np.sort(random.integers(0, len(cases), n))
    due = opened[of] + random.integers(1, 240, n) * 3_600_000_000
    kept = due + random.integers(-100, 60, n) * 3_600_000_000
    made_at = opened[of]
    return {
        "id": _ids(3, np.arange(n)),
        "number": 1,
        "occurred_at": made_at,
        "recorded_at": made_at,
        "stored_at": made_at,
        "case_id": cases[of],
        "what": "call back",
        "made_at": made_at,
        "due_at": due,
        "due_in_force_at": due,
        "kept_at": _nulled(np.where(kept <= NOW_US, np.maximum(kept, made_at), -1)),
        "voided": False,
    }


def _responses(random: np.random.Generator, whose: np.ndarray) -> dict[str, Any]:
    n = len(whose)
    at = NOW_US - random.integers(0, 365 * DAY_US, n)
    return {
        "id": _ids(4, np.arange(n)),
        "number": 1,
        "occurred_at": at,
        "recorded_at": at,
        "stored_at": at,
        "customer_id": _ids(1, whose),
        "survey_version": 1,
        "complete": True,
        "answered_at": at,
        "voided": False,
        "score": random.integers(0, 21, n) / 2,
        "effort": random.integers(1, 8, n).astype(float),
    }


def _ids(kind: int, numbers: np.ndarray) -> np.ndarray:
    """Give ids in the order of their numbers: sixteen bytes each."""
    made_ids = np.zeros((len(numbers), 16), dtype=np.uint8)
    made_ids[:, 0], made_ids[:, 6], made_ids[:, 8] = kind, 0x70, 0x80
    made_ids[:, 10:16] = np.asarray(numbers, dtype=">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    return made_ids.view("V16").reshape(-1)


def _texts(before: str, numbers: np.ndarray) -> np.ndarray:
    return np.char.add(before, numbers.astype(str))


def _nulled(values: np.ndarray) -> pa.Array:
    return pa.array(values, mask=values < 0)


def _table(columns: Mapping[str, Any]) -> pa.Table:
    n = next(len(value) for value in columns.values() if not isinstance(value, int | str | bool))
    arrays = {name: _column(value, n) for name, value in columns.items()}
    return pa.table(arrays)


def _column(value: Any, n: int) -> pa.Array:
    if isinstance(value, pa.Array):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind == "V":
        return pa.Array.from_buffers(pa.binary(16), n, [None, pa.py_buffer(np.ascontiguousarray(value))])
    if isinstance(value, np.ndarray):
        return pa.array(value)
    return pa.repeat(pa.scalar(value), n)


def _texts_of_ids(column: pa.ChunkedArray) -> pa.Array:
    """Write ids as 32 hexadecimal digits."""
    digits = column.combine_chunks().buffers()[1].to_pybytes().hex()
    ends = np.arange(0, 32 * (len(column) + 1), 32, dtype=np.int32 if len(digits) < 2**31 else np.int64)
    kind = pa.string() if ends.dtype == np.int32 else pa.large_string()
    return pa.Array.from_buffers(kind, len(column), [None, pa.py_buffer(ends), pa.py_buffer(digits.encode())])


def whole_rows(name: str, table: pa.Table) -> pa.Table:
    """Return a table with every column that may not be empty, ids as texts, in the order of the schema."""
    known = metadata.tables[name].columns
    columns: dict[str, Any] = {}
    for column in known:
        if column.name == "workspace_id":
            columns[column.name] = pa.repeat(pa.scalar(WORKSPACE.hex), table.num_rows)
        elif column.name in table.column_names:
            found = table[column.name]
            columns[column.name] = _texts_of_ids(found) if isinstance(column.type, Uuid) else found
        elif not column.nullable:
            columns[column.name] = pa.repeat(pa.scalar(EMPTY[column.name]), table.num_rows)
    return pa.table(columns)


async def into_postgresql(url: str, tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Load with COPY as the superuser, who is not asked for foreign keys."""
    parsed = make_url(url)
    connection = await asyncpg.connect(parsed.render_as_string(hide_password=False))
    try:
        await connection.execute("SET session_replication_role = replica")
        for name, table in tables.items():
            rows, path = whole_rows(name, table), folder / f"{name}.csv"
            arrow_csv.write_csv(rows, path, arrow_csv.WriteOptions(include_header=False, quoting_style="needed"))
            with path.open("rb") as file:
                await connection.copy_to_table(name, source=file, columns=rows.column_names, format="csv")
            path.unlink()
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def into_sqlite(path: Path, tables: Mapping[str, pa.Table]) -> None:
    """Load in one transaction, foreign keys unasked."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN IMMEDIATE")
    for name, table in tables.items():
        rows = whole_rows(name, table)
        names = ", ".join(rows.column_names)
        places = ", ".join("?" for _ in rows.column_names)
        for batch in rows.to_batches(max_chunksize=50_000):
            values = zip(*[column.to_pylist() for column in batch.columns], strict=True)
            connection.executemany(f"INSERT INTO {name} ({names}) VALUES ({places})", values)  # noqa: S608 - ours
    connection.execute("COMMIT")
    connection.close()


def into_duckdb(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Load by way of Parquet; ids become DuckDB's own, columns that nobody filled are there and empty."""
    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        parquet.write_table(whole_rows(name, table), path)
        kinds = []
        for column in metadata.tables[name].columns:
            kind = _DUCK.get(column.type.__class__.__name__, "VARCHAR")
            there = column.name in table.column_names or column.name == "workspace_id" or not column.nullable
            kinds.append(f"CAST({column.name if there else 'NULL'} AS {kind}) AS {column.name}")
        connection.execute(f"CREATE TABLE {name} AS SELECT {', '.join(kinds)} FROM '{path}'")  # noqa: S608 - ours
        path.unlink()


_DUCK = {
    "Uuid": "UUID",
    "UTCDateTime": "BIGINT",
    "BigInteger": "BIGINT",
    "Integer": "INTEGER",
    "Float": "DOUBLE",
    "Boolean": "BOOLEAN",
}
