"""Rounds of killing the trainer: a company served all the while, and a registry that is whole after each round."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from api.jobs import jobs
from api.risk import decisions, queries
from api.risk.serving import opened
from ml.artefacts import unpack
from models.database import Database
from models.outbox import JobState
from tests.api.caller import Caller, done
from tests.api.company import a_past, catalogue, tell, today
from tests.chaos.served import Served

CUSTOMERS = 60
CLIENTS = 3
ENDED_WITHIN = 300.0
BEGUN_WITHIN = 60.0
ANSWERED_WITHIN = 60.0
PAUSE = 0.2
FAILURE = 500


@dataclass
class Toll:
    """What rounds of killing came to."""

    rounds: int = 0
    kills: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    silences: int = 0
    """Requests that no answer came to."""
    longest: float = 0.0
    trained: int = 0
    broken: list[str] = field(default_factory=list)


def learners(parent: int) -> list[int]:
    """Give the processes below one that learn."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            above = int((folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if b"api.learner" in words and _is_below(above, parent):
            found.append(int(folder.name))
    return found


def _is_below(process: int, parent: int) -> bool:
    while process > 1:
        if process == parent:
            return True
        try:
            stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
        except OSError:
            return False
        process = int(stat.rpartition(")")[2].split()[1])
    return False


async def prepared(served: Served, key: str) -> None:
    """Tell the company's past, and let a first model serve."""
    async with httpx.AsyncClient(base_url=served.address, timeout=60) as http:
        client = Caller(http, key)
        await catalogue(client)
        await tell(client, a_past(today(), customers=CUSTOMERS))
        job = done(await client.post("/v1/models"))["id"]
        assert await ended(client, job, Toll()) == "done"


async def ended(client: Caller, job: str, toll: Toll) -> str:
    """Wait until a job has ended; give its state.

    A request that no answer came to, or a failure, goes to the toll, and the job is asked for again: it goes on
    whoever answers for it.
    """
    begun = monotonic()
    while True:
        answer = await _insisted(partial(client.get, f"/v1/jobs/{job}"), toll)
        state = str(answer["state"])
        if state in {"done", "failed", "canceled"}:
            return state
        assert monotonic() - begun < ENDED_WITHIN, f"the training {job} does not end"
        await asyncio.sleep(PAUSE)


async def _insisted(ask: Callable[[], Awaitable[httpx.Response]], toll: Toll) -> Any:
    """Ask until the answer is a yes; give it. What must not be done twice carries an Idempotency-Key."""
    begun = monotonic()
    while True:
        try:
            answer = await ask()
        except httpx.TransportError as error:
            toll.silences += 1
            came = repr(error)
        else:
            if answer.status_code < FAILURE:
                return done(answer)
            toll.answers[answer.status_code] += 1
            came = answer.text
        assert monotonic() - begun < ANSWERED_WITHIN, f"nobody answers: {came}"
        await asyncio.sleep(PAUSE)


@asynccontextmanager
async def _asking(served: Served, key: str, toll: Toll) -> AsyncIterator[None]:
    """Ask for risks and models all the while."""
    stop = asyncio.Event()

    async def ask(number: int) -> None:
        paths = (f"/v1/customers/C-{number}/risk", "/v1/models", "/readyz", f"/v1/customers/C-{number + 9}/risk")
        async with httpx.AsyncClient(base_url=served.address, timeout=30) as http:
            client = Caller(http, key)
            turn = 0
            while not stop.is_set():
                begun = monotonic()
                try:
                    toll.answers[(await client.get(paths[turn % len(paths)])).status_code] += 1
                except httpx.TransportError:
                    toll.silences += 1
                toll.longest = max(toll.longest, monotonic() - begun)
                turn += 1
                await asyncio.sleep(0.05)

    asking = [asyncio.create_task(ask(number)) for number in range(CLIENTS)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*asking)


