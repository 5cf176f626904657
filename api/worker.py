"""Working jobs off: light ones here, heavy ones by whoever learns, two lanes so that neither waits for the other.

The worker is a process of its own, `steadfast worker`, which `serve` keeps one of beside itself. While a job runs a
sign of life extends its lease; a lease that is lost ends the work on it. Told to stop, the worker finishes the portion
it is at and gives back what is left at once.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import monotonic
from uuid import UUID

import structlog

from api import marks, schedules
from api.dependencies import Work, utc_now, writing_as
from api.handlers import AFTER_RULES, ALONE, BEFORE, ENDED, FOUND, HEAVY, LIGHT, TURN, worker_caller
from api.jobs.leases import LOOK, Held, LeaseLost, Leases
from api.logs import in_few_words
from api.webhooks.delivery import deliver_due
from models.database import Database, is_unavailable
from models.planning import NewTables

__all__ = ["News", "Refused", "Stopped", "Worker", "work_off", "worker_caller"]

log = structlog.get_logger(__name__)
PAUSE_SECONDS = LOOK.total_seconds()
TICK_SECONDS = 10.0
UNAVAILABLE_WAIT = timedelta(seconds=5)
GIVE_WAY_SECONDS = 0.12
"""Whoever waits for SQLite's one writer looks again every tenth of a second: between portions it must find a gap."""


class Refused(Exception):  # noqa: N818 - an answer that is no
    """A job cannot be done, now or later; with a code and what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class LearnerEnded(Exception):  # noqa: N818 - a fact, not a fault
    """A learner's process ended without an answer; told in words of ours, that hold nothing of anybody's."""


class Stopped(Exception):  # noqa: N818 - a fact, not a fault
    """The worker was told to stop before the job was done."""


@dataclass
class News:
    """How far a job is, told by whoever does it to whoever keeps its lease."""

    progress: float | None = None
    phase: str | None = None
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, progress: float, phase: str) -> None:
        """Say how far the job is."""
        self.progress, self.phase = progress, phase
        self._told.set()

    async def wait(self, seconds: float) -> None:
        """Wait for news, so long at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), seconds)
        self._told.clear()


Heavy = Callable[[Held, News, asyncio.Event], Awaitable[None]]
"""Does a heavy job to its end, storing what came of it through its claim; `Stopped` where the event came first."""


