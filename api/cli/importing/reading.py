"""Files as tables: CSV, NDJSON and Parquet, plain or gzipped, read a row at a time."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from fastapi.exceptions import RequestValidationError

from api.cli.importing.lines import Problem, Row, StrictCsv
from api.cli.importing.maps import FileForm, ImportRefusedError
from api.errors import Malformed
from api.routing import parse_json

LOOKED_AT = 1000
"""Rows of a file without a header that are looked at for the columns there are."""


class UnknownFileError(ImportRefusedError):
    """The file's name says nothing this house reads."""


class UnreadableFileError(ImportRefusedError):
    """The file is not what its name says; nothing of it was taken."""


@dataclass
class Table:
    """A file as rows.

    Parameters
    ----------
    columns
        Their names, in the order of each row's values.
    rows
        To be gone through once.
    done
        How much of the file is read, from 0 to 1.
    whole
        Whether the file was there to its end; where not, its last row is a problem that says so.
    """

    columns: list[str]
    rows: Iterator[Row]
    done: Callable[[], float] = field(default=lambda: 0.0)
    whole: bool = True


@contextmanager
def opened_table(path: Path, form: FileForm, *, objects: bool = False) -> Iterator[Table]:
    """Open a file by what its name ends in.

    Parameters
    ----------
    path
        `….csv`, `….ndjson`, `….jsonl` (each also `.gz`) or `….parquet`.
    form
        How a CSV file is written.
    objects
        Take each line of NDJSON whole, not by column.

    Raises
    ------
    ImportRefusedError
        Where its name says nothing known, or it is something else than its name says.
    """
    endings = [ending.lower() for ending in path.suffixes]
    zipped = endings[-1:] == [".gz"]
    kind = endings[-2 if zipped else -1] if len(endings) > zipped else ""
    if kind == ".parquet" and not zipped:
        # Named at need: it is half as large as the rest of the service, and `serve` starts from the same command line.
        arrow_errors: type[Exception] = import_module("pyarrow").ArrowException
        with _unreadable(path, OSError, ValueError, arrow_errors):
            table = _parquet(path)
        table.rows = _to_the_end(table, table.rows, OSError, arrow_errors)
        yield table
        return
    if kind not in {".csv", ".ndjson", ".jsonl"}:
        raise UnknownFileError(f"{path.name} is none of .csv, .ndjson, .jsonl (each also .gz) or .parquet.")
    with path.open("rb") as raw:
        file: Any = gzip.GzipFile(fileobj=raw) if zipped else raw
        size = max(path.stat().st_size, 1)
        with _unreadable(path, OSError, EOFError, zlib.error, LookupError):
            table = _csv(file, form) if kind == ".csv" else _ndjson(file, objects=objects)
        table.rows = _to_the_end(table, table.rows, EOFError, zlib.error, OSError)
        table.done = lambda: raw.tell() / size
        yield table


@contextmanager
def _unreadable(path: Path, *kinds: type[Exception]) -> Iterator[None]:
    try:
        yield
    except kinds as error:
        raise UnreadableFileError(f"{path} cannot be read: {error}") from error


def _to_the_end(table: Table, rows: Iterator[Row], *breaks: type[Exception]) -> Iterator[Row]:
    """Go through the rows; where the file breaks off, say so in a last one."""
    line = 1
    try:
        for row in rows:
            line = row.line
            yield row
    except breaks as error:
        table.whole = False
        yield Row(line + 1, [], Problem("cut_short", f"The file breaks off after line {line}: {error}."))


def _csv(file: BinaryIO, form: FileForm) -> Table:
    found = StrictCsv(file, form)
    if not found.header:
        raise UnreadableFileError("The first line names no columns.")
    twice = sorted({name for name in found.header if found.header.count(name) > 1})
    if twice:
        raise UnreadableFileError(f"The first line names twice: {', '.join(twice)}.")
    return Table(found.header, iter(found))


def _ndjson(file: BinaryIO, *, objects: bool) -> Table:
    parsed = (_parsed(number, line) for number, line in enumerate(file, start=1) if line.strip())
    if objects:
        return Table([], parsed)
    first = list(islice(parsed, LOOKED_AT))
    columns = list(dict.fromkeys(name for row in first if row.problem is None for name in row.values))
    return Table(columns, (_in_order(row, columns) for row in chain(first, parsed)))


def _parsed(number: int, line: bytes) -> Row:
    try:
        value = parse_json(line)
    except RequestValidationError as error:
        return Row(number, {}, Problem("json_form", f"This is not JSON: {error.errors()[0]['msg']}."))
    except Malformed as refused:
        return Row(number, {}, Problem(str(refused.errors[0]["code"]), refused.detail))
    if not isinstance(value, dict):
        return Row(number, {}, Problem("json_form", "Each line is one JSON object."))
    return Row(number, value)


def _in_order(row: Row, columns: Sequence[str]) -> Row:
    return row if row.problem is not None else Row(row.line, [row.values.get(name) for name in columns])


def _parquet(path: Path) -> Table:
    file = import_module("pyarrow.parquet").ParquetFile(path)
    total = max(file.metadata.num_rows, 1)
    read = [0]

    def rows() -> Iterator[Row]:
        for batch in file.iter_batches(batch_size=LOOKED_AT):
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                read[0] += 1
                yield Row(read[0], [_plain_bytes(value) for value in values])

    return Table(list(file.schema_arrow.names), rows(), done=lambda: read[0] / total)


def _plain_bytes(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
