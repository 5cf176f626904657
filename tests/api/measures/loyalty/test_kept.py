"""Sums of closed periods that are kept, beside the same counted anew."""

import os
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from api import kinds
from api.dependencies import Work
from api.handlers import worker_caller
from api.measures.loyalty import kept, touching
from api.measures.loyalty.asking import By
from api.privacy.retention import keep_no_longer
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.rules.loyalty.dimensions import Part
from models.rules.periods import Interval, Period
from tests.api.caller import Caller, done
from tests.api.conftest import MakeCaller, MakeKey, MakeWorkspace
from tests.api.measures.loyalty.compared import Compared, a_company
from tests.api.measures.loyalty.conftest import post
from tests.api.measures.loyalty.histories import START, STEPS, WAITS, Step, go_on
from tests.api.measures.loyalty.invented import invented

pytestmark = pytest.mark.anyio
RUNS = int(os.environ.get("KEPT_RUNS", "2"))
SPRING = START - timedelta(days=100)
QUESTIONS = [(by, interval) for interval in (Interval.WEEK, Interval.MONTH) for by in (None, *By)]


@settings(
    max_examples=RUNS,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    seed=st.integers(0, 1000),
    questions=st.lists(st.sampled_from(QUESTIONS), min_size=3, max_size=3, unique=True),
    history=st.lists(st.tuples(WAITS, STEPS, st.integers(0, 2)), min_size=12, max_size=12),
)
async def test_what_is_kept_is_what_would_be_counted(
    database: Database,
    http: httpx.AsyncClient,
    make_workspace: MakeWorkspace,
    key: MakeKey,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    questions: list[tuple[By | None, Interval]],
    history: list[tuple[timedelta, Step, int]],
) -> None:
    monkeypatch.setattr(kept, "KEPT_FOR_US", 1 << 60)
    with time_machine.travel(START) as traveller:
        workspace = await make_workspace(f"Warm Homes {uuid4().hex}")
        client, compared = Caller(http, await key("admin", of=workspace)), Compared(database, workspace)
        await post(client, invented(seed, datetime.now(UTC).replace(microsecond=0), cases=14, customers=5))
        for by, interval in questions:
            await compared.ask(by, interval, start=SPRING)
        for wait, step, place in history:
            await go_on(client, traveller, wait, step)
            by, interval = questions[place]
            await compared.ask(by, interval, start=SPRING)
        for by, interval in questions:
            await compared.ask(by, interval, start=SPRING)


async def test_only_open_weeks_are_counted_again(
    client: Caller, compared: Compared, traveller: time_machine.Traveller
) -> None:
    await a_company(client)
    first = await compared.ask(By.NEED)
    assert first == 28
    assert await compared.ask(By.NEED) == 3
    # All of the weeks asked for are closed: nothing is counted.
    assert await compared.ask(By.NEED, end=datetime.now(UTC) - timedelta(days=21)) == 0
    # Other questions are others' sums.
    assert await compared.ask(By.TEAM) == first
    traveller.shift(timedelta(days=7))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "KEPT_FOR_US", 0)
        assert await compared.ask(By.CHANNEL) == first
        assert await compared.ask(By.CHANNEL) == first


async def test_a_late_record_is_counted_where_it_falls_and_since(
    client: Caller, compared: Compared, traveller: time_machine.Traveller
) -> None:
    await a_company(client)
    await compared.ask(By.NEED)
    ten_weeks = (datetime.now(UTC) - timedelta(weeks=10)).isoformat()
    await client.put_customer("C-9", since=ten_weeks)
    await client.put_case("late", "C-9", need="another", opened_at=ten_weeks)
    assert await compared.ask(By.NEED) == 11
    assert await compared.ask(By.NEED) == 3
    traveller.shift(timedelta(minutes=5))
    await client.promise("K-30", "P", made_at=ten_weeks, due_at=ten_weeks)
    # The case was opened 91 days ago. Its opening may challenge what its customer was told is done 12 days before.
    assert await compared.ask(By.NEED) == 16
    traveller.shift(timedelta(hours=1))
    assert await compared.ask(By.NEED) == 3


async def test_time_alone_changes_what_was_done_lately_or_is_owed(
    client: Caller, compared: Compared, traveller: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "KEPT_FOR_US", 1 << 60)
    await client.put_customer("C-1")
    now = datetime.now(UTC).replace(microsecond=0)
    case = {"contacts": 1, "handovers": 0, "reopened": 0, "opened_at": (now - timedelta(days=60)).isoformat()}
    await client.put_case("K-1", "C-1", **case, done_at=(now - timedelta(days=3)).isoformat())
    await client.respond("K-1", satisfaction=1, answered_at=(now - timedelta(days=59)).isoformat())
    await client.put_case("K-2", "C-1", **case, need="claim", restore_due_at=(now + timedelta(days=20)).isoformat())
    await client.respond("K-2", satisfaction=1, answered_at=(now - timedelta(days=59)).isoformat())
    assert await compared.ask() == 28
    for days in (5, 10, 20):
        traveller.shift(timedelta(days=days))
        # By the second it is unchallenged, by the third the date of its restoration has passed.
        counted = await compared.ask()
        assert (counted > 4) is (days != 5)


