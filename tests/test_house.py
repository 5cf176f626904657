"""The house keeps its own rules: short rooms with names, no doors inside walls, locks that hold."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
HOUSE = ("api", "models", "ml")
PYTHON = sorted(
    path
    for folder in (*HOUSE, "tests")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations/versions" not in path.as_posix()
)
SOURCES = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in HOUSE]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")

LONGEST_FILE = 320
LONGEST_FUNCTION = 45
DRAWERS = re.compile(r"(utils?|helpers?|common|misc|managers?)", re.IGNORECASE)
UNSAFE_READERS = {"pickle", "cloudpickle", "dill", "shelve", "marshal", "joblib"}
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|farm)/|/home/[a-z]|/Users/[A-Za-z]")
TEXT = {".py", ".md", ".toml", ".html", ".yaml", ".yml", ".mako", ".ini", ".lock", ""}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring, which may be as long as the reader needs."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def _pins(lock: str) -> dict[str, set[str]]:
    """Give the pinned versions by name; a lock for all platforms may pin several."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins: dict[str, set[str]] = defaultdict(set)
    for name, version in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^ ;\\]+)", text, re.MULTILINE):
        pins[canonicalize_name(name)].add(version)
    return pins


def _wanted(*, group: str | None) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = project["project"]["dependencies"] if group is None else project["dependency-groups"][group]
    return [Requirement(line) for line in lines]


def test_no_file_is_longer_than_a_room() -> None:
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{_name(path)}:{function.lineno} {function.name}": _code_lines(function)
        for path in SOURCES
        for function in _functions(_tree(path))
        if _code_lines(function) > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_room_is_named_for_what_is_in_it() -> None:
    rooms = [path.relative_to(ROOT).with_suffix("") for path in PYTHON]
    assert [room.as_posix() for room in rooms if any(map(DRAWERS.fullmatch, room.parts))] == []


def test_every_module_says_what_it_is_for() -> None:
    assert [_name(path) for path in SOURCES if not ast.get_docstring(_tree(path))] == []


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        f"{_name(path)}:{node.lineno}"
        for path in PYTHON
        for function in _functions(_tree(path))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_nothing_stored_is_read_by_a_format_that_can_run_code() -> None:
    unsafe = [
        f"{_name(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for imported in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        if imported.split(".")[0] in UNSAFE_READERS
    ]
    assert unsafe == []


def test_no_file_names_a_place_on_one_machine() -> None:
    folders = [ROOT / folder for folder in (*HOUSE, "tests", "bench", "docs", ".ci")]
    written = [path for folder in folders for path in folder.rglob("*") if "static" not in path.parts]
    written += [path for path in ROOT.iterdir() if not path.name.startswith(".")]
    named = [
        _name(path)
        for path in written
        if path.is_file() and path.suffix in TEXT and path != Path(__file__)
        if MACHINE_PATHS.search(path.read_text(encoding="utf-8"))
    ]
    assert named == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_and_hashed(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert entries
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(
    ("lock", "group"),
    [
        ("requirements.lock", None),
        ("requirements-dev.lock", None),
        ("requirements-dev.lock", "dev"),
        ("requirements-build.lock", "build"),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(lock: str, group: str | None) -> None:
    pins = _pins(lock)
    stale = [
        str(wanted)
        for wanted in _wanted(group=group)
        if not any(map(wanted.specifier.contains, pins[canonicalize_name(wanted.name)]))
    ]
    assert stale == [], "run `make lock`"


def test_the_locks_agree_with_each_other() -> None:
    runtime, dev, build = (_pins(lock) for lock in LOCKS)
    assert {name for name, versions in runtime.items() if dev[name] != versions} == set()
    assert {name for name, versions in build.items() if dev.get(name, versions) != versions} == set()
