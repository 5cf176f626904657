"""CSV read strictly: what cannot be read is named by its line, and the lines after it are read as ever."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from api.cli.importing.maps import FileForm

csv.field_size_limit(1_048_576)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be taken: a stable code and a sentence."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: its values in the order of the columns, or what is wrong with it."""

    line: int
    values: Any
    problem: Problem | None = None


class StrictCsv:
    """The rows of a CSV file, each with its line.

    A row that breaks the rules of quoting is given up at its first line, and reading goes on with the next line: one
    stray quote never swallows the rest of the file.

    Parameters
    ----------
    file
        Opened for reading bytes.
    form
        How the file is written.
    """

    def __init__(self, file: BinaryIO, form: FileForm) -> None:
        self._file = file
        self._form = form
        self._line = 0
        self._taken: list[bytes] = []
        self._again: deque[bytes] = deque()
        self._broken = False
        self.header = self._header()

    def _header(self) -> list[str]:
        self._again.append(self._file.readline().removeprefix(b"\xef\xbb\xbf"))
        header = next(self._records(), None)
        if header is None or header.problem is not None:
            return []
        return list(header.values)

    def __iter__(self) -> Iterator[Row]:
        width = len(self.header)
        for row in self._records():
            if row.problem is None and len(row.values) != width:
                problem = Problem("wrong_columns", f"{len(row.values)} values where the header names {width}.")
                yield Row(row.line, row.values, problem)
            else:
                yield row

    def _records(self) -> Iterator[Row]:
        form = self._form
        while True:
            reader = csv.reader(self._texts(), delimiter=form.delimiter, quotechar=form.quote, strict=True)
            try:
                for values in reader:
                    row = self._row(values)
                    if row is not None:
                        yield row
            except csv.Error as error:
                yield self._given_up(error)
                continue
            return

    def _row(self, values: list[str]) -> Row | None:
        first = self._line - len(self._taken) + 1
        broken, self._broken = self._broken, False
        self._taken.clear()
        if broken:
            detail = f"The line is not {self._form.encoding}, or holds the character NUL."
            return Row(first, values, Problem("not_text", detail))
        return Row(first, values) if values else None

    def _given_up(self, error: csv.Error) -> Row:
        first = self._line - len(self._taken) + 1
        self._again.extendleft(reversed(self._taken[1:]))
        self._taken.clear()
        self._line, self._broken = first, False
        return Row(first, [], Problem("csv_form", f"This cannot be read as CSV: {error}."))

    def _texts(self) -> Iterator[str]:
        while line := self._again.popleft() if self._again else self._file.readline():
            self._line += 1
            self._taken.append(line)
            try:
                text = line.decode(self._form.encoding)
                self._broken = self._broken or "\0" in text
            except UnicodeDecodeError:
                text = line.decode(self._form.encoding, "replace")
                self._broken = True
            yield text
