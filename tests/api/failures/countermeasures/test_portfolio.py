"""What covering the dearest sets would avoid and cost: only what is known of all is compared, the rest is named."""

from typing import Any

import pytest

from api.worker import Worker
from tests.api.caller import Caller
from tests.api.failures.countermeasures.test_effects import analysed
from tests.api.failures.countermeasures.working import PATH, company, put
from tests.api.failures.test_analyses import worker
from tests.api.failures.test_cost_of_failure import refund, spend

pytestmark = pytest.mark.anyio

__all__ = ["worker"]


async def shown(client: Caller) -> tuple[str, Any]:
    """Give what the portfolio is ranked by, and its one set."""
    found = await client.read(f"{PATH}/portfolio")
    [item] = found["items"]
    return found["ranked_by"], item


async def test_of_a_sets_avoidable_cost_that_part_is_avoided_in_which_any_condition_is_removed(
    client: Caller, worker: Worker
) -> None:
    await company(client, kept_away=0.0)
    await spend(client, *(refund(f"K-{at}") for at in range(300)))
    found = await analysed(client, worker)
    cost = (await client.read(f"/v1/condition-sets/{found['id']}"))["root_cost"]
    by, item = await shown(client)
    assert (by, item["avoided_cost"], item["worth"], item["left_out"]) == ("avoided_cost", 0, 0, [])
    await put(client, "handed-list", effectiveness=0.5, cost={"amount": 400, "currency": "EUR"})
    await put(client, "away-plan", conditions=["away"], effectiveness=0.6, cost={"amount": 100, "currency": "EUR"})
    by, item = await shown(client)
    assert (item["root_cost"], item["currency"]) == (cost["amount"], "EUR")
    assert item["avoided_cost"] == pytest.approx(cost["avoidable"] * (1 - 0.5 * 0.4))
    assert item["avoidable_cost"] == cost["avoidable"] > item["root_cost"], "of 300 of 1200 cases a cost is known"
    assert (by, item["cost"], item["cost_currency"]) == ("avoided_cost_per_cost", 500, "EUR")
    assert item["worth"] == pytest.approx(item["avoided_cost"] / 500)


async def test_what_could_not_be_reckoned_with_is_named_and_not_compared_by_its_cost(
    client: Caller, worker: Worker
) -> None:
    await company(client, kept_away=0.0)
    await analysed(client, worker)
    price = {"amount": 100, "currency": "EUR"}
    await put(client, "handed-list", effectiveness=0.5, cost=price)
    await put(client, "away-plan", conditions=["away"], cost=price)
    await put(client, "theirs", conditions=["away"], effectiveness=0.6, cost=price, team="north")
    by, item = await shown(client)
    assert {one["reference"]: one["why"] for one in item["left_out"]} == {
        "away-plan": "effectiveness_unknown",
        "theirs": "one_team_only",
    }
    assert (by, item["cost"]) == ("avoided_failures", 300)
    assert item["worth"] == item["all_hold"]["value"] > 0
    await put(client, "away-plan", conditions=["away"], effectiveness=0.6, cost={"amount": 90, "currency": "CHF"})
    _, item = await shown(client)
    assert (item["cost"], item["cost_currency"]) == (None, None)
