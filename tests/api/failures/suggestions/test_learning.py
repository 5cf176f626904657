"""A worker learns from what people decided, and looks at comments by what it learnt."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from api import handlers, schedules
from api.dependencies import writing_as
from api.failures.suggestions import suggesting
from api.jobs import LEARN_COMMENTS, SUGGEST, jobs
from api.jobs.leases import Leases
from api.schedules import tick
from api.worker import Worker, worker_caller
from api.workspaces.service import WorkspaceSettings
from ml.text import LEARNT_FROM
from models.base import EPOCH
from models.database import Database
from models.suggestion import CommentModelVersion
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.failures.suggestions.conftest import Look, Say
from tests.api.jobs.clock import Clock

pytestmark = pytest.mark.anyio

SUGGESTIONS = "/v1/suggestions"
LATE = ("he came hours late", "the engineer was late again", "late by a whole day", "waited long and he was late")
FINE = ("everything works well", "thank you, quick visit", "all is fine now", "good work")
models = CommentModelVersion.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


async def learn(client: Caller, worker: Worker) -> Any:
    """Ask for a training, and let the worker do it; give what came of it."""
    answer = await client.post(f"{SUGGESTIONS}/learning")
    job = done(answer)["id"]
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/jobs/{job}")
    await worker.work_off()
    found = await client.read(f"/v1/jobs/{job}")
    assert found["state"] == "done", found
    return found["result"]


async def many(client: Caller, texts: tuple[str, ...], who: str, number: int) -> None:
    """Tell of many customers who wrote."""
    customers = [{"reference": f"C-{who}-{at}"} for at in range(number)]
    cases = [
        {"reference": f"K-{who}-{at}", "customer": f"C-{who}-{at}", "need": "repair", "opened_at": ago(days=9)}
        for at in range(number)
    ]
    answers = [
        {
            "survey": "post_interaction",
            "case": f"K-{who}-{at}",
            "answers": {"satisfaction": 3, "comment": f"{texts[at % len(texts)]} {'indeed ' * (at % 3)}".strip()},
        }
        for at in range(number)
    ]
    for kind, rows in (("customers", customers), ("cases", cases), ("responses", answers)):
        told = done(await client.post(f"/v1/{kind}/bulk", rows))
        assert told["rejected"] == 0, told


async def decide(client: Caller, suggestions: list[Any], decision: str) -> None:
    """Decide on suggestions."""
    rows = [{"id": one["id"], "decision": decision} for one in suggestions]
    assert done(await client.post(f"{SUGGESTIONS}/bulk", rows))["accepted"] == len(rows)


async def test_before_anything_is_confirmed_comments_are_compared_with_the_description(
    client: Caller, worker: Worker
) -> None:
    await client.catalogue("late", name="Late by hours or days")
    await many(client, LATE, "L", 12)
    await many(client, FINE, "F", 12)
    result = await learn(client, worker)
    assert result["similarity"] == ["late"]
    assert result["comments"] == result["customers"] == 24
    found = await client.read_all(SUGGESTIONS)
    assert found
    assert {one["basis"] for one in found} == {"similarity"}
    assert all(one["case"].startswith("K-L") and 0 < one["score"] <= 1 for one in found)
    told = await client.read(f"{SUGGESTIONS}/conditions")
    assert (told["model"]["learnt"], told["model"]["similarity"]) == ([], ["late"])


async def test_from_thirty_confirmed_on_it_is_learnt(client: Caller, worker: Worker, look: Look) -> None:
    await client.catalogue("late", phrases=["late"])
    await client.catalogue("thanks", phrases=["thank you", "fine now"])
    await many(client, LATE, "L", LEARNT_FROM)
    await many(client, FINE, "F", 24)
    found = await look()
    late = [one for one in found if one["condition"] == "late"]
    assert len(late) == LEARNT_FROM
    await decide(client, late[1:], "confirm")
    await decide(client, [one for one in found if one["condition"] == "thanks"], "confirm")
    assert "late" in (await learn(client, worker))["similarity"]
    await decide(client, late[:1], "confirm")
    assert (await learn(client, worker))["learnt"] == ["late"]
    # Without its phrases it is found by what was learnt.
    await client.catalogue("late", phrases=None)
    await many(client, ("the engineer was so late",), "N", 3)
    await many(client, ("works well",), "W", 3)
    fresh = [one for one in await look() if one["case"].startswith(("K-N", "K-W"))]
    by = {(one["case"], one["condition"], one["basis"]) for one in fresh}
    assert {(f"K-N-{at}", "late", "learnt") for at in range(3)} <= by
    assert not any(case.startswith("K-W") and code == "late" for case, code, _ in by)
    fared = (await client.read(f"{SUGGESTIONS}/conditions"))["conditions"][0]
    assert [one["basis"] for one in fared["by_basis"]] == ["phrase", "learnt"]


async def test_nothing_personal_is_kept_of_comments(
    client: Caller, worker: Worker, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.catalogue("late", name="Late by hours or days")
    await many(client, (*LATE, "ask Zebulon Quill on 0170 555 or at zq@example.org"), "L", 20)
    await learn(client, worker)
    async with database.read(workspace.id) as session:
        kept = str((await session.execute(select(models.c.document))).scalars().all())
    assert "w:late" in kept
    for trace in ("zebulon", "quill", "0170", "555", "example", "zq"):
        assert trace not in kept


async def test_with_next_to_nothing_there_is_nothing_to_learn(client: Caller, worker: Worker) -> None:
    assert await learn(client, worker) == {"comments": 0, "terms": 0}
    await client.catalogue("late")
    await many(client, LATE, "L", 2)
    assert await learn(client, worker) == {"comments": 2, "terms": 0}
    assert (await client.read(f"{SUGGESTIONS}/conditions"))["model"] is None
    assert (await client.read(SUGGESTIONS))["items"] == []


async def test_a_few_models_are_kept_and_a_damaged_one_is_not_used(
    client: Caller, worker: Worker, database: Database, workspace: WorkspaceSettings, look: Look
) -> None:
    await client.catalogue("late", name="Late by hours or days")
    await many(client, LATE, "L", 6)
    for _ in range(5):
        await learn(client, worker)
    async with database.write(workspace.id) as session:
        assert len((await session.execute(select(models.c.id))).all()) == 3
        await session.execute(update(models).values(sha256="0" * 64))
    before = len(await look())
    await many(client, LATE, "M", 6)
    assert len(await look()) == before


async def test_a_condition_that_is_new_to_the_model_is_found_by_its_phrases(
    client: Caller, worker: Worker, look: Look
) -> None:
    await client.catalogue("late", name="Late by hours or days")
    await many(client, LATE, "L", 6)
    await learn(client, worker)
    await client.catalogue("waited", phrases=["waited"])
    found = {(one["condition"], one["basis"]) for one in await look()}
    assert ("waited", "phrase") in found


async def test_only_an_admin_asks_for_a_training(caller: MakeCaller) -> None:
    reader = await caller("analysis:read", "records:write")
    refusal(await reader.post(f"{SUGGESTIONS}/learning"), 403, "missing_scope")


async def test_it_comes_round_by_itself(
    client: Caller, database: Database, say: Say, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    only = {kind: schedules.REGULAR[kind] for kind in (SUGGEST, LEARN_COMMENTS)}
    monkeypatch.setattr(schedules, "REGULAR", only)
    await client.catalogue("late", phrases=["too late"])
    await Worker(Leases(database)).work_off()
    await tick(database, clock)
    clock.move(minutes=2)
    assert await tick(database, clock) == 0
    await say("too late")
    clock.now = max(clock.now, datetime.now(UTC)) + timedelta(minutes=2)
    assert await tick(database, clock) == 1
    await Worker(Leases(database)).work_off()
    [found] = (await client.read(SUGGESTIONS))["items"]
    done(await client.post(f"{SUGGESTIONS}/{found['id']}/confirm", {}))
    clock.move(days=1, hours=2)
    assert await tick(database, clock) >= 1
    async with database.read(workspace.id) as session:
        assert LEARN_COMMENTS in (await session.scalars(select(jobs.c.kind))).all()


async def test_many_comments_are_looked_through_in_portions(
    client: Caller, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.catalogue("late", phrases=["late"])
    await many(client, LATE, "L", 7)
    monkeypatch.setattr(handlers, "CASES_AT_ONCE", 3)
    assert len(await look()) == 7
    assert len(await look()) == 7


async def test_a_comment_erased_while_it_was_read_is_passed_over(
    client: Caller, say: Say, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.catalogue("late", phrases=["late"])
    await say("late")
    await say("late", 2)
    async with writing_as(database, worker_caller(workspace.id)) as work:
        found = await suggesting.look_through(work, EPOCH, work.now, None, 1)
    assert (found.comments, len(found.rows)) == (1, 1)
    [row] = found.rows
    case = (await client.read(f"/v1/responses/{row['response_id']}"))["case"]
    await client.erase(f"C-{case[2:]}")
    async with writing_as(database, worker_caller(workspace.id)) as work:
        assert await suggesting.keep(work, found) == {"comments": 1, "suggested": 0}
        again = await suggesting.look_through(work, EPOCH, work.now, found.further, 9)
    assert [one["phrase"] for one in again.rows] == ["late"]
