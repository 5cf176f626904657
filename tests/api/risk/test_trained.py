"""A training with enough departures learns a challenger too, stored as bytes that a worker reads back."""

from typing import Any

import pytest

from api.learner import train
from api.risk import queries
from api.settings import settings
from api.workspaces.service import WorkspaceSettings
from ml.artefacts import unpack
from ml.scorecard import base_intercept
from models.database import Database
from tests.api.caller import Caller, done
from tests.api.company import a_past, catalogue, today

pytestmark = pytest.mark.anyio
CUSTOMERS = 190
AT_ONCE = 900


@pytest.fixture(autouse=True)
def learner_settings(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the learner find this test's database."""
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    settings.cache_clear()


async def stored(database: Database, workspace: WorkspaceSettings) -> list[Any]:
    """Give every model with its bytes, oldest first."""
    async with database.read(workspace.id) as session:
        statement = queries.all_models(workspace.id).add_columns(queries.models.c.artefact)
        return list((await session.execute(statement.order_by(queries.models.c.created_at))).mappings())


async def test_a_training_registers_model_and_challenger_and_says_how_they_compare(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await catalogue(client)
    await client.catalogue("woman", rule={"all": [{"field": "attributes.gender", "op": "eq", "value": "f"}]})
    for kind, rows in a_past(today(), customers=CUSTOMERS, leaving=1.0).kinds():
        for start in range(0, len(rows), AT_ONCE):
            done(await client.post(f"/v1/{kind}/bulk", rows[start : start + AT_ONCE]))
    body = {"terms": [{"feature": "score_last", "weight": 2.0}], "yearly_loss": 0.4, "reason": "We know them."}
    scorecard = done(await client.post("/v1/scorecards", body))
    first = await train("Warm Homes")
    card = await client.read(f"/v1/models/{first['model']}/card")
    assert (card["card"]["scorecard"], card["card"]["yearly_loss"]) == (scorecard["id"], 0.4)
    assert card["card"]["yearly_loss_declared"] is True
    assert card["card"]["compared"]["with"] == "prior"
    assert card["card"]["compared"]["reason"] in {"better", "no_difference", "worse", "too_few"}
    assert card["card"]["kept_out"] == ["woman"]
    assert not [one["feature"] for one in card["weights"] if one["feature"].endswith(":woman")]
    page = await client.ask("GET", f"/v1/models/{first['model']}/card", {"Accept": "text/html"})
    assert "because they tell of a protected trait: woman." in page.text
    assert card["intercept"] != base_intercept(0.15, 90)
    rows = await stored(database, workspace)
    boosted = [row for row in rows if row["apart"]]
    assert [row["card"]["learnt_beside"] for row in boosted] == [first["model"]]
    for row in boosted:
        assert unpack(row["artefact"], row["sha256"]).n_departures == row["n_departures"]
        assert {"skops", "scikit-learn"} <= set(row["card"]["libraries"])
    page = await client.ask("GET", f"/v1/models/{boosted[0]['id']}/card", {"Accept": "text/html"})
    assert "It cannot serve:" in page.text
