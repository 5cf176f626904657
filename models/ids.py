"""Identifiers: time-ordered UUIDs made here, because Python 3.11 has no UUIDv7.

Time order keeps an index's newest pages together. Where order would betray a person (answers nobody may
attribute) a random UUIDv4 is used instead, never one of these.
"""

import secrets
import threading
import time
from uuid import UUID, uuid5

_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """Return a UUIDv7 (RFC 9562) that is greater than every one this process made before.

    48 bits of milliseconds, then 12 bits that order those of one millisecond, then 62 random bits.
    """
    global _last  # noqa: PLW0603 - one counter a process is what makes the order hold
    ticks = time.time_ns() * 4096 // 1_000_000
    with _lock:
        _last = ticks if ticks > _last else _last + 1
        ticks = _last
    milliseconds, sequence = divmod(ticks, 4096)
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62
    return UUID(int=value | secrets.randbits(62))


def condition_set_id(workspace: UUID, outcome: str, codes: frozenset[str]) -> UUID:
    """Return the one identity of a set of conditions: the same set found again is the same set.

    >>> one = condition_set_id(UUID(int=1), "failure", frozenset({"late", "wrong_part"}))
    >>> one == condition_set_id(UUID(int=1), "failure", frozenset({"wrong_part", "late"}))
    True
    """
    return uuid5(workspace, "\n".join([outcome, *sorted(codes)]))
