"""Watching models in use: computed by a job, read in a request, and never of anybody who objects."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from api import kinds
from api.dependencies import writing_as
from api.handlers import worker_caller
from api.jobs import WATCH
from api.jobs.leases import Leases
from api.learner import train
from api.learner.learning import learning_here
from api.learner.silent import risks
from api.risk import queries, registry, reports
from api.settings import settings
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from ml.artefacts import pack
from ml.challenger import fit_challenger
from ml.scorecard import FIXED_TERMS, Scorecard
from models.database import Database
from tests.api.caller import Caller, done
from tests.api.company import a_past, catalogue, tell, today

pytestmark = pytest.mark.anyio
MANY = 110
OBJECTING = "C-1"


@pytest.fixture(autouse=True)
def learner_settings(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the learner find this test's database."""
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    settings.cache_clear()


@pytest.fixture
async def company(client: Caller) -> None:
    """Tell of customers in two regions, one of whom objects to being scored."""
    await catalogue(client)
    told = a_past(today(), customers=MANY)
    for number, row in enumerate(told.customers):
        row["attributes"] = {"region": "north" if number % 3 else "south"}
    await tell(client, told)
    await client.put_customer(OBJECTING, objects_to_scoring=True)
    done(await client.patch("/v1/workspace", {"fairness_by": ["region", "shoe"]}, if_match="*"))


async def watched(database: Database, workspace: WorkspaceSettings) -> None:
    """Do what is asked of the watch."""
    async with writing_as(database, worker_caller(workspace.id)) as work:
        await reports.ask(work)
    leases = Leases(database)
    worker = Worker(leases, learning_here(leases))
    while (held := await leases.claim([WATCH], workspace.id)) is not None:
        assert await worker.do(held) == "done"


async def silent(database: Database, workspace: WorkspaceSettings) -> Sequence[Any]:
    """Give what was scored in silence."""
    async with database.read(workspace.id) as session:
        return (await session.execute(select(risks).order_by(risks.c.as_of, risks.c.id))).all()


