"""Whether the facts go with what they should go with: a company that serves three segments well, so, and badly."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.workspaces import service as workspaces
from models.database import Database
from models.planning import NewTables
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio

PATH = "/v1/loyalty/validation"
SEGMENTS, EACH, MONTHS = 3, 24, 5


def months() -> list[date]:
    """Give the first days of the months told, all long over."""
    found = [datetime.now(UTC).date().replace(day=1)]
    while len(found) < MONTHS + 6:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found[:5:-1][:MONTHS]


def badly(segment: int, month: int) -> int:
    """Give how many of a segment's customers are served badly in a month."""
    return 4 * segment + month % 3 + 1


def rows() -> dict[str, list[dict[str, Any]]]:
    """Give what the company would have told; customers of worse segments pay less each month, and some leave."""
    told: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("customers", "cases", "promises", "interactions", "revenues", "departures", "responses")
    }
    for segment, number in ((s, n) for s in range(SEGMENTS) for n in range(EACH)):
        customer = f"C-{segment}-{number}"
        fair = {"terms_as_new": True, "waiting_as_new": True, "since": "2019-01-01T00:00:00Z"}
        told["customers"].append({"reference": customer, "segment": f"s{segment}", **fair})
        for place, first in enumerate(months()):
            bad = number < badly(segment, place)
            for kind, row in _month(f"K-{segment}-{number}-{place}", customer, first, segment, place, bad=bad):
                told[kind].append(row)
    for segment in range(1, SEGMENTS):
        left = (months()[-1] + timedelta(days=40)).isoformat()
        told["departures"] += [
            {
                "reference": f"D-{segment}-{n}",
                "customer": f"C-{segment}-{n}",
                "kind": "closed",
                "at": f"{left}T00:00:00Z",
            }
            for n in range(5 * segment)
        ]
    return told


