"""Answers taken the fast way: the same rows, the same answers and the same refusals as on the ordinary way."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from api import audit, kinds, outbox
from api.feedback.intake.service import Intake
from api.feedback.sameness import content_hash
from api.feedback.schemas import ResponseBody
from models.access import ApiKey, Scope
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio

keys = ApiKey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


ANSWERED = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


def body(**fields: Any) -> dict[str, Any]:
    """Give an answer of somebody who says whose it is."""
    answers = {"satisfaction": 2, "comment": "They did not call back."}
    return {"survey": "post_interaction", "customer": "C-1", "case": "K-1", "answers": answers, **fields}


@pytest.fixture
async def form(caller: MakeCaller) -> Caller:
    """Give the caller whose key lies open in a web page."""
    return await caller(Scope.FEEDBACK_WRITE)


@pytest.fixture
def express(app: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the answers of each batch that went the express way to its end."""
    batches: list[int] = []
    intake: Intake = app.state.intake
    way = intake._store_express

    async def counting(caller: Any, rows: Any) -> Any:
        outcomes = await way(caller, rows)
        if outcomes is not None:
            batches.append(len(rows))
        return outcomes

    monkeypatch.setattr(intake, "_store_express", counting)
    return batches


async def rows(database: Database, workspace_id: UUID, *tables: Any) -> list[int]:
    """Count the rows of some tables."""
    async with database.read(workspace_id) as session:
        statements = [select(func.count()).select_from(t).where(t.c.workspace_id == workspace_id) for t in tables]
        return [int(await session.scalar(statement) or 0) for statement in statements]


async def workspace_of(client: Caller) -> UUID:
    """Give the id of a caller's workspace."""
    return UUID((await client.read("/v1/me"))["workspace_id"])


async def test_both_ways_store_the_same(client: Caller, form: Caller, express: list[int]) -> None:
    done(await form.post("/v1/responses", body()))  # the first finds nothing remembered
    fast = done(await form.post("/v1/responses", body()))
    ordinary = done(await form.ask("POST", "/v1/responses", {"Idempotency-Key": "once"}, json=body()))
    assert express == [1]
    assert fast == {"id": fast["id"], "status": "complete"}
    one, other = [await client.read(f"/v1/responses/{made['id']}") for made in (fast, ordinary)]
    own = {"id", "reference", "answered_at", "recorded_at", "stored_at"}
    assert {name: one[name] for name in one.keys() - own} == {name: other[name] for name in other.keys() - own}
    assert (one["claimed_customer"], one["customer"], one["failure"]) == ("C-1", None, None)


async def test_the_rows_of_both_ways_have_the_same_columns(
    client: Caller, form: Caller, database: Database, express: list[int]
) -> None:
    for _ in range(2):
        fast = done(await form.post("/v1/responses", body()))
    ordinary = done(await form.ask("POST", "/v1/responses", {"Idempotency-Key": "once"}, json=body()))
    assert express == [1]
    workspace_id = await workspace_of(client)
    version, own = kinds.RESPONSE.version, {"id", "occurred_at", "recorded_at", "stored_at", "answered_at"}
    told = select(outbox.events.c.payload, outbox.events.c.type, outbox.events.c.once).where(
        outbox.events.c.workspace_id == workspace_id
    )
    async with database.read(workspace_id) as session:
        stored = [
            (await session.execute(select(version).where(version.c.id == UUID(made["id"])))).mappings().one()
            for made in (fast, ordinary)
        ]
        happened = (await session.execute(told)).all()
    one, other = ({name: row[name] for name in row.keys() - own} for row in stored)
    assert one == other
    assert len({(event.type, event.once, *sorted(set(event.payload) - {"response"})) for event in happened}) == 1
    assert len({event.payload["response"] for event in happened}) == 3


async def test_answers_refused_by_what_held_before_are_judged_by_what_holds_now(client: Caller, form: Caller) -> None:
    for _ in range(2):
        done(await form.post("/v1/responses", body()))
    asked = (await client.read("/v1/surveys/post_interaction"))["questions"]
    mood = {"key": "mood", "kind": "rating", "texts": {"en": "In what mood?"}}
    answers = {"satisfaction": 3, "mood": 3}
    refusal(await form.post("/v1/responses", body(answers=answers)), 422)
    done(await client.post("/v1/surveys/post_interaction/versions", {"questions": [*asked, mood]}))
    done(await client.post("/v1/surveys/post_interaction/publish", None))
    made = done(await form.post("/v1/responses", body(answers=answers)))
    assert (await client.read(f"/v1/responses/{made['id']}"))["survey_version"] == 2


