"""What an analysis keeps is reckoned with, and what is live is judged: over HTTP, from cases to verified and back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from api.dependencies import writing_as
from api.events import CountermeasureVerified
from api.failures.countermeasures import effects
from api.failures.countermeasures.covering import covering
from api.failures.countermeasures.effects import Judged
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.failures.countermeasures.working import PATH, catalogued, company, covered, live_from, put
from tests.api.failures.test_analyses import worker
from tests.api.test_events import of_type, operator

pytestmark = pytest.mark.anyio

__all__ = ["worker"]
VERIFIED, RETURNED = "countermeasure.verified", "condition_set.returned"


async def analysed(client: Caller, worker: Worker) -> Any:
    """Mine the company's sets; give the one there is."""
    done(await client.post("/v1/analyses", {}))
    await worker.work_off()
    [found] = (await client.read("/v1/condition-sets"))["items"]
    assert found["conditions"] == ["away", "handed"]
    return found


async def test_before_an_analysis_there_is_nothing_to_reckon_from(client: Caller) -> None:
    await catalogued(client)
    await put(client)
    refused = refusal(await client.post(f"{PATH}/what-if", {}), 409, "not_analysed_yet")
    assert refused["retryable"]
    empty = await client.read(f"{PATH}/portfolio")
    assert (empty["analysis"], empty["items"], empty["point"]) == (None, [], None)
    effect = await client.read(f"{PATH}/parts-list/effect")
    assert (effect["status"], effect["figures"], effect["judged_at"]) == ("planned", None, None)
    assert effect["says"].startswith("Not live yet")


async def test_what_is_supposed_is_told_in_three_numbers(client: Caller, worker: Worker) -> None:
    await company(client, kept_away=0.0)
    found = await analysed(client, worker)
    await put(client, "handed-list", effectiveness=0.9)
    await put(client, "away-plan", conditions=["away"], effectiveness=0.6, cost={"amount": 100, "currency": "EUR"})
    await put(client, "unknown", conditions=["rainy"])
    await put(client, "theirs", effectiveness=0.5, team="north")
    told = done(await client.post(f"{PATH}/what-if", {}))
    assert (told["analysis"], told["cases"], told["best"]) == (found["analysis"], 1200, "handed-list")
    three = [told[name] for name in ("all_hold", "best_slips", "all_slip")]
    assert all(figure["low"] < figure["value"] < figure["high"] for figure in three)
    assert three[0]["value"] > three[1]["value"] > three[2]["value"] > 0
    assert three[0]["value"] < told["expected_failures"]
    left = {one["reference"]: one["why"] for one in told["left_out"]}
    assert left == {"unknown": "effectiveness_unknown", "theirs": "one_team_only"}
    alone = {"reference": "new", "conditions": ["away", "rainy"], "effectiveness": 0.5}
    proposed = done(await client.post(f"{PATH}/what-if", {"countermeasures": ["handed-list"], "proposed": [alone]}))
    assert [one["reference"] for one in proposed["supposed"]] == ["handed-list", "new"]
    assert proposed["unconcerned"] == ["rainy"]
    refusal(await client.post(f"{PATH}/what-if", {"countermeasures": ["unheard"]}), 404, "not_found")
    refusal(await client.post(f"{PATH}/what-if", {"proposed": [alone, alone]}), 422, "malformed")
    refusal(await client.post(f"{PATH}/what-if", {"proposed": [{**alone, "effectiveness": 2}]}), 422, "malformed")
    await _portfolio(client, found)
    done(await client.post(PATH, {"reference": "handed-list", "retired_at": ago(minutes=1), "live_from": ago(days=1)}))
    retired = done(await client.post(f"{PATH}/what-if", {"countermeasures": ["handed-list"]}))
    assert retired["left_out"] == [{"reference": "handed-list", "why": "retired"}]
    assert [retired[name]["value"] for name in ("all_hold", "best_slips", "all_slip")] == [0, 0, 0]


