"""Telling somebody everything that is stored about them."""

import json
import re

import pytest
from sqlalchemy import select

from api.audit import entries
from api.cli.learning import score_all
from api.settings import settings
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.privacy.test_erasure import tell_of

pytestmark = pytest.mark.anyio
PATH = "/v1/customers/C-1/personal-data"


async def test_everything_is_told_every_version_of_every_record(
    client: Caller, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    settings.cache_clear()
    await client.catalogue("rude")
    await tell_of(client, "C-1", "K-1", "K-2")
    await tell_of(client, "C-2", "K-3")
    await client.put_customer("C-1", name="Anna")
    await client.leave("C-1", reference="D-1", at=ago(days=1))
    await score_all("warm-homes")
    answer = await client.get(PATH)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    told = json.loads(answer.text)
    assert (told["customer"], told["note"][:6]) == ("C-1", "Beside")
    records = {name: part["rows"] for name, part in told["records"].items()}
    assert {name: len(rows) for name, rows in records.items() if name not in {"events", "audit_entries"}} == {
        "customers": 1,
        "customer_versions": 2,
        "departures": 1,
        "departure_versions": 1,
        "assessments": 1,
        "cases": 2,
        "case_versions": 2,
        "promises": 2,
        "promise_versions": 2,
        "observations": 2,
        "observation_versions": 2,
        "responses": 2,
        "response_versions": 2,
    }
    assert [row["name"] for row in records["customer_versions"]] == ["Ana", "Anna"]
    assert len(records["events"]) == 4
    assert {row["action"] for row in records["audit_entries"]} >= {"put_customer", "personal_data.exported"}
    assert all(part["holds"] for part in told["records"].values())
    assert not {"K-3", "C-2"} & set(answer.text.split('"'))
    assert records["cases"][0]["stored_at"].endswith("Z")


async def test_nothing_is_told_of_others_whom_the_same_row_names(client: Caller) -> None:
    for code in ("rude", "late"):
        await client.catalogue(code)
    await tell_of(client, "C-1", "K-1")
    await tell_of(client, "C-2", "K-2")
    seen = {"conditions": ["late", "rude"], "cases": ["K-1", "K-2"], "note": "Bob phoned about K-2"}
    done(await client.post("/v1/condition-sets", seen))
    told = json.loads((await client.get(PATH)).text)
    [verdict] = told["records"]["condition_set_verdicts"]["rows"]
    assert (verdict["cases"], verdict["note"]) == (["K-1"], None)
    assert re.findall(r"K-2|Bob", json.dumps(told)) == []


async def test_that_it_was_told_is_in_the_audit_without_the_name(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1", name="Ana")
    await client.get(PATH)
    async with database.read(workspace.id) as session:
        rows = [dict(row) for row in (await session.execute(select(entries))).mappings()]
    assert rows[-1]["action"] == "personal_data.exported"
    assert rows[-1]["details"] == {"customer": 1, "customer reference": 1}
    assert "C-1" not in str(rows)


async def test_of_nobody_nothing_is_told(client: Caller, caller: MakeCaller) -> None:
    refusal(await client.get(PATH), 404, "not_found")
    await client.put_customer("C-1")
    refusal(await (await caller("records:read", "records:write")).get(PATH), 403, "missing_scope")
    await client.erase("C-1")
    refusal(await client.get(PATH), 404, "not_found")
