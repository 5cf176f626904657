"""Coverage sees the same whichever way it tells greenlets apart, and holds none that has ended for long."""

import gc
import importlib.util
import weakref
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import coverage
import greenlet  # type: ignore[import-untyped] # it is not typed
import pytest

from tests.tracing import ENOUGH, Stacks, look_on

SOURCE = """
import greenlet


def inner(number):
    got = greenlet.getcurrent().parent.switch(number)
    if got > 2:
        return got
    return -got


def outer(number):
    one = greenlet.greenlet(inner)
    other = greenlet.greenlet(inner)
    waiting = one.switch(number) + other.switch(number)
    for each in (one, other):
        waiting += each.switch(waiting)
    if waiting < 0:
        raise ValueError(waiting)
    return waiting
"""


@pytest.fixture
def switching(tmp_path: Path) -> ModuleType:
    """Give a module whose functions go on in turns."""
    path = tmp_path / "switching.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("switching", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seen(module: ModuleType, start: Callable[[coverage.Coverage], None]) -> tuple[list[int], set[Any]]:
    """Give the lines and the ways between them that coverage sees of two calls."""
    path = str(module.__file__)
    looking = coverage.Coverage(
        data_file=None, config_file=False, branch=True, concurrency=["thread", "greenlet"], include=[path]
    )
    start(looking)
    try:
        for _ in range(2):
            assert module.outer(3) == 6 + 6 + 12
    finally:
        looking.stop()
    found = looking.get_data()
    return sorted(found.lines(path) or ()), set(found.arcs(path) or ())


def test_coverage_sees_the_same_lines_and_branches(switching: ModuleType) -> None:
    lines, ways = seen(switching, look_on)
    text = SOURCE.splitlines()
    assert text.index("        return got") + 1 in lines
    assert text.index("    return -got") + 1 not in lines
    assert text.index("        raise ValueError(waiting)") + 1 not in lines
    assert (lines, ways) == seen(switching, coverage.Coverage.start)


def test_the_weak_dictionary_is_everybodys_again(switching: ModuleType) -> None:
    before = weakref.WeakKeyDictionary
    seen(switching, look_on)
    assert weakref.WeakKeyDictionary is before


def wait() -> None:
    """Let who began this greenlet go on."""
    greenlet.getcurrent().parent.switch()


def test_greenlets_that_have_ended_go_and_others_stay() -> None:
    stacks = Stacks()
    waiting = [greenlet.greenlet(wait) for _ in range(ENOUGH // 4)]
    for place, one in enumerate(waiting):
        one.switch()
        stacks[one] = place
    ended = weakref.WeakSet[Any]()
    for place in range(20 * ENOUGH):
        one = greenlet.greenlet(int)
        one.switch()
        stacks[one] = place
        ended.add(one)
    del one
    gc.collect()
    assert len(stacks) <= ENOUGH
    assert len(ended) < ENOUGH
    assert [stacks[one] for one in waiting] == list(range(ENOUGH // 4))
    assert greenlet.greenlet(int) not in stacks
    for one in waiting:
        one.switch()
