"""No protected trait enters a risk by way of a condition: neither its score, nor its reason, nor the matrix."""

from typing import Any

import pytest

from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.risk.found import confirm

pytestmark = pytest.mark.anyio
WOMAN = {"all": [{"field": "attributes.Gender", "op": "eq", "value": "f"}]}
LATE = {"all": [{"field": "attributes.late", "op": "eq", "value": True}]}


@pytest.fixture(autouse=True)
async def told(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    """Let two customers be failed alike, one of them with conditions that tell of a protected trait."""
    await client.catalogue("woman", rule=WOMAN)
    await client.catalogue("pregnancy")
    await client.catalogue("late", rule=LATE)
    await confirm(database, workspace.id, ["late", "woman"], ["late"])
    for name, attributes in (("C-1", {"late": True, "Gender": "f"}), ("C-2", {"late": True, "Gender": "m"})):
        await client.put_customer(name)
        await client.put_case(f"K-{name}", name, attributes=attributes)
    await client.observe("K-C-1", "pregnancy")


async def risk(client: Caller, customer: str, **asked: Any) -> Any:
    """Ask for the risk of a customer."""
    return await client.read(f"/v1/customers/{customer}/risk", **asked)


async def test_a_condition_that_reads_a_protected_trait_changes_no_risk_and_is_no_reason(client: Caller) -> None:
    plain = [await risk(client, name) for name in ("C-1", "C-2")]
    looked_up = done(await client.post("/v1/risk/lookup", {"customers": ["C-1", "C-2"]}))["items"]
    for one, other in (plain, looked_up):
        assert one["risk"] == pytest.approx(other["risk"], abs=1e-6)
        assert [reason["code"] for reason in one["conditions"]] == ["late"]
        [together] = one["condition_sets"]
        assert together["conditions"] == ["late"]
        assert (together["rate_without_any_low"], together["rate_without_any_high"]) == (0.1, 0.15)
        assert one["near_sets"] == other["near_sets"] == []
        assert "woman" not in str(one)
        assert "pregnancy" not in str(one)


async def test_the_scorecard_has_no_term_for_it_and_says_why(client: Caller) -> None:
    features = {term["feature"] for term in (await client.read("/v1/scorecards/current"))["terms"]}
    assert {"seen:late", "decayed:late"} <= features
    assert not {name for name in features if "woman" in name or "pregnancy" in name}
    for code in ("woman", "pregnancy"):
        body = {"terms": [{"feature": f"seen:{code}", "weight": 0.5}], "reason": "x"}
        refusal(await client.post("/v1/scorecards", body), 422, "protected_feature")


async def test_it_is_still_seen_where_failures_are_looked_into(client: Caller) -> None:
    sets = await client.read_all("/v1/condition-sets")
    assert ["late", "woman"] in [one["conditions"] for one in sets]
    seen = await client.read_all("/v1/observations", case="K-C-1")
    assert {one["condition"] for one in seen} == {"late", "woman", "pregnancy"}
