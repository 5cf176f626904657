"""What must be tested wholly is told apart from what is not."""

import json
from pathlib import Path

import pytest

from tests.areas import areas, files_of, main, untaken

TAKEN: dict[str, list[object]] = {"missing_lines": [], "missing_branches": []}


def test_every_area_names_files_that_are_there() -> None:
    assert {"auth", "idempotency", "rules"} <= set(areas())
    for patterns in areas().values():
        assert all(name.endswith(".py") for name in files_of(patterns))
    with pytest.raises(SystemExit, match="nowhere"):
        files_of(["api/nowhere.py"])


def test_a_line_or_a_branch_never_taken_is_named() -> None:
    half: dict[str, list[object]] = {"missing_lines": [7], "missing_branches": [[3, 5]]}
    report = {"files": {"a.py": TAKEN, "b.py": half}}
    assert untaken(report, ["a.py", "b.py", "c.py"]) == {"b.py": "7, 3->5", "c.py": "never loaded"}


def test_the_answer_is_a_no_as_long_as_anything_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {name: TAKEN for patterns in areas().values() for name in files_of(patterns)}
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": files}), encoding="utf-8")
    assert main(str(report)) == 0
    files["api/security.py"] = {"missing_lines": [1], "missing_branches": []}
    report.write_text(json.dumps({"files": files}), encoding="utf-8")
    assert main(str(report)) == 1
    assert "api/security.py: 1" in capsys.readouterr().out
