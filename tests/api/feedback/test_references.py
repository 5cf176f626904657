"""Responses by the sender's own reference: kept, shown, and never two of one."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from api.feedback.queries import responses
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, done, refusal

pytestmark = pytest.mark.anyio


def body(**fields: Any) -> dict[str, Any]:
    """Give a response to the survey every workspace has."""
    return {"survey": "post_interaction", "answers": {"satisfaction": 2}, **fields}


async def test_a_response_is_shown_with_the_reference_it_came_with(client: Caller) -> None:
    rows = [body(reference="r-1"), body(reference="r-2", answers={"satisfaction": 9}), body(id=str(uuid4())), body()]
    results = done(await client.post("/v1/responses/bulk", rows))["results"]
    unnamed = results[3]["id"]
    assert [row["reference"] for row in results] == ["r-1", "r-2", rows[2]["id"], unnamed]
    again = done(await client.post("/v1/responses/bulk", rows[:1]))["results"]
    assert [(row["status"], row["reference"], row["id"]) for row in again] == [("unchanged", "r-1", results[0]["id"])]
    single = done(await client.post("/v1/responses", body(reference="r-3")))
    assert (await client.read(f"/v1/responses/{single['id']}"))["reference"] == "r-3"
    listed = await client.read_all("/v1/responses")
    assert {one["reference"] for one in listed} == {"r-1", rows[2]["id"], unnamed, "r-3"}
    assert (await client.void(f"/v1/responses/{single['id']}"))["reference"] == "r-3"
    assert (await client.read(f"/v1/responses/{single['id']}"))["voided"] is True


async def test_an_answer_in_steps_keeps_its_reference(client: Caller) -> None:
    begun = done(await client.post("/v1/responses", body(reference="r-1", complete=False)))
    done(await client.patch(f"/v1/responses/{begun['id']}", {"complete": True}))
    [stored] = await client.read_all("/v1/responses")
    assert (stored["id"], stored["reference"], stored["status"]) == (begun["id"], "r-1", "complete")


async def test_a_reference_and_an_id_name_one_response(client: Caller) -> None:
    sent = body(id=str(uuid4()), reference="r-1")
    first = await client.post("/v1/responses", sent)
    again = [await client.post("/v1/responses", one) for one in (sent, body(id=sent["id"]), body(reference="r-1"))]
    assert [(one.status_code, one.json()) for one in again] == [(200, first.json())] * 3
    other = body(id=str(uuid4()), reference="r-2")
    done(await client.post("/v1/responses", other))
    for wrong in (
        body(id=str(uuid4()), reference="r-1"),
        body(id=sent["id"], reference="r-3"),
        body(id=sent["id"], reference="r-2"),
        body(reference="r-1", answers={"satisfaction": 5}),
    ):
        refusal(await client.post("/v1/responses", wrong), 409, "response_exists")
    rows = [
        body(reference="n"),
        body(id=sent["id"], reference="n"),
        body(id=str(uuid4()), reference="n"),
        body(reference="n"),
    ]
    results = done(await client.post("/v1/responses/bulk", rows))["results"]
    assert [row["status"] for row in results] == ["accepted", "rejected", "rejected", "unchanged"]
    assert len(await client.read_all("/v1/responses")) == 3


async def test_a_reference_and_an_id_sent_crosswise_at_once_leave_no_second(client: Caller) -> None:
    one, two = str(uuid4()), str(uuid4())
    for rows in (
        [body(id=one, reference="a"), body(id=one, reference="b"), body(id=one)],
        [body(id=two, reference="c"), body(id=str(uuid4()), reference="c"), body(id=str(uuid4()), reference="c")],
    ):
        before = len(await client.read_all("/v1/responses"))
        answers = await asyncio.gather(*[client.post("/v1/responses", row) for row in rows])
        assert {answer.status_code for answer in answers} <= {200, 201, 409}
        assert sum(answer.status_code == 201 for answer in answers) == 1
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"response_exists"}
        assert len(await client.read_all("/v1/responses")) == before + 1


async def test_what_was_stored_before_references_were_kept_is_still_the_same(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    first = done(await client.post("/v1/responses", body(reference="r-1")))
    async with database.write(workspace.id) as session:
        await session.execute(update(responses).values(reference=first["id"]))
    again = await client.post("/v1/responses", body(reference="r-1"))
    assert (again.status_code, again.json()) == (200, first)
    refusal(
        await client.post("/v1/responses", body(reference="r-1", answers={"satisfaction": 5})), 409, "response_exists"
    )
    assert len(await client.read_all("/v1/responses")) == 1
