"""The service says whether it lives, whether it is ready, and what it counts; and only to whom it may."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import insert, text, update

from api import health, instruments, jobs, marks
from api.backlog import backlog, outbox_claims
from api.dependencies import writing_as
from api.health import MetricsPage
from api.jobs.leases import Leases
from api.main import create_app
from api.settings import settings
from api.worker import worker_caller
from models.database import Database, owner_engine
from models.mark import MarkName
from models.schema import head
from tests.api.caller import Caller, done, refusal

pytestmark = pytest.mark.anyio

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
TOKEN = "a-token-only-prometheus-knows"
LINE = re.compile(r"^(\w+)(\{.*\})? (\S+)$")


@pytest.fixture(autouse=True)
def told_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the token that the metrics want."""
    monkeypatch.setenv("STEADFAST_METRICS_TOKEN", TOKEN)
    settings.cache_clear()


async def counted(http: httpx.AsyncClient) -> dict[str, float]:
    """Scrape the metrics; give every series."""
    response = await http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    found = (LINE.match(line) for line in response.text.splitlines() if not line.startswith("#"))
    return {f"{match[1]}{match[2] or ''}": float(match[3]) for match in found if match}


async def change_schema(database: Database, statement: str) -> None:
    """Change the database as its owner."""
    engine = owner_engine(database.url)
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def test_a_service_whose_database_is_as_it_should_be_is_ready(stranger: Caller) -> None:
    assert done(await stranger.get("/livez")) == {"status": "ok"}
    assert done(await stranger.get("/readyz")) == {"status": "ok", "reasons": [], "stale": []}


async def test_a_database_with_another_schema_is_not_ready(stranger: Caller, database: Database) -> None:
    await change_schema(database, "UPDATE alembic_version SET version_num = '0001'")
    try:
        said = refusal(await stranger.get("/readyz"), 503, "unavailable")
        assert "steadfast migrate" in said["detail"]
        await change_schema(database, "ALTER TABLE alembic_version RENAME TO elsewhere")
        refusal(await stranger.get("/readyz"), 503, "unavailable")
        await change_schema(database, "ALTER TABLE elsewhere RENAME TO alembic_version")
    finally:
        await change_schema(database, f"UPDATE alembic_version SET version_num = '{head()}'")  # noqa: S608 - ours
    done(await stranger.get("/readyz"))


