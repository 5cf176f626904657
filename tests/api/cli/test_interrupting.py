"""Ctrl-C at the command line while something is learnt: a sentence, an exit code, nothing half-stored."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from api.learner.waiting import do_or_give_back
from api.worker import Worker
from tests.api.caller import Caller
from tests.api.cli.desk import Desk
from tests.api.failures.test_analyses import ask, company, worker

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

__all__ = ["worker"]

INTERRUPTED = 130
LONGEST = 60.0


@contextmanager
def running(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command as a terminal does, in a group of its own that hears of Ctrl-C."""
    command = [sys.executable, "-m", "api.cli", *map(str, arguments)]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def stopped(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C; give what is said of it."""
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=LONGEST)
    assert (process.returncode, out) == (INTERRUPTED, "")
    assert "Traceback" not in err
    return err


def until_read(pipe: Path) -> int:
    """Wait until somebody reads a pipe; give the end to write to, which keeps them waiting."""
    until = monotonic() + LONGEST
    while monotonic() < until:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            sleep(0.05)
    pytest.fail("Nobody reads.")


def test_a_table_that_is_being_read_is_let_go(desk: Desk) -> None:
    table = desk.folder / "endless.csv"
    os.mkfifo(table)
    with running("analyse", "--table", table, "--outcome", "failed", "--json") as process:
        pipe = until_read(table)
        assert "Stopped: nothing was stored." in stopped(process)
        os.close(pipe)


@pytest.mark.anyio
async def test_an_analysis_of_a_workspace_is_given_back_whole(client: Caller, worker: Worker) -> None:
    await company(client)
    analysis = await ask(client)
    held = await worker.leases.claim(["analyse"])
    assert held is not None
    doing = asyncio.create_task(do_or_give_back(worker, held))
    # Whatever it is at: a phase may be over before anybody asks for it.
    while (await client.read(f"/v1/jobs/{analysis}"))["phase"] is None and not doing.done():  # noqa: ASYNC110 - the job tells its phase in the database
        await asyncio.sleep(0.001)
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    found = await client.read(f"/v1/analyses/{analysis}")
    assert (found["state"], found["summary"]) == ("queued", None)
    assert await client.read_all("/v1/condition-sets") == []
    assert await worker.work_off() == 1
    assert (await client.read(f"/v1/analyses/{analysis}"))["state"] == "done"
