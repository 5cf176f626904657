"""Launching a pulse and answering it as staff do, on its page, and letting a night go by."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from sqlalchemy import update

from api import jobs
from api.dependencies import writing_as
from api.handlers import worker_caller
from api.worker import work_off
from models.database import Database
from models.pulse import Pulse
from tests.api.caller import Caller, ago, done

PATH = "/v1/pulses"
AHEAD = {"closes_at": ago(days=-30)}
TOOLS = {"key": "tools", "kind": "rating", "min": 0, "max": 4, "metric_key": "pulse_tools", "texts": {"en": "Tools?"}}
SURE = {**TOOLS, "key": "sure", "metric_key": "pulse_sure", "cannot_say": True, "texts": {"en": "Sure?"}}
FREE = {"key": "free", "kind": "yes_no", "texts": {"en": "May you decide?"}}
SINCE = {
    "key": "since",
    "kind": "choice",
    "texts": {"en": "How long have you been here?"},
    "choices": [{"key": key, "texts": {"en": key}} for key in ("short", "long")],
}
WHY = {"key": "why", "kind": "text", "texts": {"en": "What do you lack?"}}
ASKED = [TOOLS, SURE, FREE, SINCE, WHY]


async def ask_staff(client: Caller, key: str = "crew", questions: list[dict[str, Any]] | None = None) -> None:
    """Publish a survey for staff."""
    done(await client.post("/v1/surveys", {"key": key, "questions": questions or ASKED}))
    done(await client.post(f"/v1/surveys/{key}/publish"))


async def launch(client: Caller, key: str = "spring", **fields: Any) -> Any:
    """Launch a pulse on that survey."""
    return done(await client.post(PATH, {"key": key, "survey": "crew", **AHEAD, **fields}))


async def links(client: Caller, key: str = "spring") -> dict[str | None, str]:
    """Give the paths at which each team answers."""
    items = (await client.read(f"{PATH}/{key}/links"))["items"]
    return {item["team"]: urlsplit(item["url"]).path for item in items}


async def answer(client: Caller, path: str, **answers: Any) -> httpx.Response:
    """Answer a pulse as a program does, with no key."""
    return await client.http.post(path, json={"answers": answers})


async def answer_many(client: Caller, path: str, many: int, **answers: Any) -> None:
    """Answer a pulse so many times, each for somebody else."""
    for _ in range(many):
        done(await answer(client, path, **answers))


async def let_a_night_go_by(database: Database, workspace_id: UUID) -> None:
    """Do what is done by night."""
    async with writing_as(database, worker_caller(workspace_id)) as work:
        await jobs.enqueue(work, jobs.RELEASE, {})
    assert await work_off(database, workspace_id) > 0


async def close(database: Database, workspace_id: UUID, closed_at: Any) -> None:
    """Let a pulse have closed at a moment."""
    async with database.write(workspace_id) as session:
        await session.execute(update(Pulse).values(closes_at=closed_at))


def cells(results: Any, question: str) -> dict[tuple[str | None, str | None], Any]:
    """Give the cells of a question in a pulse's results, by cut and group."""
    [found] = [one for one in results["questions"] if one["key"] == question]
    return {(cell["cut"], cell["group"]): cell for cell in found["cells"]}
