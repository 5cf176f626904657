"""Workers and learners are processes: they do what was asked for, and end when whoever started them does."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.children import end_with_parent, kept_worker
from api.dependencies import writing_as
from api.failures import analyses
from api.jobs import ANALYSE, cancel
from api.jobs.leases import Leases
from api.learning_below import learning_below
from api.settings import settings
from api.worker import Worker, worker_caller
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.outbox import JobState
from tests.api.caller import Caller
from tests.api.company import tell
from tests.api.jobs.conftest import Ask, Look
from tests.api.jobs.working import running, until
from tests.api.test_learner import many, reading

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def below(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes below this one find this test's database."""
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    settings.cache_clear()


def left(*words: str) -> list[str]:
    """Give the processes below this one whose command has some words in it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if parent == os.getpid() and set(words) <= set(command):
            found.append(" ".join(command))
    return found


@pytest.mark.slow
@on_sqlite
async def test_a_learner_below_does_the_job_and_stores_it_itself(
    client: Caller, database: Database, workspace: WorkspaceSettings, look: Look
) -> None:
    for name in ("handed", "away"):
        await client.catalogue(name, rule=reading(name))
    await tell(client, many(failing=2))
    async with writing_as(database, worker_caller(workspace.id)) as work:
        job_id = await analyses.ask(work, analyses.REGULAR)
    working = Worker(Leases(database), learning_below)
    assert await working.work_off() == 1
    found = await look(job_id)
    assert (found.state, working.counted) == (JobState.DONE, {"done": 1})
    assert [item["status"] for item in (await client.read("/v1/condition-sets"))["items"]] == ["confirmed"]
    assert left("api.learner") == []


@pytest.mark.slow
@on_sqlite
async def test_what_a_learner_below_says_is_heard(
    database: Database, ask: Ask, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = await ask("train", promote="never")
    working = Worker(Leases(database), learning_below)
    await working.work_off()
    found = await look(refused)
    assert found.problem is not None
    assert (found.state, found.problem.code) == (JobState.FAILED, "nothing_to_learn_from")
    broken = await ask(ANALYSE, strata="weather")
    await working.work_off()
    found = await look(broken)
    assert found.problem is not None
    assert "the learner ended with 1" in found.problem.detail
    assert working.counted == {"refused": 1, "failed": 1}
    await ask(ANALYSE)
    held = await working.leases.claim([ANALYSE])
    assert held is not None
    monkeypatch.setenv("STEADFAST_DATABASE_URL", f"sqlite:///{ROOT}/no/such/folder.db")
    assert await working.do(held) == "given_back"


@pytest.mark.slow
@on_sqlite
async def test_a_learner_below_is_stopped_with_its_job(
    database: Database, workspace: WorkspaceSettings, ask: Ask, look: Look
) -> None:
    job_id = await ask(ANALYSE)
    leases = Leases(database)
    leases.lease /= 60
    working = Worker(leases, learning_below)
    async with running(working):
        await until(look, job_id, JobState.RUNNING)
        async with writing_as(database, worker_caller(workspace.id)) as work:
            await cancel(work, job_id)
        again = await ask(ANALYSE, again=True)
        await until(look, again, JobState.RUNNING, JobState.FAILED, JobState.QUEUED)
    assert left("api.learner") == []
    assert (await look(job_id)).state == JobState.CANCELED


@pytest.mark.slow
@on_sqlite
async def test_a_service_keeps_a_worker_and_takes_it_along(ask: Ask, look: Look) -> None:
    async with kept_worker():
        job_id = await ask()
        for _ in range(1200):
            if (await look(job_id)).state == JobState.DONE:
                break
            await asyncio.sleep(0.1)
        assert (await look(job_id)).state == JobState.DONE
        assert len(left("worker", "--with-parent")) == 1
    assert left("worker", "--with-parent") == []


@on_sqlite
async def test_a_service_without_a_worker_keeps_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADFAST_WORKER", "none")
    settings.cache_clear()
    async with kept_worker():
        await asyncio.sleep(0)
        assert left("worker", "--with-parent") == []


@pytest.mark.slow
def test_a_worker_told_to_stop_ends_well_and_one_whose_parent_is_killed_ends_too() -> None:
    command = [sys.executable, "-m", "api.cli", "worker", "--with-parent", "--json"]
    told = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own command
    orphan = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - same
    assert orphan.stdin is not None
    time.sleep(0.5)
    orphan.stdin.close()  # as the kernel does when the parent is no more
    until_up(told.pid)
    told.send_signal(signal.SIGTERM)
    assert told.wait(120) == 0
    assert orphan.wait(120) == 0
    for process in (told, orphan):
        assert process.stdout is not None
        assert process.stdout.read().strip() == b"{}"
        process.stdout.close()
    assert told.stdin is not None
    told.stdin.close()


def until_up(pid: int) -> None:
    """Wait until a process does as it is told by SIGTERM, and does not just die of it."""
    for _ in range(1200):
        caught = next(
            line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt")
        )
        if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.1)


async def test_the_end_of_the_parent_is_heard() -> None:
    reader, writer = os.pipe()
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    kept = os.dup(0) if _is_open(0) else None
    os.dup2(reader, 0)
    try:
        end_with_parent(lambda: loop.call_soon_threadsafe(heard.set))
        os.write(writer, b"still there")
        await asyncio.sleep(0.1)
        assert not heard.is_set()
        os.close(writer)
        await asyncio.wait_for(heard.wait(), 10)
    finally:
        os.close(reader)
        if kept is not None:
            os.dup2(kept, 0)
            os.close(kept)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