class Worker:
    """One worker process.

    Parameters
    ----------
    leases
        How jobs of the database are taken.
    heavy
        Who does heavy jobs; without it they are left to other workers.
    """

    def __init__(self, leases: Leases, heavy: Heavy | None = None) -> None:
        self.leases = leases
        self.leases.after_rules = AFTER_RULES
        self.database = leases.database
        self.heavy = heavy
        self.stop = asyncio.Event()
        self.counted: Counter[str] = Counter()

    async def run(self) -> None:
        """Work until told to stop."""
        lanes = [self._lane([*LIGHT, *ALONE]), self._ticking(), self._delivering()]
        if self.heavy is not None:
            lanes.append(self._lane(list(HEAVY)))
        await asyncio.gather(*lanes)

    async def work_off(self, workspace_id: UUID | None = None) -> int:
        """Do all jobs that are due, one after the other; return how many holdings that took."""
        kinds = [*LIGHT, *ALONE, *(HEAVY if self.heavy is not None else ())]
        held_before = self.counted.total()
        while not self.stop.is_set() and await self._next(kinds, workspace_id):
            pass
        return self.counted.total() - held_before

    async def _lane(self, kinds: Sequence[str]) -> None:
        while not self.stop.is_set():
            found = False
            try:
                found = await self._next(kinds)
            except Exception as error:  # noqa: BLE001 - whatever one job did, the next is still to be done
                log.warning("worker", error=in_few_words(error), waiting=is_unavailable(error))
            if not found:
                await self._pause(PAUSE_SECONDS)

    async def _ticking(self) -> None:
        while not self.stop.is_set():
            try:
                await schedules.tick(self.database, self.leases.clock)
            except Exception as error:  # noqa: BLE001 - what is due stays due
                log.warning("schedules", error=in_few_words(error), waiting=is_unavailable(error))
            await self._pause(TICK_SECONDS)

    async def _delivering(self) -> None:
        """Tell hooks what they asked for, in a lane of its own: a receiver that is slow keeps no job waiting."""
        alive = marks.SignOfLife()
        while not self.stop.is_set():
            tried = 0
            try:
                await alive.give(self.database, utc_now())
                tried = await deliver_due(self.database)
            except Exception as error:  # noqa: BLE001 - what is due stays due
                log.warning("delivery", error=in_few_words(error), waiting=is_unavailable(error))
            if not tried:
                await self._pause(PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)

    async def _next(self, kinds: Sequence[str], workspace_id: UUID | None = None) -> bool:
        held = await self.leases.claim(kinds, workspace_id)
        if held is None:
            return False
        await self.do(held)
        return True

    async def do(self, held: Held) -> str:
        """Do a job as far as it can be done now; return what became of it."""
        news = News()
        working = asyncio.create_task(self._work(held, news))
        keeping = asyncio.create_task(self._keep(held, news))
        try:
            await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done() and held.kind in HEAVY and not await self.leases.has_ended(held):
                working.cancel()
            outcome = await self._outcome(held, working)
        finally:
            keeping.cancel()
            working.cancel()
            await asyncio.gather(working, keeping, return_exceptions=True)
        self.counted[outcome] += 1
        return outcome

    async def _work(self, held: Held, news: News) -> str:
        await NewTables().flush(self.database)
        if held.kind in LIGHT:
            return await self._portions(held)
        if held.kind in ALONE:
            return await self._alone(held)
        if self.heavy is None:
            raise Stopped
        await self.heavy(held, news, self.stop)
        return "done"

    async def _alone(self, held: Held) -> str:
        result = await ALONE[held.kind](self.database)
        async with writing_as(self.database, worker_caller(held.workspace_id)) as work:
            await self.leases.done(work.session, held, dict(result))
        return "done"

    async def _portions(self, held: Held) -> str:
        until = monotonic() + TURN.total_seconds()
        while True:
            found = await self._look_before(held)
            async with writing_as(self.database, worker_caller(held.workspace_id)) as work:
                work.kept[FOUND] = found
                step = await LIGHT[held.kind](work, held)
                if step.checkpoint is None:
                    await self.leases.done(work.session, held, dict(step.result))
                    return "done"
                await self.leases.get_on(work.session, held, dict(step.checkpoint), step.progress, step.phase)
            held = replace(held, checkpoint=dict(step.checkpoint))
            if self.stop.is_set() or monotonic() > until:
                await self.leases.hand_back(held)
                return "turn"
            if self.database.sqlite:
                await asyncio.sleep(GIVE_WAY_SECONDS)

    async def _look_before(self, held: Held) -> object:
        if held.kind not in BEFORE:
            return None
        async with self.database.read(held.workspace_id) as session:
            return await BEFORE[held.kind](
                Work(session, held.workspace_id, worker_caller(held.workspace_id), utc_now()), held
            )

    async def _keep(self, held: Held, news: News) -> None:
        """Extend a job's lease until it is lost; unheard of for a whole lease, it has to be taken for lost."""
        lease = self.leases.lease.total_seconds()
        heard = monotonic()
        while True:
            await news.wait(lease / 4)
            try:
                await self.leases.beat(held, news.progress, news.phase)
                heard = monotonic()
            except LeaseLost:
                return
            except Exception as error:  # noqa: BLE001 - a sign of life that did not come through is tried again
                log.warning("heartbeat", job=str(held.id), error=in_few_words(error))
                if monotonic() - heard > lease:
                    return

    async def _outcome(self, held: Held, working: asyncio.Task[str]) -> str:
        """Wait for the work on a job, and say in its claim what came of it."""
        try:
            return await working
        except (LeaseLost, asyncio.CancelledError) as lost:
            if isinstance(lost, asyncio.CancelledError) and not working.cancelled():
                raise
            log.warning("lease_lost", job=str(held.id), kind=held.kind)
            return "lost"
        except Stopped:
            return await self._let_go(held, timedelta(0))
        except Refused as refused:
            return await self._end(held, refused.code, refused.detail, final=True)
        except Exception as error:
            if is_unavailable(error):
                log.warning("worker", job=str(held.id), error=in_few_words(error), waiting=True)
                return await self._let_go(held, UNAVAILABLE_WAIT)
            log.exception("job_failed", job=str(held.id), kind=held.kind)
            # What other errors say can hold what somebody told of a customer.
            said = str(error) if isinstance(error, LearnerEnded) else in_few_words(error)
            return await self._end(held, "gave_up", said, final=False)

    async def _let_go(self, held: Held, wait: timedelta) -> str:
        """Give a job back; where even that cannot be said its lease runs out."""
        try:
            await self.leases.hand_back(held, wait)
        except Exception as error:  # noqa: BLE001 - same
            log.warning("hand_back", job=str(held.id), error=in_few_words(error))
        return "given_back"

    async def _end(self, held: Held, code: str, problem: str, *, final: bool) -> str:
        try:
            async with writing_as(self.database, worker_caller(held.workspace_id)) as work:
                if final:
                    await self.leases.refused(work.session, held, code, problem)
                elif not await self.leases.failed(work.session, held, problem):
                    return "failed"
                if held.kind in ENDED:
                    await ENDED[held.kind](work, held, code, problem)
        except LeaseLost:
            return "lost"
        return "refused" if final else "given_up"


async def work_off(database: Database, workspace_id: UUID | None = None) -> int:
    """Do all light jobs that are due in this process; return how many were done."""
    worker = Worker(Leases(database))
    await worker.work_off(workspace_id)
    return worker.counted["done"]
