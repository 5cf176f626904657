"""Workers of this machine: how they are named, and which of them are gone.

A lease says how long to wait for a worker of which nothing is known. Of one that ran here more is known: where its
process is gone, nobody waits. Two containers may share a machine's name and not see each other's processes, so a name
holds the space that process ids are of.
"""

import os
import secrets
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LONGEST_HOST = 40


def _space() -> str:
    """Return what tells this space of process ids from others, empty where the system has no word for it."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    return ""


def _here() -> str:
    return f"{socket.gethostname()[:LONGEST_HOST]}-{_space()}"


def worker_name() -> str:
    """Return a name that no other process has had or will have."""
    return f"{_here()}/{os.getpid()}/{secrets.token_hex(4)}"


def gone(names: Iterable[str]) -> list[str]:
    """Return which of some workers ran here and run no more; of one that runs elsewhere nothing is known.

    >>> gone([worker_name(), "elsewhere-1/1/00000000"])
    []
    """
    if not _space():
        return []
    return [name for name in names if _is_gone(name)]


def _is_gone(name: str) -> bool:
    here, _, rest = name.partition("/")
    pid = rest.partition("/")[0]
    if here != _here() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # there, and another's
    return False
