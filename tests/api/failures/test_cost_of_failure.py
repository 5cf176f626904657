"""What failures cost is reckoned by an analysis, credited to the conditions that conspired, and only read later."""

from typing import Any

import pytest
from sqlalchemy import select

from api.failures.queries import findings
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.company import Told, tell
from tests.api.conftest import MakeCaller
from tests.api.failures.test_analyses import ask, worker
from tests.api.failures.test_condition_sets import draw
from tests.api.test_learner import many, reading

pytestmark = pytest.mark.anyio

__all__ = ["worker"]

PATH = "/v1/cost-of-failure"
SET = ["away", "handed"]


def failing(told: Told) -> list[str]:
    """Name the cases whose customers were failed."""
    return [row["case"] for row in told.responses if row["answers"]["satisfaction"] == 1]


async def company(client: Caller, told: Told | None = None) -> list[str]:
    """Tell of a company whose cases fail when handed over while somebody is away; name the failing ones."""
    told = told or many(failing=2)
    for name in SET:
        await client.catalogue(name, rule=reading(name))
    await tell(client, told)
    return failing(told)


async def change(client: Caller, **fields: Any) -> None:
    """Change how the workspace works."""
    etag = (await client.get("/v1/workspace")).headers["etag"]
    done(await client.patch("/v1/workspace", fields, if_match=etag))


def refund(case: str, amount: int = 1000, **fields: Any) -> dict[str, Any]:
    """Give the body of a refund."""
    body = {"case": case, "reference": f"refund-{case}", "kind": "refund", "amount": amount, "basis": "measured"}
    return {**body, "source": "ERP", **fields}


async def spend(client: Caller, *bodies: dict[str, Any]) -> None:
    """Report costs."""
    assert done(await client.post("/v1/costs/bulk", list(bodies)))["rejected"] == 0


async def analysed(client: Caller, worker: Worker, **params: Any) -> Any:
    """Let an analysis be done and read what failures cost."""
    await ask(client)
    await worker.work_off()
    return await client.read(PATH, **params)


def amounts(found: Any) -> dict[str, Any]:
    """Give the amounts by what they are told apart by."""
    return {item["group"] or "+".join(item["conditions"]) or item["kind"]: item["amount"] for item in found["items"]}


def parts(found: Any) -> list[tuple[str, str, int, int]]:
    """Give the components as (component, basis, amount, cases)."""
    return [(part["component"], part["basis"], part["amount"], part["cases"]) for part in found["components"]]


async def test_whatever_failures_cost_is_credited_to_somebody(client: Caller, worker: Worker) -> None:
    told = many(failing=2)
    for at, row in enumerate(told.cases):
        row |= {"team": "south" if at % 3 else "north", "need": "repair" if at % 2 else "advice"}
    lonely = failing(told)[1]
    next(row for row in told.cases if row["reference"] == lonely)["team"] = "of one"
    cases = await company(client, told)
    await spend(client, *(refund(case, 1001 + at) for at, case in enumerate(cases) if at % 2))
    found = await analysed(client, worker)
    total = sum(1001 + at for at in range(len(cases)) if at % 2)
    assert (found["amount"], found["currency"], found["cases"], found["known"]) == (total, "EUR", 74, 37)
    assert found["coverage"] == 0.5
    assert found["low"] < total < found["high"]
    assert parts(found) == [("refunds", "measured", total, 37)]
    assert found["components"][0]["sources"] == ["ERP"]
    assert found["categories"] == {
        "prevention": None,
        "appraisal": None,
        "internal_failure": None,
        "external_failure": total,
    }
    first, leak = found["items"]
    assert (first["kind"], first["conditions"], first["status"], leak["kind"]) == (
        "condition_set",
        SET,
        "confirmed",
        "leak",
    )
    assert first["amount"] + leak["amount"] == total
    assert first["low"] < first["amount"] < first["high"]
    assert first["avoidable_low"] < first["avoidable"] < first["avoidable_high"]
    assert [part["amount"] for part in first["components"]] == [first["amount"]]
    kept = {item["id"] for item in (await client.read("/v1/condition-sets"))["items"]}
    assert first["condition_set"] in kept
    cost = (await client.read(f"/v1/condition-sets/{first['condition_set']}"))["root_cost"]
    assert {name: cost[name] for name in cost if name != "currency"} == {
        name: first[name] for name in cost if name != "currency"
    }
    assert cost["currency"] == "EUR"
    conditions = await client.read(PATH, by="condition")
    shares = [item["share"] for item in conditions["items"][:2]]
    assert sum(shares) + conditions["items"][2]["amount"] == total
    assert [item["amount"] for item in conditions["items"][:2]] == [first["amount"]] * 2
    needs, teams = await client.read(PATH, by="need"), await client.read(PATH, by="team")
    assert sum(amounts(needs).values()) == sum(amounts(teams).values()) == total
    assert [item["amount"] for item in needs["items"]] == sorted(amounts(needs).values(), reverse=True)
    # Teams stand in the order of their names, with money and nothing else; a team of few customers is not named.
    assert [(item["kind"], item["group"]) for item in teams["items"]] == [
        ("team", "north"),
        ("team", "south"),
        ("others", None),
    ]
    assert {item["components"] for item in teams["items"]} == {None}
    assert {item["customer_time"] for item in teams["items"]} == {None}


