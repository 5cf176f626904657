"""Laws that no single room can keep: who may know whom, what the service never loads, and no empty test."""

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = sorted((ROOT / "tests").rglob("*.py"))
HEAVY = {"sklearn", "numpy", "scipy", "pyarrow"}
TRUTHS = (ast.Constant, ast.Tuple)
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def loaded_by(module: str) -> set[str]:
    """Give what a fresh interpreter has loaded when it has imported a module."""
    program = f"import {module}, json, sys; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    return set(json.loads(done.stdout))


def test_every_room_imports_only_what_it_may() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program], capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603 - same
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


def test_the_service_starts_without_what_only_the_learner_needs() -> None:
    loaded = loaded_by("api.main")
    assert loaded & HEAVY == set()
    assert {"api", "ml", "models", "fastapi"} <= loaded


def test_the_learner_is_where_the_learning_is() -> None:
    assert {"sklearn", "numpy"} <= loaded_by("api.learner")


def test_rules_import_the_standard_library_and_each_other_alone() -> None:
    known = {*sys.stdlib_module_names, "models.rules"}
    foreign = [
        f"{path.name}:{node.lineno} {name}"
        for path in (ROOT / "models" / "rules").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if name.split(".")[0] not in known and ".".join(name.split(".")[:2]) not in known
    ]
    assert foreign == []


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give all functions of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def called(node: ast.AST) -> set[str]:
    """Give the names a piece of code calls."""
    calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
    names = {call.id for call in calls if isinstance(call, ast.Name)}
    return names | {call.attr for call in calls if isinstance(call, ast.Attribute)}


def claims(function: ast.AST) -> bool:
    """Return whether a function itself claims something that could be false."""
    asserted = [node.test for node in ast.walk(function) if isinstance(node, ast.Assert)]
    return any(not isinstance(test, TRUTHS) for test in asserted) or "raises" in called(function)


def claiming_names() -> set[str]:
    """Give the names of all functions of the tests that claim something, themselves or through another."""
    calls: defaultdict[str, set[str]] = defaultdict(set)
    claiming = {"assert_allclose", "assert_array_equal", "parametrize_with_checks"}
    for function in (function for path in TESTS for function in functions(path)):
        calls[function.name] |= called(function)
        if claims(function):
            claiming.add(function.name)
    while more := {name for name, names in calls.items() if names & claiming} - claiming:
        claiming |= more
    return claiming


def test_every_test_claims_something_that_could_be_false() -> None:
    claiming = claiming_names()
    empty = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in TESTS
        if path.name.startswith("test_")
        for function in functions(path)
        if function.name.startswith("test_")
        if not claims(function) and not called(function) & claiming
    ]
    assert empty == []


@pytest.mark.parametrize(
    ("body", "says_something"),
    [
        ("assert answer() == 42", True),
        ("with raises(KeyError): {}['a']", True),
        ("answer()", False),
        ("assert True", False),
        ("assert (answer(), 'a tuple is always true')", False),
    ],
)
def test_a_test_that_claims_nothing_is_told_from_one_that_does(body: str, says_something: bool) -> None:
    assert claims(ast.parse(body)) is says_something


def test_no_test_is_skipped_without_a_reason_and_none_is_expected_to_fail_loosely() -> None:
    unexplained = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"xfail", "skipif", "skip"} and not node.args
        if not any(keyword.arg == "reason" for keyword in node.keywords)
    ]
    assert unexplained == []
