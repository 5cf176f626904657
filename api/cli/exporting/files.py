"""Files an export is written to: CSV, NDJSON or Parquet, whole or not there."""

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from models.archives.manifest import sync_folder

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, or skips before one."""
KEYS = frozenset(
    {"id", "reference", "code", "key", "customer", "case", "promise", "condition", "survey", "need", "team"}
    | {"referred_by", "caused_by_case", "claimed_customer", "claimed_case"}
)
"""Columns by which records are found again: a changed one would name another record, so they stay as they are."""
Write = Callable[[Sequence[BaseModel]], None]
Columns = Mapping[str, str]
"""Each column with what it holds: `integer`, `number`, `flag`, `moment`, or `text`."""
PLAIN = {int: "integer", float: "number", bool: "flag", datetime: "moment"}


def columns_of(shape: type[BaseModel]) -> Columns:
    """Return the columns of rows of a shape; what is nested becomes JSON text."""
    return {name: _holds(field.annotation) for name, field in shape.model_fields.items()}


def _holds(annotation: Any) -> str:
    if get_origin(annotation) in {UnionType, Union}:
        kinds = {_holds(part) for part in get_args(annotation) if part is not type(None)}
        return kinds.pop() if len(kinds) == 1 else "text"
    return PLAIN.get(annotation, "text")


@contextmanager
def opened(path: Path, shape: type[BaseModel], *, raw: bool = False) -> Iterator[Write]:
    """Yield what writes rows to a file; what breaks off leaves nothing under its name.

    In CSV a text that a spreadsheet would run gets a quote before it, unless `raw` or in a column of `KEYS`.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with WRITERS[path.suffix.lower()](unfinished, columns_of(shape), guarded=not raw) as write:
            yield write
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync_folder(path.resolve().parent)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _csv(path: Path, columns: Columns, *, guarded: bool) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)

        def write(rows: Sequence[BaseModel]) -> None:
            for row in rows:
                said = row.model_dump(mode="json")
                writer.writerow([_cell(said[name], guarded=guarded and name not in KEYS) for name in columns])

        yield write


def _cell(value: Any, *, guarded: bool = True) -> Any:
    """Return a value as a cell that no spreadsheet runs, or as it is where it is not guarded.

    >>> _cell("=1+1"), _cell(-2), _cell({"a": 1}), _cell(None), _cell("+49", guarded=False)
    ("'=1+1", -2, '{"a": 1}', '', '+49')
    """
    if value is None:
        return ""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if guarded and isinstance(value, str) and value.startswith(FORMULA) else value


@contextmanager
def _ndjson(path: Path, _columns: Columns, *, guarded: bool) -> Iterator[Write]:  # noqa: ARG001 - no spreadsheet
    with path.open("w", encoding="utf-8") as file:

        def write(rows: Sequence[BaseModel]) -> None:
            for row in rows:
                file.write(json.dumps(row.model_dump(mode="json"), ensure_ascii=False) + "\n")

        yield write


@contextmanager
def _parquet(path: Path, columns: Columns, *, guarded: bool) -> Iterator[Write]:  # noqa: ARG001 - no spreadsheet
    # Named at need: it is half as large as the rest of the service, and `serve` starts from the same command line.
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    kinds = {"integer": arrow.int64(), "number": arrow.float64(), "flag": arrow.bool_(), "text": arrow.string()}
    kinds["moment"] = arrow.timestamp("us", tz="UTC")
    schema = arrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:

        def write(rows: Sequence[BaseModel]) -> None:
            said = [_typed(row, columns) for row in rows]
            writer.write_table(arrow.Table.from_pylist(said, schema=schema))

        yield write


def _typed(row: BaseModel, columns: Columns) -> dict[str, Any]:
    whole, plain = row.model_dump(), row.model_dump(mode="json")
    return {name: _text(plain[name]) if kind == "text" else whole[name] for name, kind in columns.items()}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


WRITERS = {".csv": _csv, ".ndjson": _ndjson, ".jsonl": _ndjson, ".parquet": _parquet}
