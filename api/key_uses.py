"""On which day each key was last used: noted in memory by every request, written beside them.

No request waits for this and none writes it: a key's day is written at most once by each process, a little later: see
`beside`. It is a day only, because more would say when people work.
"""

from collections import OrderedDict, defaultdict
from datetime import date
from uuid import UUID

from sqlalchemy import or_, update

from models.access import ApiKey
from models.database import Database

keys = ApiKey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
MOST_REMEMBERED = 50_000
"""Keys whose day is remembered as written; one forgotten is written once more."""


class KeyUses:
    """The days to write, and those that are written."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self.most = most
        self.waiting: dict[tuple[UUID, UUID], date] = {}
        self._noted: OrderedDict[UUID, date] = OrderedDict()

    def note(self, workspace_id: UUID, key_id: UUID, day: date) -> None:
        """Note that a key was used on a day."""
        if self._noted.get(key_id) == day:
            return
        self._noted[key_id] = day
        self._noted.move_to_end(key_id)
        if len(self._noted) > self.most:
            self._noted.popitem(last=False)
        self.waiting[workspace_id, key_id] = day

    async def flush(self, database: Database) -> int:
        """Write what was noted, a transaction a workspace; return how many keys. What cannot be written waits on."""
        days: defaultdict[UUID, dict[UUID, date]] = defaultdict(dict)
        for (workspace_id, key_id), day in self.waiting.items():
            days[workspace_id][key_id] = day
        for workspace_id, used in days.items():
            async with database.write(workspace_id) as session:
                for key_id, day in used.items():
                    mine = (keys.c.workspace_id == workspace_id) & (keys.c.id == key_id)
                    earlier = or_(keys.c.last_used_on.is_(None), keys.c.last_used_on < day)
                    await session.execute(update(keys).where(mine, earlier).values(last_used_on=day))
            for key_id, day in used.items():
                if self.waiting.get((workspace_id, key_id)) == day:
                    del self.waiting[workspace_id, key_id]
        return sum(map(len, days.values()))