async def test_what_counts_as_a_failure_now_is_what_counts(client: Caller, express: list[int]) -> None:
    anonymous = body(customer=None, case=None, answers={"satisfaction": 3})
    for _ in range(2):
        assert done(await client.post("/v1/responses", anonymous))["failure"] is False
    stricter = {"all": [{"field": "answers.satisfaction", "op": "le", "value": 3}]}
    done(await client.ask("PATCH", "/v1/workspace", {"If-Match": "*"}, json={"failure_definition": stricter}))
    found = [done(await client.post("/v1/responses", anonymous))["failure"] for _ in range(2)]
    assert found == [True, True]
    assert express == [1, 1]


async def test_hooks_that_are_gone_stand_in_nobodys_way(client: Caller, form: Caller, express: list[int]) -> None:
    hook = {"target_url": "https://crm.example/hooks", "events": ["response.received"]}
    made = done(await client.post("/v1/hooks", hook))
    for _ in range(2):
        done(await form.post("/v1/responses", body()))
    assert express == []
    assert (await client.ask("DELETE", f"/v1/hooks/{made['id']}")).status_code == 204
    for _ in range(2):
        done(await form.post("/v1/responses", body()))
    assert express == [1]


@given(
    row=st.fixed_dictionaries(
        {"survey": st.just("s"), "answers": st.dictionaries(st.text("ab/é", min_size=1), ANSWERED, max_size=4)},
        optional={
            "version": st.integers(1, 9),
            "customer": st.just("C-1"),
            "invitation": st.just("token"),
            "language": st.just("pt-BR"),
            "complete": st.booleans(),
            "answered_at": st.just("2026-05-04T09:30:00+02:00"),
        },
    )
)
def test_what_tells_two_answers_apart_is_the_hash_of_what_was_said(row: dict[str, Any]) -> None:
    sent = ResponseBody.model_validate({**row, "id": uuid4(), "reference": "R-1"})
    left_out = {"id", "reference"} | (set() if "invitation" in row else {"invitation"})
    said = json.dumps(sent.model_dump(mode="json", exclude=left_out), sort_keys=True)
    assert content_hash(sent) == hashlib.sha256(said.encode()).hexdigest()


async def test_who_may_vouch_is_told_what_an_anonymous_answer_means(client: Caller, express: list[int]) -> None:
    anonymous = body(customer=None, case=None)
    for _ in range(2):
        stored = done(await client.post("/v1/responses", anonymous))
    assert stored == {"id": stored["id"], "status": "complete", "failure": True, "conditions": []}
    assert express == [1]


async def test_many_at_once_share_commits_and_each_gets_its_own_answer(
    client: Caller, form: Caller, database: Database, express: list[int]
) -> None:
    done(await form.post("/v1/responses", body()))
    sent = [body(id=str(uuid4()), answers={"satisfaction": place % 5 + 1}) for place in range(40)]
    wrong = [{**body(), "answers": {"satisfaction": 6}}, body(survey="no_such_survey"), {**body(), "mood": 1}]
    answers = await asyncio.gather(*(form.post("/v1/responses", one) for one in [*sent, *wrong]))
    assert [answer.status_code for answer in answers[:40]] == [201] * 40
    assert [answer.json()["id"] for answer in answers[:40]] == [one["id"] for one in sent]
    misfit, unknown, malformed = answers[40:]
    assert refusal(misfit, 422)["errors"][0]["pointer"] == "/answers/satisfaction"
    assert refusal(unknown, 422, "unknown_survey")["errors"][0]["pointer"] == "/survey"
    assert refusal(malformed, 422)["errors"][0]["pointer"] == "/mood"
    assert sum(express) == 41
    assert len(express) < 20
    workspace_id = await workspace_of(client)
    head, version = kinds.RESPONSE.head, kinds.RESPONSE.version
    assert await rows(database, workspace_id, head, version, outbox.events) == [41, 41, 41]
    for one in sent[:3]:
        assert (await client.read(f"/v1/responses/{one['id']}"))["answers"] == one["answers"]


