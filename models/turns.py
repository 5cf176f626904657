"""Turns at what has a name and no row to lock: held until the transaction ends, on PostgreSQL by an advisory lock.

On SQLite nothing is to be done: whoever writes is its one writer.
"""

import hashlib

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def hold_name(session: AsyncSession, name: str, *, shared: bool = False) -> None:
    """Wait until nobody else holds a name, and hold it until this transaction ends; `shared` beside others who share.

    Parameters
    ----------
    session
        In the transaction.
    name
        What is held, with its workspace: names of different things must differ.
    shared
        Hold it beside others who share it, and against whoever wants it alone.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    await session.execute(select(lock(number_of(name))))


def number_of(name: str) -> int:
    """Return the number by which a name is held."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