async def test_a_set_that_people_drew_is_costed_beside_those_found(client: Caller, worker: Worker) -> None:
    cases = await company(client)
    await client.catalogue("always", rule=reading("constant"))
    drawn = [await draw(client, *codes) for codes in (SET, ["away"], ["always", "handed"])]
    await spend(client, *(refund(case, 1000 + at) for at, case in enumerate(cases)))
    found = await analysed(client, worker)
    # What failures cost in all is shared out as if nobody had drawn anything.
    assert [item["conditions"] for item in found["items"]] == [SET, []]
    assert sum(item["amount"] for item in found["items"]) == found["amount"]
    same, away, always = [(await client.read(f"/v1/condition-sets/{each['id']}"))["root_cost"] for each in drawn]
    first = found["items"][0]
    assert {name: same[name] for name in ("amount", "low", "high")} == {
        name: first[name] for name in ("amount", "low", "high")
    }
    for cost, condition in ((away, "away"), (always, "handed")):
        failed = [case for case in cases if int(case.removeprefix("K-")) // (2 if condition == "away" else 1) % 2]
        assert cost["known"] == cost["cases"] <= len(failed)
        assert 0 <= cost["low"] <= cost["amount"] < 0.2 * found["amount"]
        assert cost["currency"] == "EUR"


async def test_a_drawn_set_that_the_search_missed_costs_what_its_failures_do(client: Caller, worker: Worker) -> None:
    told = many(failing=0, count=400)
    seldom = [number for number in range(400) if number % 8 == 1][:12]
    for number in seldom:
        told.cases[number]["attributes"]["seldom"] = 1
        told.responses[number]["answers"] = {"satisfaction": 1}
    await company(client, told)
    await client.catalogue("seldom", rule=reading("seldom"))
    drawn = await draw(client, "handed", "seldom")
    await spend(client, *(refund(f"K-{number}", 500) for number in seldom))
    found = await analysed(client, worker)
    listed = {item["id"]: item for item in (await client.read("/v1/condition-sets"))["items"]}
    cost = (await client.read(f"/v1/condition-sets/{drawn['id']}"))["root_cost"]
    assert listed[drawn["id"]]["status"] in {"supported", "not_supported"}
    assert (cost["cases"], cost["amount"]) == (12, pytest.approx(6000, rel=0.05))
    assert sum(item["amount"] or 0 for item in found["items"]) == 6000


async def test_what_nobody_told_of_is_null_and_never_0(client: Caller, worker: Worker) -> None:
    cases = await company(client)
    found = await analysed(client, worker)
    assert [found[name] for name in ("amount", "low", "high", "known", "coverage")] == [None, None, None, 0, 0.0]
    assert [item["amount"] for item in found["items"]] == [None, None]
    assert (found["items"][0]["avoidable"], found["items"][0]["components"], found["components"]) == (None, [], [])
    assert set(amounts(await client.read(PATH, by="need")).values()) == {None}
    assert [item["share"] for item in (await client.read(PATH, by="condition"))["items"]] == [None] * 3
    await spend(client, *(refund(case, 0) for case in cases[:2]))
    told = await analysed(client, worker)
    assert (told["amount"], told["known"], told["low"]) == (0, 2, None)


async def test_a_withdrawn_cost_and_a_corrected_one_count_as_they_stand(client: Caller, worker: Worker) -> None:
    cases = await company(client)
    await spend(client, *(refund(case) for case in cases[:12]))
    before = await analysed(client, worker)
    assert before["amount"] == 12_000
    done(await client.post(f"/v1/costs/refund-{cases[0]}/void", {"reason": "another case's"}))
    await spend(client, refund(cases[1], 5000, basis="assumed"))
    # What an analysis found stays as it found it: nothing is reckoned while somebody waits.
    assert await client.read(PATH) == before
    after = await analysed(client, worker)
    assert parts(after) == [("refunds", "assumed", 5000, 1), ("refunds", "measured", 10_000, 10)]
    assert (await client.read(PATH, analysis=before["analysis"]))["amount"] == 12_000


async def test_other_currencies_are_listed_and_not_converted(client: Caller, worker: Worker) -> None:
    cases = await company(client)
    await spend(
        client, refund(cases[0], 700), refund(cases[1], 900, currency="USD"), refund(cases[2], 1, currency="USD")
    )
    number = cases[3].removeprefix("K-")
    await client.put_customer(f"C-{number}", value={"amount": 5000, "currency": "CHF"})
    found = await analysed(client, worker)
    assert (found["amount"], found["known"]) == (700, 1)
    assert found["not_counted"] == [
        {"reason": "other_currency", "currency": "CHF", "entries": 1, "amount": None},
        {"reason": "other_currency", "currency": "USD", "entries": 2, "amount": 901},
    ]


async def test_the_cost_stands_with_the_analysis_and_its_findings(
    client: Caller, worker: Worker, database: Database, workspace: WorkspaceSettings
) -> None:
    cases = await company(client)
    refusal(await client.get(PATH), 404, "not_found")
    asked = await ask(client)
    refusal(await client.get(PATH, analysis=asked), 409, "not_done_yet")
    refusal(await client.get(PATH, analysis="01a21934-98c8-77a5-8e14-646d69354220"), 404, "not_found")
    refusal(await client.get(PATH, by="person"), 422, "malformed")
    await spend(client, *(refund(case) for case in cases))
    await worker.work_off()
    answer = await client.get(PATH, by="team")
    found = done(answer)
    assert answer.headers["etag"] == (await client.get(PATH, by="team")).headers["etag"]
    assert found["analysis"] == asked
    summary = (await client.read(f"/v1/analyses/{asked}"))["summary"]["root_cost"]
    assert summary == {name: found[name] for name in ("amount", "low", "high", "currency", "cases", "known")}
    async with database.read(workspace.id) as session:
        measures = (await session.execute(select(findings.c.measures))).scalars().one()
    told = measures["root_cost"]
    [first, _] = (await client.read(PATH))["items"]
    names = ("amount", "low", "high", "avoidable", "avoidable_low", "avoidable_high", "cases", "known", "components")
    assert {name: told[name] for name in names} == {name: first[name] for name in names}
    assert told["currency"] == "EUR"
    # Some window's analysis is read by name alone: what is in force is whole.
    part = await ask(client, window={"to": ago(days=194)})
    await worker.work_off()
    assert (await client.read(PATH))["analysis"] == asked
    assert (await client.read(PATH, analysis=part))["cases"] < found["cases"]


async def test_who_may_read_analyses_may_read_what_failures_cost(
    client: Caller, worker: Worker, caller: MakeCaller
) -> None:
    await company(client)
    await analysed(client, worker)
    assert (await (await caller("analysis:read")).read(PATH))["cases"] == 74
    refusal(await (await caller("records:read")).get(PATH), 403, "missing_scope")


async def test_terms_of_cost_are_checked(client: Caller) -> None:
    wrongs: list[dict[str, Any]] = [
        {"components": {"courier": "lost_value"}},
        {"components": {"": "rework"}},
        {"value_years": 0},
        {"value_years": 51.0},
        {"excess_departure": 1.1},
        {"excess_departure": -0.1},
        {"excess_departure": True},
        {"referral_share": 0.0},
        {"acquisition": 1},
    ]
    for wrong in wrongs:
        refusal(await client.patch("/v1/workspace", {"cost_rates": wrong}, if_match="*"), 422, "malformed")
    await change(client, cost_rates={"excess_departure": 0.02, "components": {"courier": "rework"}})
    await change(client, cost_rates={"value_years": 3.0})
    rates = (await client.read("/v1/workspace"))["cost_rates"]
    assert (rates["excess_departure"], rates["value_years"], rates["components"]) == (0.02, 3.0, {"courier": "rework"})