async def test_fifty_posts_of_one_answer_make_one(client: Caller, form: Caller, database: Database) -> None:
    sent = body(id=str(uuid4()))
    answers = await asyncio.gather(*(form.post("/v1/responses", sent) for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert sum(answer.status_code == 201 for answer in answers) == 1
    assert {answer.json()["id"] for answer in answers} == {sent["id"]}
    assert await rows(database, await workspace_of(client), kinds.RESPONSE.version) == [1]
    refusal(await form.post("/v1/responses", {**sent, "answers": {"satisfaction": 5}}), 409, "response_exists")


async def test_one_reference_is_one_answer(client: Caller, form: Caller, database: Database) -> None:
    done(await form.post("/v1/responses", body()))
    sent = [body(reference="R-1"), body(reference="R-1"), body(reference="R-2")]
    answers = await asyncio.gather(*(form.post("/v1/responses", one) for one in sent))
    assert sorted(answer.status_code for answer in answers) == [200, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 2
    assert await rows(database, await workspace_of(client), kinds.RESPONSE.head) == [3]


@pytest.mark.parametrize("change", [{"revoked_at": timedelta()}, {"expires_at": timedelta(seconds=-1)}])
async def test_a_key_withdrawn_elsewhere_stores_nothing_more(
    client: Caller, form: Caller, database: Database, change: dict[str, timedelta]
) -> None:
    for _ in range(2):
        done(await form.post("/v1/responses", body()))
    workspace_id = await workspace_of(client)
    values = {name: datetime.now(UTC) + ahead for name, ahead in change.items()}
    async with database.write(workspace_id) as session:
        lookup = str(form.key).split("_")[2]
        await session.execute(update(keys).where(keys.c.lookup == lookup).values(values))
    refusal(await form.post("/v1/responses", body()), 401, "unauthenticated")
    assert await rows(database, workspace_id, kinds.RESPONSE.head) == [2]


async def test_a_key_without_the_scope_is_refused(caller: MakeCaller) -> None:
    reader = await caller(Scope.RECORDS_READ)
    for _ in range(2):
        refusal(await reader.post("/v1/responses", body()), 403, "missing_scope")


async def test_what_is_asked_now_is_answered(client: Caller, form: Caller) -> None:
    for _ in range(2):
        first = done(await form.post("/v1/responses", body()))
    asked = (await client.read("/v1/surveys/post_interaction"))["questions"]
    done(await client.post("/v1/surveys/post_interaction/versions", {"questions": asked[:1]}))
    done(await client.post("/v1/surveys/post_interaction/publish", None))
    refusal(await form.post("/v1/responses", body()), 422)
    for _ in range(2):
        second = done(await form.post("/v1/responses", body(answers={"satisfaction": 3})))
    older = [done(await form.post("/v1/responses", body(version=1))) for _ in range(2)][-1]
    versions = [(await client.read(f"/v1/responses/{made['id']}"))["survey_version"] for made in (first, second, older)]
    assert versions == [1, 2, 1]


async def test_hooks_are_told(client: Caller, form: Caller, database: Database, express: list[int]) -> None:
    done(await form.post("/v1/responses", body()))
    hook = {"target_url": "https://crm.example/hooks", "events": ["response.received"]}
    done(await client.post("/v1/hooks", hook))
    made = done(await form.post("/v1/responses", body()))
    assert express == []
    workspace_id = await workspace_of(client)
    async with database.read(workspace_id) as session:
        joined = select(outbox.events.c.payload).join(
            outbox.deliveries, outbox.deliveries.c.event_id == outbox.events.c.id
        )
        told = list(await session.scalars(joined.where(outbox.events.c.workspace_id == workspace_id)))
    assert [payload["response"] for payload in told] == [made["id"]]


async def test_a_name_that_was_erased_is_dropped(client: Caller, form: Caller) -> None:
    await client.put_customer("C-1")
    done(await client.ask("DELETE", "/v1/customers/C-1/personal-data"))
    for _ in range(2):
        made = done(await form.post("/v1/responses", body()))
    stored = await client.read(f"/v1/responses/{made['id']}")
    assert (stored["claimed_customer"], stored["claimed_case"]) == (None, "K-1")


async def test_history_rings_no_bell(client: Caller, database: Database, express: list[int]) -> None:
    old = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    anonymous = body(customer=None, case=None, recorded_at=old)
    for _ in range(2):
        done(await client.post("/v1/responses", anonymous))
    assert await rows(database, await workspace_of(client), kinds.RESPONSE.head, outbox.events) == [2, 0]
    assert express == []


async def test_a_shared_commit_is_audited_once(client: Caller, form: Caller, database: Database) -> None:
    done(await form.post("/v1/responses", body()))
    await asyncio.gather(*(form.post("/v1/responses", body()) for _ in range(20)))
    workspace_id = await workspace_of(client)
    async with database.read(workspace_id) as session:
        mine = select(audit.entries).where(
            audit.entries.c.workspace_id == workspace_id, audit.entries.c.action == "store_response"
        )
        entries = (await session.execute(mine)).all()
    assert sum(entry.details["responses"] for entry in entries) == 21
    assert {entry.subject for entry in entries} == {"/v1/responses"}
    assert {entry.actor.partition(":")[0] for entry in entries} == {"key"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 422),
        ({"content": b"a=b", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 415),
        ({"content": b"{" + b" " * 300_000, "headers": {"content-type": "application/json"}}, 413),
        ({}, 422),
    ],
)
async def test_what_cannot_be_read_is_refused_in_the_one_form(
    http: httpx.AsyncClient, form: Caller, sent: dict[str, Any], status: int
) -> None:
    headers = {"authorization": f"Bearer {form.key}", **sent.get("headers", {})}
    answer = await http.post("/v1/responses", headers=headers, content=sent.get("content"))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.headers["x-request-id"]