async def _portfolio(client: Caller, found: Any) -> None:
    shown = await client.read(f"{PATH}/portfolio")
    [item] = shown["items"]
    assert (shown["analysis"], shown["ranked_by"], shown["sets_in_all"]) == (found["analysis"], "avoided_failures", 1)
    assert item["condition_set"] == found["id"]
    assert [(one["code"], one["status"]) for one in item["conditions"]] == [("away", "planned"), ("handed", "planned")]
    assert (item["coverage"], item["uncovered"], item["root_cost"], item["cost"]) == ("open", [], None, None)
    assert item["worth"] == item["all_hold"]["value"] < item["failures_if_never_complete"]["value"]
    point = shown["point"]
    assert (point["label"], point["conditions"], point["exposed"]) == ("point", ["away"], ["handed"])
    assert point["says"] == "Point: stops it today, leaves handed exposed."
    await put(client, "theirs", retired_at=ago(minutes=1))
    await put(client, "handed-list", running_cost={"amount": 50, "currency": "EUR"})
    again = await client.read(f"{PATH}/portfolio", sets=1)
    assert (again["ranked_by"], again["items"][0]["cost"]) == ("avoided_failures_per_cost", 150)
    assert again["items"][0]["worth"] == pytest.approx(again["items"][0]["all_hold"]["value"] / 150)
    refusal(await client.get(f"{PATH}/portfolio", sets=0), 422, "malformed")


async def test_an_effective_countermeasure_is_verified_and_shown_everywhere(
    client: Caller, worker: Worker, database: Database, workspace: WorkspaceSettings
) -> None:
    await company(client)
    found = await analysed(client, worker)
    await covered(client)
    effect = await client.read(f"{PATH}/handed-list/effect")
    assert (effect["status"], effect["figures"]) == ("live", None)
    assert "nothing was judged yet" in effect["says"]
    await worker.work_off()
    effect = await client.read(f"{PATH}/handed-list/effect")
    assert (effect["status"], effect["returned"]) == ("verified", False)
    assert effect["verified_at"] == effect["confirmed_at"] == effect["judged_at"]
    figures = effect["figures"]
    [condition], [one] = figures["conditions"], figures["sets"]
    assert condition["after"]["high"] < condition["before"]["low"]
    assert (figures["weeks_after"], one["points_after"], one["lacking"]) == (14, 14, [])
    assert (one["id"], one["credited_to"]) == (found["id"], "countermeasure")
    assert one["points_before"] >= 8
    assert one["baseline_from"] < effect["live_from"]
    assert condition["trend"]["level"]["high"] < 0
    assert [len(stretch["points"]) for stretch in condition["chart"]] == [52, 14]
    assert figures["cusum"]["failures"] < figures["cusum"]["expected"]
    assert effect["says"].startswith(f"Since it went live on {live_from().date()} handed was present in ")
    [told] = [event for event in await of_type(database, workspace, VERIFIED) if event["conditions"] == "handed"]
    assert told["condition_sets"] == [found["id"]]
    assert CountermeasureVerified.model_validate(told).countermeasure == "handed-list"
    shown = await client.read(f"/v1/condition-sets/{found['id']}")
    assert (shown["coverage"], {item["status"] for item in shown["countermeasures"]}) == ("covered", {"verified"})
    await _said_of_a_customer(client)
    done(await client.post("/v1/countermeasures", {"reference": "handed-list", "owner": "Bo"}))
    await worker.work_off()
    assert len(await of_type(database, workspace, VERIFIED)) == 2, "judged again of the same weeks, nothing is told"
    moved = {"reference": "handed-list", "live_from": (live_from() - timedelta(days=1)).isoformat()}
    assert done(await client.post("/v1/countermeasures", moved))["status"] == "live"


async def _said_of_a_customer(client: Caller) -> None:
    await client.put_customer("N")
    attributes = {"handed": 1, "away": 1}
    await client.put_case("N-1", "N", attributes=attributes, opened_at=ago(days=1), recorded_at=ago(days=1))
    risk = await client.read("/v1/customers/N/risk")
    assert {item["code"]: item["countermeasure"] for item in risk["conditions"]}["handed"] == "verified"
    assert [item["coverage"] for item in risk["condition_sets"]] == ["covered"]
    past = await client.read("/v1/customers/N/risk", as_of=ago(hours=1))
    assert {item["countermeasure"] for item in past["conditions"]} == {"none"}