async def test_what_touches_all_of_it_is_counted_anew(
    client: Caller,
    compared: Compared,
    database: Database,
    workspace: WorkspaceSettings,
    traveller: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await a_company(client)
    await client.respond("K-30", answers={"needs_met": "no"}, answered_at=(START - timedelta(days=80)).isoformat())
    first = await compared.ask(By.SEGMENT)
    keep = compared.keeps.of(workspace.id)
    assert keep.size > 0

    async def taken_away() -> None:
        settings_now = await client.get("/v1/workspace")
        days = {"retention": {"responses": 30}}
        done(await client.patch("/v1/workspace", days, if_match=settings_now.headers["etag"]))
        await keep_no_longer(database, worker_caller(workspace.id))

    for deed in (
        lambda: client.put("/v1/needs/move", {"name": "move", "customer_time": "PT1H"}),
        lambda: client.put_customer("C-1", segment="tin"),
        lambda: client.post("/v1/customers/C-2/merge", {"into": "C-1"}),
        taken_away,
        lambda: client.erase("C-3"),
    ):
        assert await compared.ask(By.SEGMENT) < 5
        await deed()
        traveller.shift(timedelta(seconds=1))
        assert await compared.ask(By.SEGMENT) == first
    await client.erase("C-1")
    async with database.read(workspace.id) as session:
        await keep.look(Work(session, workspace.id, worker_caller(workspace.id), database.clock.now()))
    assert keep.size == 0
    await compared.ask(By.SEGMENT)
    monkeypatch.setattr(touching, "MOST_LOOKED_AT", 1)
    assert await compared.ask(By.SEGMENT) == first


async def test_others_records_and_other_databases_throw_nothing_out(
    client: Caller, caller: MakeCaller, compared: Compared, make_workspace: MakeWorkspace
) -> None:
    await a_company(client)
    await compared.ask(By.TEAM)
    other = await caller("admin", of=await make_workspace("Cold Homes"))
    await a_company(other)
    await other.erase("C-1")
    assert await compared.ask(By.TEAM) < 5


async def test_what_comes_to_light_later_than_it_was_stored_is_noticed(
    client: Caller, compared: Compared, database: Database, workspace: WorkspaceSettings
) -> None:
    await a_company(client)
    first = await compared.ask(By.TEAM)
    done(await client.put("/v1/cases/K-59", {"contacts": 7}))
    heads = kinds.CASE.head
    async with database.write(workspace.id) as session:
        mine = (heads.c.workspace_id == workspace.id, heads.c.reference == "K-59")
        began = datetime.now(UTC) - timedelta(minutes=5)
        await session.execute(update(heads).where(*mine).values(stored_at=began))
    assert await compared.ask(By.TEAM) > first - 4
    assert await compared.ask(By.TEAM) < 5


async def test_a_clock_set_back_and_rules_and_former_knowledge_are_counted_anew(
    client: Caller, compared: Compared, traveller: time_machine.Traveller
) -> None:
    await a_company(client)
    first = await compared.ask()
    assert await compared.ask(as_known_at=datetime.now(UTC)) == first
    traveller.shift(-timedelta(minutes=30))
    assert await compared.ask() == first
    assert await compared.ask() < 5
    rule = {"failure_definition": {"all": [{"field": "contacts", "op": "ge", "value": 3}]}}
    done(await client.patch("/v1/workspace", rule, if_match="*"))
    assert [await compared.ask(), await compared.ask()] == [first, first]


async def test_no_more_is_kept_than_may_be(
    client: Caller, compared: Compared, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_company(client)
    await compared.ask(By.NEED)
    keeps = compared.keeps
    monkeypatch.setattr(kept, "MOST_SUMS", keeps.of(workspace.id).size)
    await compared.ask(By.CHANNEL)
    assert 0 < keeps.size <= kept.MOST_SUMS
    assert await compared.ask(By.CHANNEL) < 5
    assert await compared.ask(By.NEED) > 5
    monkeypatch.setattr(kept, "MOST_WORKSPACES", 1)
    keeps.of(uuid4())
    assert keeps.size == 0


async def test_what_was_touched_while_it_was_counted_is_not_kept() -> None:
    key = kept.Key(None, frozenset({Part.KEPT}), (), (), frozenset())
    weeks = [Period(7 * number, 7 * number + 7) for number in range(4)]
    counted = {week: kept.Sums({}, 0, 100) for week in weeks}
    keep = kept.Keep()
    keep.throw_out(touching.Touched(cases_us=9))
    keep.throw_out(touching.Touched(cases_us=23, customers_us=0, segments=True))
    keep.keep(key, counted, 1)
    assert list(keep.questions[key]) == weeks[:3]
    keep.keep(key, counted, 0)
    keep.throw_out(touching.Touched(cases_us=14))
    assert list(keep.questions[key]) == weeks[:2]
    for _ in range(kept.MOST_TURNS):
        keep.throw_out(touching.Touched(cases_us=50))
    other = kept.Key(By.TEAM, frozenset({Part.KEPT}), (), (), frozenset())
    keep.keep(other, counted, 0)
    assert other not in keep.questions
