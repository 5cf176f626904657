"""Taking answers in: each by the fast way where it can go it, stored when it is answered.

There are two ways for a batch. The express one judges it by what held a moment ago, and appends it with one statement
that stores nothing where that does not hold any more; it leaves to the other whatever is rare: something not yet known
here, hooks to be told, somebody erased whose name may be claimed, an answer sent before. Both store the same rows.
"""

from collections.abc import Sequence

from api import instruments, tombstones
from api.dependencies import Caller, Work, writing_as
from api.errors import Refusal
from api.feedback.intake import plain
from api.feedback.intake.current import Looking
from api.feedback.intake.lanes import Lanes
from api.feedback.intake.plain import Taken
from api.feedback.schemas import ResponseBody, ResponseStored
from models.access import Scope
from models.database import Database
from models.express import Express, NotAppended

Item = tuple[Caller, ResponseBody]


class Intake:
    """The way in of one database: answers of one key to one survey that come together are stored together."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.express = Express(database)
        self.looking = Looking()
        self.lanes: Lanes[Item, Taken] = Lanes(self._store, abreast=1 if database.sqlite else 2)

    async def take(self, caller: Caller, row: ResponseBody) -> ResponseStored | None:
        """Store an answer; None of one that has to go the ordinary way, of which nothing is stored."""
        if not plain.is_plain(row, claimant=not caller.may(Scope.RECORDS_WRITE)):
            return None
        taken = await self.lanes.take((caller.workspace_id, caller.key_id, row.survey, row.version), (caller, row))
        if isinstance(taken, Refusal):
            raise taken
        return taken

    async def _store(self, items: Sequence[Item]) -> Sequence[Taken | None]:
        caller, rows = items[0][0], [row for _, row in items]
        return await self._store_express(caller, rows) or await self._store_ordinary(caller, rows)

    async def _store_express(self, caller: Caller, rows: Sequence[ResponseBody]) -> Sequence[Taken | None] | None:
        """Store a batch the express way; None where that cannot be, and nothing is stored."""
        recalled = self.looking.recall(caller, rows[0])
        naming = any(row.customer or row.case for row in rows)
        if recalled is None or (naming and recalled.current.buried):
            return None
        beside = tombstones.turn_of(caller.workspace_id) if naming else None
        async with self.express.transaction(caller.workspace_id, beside) as transaction:
            session = self.database.unopened(caller.workspace_id)
            work = Work(session, caller.workspace_id, caller, self.database.clock.now())
            batch = plain.prepare(work, rows, recalled.current, plain.NOBODY_ERASED)
            # What refuses them all may not hold any more, and nothing is stored that would find out.
            if not batch.prepared or not batch.whole or not batch.news(work):
                return None
            try:
                await transaction.commit(plain.appended(work, batch), recalled.question(work, rows[0], naming=naming))
            except NotAppended:
                return None
        instruments.count_events(work.happened)
        return plain.outcomes(work, batch, batch.ids)

    async def _store_ordinary(self, caller: Caller, rows: Sequence[ResponseBody]) -> Sequence[Taken | None]:
        async with writing_as(self.database, caller) as work:
            if any(row.customer or row.case for row in rows):
                await tombstones.hold_off(work)
            current = await self.looking.look(work, rows[0])
            if current is None:
                return [None] * len(rows)
            batch = plain.prepare(work, rows, current, await plain.erased(work, rows, current))
            return plain.outcomes(work, batch, await plain.append(work, batch))
