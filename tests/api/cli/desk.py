"""Somebody at the command line: runs commands, writes files, imports them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from api.cli import app

WORKSPACE = "warm-homes"


@dataclass(frozen=True)
class Desk:
    """Somebody at the command line, in a folder of their own, with a workspace.

    Parameters
    ----------
    folder
        Where files are written and commands run.
    """

    folder: Path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file and return where it lies."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, *arguments: str | Path) -> Result:
        """Run a command."""
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    def take(self, kind: str, file: Path, mapped: str | None = None, *options: str | Path) -> dict[str, Any]:
        """Import a file by a map given as text; return what the command printed."""
        by = () if mapped is None else ("--map", self.write(f"{kind}.toml", mapped))
        result = self.run("import", kind, file, "--workspace", WORKSPACE, "--json", *by, *options)
        assert result.exit_code == 0, result.output
        answer: dict[str, Any] = json.loads(result.stdout)
        assert answer["read"] == answer["accepted"] + answer["unchanged"] + answer["rejected"]
        return answer

    def counts(self, kind: str, file: Path, mapped: str | None = None) -> tuple[int, int, int]:
        """Import a file; return how many rows were accepted, unchanged and rejected."""
        answer = self.take(kind, file, mapped)
        return answer["accepted"], answer["unchanged"], answer["rejected"]

    def rejected(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the report of an import says."""
        return [json.loads(line) for line in Path(answer["report"]).read_text(encoding="utf-8").splitlines()]