async def test_a_point_countermeasure_or_an_ineffective_one_is_not_verified(client: Caller, worker: Worker) -> None:
    await company(client, kept_away=0.0)
    await analysed(client, worker)
    since = {"live_from": live_from().isoformat(), "effectiveness": 0.9}
    await put(client, "handed-list", **since, team="north")
    await worker.work_off()
    effect = await client.read(f"{PATH}/handed-list/effect")
    assert effect["status"] == "live"
    [one] = effect["figures"]["sets"]
    assert one["lacking"] == ["conditions_uncovered", "no_fall_in_prevalence"]
    assert one["credited_to"] == "no_fall_in_failures"
    [condition] = effect["figures"]["conditions"]
    assert condition["elsewhere"]["teams"] == ["south"]
    assert condition["elsewhere"]["low"] < 0 < condition["elsewhere"]["high"]


async def test_a_set_that_comes_back_ends_the_verification_and_rings_once(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await catalogued(client)
    await put(client, "handed-list", live_from=live_from().isoformat())
    analysis = UUID(int=1)
    good, back = figures(rate=0.1), figures(rate=0.6)
    for told, verified_for, returned in (
        (good, (SET,), ()),
        (back, (), (SET,)),
        ({**back, "weeks_after": 15}, (), (SET,)),
        ({**back, "weeks_after": 16}, (), ()),
    ):
        async with writing_as(database, operator(workspace)) as work:
            row = (await covering(work)).rows[0]
            assert await effects.keep(work, Judged(row, told, verified_for, returned), analysis)
            assert not await effects.keep(work, Judged(row, told, verified_for, returned), analysis)
    found = await client.read(f"{PATH}/handed-list")
    assert (found["status"], found["confirmed_at"] is None) == ("live", False)
    assert len(await of_type(database, workspace, VERIFIED)) == 1
    [alarm] = await of_type(database, workspace, RETURNED)
    assert (alarm["condition_set"], alarm["conditions"], alarm["rate"]) == (SET, "away + handed", 0.6)
    async with writing_as(database, operator(workspace)) as work:
        row = (await covering(work)).rows[0]
        await effects.keep(work, Judged(row, good, (SET,), ()), analysis)
        await effects.keep(work, Judged(row, good, (SET,), (), told_by_analysis=True), analysis)
    assert (await client.read(f"{PATH}/handed-list"))["status"] == "live"
    assert len(await of_type(database, workspace, RETURNED)) == 1, "the analysis told of it itself"


async def test_what_an_analysis_found_again_is_kept_once_and_ends_when_one_no_longer_finds_it(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await catalogued(client)
    await put(client, "handed-list", live_from=live_from().isoformat())
    good = figures(rate=0.1)
    kept = []
    for back in (False, True, True, True, False):
        async with writing_as(database, operator(workspace)) as work:
            row = (await covering(work)).rows[0]
            kept.append(await effects.keep(work, Judged(row, good, (SET,), (), told_by_analysis=back), UUID(int=1)))
    assert kept == [True, True, False, False, True], "each night says nothing new"
    assert (await client.read(f"{PATH}/handed-list"))["status"] == "verified"


async def test_two_that_had_kept_a_set_away_ring_once_when_it_comes_back(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await catalogued(client)
    for reference in ("handed-list", "handed-plan"):
        await put(client, reference, live_from=live_from().isoformat())
    for told, verified_for, returned in ((figures(rate=0.1), (SET,), ()), (figures(rate=0.6), (), (SET,))):
        async with writing_as(database, operator(workspace)) as work:
            for row in (await covering(work)).rows:
                assert await effects.keep(work, Judged(row, told, verified_for, returned), UUID(int=1))
    assert len(await of_type(database, workspace, VERIFIED)) == 2
    assert len(await of_type(database, workspace, RETURNED)) == 1


SET = "00000000-0000-5000-8000-000000000007"


def figures(rate: float) -> dict[str, Any]:
    """Give figures of one set, as a judging makes them, as far as they are told of."""
    share = {"value": rate, "low": 0.0, "high": 1.0, "n": 30, "customers": 20}
    one = {"id": SET, "conditions": ["away", "handed"], "together": {"after": share}, "completion_after": share}
    return {"weeks_after": 14, "sets": [one]}


async def test_a_set_that_was_never_kept_away_for_sure_cannot_come_back(
    client: Caller, worker: Worker, database: Database, workspace: WorkspaceSettings
) -> None:
    await company(client, back=8)
    await analysed(client, worker)
    await covered(client)
    await worker.work_off()
    effect = await client.read(f"{PATH}/handed-list/effect")
    assert effect["status"] == "live"
    assert "set_returned" in effect["figures"]["sets"][0]["lacking"]
    assert await of_type(database, workspace, RETURNED) == []
