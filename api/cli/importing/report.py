"""The report of an import: every rejected row and why, one JSON object a line, whole or not there."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self, TextIO

from api.errors import Refusal

MOST_MADE_UP = 5
"""So many reasons are named in the summary, the commonest first."""


class RejectionReport:
    """Writes the rejected rows beside the report's own name, and gives them that name at the end.

    Parameters
    ----------
    path
        The report. One of an earlier run is replaced, or taken away where nothing is rejected now.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.codes: dict[str, int] = {}
        self._unfinished = path.with_name(f".{path.name}.unfinished")
        self._file: TextIO

    def __enter__(self) -> Self:
        self._file = self._unfinished.open("w", encoding="utf-8")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exception: object) -> None:
        self._file.close()
        if kind is not None:
            self._unfinished.unlink(missing_ok=True)

    def reject(self, lines: Sequence[int], reference: str | None, refusal: Refusal) -> None:
        """Name the rows of a draft that was refused."""
        for line in lines:
            self.codes[refusal.code] = self.codes.get(refusal.code, 0) + 1
            said = {
                "line": line,
                "reference": reference,
                "code": refusal.code,
                "detail": refusal.detail,
                "errors": [dict(error) for error in refusal.errors],
            }
            self._file.write(json.dumps(said, ensure_ascii=False) + "\n")

    def finish(self) -> Path | None:
        """Put the report in its place; return where it lies, None where nothing was rejected."""
        if not self.codes:
            self._file.close()
            self._unfinished.unlink()
            self.path.unlink(missing_ok=True)
            return None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._unfinished.replace(self.path)
        return self.path

    def reasons(self) -> str:
        """Say in a few words why rows were rejected."""
        ranked = sorted(self.codes.items(), key=lambda item: -item[1])[:MOST_MADE_UP]
        return ", ".join(f"{count} {code}" for code, count in ranked)