async def test_what_is_late_is_said_and_served_all_the_same(
    client: Caller, stranger: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace_id = UUID((await client.read("/v1/me"))["workspace_id"])
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    async with writing_as(database, worker_caller(workspace_id)) as work:
        job = await jobs.enqueue(work, jobs.DERIVE, {})
        await work.session.execute(update(jobs.claims).where(jobs.claims.c.job_id == job).values(due_at=long_ago))
        delivery = {"workspace_id": workspace_id, "delivery_id": job, "due_at": long_ago, "attempts": 3}
        await work.session.execute(insert(outbox_claims).values(delivery))
    await marks.keep(database, MarkName.WORKER, long_ago)
    monkeypatch.setattr(health, "ROOM_MIB", 2**40)
    said = done(await stranger.get("/readyz"))
    room = ["little_room"] if database.sqlite else []
    assert said == {
        "status": "degraded",
        "reasons": ["worker_silent", "jobs_late", "deliveries_late", *room],
        "stale": [],
    }
    async with database.read() as session:
        waits = await backlog(session, datetime.now(UTC))
    assert (waits.waiting, waits.running, waits.lost, waits.deliveries) == (1, 0, 0, 1)
    assert waits.overdue == pytest.approx(7200, abs=60)


@on_sqlite
async def test_a_writer_that_does_not_come_free_is_said(
    stranger: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "WRITER_SECONDS", 0.05)
    async with database.write() as held:
        await held.execute(text("SELECT 1"))
        assert done(await stranger.get("/readyz"))["reasons"] == ["writer_busy"]
    assert done(await stranger.get("/readyz"))["reasons"] == []


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_a_database_that_takes_no_writes_is_not_ready(database: Database) -> None:
    await change_schema(database, "ALTER ROLE steadfast_app SET default_transaction_read_only = on")
    name = database.url.rpartition("/")[2].partition("?")[0]
    await change_schema(database, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    reader = Database(database.url, pool_size=1)
    try:
        transport = httpx.ASGITransport(create_app(reader))
        async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
            assert "replica" in refusal(await http.get("/readyz"), 503, "unavailable")["detail"]
    finally:
        await reader.close()
        engine = owner_engine(database.url)
        async with engine.begin() as connection:
            await connection.execute(text("SET TRANSACTION READ WRITE"))
            await connection.execute(text("ALTER ROLE steadfast_app RESET default_transaction_read_only"))
            await connection.execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
        await engine.dispose()


@on_sqlite
async def test_without_a_token_set_there_are_no_metrics(stranger: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal(await stranger.get("/metrics"), 401, "unauthenticated")
    refusal(await Caller(stranger.http, "wrong-" + TOKEN).get("/metrics"), 401, "unauthenticated")
    monkeypatch.delenv("STEADFAST_METRICS_TOKEN")
    settings.cache_clear()
    refusal(await Caller(stranger.http, "").get("/metrics"), 404, "not_found")


async def test_requests_are_counted_by_template_and_class_and_never_by_address(
    client: Caller, http: httpx.AsyncClient
) -> None:
    before = await counted(http)
    await client.put_customer("C-1")
    for path in ("/v1/customers/C-1", "/v1/customers/Theodora", "/nowhere/1", "/nowhere/2"):
        await client.get(path)
    await client.ask("BREW", "/v1/customers/C-1")
    after = await counted(http)

    def more(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    template = 'route="/v1/customers/{reference}"'
    found = {
        status: sum(
            value - before.get(name, 0)
            for name, value in after.items()
            if name.startswith("steadfast_requests_total") and template in name and f'status="{status}"' in name
        )
        for status in ("2xx", "4xx")
    }
    assert found["2xx"] == 2
    assert found["4xx"] >= 1
    assert more('steadfast_requests_total{method="GET",route="unmatched",status="4xx"}') == 2
    assert more(f'steadfast_request_seconds_count{{method="GET",{template}}}') == 2
    assert not [name for name in after if "Theodora" in name or "nowhere" in name or "BREW" in name]


async def test_responses_are_counted_once_they_are_committed(client: Caller, http: httpx.AsyncClient) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    before = (await counted(http)).get("steadfast_responses_stored_total", 0)
    await client.respond("K-1")
    refusal(await client.post("/v1/responses", {"survey": "post_interaction", "answers": {"satisfaction": 9}}), 422)
    rows = [{"survey": "post_interaction", "answers": {"satisfaction": value}} for value in (1, 5)]
    done(await client.post("/v1/responses/bulk", rows))
    assert (await counted(http))["steadfast_responses_stored_total"] - before == 3


async def test_what_waits_and_what_was_last_done_is_told(client: Caller, database: Database) -> None:
    workspace_id = UUID((await client.read("/v1/me"))["workspace_id"])
    async with writing_as(database, worker_caller(workspace_id)) as work:
        await jobs.enqueue(work, jobs.DERIVE, {})
    await marks.keep(database, MarkName.TRAINING, datetime.now(UTC) - timedelta(days=2))
    await marks.keep(database, MarkName.TRAINING, datetime.now(UTC) - timedelta(days=1))
    found = await counted(client.http)
    assert found['steadfast_jobs{state="waiting"}'] == 1
    assert found["steadfast_database_up"] == 1
    assert found['steadfast_seconds_since{what="training"}'] == pytest.approx(86_400, abs=60)
    assert 'steadfast_seconds_since{what="backup"}' not in found
    assert await Leases(database).claim([jobs.DERIVE]) is not None
    found = await counted(client.http)
    assert (found['steadfast_jobs{state="waiting"}'], found['steadfast_jobs{state="running"}']) == (0, 1)
    if database.sqlite:
        assert found["steadfast_sqlite_wal_bytes"] > 0


async def test_a_database_that_is_away_is_told_by_one_number() -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/none")
    page = httpx.ASGITransport(MetricsPage(gone))
    async with httpx.AsyncClient(transport=page, base_url="http://steadfast.test") as http:
        assert "steadfast_database_up 0.0" in (await http.get("/metrics")).text
        assert (await http.get("/")).status_code == 404
        openmetrics = await http.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
        assert openmetrics.text.rstrip().endswith("# EOF")
    await gone.close()


@on_sqlite
async def test_a_worker_says_that_it_lives_now_and_then(database: Database) -> None:
    alive, start = marks.SignOfLife(), datetime.now(UTC)
    said = []
    for seconds in (0, 1, 14, 15, 16, -3600):
        await alive.give(database, start + timedelta(seconds=seconds))
        async with database.read() as session:
            said.append(((await marks.read(session))["worker"] - start).total_seconds())
    assert said == pytest.approx([0, 0, 0, 15, 15, -3600], abs=0.001)


@on_sqlite
async def test_every_label_of_a_request_is_of_a_bounded_set(app: FastAPI) -> None:
    templates = {getattr(route, "path", None) for route in app.routes}
    assert "/readyz" in templates
    instruments.count_request("X" * 50, None, 404, 0.1)
    text_form = instruments.told("")[0].decode()
    assert "XXX" not in text_form
    assert 'method="other",route="unmatched"' in text_form
