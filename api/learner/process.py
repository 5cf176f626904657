"""The learner's process: its arguments, what it prints, and how it ends.

`python -m api.learner analyse WORKSPACE` and `train WORKSPACE [promote [BECAUSE]]` ask for the job and wait;
`table ARGUMENTS` mines a plain table; `features WORKSPACE FILE MOMENT` and `risk WORKSPACE FILE` write a file of
everybody. Each prints one JSON document, on a refusal one with `code` and `detail`, and exit code 1. `job` is for
workers: the job comes as one line of JSON on standard input. It prints a line of JSON for each step it takes. All end
when standard input is closed, which is when whoever started them is gone.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import structlog
from threadpoolctl import threadpool_limits

from api.children import end_with_parent
from api.errors import Refusal
from api.jobs.leases import Held, LeaseLost, Leases, lease_of
from api.learner.everybody import write_features, write_risk
from api.learner.learning import learn
from api.learner.waiting import Summary, analyse, train
from api.logs import EXC_INFO, in_few_words, without_values
from api.settings import SettingsRefusedError, settings
from api.worker import Refused
from ml.tables import TableRefused, analyse_table
from models.database import Database, is_unavailable

NICE = 5
"""So much the process steps back for those that answer requests beside it."""
LOST = 3


async def _until_told(work: Callable[..., Awaitable[Summary]], *arguments: str) -> Summary:
    """Do what can give back what it began; end at once when told to, whatever a thread still reckons."""
    end_with_parent(lambda: os._exit(LOST))
    doing = asyncio.ensure_future(work(*arguments))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, doing.cancel)
    try:
        return await doing
    except asyncio.CancelledError:
        os._exit(LOST)


async def analysed(workspace: str) -> Summary:
    """Mine a workspace's condition sets and wait for it."""
    return await _until_told(analyse, workspace)


async def trained(workspace: str, promote: str = "", because: str = "") -> Summary:
    """Learn a workspace's risk model and wait for it."""
    return await _until_told(train, workspace, promote, because)


async def table(arguments: str) -> Summary:
    """Mine a plain table."""
    end_with_parent(lambda: os._exit(LOST))
    given = json.loads(arguments)
    said: list[str] = []
    found = analyse_table(given.pop("path"), given.pop("outcome"), **given, say=said.append)
    for sentence in said:
        sys.stderr.write(sentence + "\n")
    return found


async def features(workspace: str, path: str, moment: str) -> Summary:
    """Write the features of everybody as of a moment to a file."""
    return await _until_told(write_features, workspace, path, moment)


async def risk(workspace: str, path: str) -> Summary:
    """Write the risk of everybody to a file."""
    return await _until_told(write_risk, workspace, path)


async def job() -> Summary:
    """Do the job that standard input names; what came of it is stored, not printed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker above is told too, and decides
    given = json.loads(sys.stdin.buffer.readline())
    end_with_parent(lambda: os._exit(LOST))
    os.nice(NICE)
    held = Held(**{**given, "workspace_id": UUID(given["workspace_id"]), "id": UUID(given["id"])})
    database = Database(settings().database_url, 2)
    try:
        await learn(Leases(database, lease_of(settings().lease_seconds)), held, _tell)
    finally:
        await database.close()
    return {}


def _tell(progress: float, phase: str) -> None:
    sys.stdout.write(json.dumps({"progress": progress, "phase": phase}) + "\n")
    sys.stdout.flush()


KINDS: dict[str, Callable[..., Awaitable[Summary]]] = {
    "analyse": analysed,
    "train": trained,
    "table": table,
    "features": features,
    "risk": risk,
    "job": job,
}


def main(arguments: Sequence[str]) -> int:
    """Do one piece of learning; print what came of it."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    kind, *rest = arguments
    try:
        with threadpool_limits(limits=1):
            answer = asyncio.run(_awaited(KINDS[kind], rest))
    except LeaseLost:
        return LOST
    except (Refused, TableRefused) as refused:
        advice = f" {refused.advice}" if isinstance(refused, TableRefused) else ""
        return _refuse(refused.code, f"{refused}{advice}")
    except Refusal as refused:
        return _refuse(refused.code, refused.detail)
    except SettingsRefusedError as refused:
        return _refuse("settings", str(refused))
    except Exception as error:  # noqa: BLE001 - whatever it is, its message may hold what somebody told of a customer
        return _fail(error)
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


async def _awaited(work: Callable[..., Awaitable[Summary]], arguments: Sequence[str]) -> Any:
    return await work(*arguments)


def _fail(error: Exception) -> int:
    if is_unavailable(error):
        return _refuse("unavailable", f"The database cannot be reached: {in_few_words(error)}")
    sys.stderr.write(without_values(None, "error", {EXC_INFO: error})["exception"] + "\n")
    return 1


def _refuse(code: str, detail: str) -> int:
    sys.stdout.write(json.dumps({"code": code, "detail": detail}) + "\n")
    return 1
