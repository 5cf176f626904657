"""Whether what must never go untested is tested wholly: `python tests/areas.py coverage.json`, after the suite has run.

`[tool.steadfast.coverage]` in pyproject.toml names the areas, each a list of files; in every one of them each line and
each branch has to be taken. The whole is held to its own share by `make test`.
"""

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def areas() -> dict[str, list[str]]:
    """Give the areas and what they are made of."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = project["tool"]["steadfast"]["coverage"]
    return found


def files_of(patterns: Sequence[str]) -> list[str]:
    """Give the files that some patterns name; one that names none is a mistake."""
    found = {pattern: sorted(ROOT.glob(pattern)) for pattern in patterns}
    lost = [pattern for pattern, paths in found.items() if not paths]
    if lost:
        raise SystemExit(f"pyproject.toml names files that are not there: {', '.join(lost)}")
    return [path.relative_to(ROOT).as_posix() for paths in found.values() for path in paths]


def untaken(report: Mapping[str, Any], files: Sequence[str]) -> dict[str, str]:
    """Give by file which lines and branches were never taken; a file never loaded was not taken at all."""
    missing = {}
    for name in files:
        measured = report["files"].get(name)
        if measured is None:
            missing[name] = "never loaded"
        elif measured["missing_lines"] or measured["missing_branches"]:
            ways = [f"{start}->{end}" for start, end in measured["missing_branches"]]
            missing[name] = ", ".join(map(str, [*measured["missing_lines"], *ways]))
    return missing


def main(path: str) -> int:
    """Print each area and what in it was never taken."""
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    fine = True
    for area, patterns in areas().items():
        missing = untaken(report, files_of(patterns))
        sys.stdout.write(f"{area}: {'every line and branch' if not missing else ''}\n")
        for name, where in missing.items():
            sys.stdout.write(f"  {name}: {where}\n")
        fine &= not missing
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
