"""When the installation last did something that belongs to no one workspace: a worker's sign of life, a training.

`doctor`, `/readyz` and `/metrics` read them. A process that does such a thing keeps its mark in a transaction of its
own: a mark says that something was done, and nothing rests on it.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.mark import Mark, MarkName

marks = Mark.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
SIGN_OF_LIFE_SECONDS = 15
"""How often a worker says that it lives."""
SILENT_SECONDS = 120
"""After how long without a sign of life a worker counts as gone."""


async def keep(database: Database, name: MarkName, now: datetime) -> None:
    """Say that something was done now."""
    into = sqlite.insert(marks) if database.sqlite else postgresql.insert(marks)
    row = {"name": name.value, "at": now}
    async with database.write() as session:
        await session.execute(into.values(row).on_conflict_do_update(index_elements=["name"], set_={"at": now}))


async def read(session: AsyncSession) -> dict[str, datetime]:
    """Return when what was last done."""
    return {row.name: row.at for row in await session.execute(select(marks))}


class SignOfLife:
    """A worker's way to say that it lives, at most every so many seconds."""

    def __init__(self) -> None:
        self._said: datetime | None = None

    async def give(self, database: Database, now: datetime) -> None:
        """Say it where it is time to."""
        if self._said is not None and 0 <= (now - self._said).total_seconds() < SIGN_OF_LIFE_SECONDS:
            return
        await keep(database, MarkName.WORKER, now)
        self._said = now
