"""Whether the service lives, whether it is ready, and what it counts: `/livez`, `/readyz`, `/metrics`."""

import asyncio
import hmac
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from fastapi import FastAPI, Request, Response
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import QueuePool
from starlette.types import Receive, Scope, Send

from api import instruments, limits, marks
from api.backlog import backlog
from api.bodies import Answer, Moment
from api.dependencies import bearer, database, utc_now
from api.errors import NoSuchThing, NotSignedIn, Unavailable
from api.limits import Kind
from api.risk import stale
from api.settings import settings
from models.database import Database, WriterBusyError, is_unavailable
from models.schema import head, revision_of

ROOM_MIB = 500
LATE_SECONDS = 3600
WRITER_SECONDS = 2.0
READS_ONLY = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"
FOUND_NOTHING = "Nothing answers at /metrics; /docs lists what does."


class LiveAnswer(Answer):
    """That the process answers."""

    status: Literal["ok"]


class StaleAnswer(Answer):
    """Risk models that are older than they should be: why, since when, and in how many workspaces."""

    code: Literal["training_failed", "model_refused"]
    since: Moment
    workspaces: int


class ReadyAnswer(Answer):
    """Whether requests are served, and what is not as it should be all the same."""

    status: Literal["ok", "degraded"]
    reasons: list[str]
    stale: list[StaleAnswer]


def install(app: FastAPI) -> None:
    """Let the application say how it is."""
    app.add_api_route("/livez", livez, methods=["GET"], tags=["Health"])
    app.add_api_route("/readyz", readyz, methods=["GET"], tags=["Health"])
    app.add_api_route("/metrics", metrics, methods=["GET"], include_in_schema=False)


async def livez() -> LiveAnswer:
    """Say that the process answers."""
    return LiveAnswer(status="ok")


async def readyz(request: Request) -> ReadyAnswer:
    """Say that requests are served: the database answers, has this version's schema, and takes writes; else 503.

    `degraded` is served too, and `reasons` says what to look at: `writer_busy`, `little_room`, `worker_silent`,
    `jobs_late`, `deliveries_late`, `models_stale`. With the last, `stale` says since when the last good risk model
    serves in place of a newer one, because a training failed or a model must not be used. Of each `steadfast doctor`
    says what to do.
    """
    store = database(request)
    try:
        async with store.read() as session:
            newest = await revision_of(session) == head()
            reasons = await _late(session) if newest else []
            old = await stale.stale(session) if newest else []
        writes = newest and await _takes_writes(store)
    except Exception as error:
        if not is_unavailable(error):
            raise
        raise Unavailable("The database does not answer. Look at its log.") from error
    if not newest:
        raise Unavailable("The database is not at this version's schema. Run `steadfast migrate`.")
    if not writes:
        reasons.append("writer_busy")
    if room_mib(store.url) < ROOM_MIB:
        reasons.append("little_room")
    if old:
        reasons.append("models_stale")
    told = [StaleAnswer.model_validate(asdict(each)) for each in old]
    return ReadyAnswer(status="degraded" if reasons else "ok", reasons=reasons, stale=told)


async def _late(session: AsyncSession) -> list[str]:
    now = utc_now()
    waits = await backlog(session, now)
    worker = (await marks.read(session)).get("worker")
    silent = worker is not None and (now - worker).total_seconds() > marks.SILENT_SECONDS
    found = {
        "worker_silent": silent,
        "jobs_late": waits.overdue > LATE_SECONDS,
        "deliveries_late": waits.deliveries_overdue > LATE_SECONDS,
    }
    return [reason for reason, is_so in found.items() if is_so]


async def _takes_writes(store: Database) -> bool:
    """Return whether a transaction that may write begins within a moment; raise where none can begin at all."""
    try:
        async with asyncio.timeout(WRITER_SECONDS), store.write() as session:
            if store.sqlite:
                await session.execute(text("SELECT 1"))
                return True
            if await session.scalar(
                text("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool")
            ):
                raise Unavailable("The database takes no writes: it is a replica, or set to read only.")
    except (TimeoutError, WriterBusyError):
        return False
    return True


def room_mib(url: str) -> int:
    """Return the free space beside an SQLite database, in MiB; of a PostgreSQL server it cannot be asked."""
    if make_url(url).get_backend_name() != "sqlite":
        return ROOM_MIB
    folder = Path(make_url(url).database or ".").resolve().parent
    return shutil.disk_usage(folder).free // 2**20


async def metrics(request: Request) -> Response:
    """Tell what is counted, to whoever holds the token; there is no such page where no token is set."""
    wanted = settings().metrics_token
    if not wanted:
        raise NoSuchThing(FOUND_NOTHING)
    given = await bearer(request)
    if given is None or not hmac.compare_digest(given.credentials.encode(), wanted.encode()):
        await limits.check(request, kind=Kind.FAILURE)
        raise NotSignedIn(
            "Send `Authorization: Bearer …` with STEADFAST_METRICS_TOKEN.", headers={"WWW-Authenticate": "Bearer"}
        )
    body, kind = await scraped(database(request), request.headers.get("accept", ""))
    return Response(body, headers={"Content-Type": kind})


async def scraped(store: Database, accept: str) -> tuple[bytes, str]:
    """Look at what waits and how the database is, and return everything counted."""
    _look_at_pools(store)
    try:
        async with store.read() as session:
            now = utc_now()
            waits = await backlog(session, now)
            done = await marks.read(session)
    except Exception as error:
        if not is_unavailable(error):
            raise
        instruments.database_up.set(0)
        return instruments.told(accept)
    instruments.database_up.set(1)
    for state, count in (("waiting", waits.waiting), ("running", waits.running), ("lost", waits.lost)):
        instruments.jobs.labels(state).set(count)
    instruments.jobs_overdue.set(waits.overdue)
    instruments.outbox.set(waits.deliveries)
    instruments.outbox_overdue.set(waits.deliveries_overdue)
    instruments.since_when({what: max(0.0, (now - at).total_seconds()) for what, at in done.items()})
    return instruments.told(accept)


def _look_at_pools(store: Database) -> None:
    pools = {"reading": store.reading, "writing": store.writing} if store.sqlite else {"all": store.writing}
    for name, engine in pools.items():
        pool = engine.sync_engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101 - every engine of a `Database` is made with one
        instruments.connections.labels(name, "in_use").set(pool.checkedout())
        instruments.connections.labels(name, "most").set(pool.size())
    if store.sqlite:
        log = Path(f"{make_url(store.url).database}-wal")
        instruments.wal_bytes.set(log.stat().st_size if log.exists() else 0)


class MetricsPage:
    """What listens at the port for metrics alone: one page, without a token."""

    def __init__(self, store: Database) -> None:
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scraper."""
        if scope["path"] != "/metrics":
            await Response("Only /metrics is here.\n", 404, media_type="text/plain")(scope, receive, send)
            return
        accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
        body, kind = await scraped(self.store, accept)
        await Response(body, headers={"Content-Type": kind})(scope, receive, send)