async def one_round(served: Served, key: str, database: Database, chosen: random.Random, toll: Toll) -> None:
    """Ask for a training, kill the trainer at a random time while requests go on, and look at what is left."""
    async with httpx.AsyncClient(base_url=served.address, timeout=60) as http, _asking(served, key, toll):
        client = Caller(http, key)
        begin = partial(client.post, "/v1/models", idempotency_key=f"round {toll.rounds}")
        job = (await _insisted(begin, toll))["id"]
        toll.kills += await _kill(served, chosen)
        if await ended(client, job, toll) == "done":
            toll.trained += 1
        else:
            toll.broken.append(f"the training {job} did not come to its end")
    toll.rounds += 1
    toll.broken += await broken(database, (await _workspace(served, key, toll))["id"])


async def _workspace(served: Served, key: str, toll: Toll) -> Any:
    async with httpx.AsyncClient(base_url=served.address, timeout=60) as http:
        return await _insisted(partial(Caller(http, key).get, "/v1/workspace"), toll)


async def _kill(served: Served, chosen: random.Random) -> int:
    """Wait until somebody learns, and some time more; kill them. Give how many there were."""
    assert served.process is not None
    begun = monotonic()
    while not (found := learners(served.process.pid)):
        if monotonic() - begun > BEGUN_WITHIN:
            return 0
        await asyncio.sleep(0.02)
    await asyncio.sleep(chosen.uniform(0.0, 6.0))
    killed = 0
    for process in {*found, *learners(served.process.pid)}:
        try:
            os.kill(process, signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            pass
    return killed


async def broken(database: Database, workspace: str) -> list[str]:
    """Give what is half-written in a workspace's registry; nothing may be."""
    async with database.read(UUID(workspace)) as session:
        statement = queries.all_models(UUID(workspace)).add_columns(queries.models.c.artefact)
        models = (await session.execute(statement)).mappings().all()
        ended = {str(row.id): row.state for row in await session.execute(select(jobs).where(jobs.c.kind == "train"))}
        promoted = set(await session.scalars(select(decisions.decisions.c.model_id)))
    return [*_unreadable(models), *_unmatched(models, ended), *_undecided(models, promoted)]


def _unreadable(models: Sequence[Any]) -> list[str]:
    found = []
    for row in models:
        if row["apart"]:
            unpack(row["artefact"], row["sha256"])
        elif (refused := opened(row)[1]) is not None:
            found.append(f"the model {row['id']} cannot be read: {refused}")
        if not row["card"].get("forward"):
            found.append(f"the model {row['id']} has no forward test on its card")
    return found


def _unmatched(models: Sequence[Any], ended: dict[str, JobState]) -> list[str]:
    """Give the models whose training is not done, trainings done without a model, and challengers without theirs."""
    learnt = {str(row["id"]) for row in models if not row["apart"]}
    whole = {job for job, state in ended.items() if state == JobState.DONE}
    beside = {row["card"]["learnt_beside"] for row in models if row["apart"]}
    return [f"{one} is a model or a training, not both" for one in learnt ^ whole] + [
        f"the challenger of {one} has no model beside it" for one in beside - learnt
    ]


def _undecided(models: Sequence[Any], promoted: set[UUID]) -> list[str]:
    champions = [row["id"] for row in models if row["state"] == "champion"]
    if len(champions) != 1:
        return [f"{len(champions)} models serve"]
    return [] if champions[0] in promoted else [f"nobody decided that {champions[0]} serves"]


async def endure(
    served: Served, key: str, *, rounds: int, seed: int, say: Callable[[Toll], object] | None = None
) -> Toll:
    """Go through some rounds on a migrated database of one workspace; tell of each where somebody listens."""
    toll, chosen = Toll(), random.Random(seed)  # noqa: S311 - an experiment, no secret
    served.start()
    database = Database(served.url, 2)
    try:
        await served.until_ready()
        await prepared(served, key)
        for _ in range(rounds):
            await one_round(served, key, database, chosen, toll)
            if say is not None:
                say(toll)
    finally:
        await database.close()
        served.stop()
    return toll
