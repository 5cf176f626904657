"""What a process that stays keeps of its memory: the collector of garbage and the heap, told what it is like."""

import ctypes
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def to_stay() -> Iterator[None]:
    """Load what stays until the end of the process: the collector of garbage leaves it alone."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        gc.freeze()


OBJECTS_BETWEEN = 10_000
"""Objects made beyond those that went, before the youngest are looked at; Python's own is 700. A request of ours makes
hundreds that all go with it, and each look stops everybody who waits for an answer."""

LOOKS_BETWEEN = 3
"""Looks at the younger before the older are looked at as well; Python's own is 10. What was in use during a look counts
as older ever after, garbage or not: seldom as looks are, it would wait for hours and be paid for in memory."""

OLDEST = 2
WARMING_UP = 8
"""Looks at the oldest until what they find in use is what a process keeps: statements compiled, pages remembered."""


def look_seldom() -> None:
    """Let the collector look less often, as a process that answers requests wants it."""
    gc.set_threshold(OBJECTS_BETWEEN, LOOKS_BETWEEN, LOOKS_BETWEEN)
    gc.callbacks.append(_WarmingUp())


class _WarmingUp:
    """Leaves alone what the first looks at the oldest found in use.

    Python looks at the oldest only when a quarter as much has been added to them as there was. Of all that a warm
    process holds that would be ten megabytes of garbage before anybody looks.
    """

    def __init__(self) -> None:
        self._looks = 0

    def __call__(self, phase: str, told: Mapping[str, int]) -> None:
        if phase == "stop" and told["generation"] == OLDEST:
            self._looks += 1
            gc.freeze()
            if self._looks == WARMING_UP:
                gc.callbacks.remove(self)


ARENA_MAX = -8
"""glibc's name for how many heaps threads may have, in `malloc.h`."""
HEAPS = 2


def share_heaps() -> bool:
    """Let all threads share two heaps, where the C library lets choose; tell whether it does.

    Every connection to SQLite has a thread, every thread a heap of its own, and what one gave back no other may use.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(ARENA_MAX, HEAPS) == 1