@pytest.mark.usefixtures("company")
async def test_the_model_that_serves_is_looked_at_and_the_request_reads_what_was_found(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    model = (await train("Warm Homes", promote="yes"))["model"]
    before = await client.read(f"/v1/models/{model}/drift")
    assert (before["report"], before["computed_at"]) == (None, None)
    await watched(database, workspace)
    drift = await client.read(f"/v1/models/{model}/drift")
    names = {column["name"] for column in drift["report"]["columns"]}
    assert {"risk", "contacts_90", "score_last"} <= names
    assert drift["detail"]
    assert all(column["n_now"] < MANY for column in drift["report"]["columns"])
    fairness = await client.read(f"/v1/models/{model}/fairness")
    [region, shoe] = fairness["report"]["attributes"]
    assert [group["group"] for group in region["groups"]] == ["north"] or len(region["groups"]) == 2
    assert (shoe["attribute"], shoe["groups"]) == ("shoe", [])
    card = await client.read(f"/v1/models/{model}/card")
    assert (card["drift"], card["fairness"]) == (drift, fairness)
    assert card["comparison"]["report"] is None
    page = await client.ask("GET", f"/v1/models/{model}/card", {"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "must not decide a customer&#39;s terms or redress" in page.text
    assert "<script" not in page.text
    assert all(word in page.text for word in ("Model card", "By region", "Drift", "contacts_90", drift["detail"][:20]))
    code = next(name for name in sorted(names) if name.startswith("decayed:")).partition(":")[2]
    await client.catalogue(code, rule={"all": [{"field": "attributes.gender", "op": "eq", "value": "f"}]})
    await watched(database, workspace)
    drift = await client.read(f"/v1/models/{model}/drift")
    assert not [column["name"] for column in drift["report"]["columns"] if column["name"].endswith(f":{code}")]


@pytest.mark.usefixtures("company")
async def test_a_challenger_scores_in_silence_and_is_held_to_what_came_true(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    champion = (await train("Warm Homes", promote="yes"))["model"]
    challenger = (await train("Warm Homes"))["model"]
    done(await client.post(f"/v1/models/{challenger}/challenge"))
    await watched(database, workspace)
    rows = await silent(database, workspace)
    assert 50 < len(rows) < MANY
    assert {(str(row.model_id), str(row.champion_id)) for row in rows} == {(challenger, champion)}
    assert all(0 < row.risk < 1 and 0 < row.champion_risk < 1 for row in rows)
    read = await client.read(f"/v1/models/{challenger}/comparison")
    assert read["report"] is None
    assert "Too early to say" in read["detail"]
    await watched(database, workspace)
    assert len(await silent(database, workspace)) == len(rows), "once a month, not at every look"
    # As if they had been scored long enough ago for departures to have followed.
    then = today() - timedelta(days=200)
    async with database.write(workspace.id) as session:
        await session.execute(update(risks).values(as_of=then))
    done(await client.post("/v1/departures/bulk", [
        {"reference": f"L-{row.customer_id}", "customer": name, "kind": "closed", "at": at, "recorded_at": at}
        for row, name in zip(rows[:20], await names_of(database, workspace, rows[:20]), strict=True)
        for at in [(then + timedelta(days=30)).isoformat()]
    ]))  # fmt: skip
    await watched(database, workspace)
    report = (await client.read(f"/v1/models/{challenger}/comparison"))["report"]
    assert report["departures"] >= 10
    assert report["comparison"]["reason"] in {"better", "no_difference", "worse", "too_few"}
    # Who objects afterwards is not counted any more.
    await client.put_customer((await names_of(database, workspace, rows[:1]))[0], objects_to_scoring=True)
    await watched(database, workspace)
    assert (await client.read(f"/v1/models/{challenger}/comparison"))["report"]["rows"] < report["rows"]


async def names_of(database: Database, workspace: WorkspaceSettings, rows: Sequence[Any]) -> list[str]:
    """Give the references of some rows' customers."""
    customers = kinds.CUSTOMER.head
    async with database.read(workspace.id) as session:
        found = {
            row.id: row.reference
            for row in await session.execute(select(customers).where(customers.c.id.in_([r.customer_id for r in rows])))
        }
    return [found[row.customer_id] for row in rows]


@pytest.mark.usefixtures("company")
async def test_whoever_objects_is_nowhere(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    await train("Warm Homes", promote="yes")
    second = (await train("Warm Homes"))["model"]
    done(await client.post(f"/v1/models/{second}/challenge"))
    await watched(database, workspace)
    customers = kinds.CUSTOMER.head
    async with database.read(workspace.id) as session:
        mine = await session.scalar(select(customers.c.id).where(customers.c.reference == OBJECTING))
        scored = select(func.count()).select_from(risks).where(risks.c.customer_id == mine)
        assert await session.scalar(scored) == 0
    said = await client.read(f"/v1/customers/{OBJECTING}/risk")
    assert (said["state"], said["risk"], said["low"], said["flagged"]) == ("objected", None, None, False)
    [looked] = done(await client.post("/v1/risk/lookup", {"customers": [OBJECTING]}))["items"]
    assert (looked["state"], looked["risk"]) == ("objected", None)


async def test_with_few_customers_a_plain_sentence_stands_in_place_of_figures(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await catalogue(client)
    await tell(client, a_past(today(), customers=20))
    model = (await train("Warm Homes", promote="yes"))["model"]
    await watched(database, workspace)
    for what, words in (("drift", "Too few to say"), ("fairness", "No attribute is named")):
        read = await client.read(f"/v1/models/{model}/{what}")
        assert (read["report"], words in read["detail"]) == (None, True)
        assert read["computed_at"] is not None
    done(await client.patch("/v1/workspace", {"fairness_by": ["region"]}, if_match="*"))
    await watched(database, workspace)
    assert "no group of region" in (await client.read(f"/v1/models/{model}/fairness"))["detail"]


async def test_where_nothing_serves_nothing_is_looked_at(database: Database, workspace: WorkspaceSettings) -> None:
    await watched(database, workspace)
    async with database.read(workspace.id) as session:
        assert (await session.execute(select(reports.reports))).all() == []


def a_boosting() -> Any:
    """Fit a small challenger to made-up customers."""
    columns = {"contacts_90": [float(i % 7) for i in range(400)], "score_last": [float(i % 11) for i in range(400)]}
    left = [int(i % 7 > 3 and i % 11 < 5) for i in range(400)]
    return fit_challenger(Scorecard(FIXED_TERMS), columns, left, list(range(400)), horizon_days=90, gap_days=7)


@pytest.mark.usefixtures("company")
async def test_a_boosting_scores_from_its_bytes_and_damaged_ones_are_refused(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await train("Warm Homes", promote="yes")
    packed = pack(a_boosting())
    async with writing_as(database, worker_caller(workspace.id)) as work:
        learnt = {"n_customers": 400, "n_departures": 60, "trained_from": work.now, "trained_to": work.now}
        model = await registry.register_artefact(work, packed.content, {}, basis="blended", learnt=learnt)
    done(await client.post(f"/v1/models/{model}/challenge"))
    await watched(database, workspace)
    assert len(await silent(database, workspace)) > 50
    for content in (packed.content[:-1], b"\x80\x04K\x01.", packed.content.replace(b'"format": 1', b'"format": 9')):
        async with database.write(workspace.id) as session:
            mine = queries.models.c.id == UUID(str(model))
            await session.execute(update(queries.models).where(mine).values(artefact=content))
        await watched(database, workspace)
        read = await client.read(f"/v1/models/{model}/comparison")
        assert (read["report"], "must not be used" in read["detail"]) == (None, True)
    assert (await client.read("/v1/customers/C-0/risk"))["customer"] == "C-0"
