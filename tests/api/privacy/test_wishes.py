"""Wishes are honoured: who objects is not scored, listed or learnt from; who opted out is not to be asked."""

import pytest
from sqlalchemy import select

from api.cli.console import now, operator
from api.cli.exporting.kinds import EXPORTED, ExportKind
from api.cli.learning import score_all
from api.dependencies import Work
from api.learner import train
from api.listing import Asked
from api.risk.queries import assessments
from api.settings import settings
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, done
from tests.api.company import a_past, catalogue, tell, today

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def learner_settings(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let learning and scoring find this test's database."""
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    settings.cache_clear()


async def test_who_objects_is_never_scored_stored_or_listed_with_a_number(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1", objects_to_scoring=True)
    await client.put_customer("C-2")
    await score_all("warm-homes")
    await client.put_customer("C-2", objects_to_scoring=True)
    await score_all("warm-homes")
    said = done(await client.post("/v1/risk/lookup", {"customers": ["C-1", "C-2"]}))["items"]
    numbers = ("risk", "low", "high", "expected_loss", "reason_text")
    assert [(answer["state"], *(answer[name] for name in numbers)) for answer in said] == [
        ("objected",) + (None,) * 5
    ] * 2
    async with database.read(workspace.id) as session:
        rows = (await session.execute(select(assessments).order_by(assessments.c.id))).all()
        work = Work(session, workspace.id, operator(workspace.id), now())
        exported, _ = await EXPORTED[ExportKind.ASSESSMENTS].list(work, Asked(100))
    assert exported == []
    latest = {row.customer_id: row for row in rows}
    assert all((row.state, row.risk, row.low, row.high) == ("objected", None, None, None) for row in latest.values())


@pytest.mark.slow
async def test_who_objects_today_is_not_learnt_from_even_in_their_past(client: Caller) -> None:
    await catalogue(client)
    await tell(client, a_past(today(), customers=20))
    before = await train("Warm Homes")
    await client.put_customer("C-1", objects_to_scoring=True)
    await client.put_customer("C-2", objects_to_scoring=True)
    after = await train("Warm Homes")
    assert (before["customers"], after["customers"]) == (20, 18)
    assert after["rows"] < before["rows"]
