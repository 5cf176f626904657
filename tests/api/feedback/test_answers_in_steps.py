"""Answers in several steps: merged, kept, and complete once."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from api import kinds
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.told import told

pytestmark = pytest.mark.anyio


async def begin(client: Caller, **fields: Any) -> str:
    """Send a first step; give the response's address."""
    body = {"survey": "post_interaction", "answers": {"satisfaction": 1}, "complete": False, **fields}
    begun = done(await client.post("/v1/responses", body))
    assert begun["status"] == "partial"
    return f"/v1/responses/{begun['id']}"


async def revisions(database: Database, workspace: WorkspaceSettings, address: str) -> int:
    """Count the revisions of a response."""
    versions = kinds.RESPONSE.version
    mine = versions.c.id == UUID(address.rpartition("/")[2])
    async with database.read(workspace.id) as session:
        return int(await session.scalar(select(func.count()).select_from(versions).where(mine)) or 0)


async def test_steps_are_laid_over_each_other_and_each_is_a_revision(
    asked: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    address = await begin(asked, case="K-1")
    step = done(await asked.patch(address, {"answers": {"comment": "the lift", "needs_met": "no"}}))
    assert (step["status"], step["failure"], step["conditions"]) == ("partial", None, [])
    done(await asked.patch(address, {"answers": {"comment": None}}))
    whole = done(await asked.patch(address, {"answers": {"satisfaction": 2}, "complete": True}))
    assert (whole["status"], whole["failure"]) == ("complete", True)
    stored = await asked.read(address)
    assert stored["answers"] == {"satisfaction": 2, "needs_met": "no", "comment": None}
    assert await revisions(database, workspace, address) == 4


async def test_the_same_step_again_changes_nothing_and_a_complete_answer_stays(
    asked: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    address = await begin(asked, case="K-1")
    step = {"answers": {"comment": "hm"}, "complete": True}
    first = done(await asked.patch(address, step))
    assert done(await asked.patch(address, step)) == first
    assert done(await asked.patch(address, {"complete": False})) == first
    assert await revisions(database, workspace, address) == 2
    refusal(await asked.patch(address, {"answers": {"comment": "no"}}), 409, "response_complete")
    assert (await asked.read(address))["answers"]["comment"] == "hm"


async def test_half_an_answer_is_judged_when_it_is_whole(
    asked: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await asked.catalogue("unhappy", rule={"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]})
    address = await begin(asked, case="K-1")
    assert [seen for seen in await asked.read_all("/v1/observations") if seen["state"] == "present"] == []
    assert await told(database, workspace) == []
    whole = done(await asked.patch(address, {"complete": True}))
    assert (whole["failure"], whole["conditions"]) == (True, ["unhappy"])
    assert [kind for kind, _ in await told(database, workspace)] == ["response.received", "case.failed"]


async def test_a_step_that_does_not_fit_is_named_and_leaves_what_was_said(asked: Caller) -> None:
    address = await begin(asked, answers={"comment": "hm"})
    for step, pointer in (
        ({"answers": {"satisfaction": 9}}, "/answers/satisfaction"),
        ({"answers": {"mood": 1}}, "/answers/mood"),
        ({"complete": True}, "/answers/satisfaction"),
        ({"answers": {}, "odd": 1}, "/odd"),
    ):
        refused = refusal(await asked.patch(address, step), 422, "malformed")
        assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert (await asked.read(address))["answers"] == {"comment": "hm"}
    refusal(await asked.patch(f"/v1/responses/{uuid4()}", {"answers": {}}), 404, "not_found")


async def test_steps_sent_at_once_are_all_laid(asked: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    address = await begin(asked, case="K-1")
    steps = {"comment": "hm", "needs_met": "partly", "minutes_spent": 5, "felt_1": 2, "promise_kept": "no"}
    answers = [asked.patch(address, {"answers": {key: value}}) for key, value in steps.items()]
    assert [answer.status_code for answer in await asyncio.gather(*answers)] == [200] * len(steps)
    assert (await asked.read(address))["answers"] == {"satisfaction": 1, **steps}
    assert await revisions(database, workspace, address) == 1 + len(steps)


async def test_of_two_that_complete_at_once_with_other_words_one_stands(asked: Caller) -> None:
    address = await begin(asked)
    ends = [asked.patch(address, {"answers": {"comment": word}, "complete": True}) for word in ("a", "b", "c")]
    answers = await asyncio.gather(*ends)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    [won] = [place for place, answer in enumerate(answers) if answer.status_code == 200]
    assert (await asked.read(address))["answers"]["comment"] == "abc"[won]


async def test_one_id_sent_at_once_is_one_response_and_other_words_are_refused(
    asked: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    body = {"id": str(uuid4()), "survey": "post_interaction", "case": "K-1", "answers": {"satisfaction": 2}}
    same = await asyncio.gather(*[asked.post("/v1/responses", body) for _ in range(5)])
    assert sorted(answer.status_code for answer in same) == [200, 200, 200, 200, 201]
    assert len({answer.text for answer in same}) == 1
    assert await revisions(database, workspace, f"/v1/responses/{body['id']}") == 1
    other = [{**body, "id": str(uuid4()), "answers": {"satisfaction": 3}} for _ in range(2)]
    other[1] = {**other[0], "answers": {"satisfaction": 5}}
    answers = await asyncio.gather(*[asked.post("/v1/responses", one) for one in other])
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert await revisions(database, workspace, f"/v1/responses/{other[0]['id']}") == 1


async def test_a_claimant_goes_on_with_a_claim_and_not_with_what_another_vouched_for(
    asked: Caller, caller: MakeCaller
) -> None:
    form = await caller("feedback:write")
    claimed = await begin(form, case="K-1")
    assert set(done(await form.patch(claimed, {"complete": True}))) == {"id", "status"}
    stored = await asked.read(claimed)
    assert (stored["claimed_case"], stored["case"], stored["failure"]) == ("K-1", None, None)
    vouched = await begin(asked, case="K-1")
    refusal(await form.patch(vouched, {"complete": True}), 403, "missing_scope")
    assert (await asked.read(vouched))["status"] == "partial"
