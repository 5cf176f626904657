"""What a process that stays tells its collector of garbage."""

import gc
import platform
from collections.abc import Iterator

import pytest

from api.collecting import OBJECTS_BETWEEN, OLDEST, WARMING_UP, look_seldom, share_heaps, to_stay


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds, callbacks, frozen = gc.get_threshold(), list(gc.callbacks), gc.get_freeze_count()
    yield
    gc.set_threshold(*thresholds)
    gc.callbacks[:] = callbacks
    if frozen == 0:
        gc.unfreeze()


def test_what_is_loaded_to_stay_is_left_alone() -> None:
    before = gc.get_freeze_count()
    with to_stay():
        assert not gc.isenabled()
        kept: list[dict[str, list[int]]] = [{"a": []} for _ in range(100)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)


def test_the_first_looks_at_the_oldest_leave_what_they_found_alone_and_later_ones_do_not() -> None:
    callbacks = len(gc.callbacks)
    look_seldom()
    assert gc.get_threshold()[0] == OBJECTS_BETWEEN
    gc.collect(OLDEST - 1)
    before = gc.get_freeze_count()
    for _ in range(WARMING_UP):
        assert len(gc.callbacks) == callbacks + 1
        gc.collect()
    frozen = gc.get_freeze_count()
    assert len(gc.callbacks) == callbacks
    assert frozen > before
    loop: list[object] = []
    loop.append(loop)
    del loop
    assert gc.collect() > 0
    assert gc.get_freeze_count() == frozen


def test_threads_share_heaps_where_the_library_lets_choose() -> None:
    assert share_heaps() == (platform.libc_ver()[0] == "glibc")