def _month(
    case: str, customer: str, first: date, segment: int, place: int, *, bad: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    def day(number: int) -> str:
        return f"{first.replace(day=number).isoformat()}T12:00:00Z"

    times = {
        "opened_at": day(3),
        "needed_by": day(9),
        "done_at": day(12 if bad else 6),
    }
    counts = {
        "contacts": 3 if bad else 1,
        "handovers": 0,
        "reopened": 0,
        "confirmed_at": times["done_at"],
        "team": "north",
        "need": "repair",
    }
    yield "cases", {"reference": case, "customer": customer, **times, **counts}
    made = {"case": case, "promise": "P", "what": "a visit", "made_at": day(3), "due_at": day(8)}
    yield "promises", {**made, "kept_at": day(12 if bad else 6)}
    contact = {"reference": f"i-{case}", "case": case, "channel": "phone", "occurred_at": day(4)}
    yield "interactions", {**contact, "demand": "failure" if bad else "value"}
    amount = round(10_000 * (1.1 - 0.1 * segment) ** place) + place
    period = f"{first.isoformat()[:7]}"
    paid = {"reference": f"r-{case}", "customer": customer, "period": period, "amount": amount}
    yield "revenues", {**paid, "kind": "returning"}
    felt = {"satisfaction": 4, **{f"felt_{item}": 1 if bad else 3 for item in range(1, 8)}}
    yield (
        "responses",
        {"reference": f"a-{case}", "survey": "post_interaction", "case": case, "answers": felt, "answered_at": day(14)},
    )


async def tell(client: Caller, database: Database) -> None:
    """Tell of the company, and let PostgreSQL look at what is new, as the service does beside its requests."""
    for kind, some in rows().items():
        if some:
            told = done(await client.post(f"/v1/{kind}/bulk", some))
            assert told["rejected"] == 0, [row for row in told["results"] if row["problem"]][:2]
    await NewTables().flush(database)


def window() -> dict[str, str]:
    """Give the time that was told of."""
    return {"from": months()[0].isoformat(), "to": (months()[-1] + timedelta(days=27)).isoformat()}


async def test_of_nothing_told_too_little_is_said(client: Caller) -> None:
    found = await client.read(PATH)
    assert (found["interval"], found["by"], found["earned_growth"]["points"]) == ("month", None, [])
    assert {one["agreement"] for one in found["correlations"]} == {"too_little"}
    assert {one["outcome"] for one in found["correlations"]} == {"felt", "departures", "earned_growth"}
    facts = next(one for one in found["correlations"] if one["index"] == "facts")
    assert (facts["rho"], facts["low"], facts["high"], facts["cells"]) == (None, -1, 1, 0)
    assert facts["says"].startswith("Too little to say: it and what customers feel are known together in 0 groups")
    refusal(await client.get(PATH, by="agent"), 422, "never_per_person")


async def test_facts_are_set_against_outcomes(client: Caller, database: Database) -> None:
    await tell(client, database)
    found = await client.read(PATH, by="segment", **window())
    said = {(one["index"], one["outcome"]): one for one in found["correlations"]}
    for outcome, sign in (("departures", -1), ("earned_growth", 1), ("felt", 1)):
        facts = said["facts", outcome]
        assert facts["cells"] == SEGMENTS * (MONTHS - (outcome == "earned_growth"))
        assert facts["groups"] == SEGMENTS
        assert facts["rho"] * sign > 0.5
        assert facts["low"] <= facts["rho"] <= facts["high"]
        assert facts["agreement"] in {"as_expected", "no_sign"}
    assert said["keep", "departures"]["rho"] < -0.5
    assert said["keep", "felt"]["agreement"] == "as_expected"
    assert said["fair", "felt"]["says"].startswith("Too little to say: it, or what customers feel, is the same")
    by_team = await client.read(PATH, by="team", **window())
    assert {one["cells"] for one in by_team["correlations"] if one["outcome"] == "earned_growth"} == {0}
    _growth(found["earned_growth"])


def _growth(found: Any) -> None:
    assert (found["currency"], found["over_a_bound"], found["other_currency"]) == ("EUR", 0, 0)
    assert [point["group"] for point in found["points"]] == [
        f"s{n}" for n in range(SEGMENTS) for _ in range(MONTHS - 1)
    ]
    first = found["points"][0]
    assert (first["before"], first["retained"], first["referred"], first["new"]) == (240_000, 264_024, 0, 0)
    assert first["value"] == first["net_revenue_retention"] - 1 == pytest.approx(0.1001)
    assert (first["earned_new"], first["customers"], first["coverage"]) == (0, EACH, 1)
    assert first["low"] == first["high"]


async def pay(client: Caller, customer: str, month: date, amount: int, **fields: Any) -> None:
    """Tell what a customer paid in a month."""
    body = {"customer": customer, "period": month.isoformat()[:7], "amount": amount, "kind": "new", **fields}
    done(await client.post("/v1/revenues", body))


async def test_growth_is_earned_by_those_who_return_or_were_sent(client: Caller) -> None:
    before, now = months()[1], months()[2]
    long_ago = f"{months()[0].isoformat()}T00:00:00Z"
    for reference, fields in {
        "stays": {},
        "leaves": {},
        "back": {"since": long_ago},
        "sent": {"referred_by": "stays"},
        "told_sent": {},
        "told_back": {},
        "fresh": {},
    }.items():
        await client.put_customer(reference, **fields)
    await pay(client, "stays", before, 1000)
    await pay(client, "leaves", before, 500)
    await pay(client, "stays", now, 900)
    await pay(client, "back", now, 100)
    await pay(client, "sent", now, 70)
    await pay(client, "told_sent", now, 30, kind="referred")
    await pay(client, "told_back", now, 50, kind="returning")
    await pay(client, "fresh", now, 400)
    await pay(client, "fresh", now, 7, currency="USD")
    await pay(client, "fresh", now, 7, period=f"{before}/{now}")
    withdrawn = done(await client.post("/v1/revenues", {"customer": "fresh", "period": now.isoformat()[:7]} | LATER))
    await client.void(f"/v1/revenues/{withdrawn['reference']}")
    found = (await client.read(PATH, **{"from": before.isoformat(), "to": f"{now.isoformat()[:8]}20"}))["earned_growth"]
    assert (found["over_a_bound"], found["other_currency"]) == (1, 1)
    [point] = found["points"]
    assert (point["before"], point["retained"], point["referred"], point["new"]) == (1500, 1050, 100, 400)
    assert point["value"] == pytest.approx(1150 / 1500 - 1)
    assert (point["low"], point["high"], point["customers"]) == (None, None, 7)
    assert point["coverage"] == pytest.approx(3 / 6)
    one = await client.read(PATH, **{"from": now.isoformat(), "to": f"{now.isoformat()[:8]}20"})
    assert one["earned_growth"]["points"] == []
    await pay(client, "fresh", datetime.now(UTC).date(), 10)
    told = (await client.read(PATH))["earned_growth"]["points"]
    # Nothing was paid before the first of them, nothing by anybody in the third; this month is not over.
    assert [one["value"] for one in told] == [None, point["value"], -1]


async def test_where_nobody_is_asked_what_they_feel_it_is_not_compared(database: Database, caller: MakeCaller) -> None:
    async with database.write() as session:
        bare = await workspaces.create_workspace(session, "Bare", datetime.now(UTC))
    found = await (await caller("analysis:read", of=bare)).read(PATH)
    assert {one["cells"] for one in found["correlations"] if one["outcome"] == "felt"} == {0}


LATER = {"amount": 9, "kind": "new", "reference": "mistaken"}
