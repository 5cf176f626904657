"""Identifiers: time-ordered UUIDs made here, because Python 3.11 has no UUIDv7.

Time order keeps an index's newest pages together. Where order would betray a person (answers nobody may
attribute) a random UUIDv4 is used instead, never one of these.
"""

import hashlib
import os
import threading
import time
from collections.abc import Iterable, Iterator
from operator import attrgetter
from uuid import UUID, uuid5

AT_ONCE = 128
RANDOM = (1 << 62) - 1

_lock = threading.Lock()
_last = 0
_chance: list[int] = []


def uuid7() -> UUID:
    """Return a UUIDv7 (RFC 9562) that is greater than every one this process made before.

    48 bits of milliseconds, then 12 bits that order those of one millisecond, then 62 random bits.
    """
    global _last  # noqa: PLW0603 - one counter a process is what makes the order hold
    ticks = time.time_ns() * 4096 // 1_000_000
    with _lock:
        _last = ticks if ticks > _last else _last + 1
        ticks = _last
        if not _chance:
            # The system is asked for many at once: to ask takes longer than all else here.
            _chance.extend(memoryview(os.urandom(8 * AT_ONCE)).cast("Q"))
        chance = _chance.pop()
    milliseconds, sequence = divmod(ticks, 4096)
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62
    return UUID(int=value | chance & RANDOM)


def in_order(ids: Iterable[UUID]) -> list[UUID]:
    """Return ids once each, in order: by their numbers, which a machine compares at once and two UUIDs do not.

    >>> [number.int for number in in_order([UUID(int=2), UUID(int=1), UUID(int=2)])]
    [1, 2]
    """
    return sorted(set(ids), key=attrgetter("int"))


def in_portions(ids: Iterable[UUID], most: int = 500) -> Iterator[list[UUID]]:
    """Give ids once each, in order, a portion at a time: below every driver's limit of parameters."""
    wanted = in_order(ids)
    for start in range(0, len(wanted), most):
        yield wanted[start : start + most]


def condition_set_id(workspace: UUID, outcome: str, codes: frozenset[str]) -> UUID:
    """Return the one identity of a set of conditions: the same set found again is the same set.

    >>> one = condition_set_id(UUID(int=1), "failure", frozenset({"late", "wrong_part"}))
    >>> one == condition_set_id(UUID(int=1), "failure", frozenset({"wrong_part", "late"}))
    True
    """
    return uuid5(workspace, "\n".join([outcome, *sorted(codes)]))


def watch_id(case_id: UUID, condition_id: UUID) -> UUID:
    """Return the one identity of the watch a rule keeps on a condition in a case (UUIDv8, RFC 9562).

    >>> watch_id(UUID(int=1), UUID(int=2)) == watch_id(UUID(int=1), UUID(int=2)) != watch_id(UUID(int=2), UUID(int=1))
    True
    """
    digest = hashlib.blake2b(case_id.bytes + condition_id.bytes, digest_size=16).digest()
    value = int.from_bytes(digest, "big")
    return UUID(int=value & ~(0xF << 76 | 0b11 << 62) | 0x8 << 76 | 0b10 << 62)
