"""The company's loyalty through the API: the profile, the one number after it, groups, points, what stands beside."""

from datetime import UTC, datetime
from math import exp, log
from typing import Any

import pytest

from models.rules.statistics import clustered_share
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace

pytestmark = pytest.mark.anyio
KEYS = ["keep", "flow", "first", "no_needless_contact", "restore", "learn", "fair", "enable"]
WEIGHTS = {**dict.fromkeys(KEYS, 0.1), "keep": 0.3}


def by_key(facts: Any) -> dict[str, Any]:
    return {one["key"]: one for one in facts["dimensions"]}


async def told(client: Caller, customers: int = 12, kept: int = 9, came_for: str | None = None, **fields: Any) -> None:
    """Tell of customers with a case each: the first few were served well, the others were not."""
    rows: dict[str, list[dict[str, Any]]] = {"customers": [], "cases": [], "promises": [], "responses": []}
    for number in range(customers):
        well = number < kept
        name = {"customer": f"C-{number}", "case": f"K-{number}"}
        fair = {"terms_as_new": True, "waiting_as_new": well, "segment": "gold" if number % 2 else "tin"}
        rows["customers"].append({"reference": name["customer"], **fair})
        case: dict[str, Any] = {
            "reference": name["case"],
            "customer": name["customer"],
            "need": "repair",
            "opened_at": ago(days=40),
        }
        case |= {"needed_by": ago(days=36), "done_at": ago(days=38 if well else 30), "contacts": 1 if well else 3}
        case |= {"handovers": 0, "reopened": 0, "demand": "value" if well else "failure", "permission_asked": not well}
        case |= {"told_first": well, "put_back": True, "restored_at": ago(days=30), "restore_due_at": ago(days=31)}
        rows["cases"].append({**case, **{key: given(number) for key, given in fields.items()}})
        promise = {"case": name["case"], "promise": "P", "what": "a call", "made_at": ago(days=40)}
        rows["promises"].append({**promise, "due_at": ago(days=35), **({"kept_at": ago(days=36)} if well else {})})
        reason = came_for or ("new_need" if well else "chasing")
        answers = {"satisfaction": 5 if well else 1, "contact_reason": reason, "needs_met": "fully" if well else "no"}
        rows["responses"].append(
            {**name, "survey": "post_interaction", "answered_at": ago(days=37 if well else 29), "answers": answers}
        )
    for kind, sent in rows.items():
        stored = done(await client.post(f"/v1/{kind}/bulk", sent))
        assert stored["rejected"] == 0, stored


async def test_a_company_is_told_as_reckoned_by_hand(client: Caller) -> None:
    await told(client)
    found = await client.read("/v1/loyalty")
    facts, own = found["facts"], by_key(found["facts"])
    assert list(own) == KEYS
    share = clustered_share([(1, 1)] * 9 + [(0, 1)] * 3)
    for name in ("keep", "flow", "first", "fair"):
        assert own[name]["value"] == 75
        assert (own[name]["low"], own[name]["high"]) == pytest.approx((100 * share.low, 100 * share.high))
        assert (own[name]["n"], own[name]["known"], own[name]["coverage"], own[name]["status"]) == (
            12,
            12,
            1,
            "measured",
        )
    # Nine contacts of value, three cases of three contacts each that were failure demand.
    assert own["no_needless_contact"]["value"] == 50
    # Of three failures none was told first, all were put back, none in time.
    assert own["restore"]["value"] == pytest.approx(100 / 3)
    assert own["learn"]["status"] == own["enable"]["status"] == "not_measured"
    assert [one["part"] for one in own["enable"]["connect"]] == ["proposals_answered", "requests_met"]
    assert own["enable"]["connect"][0]["source"]
    assert facts["set"] == ["keep", "flow", "first", "no_needless_contact", "restore", "fair"]
    expected = (75**4 * 50 * 100 / 3) ** (1 / 6)
    assert facts["value"] == pytest.approx(expected)
    assert facts["lowest"] < facts["value"] < facts["highest"]
    assert facts["low"] < facts["value"] < facts["high"]
    # A share of RESTORE is 0 of 3: so near to nothing a straight line would tell too small an interval.
    assert (facts["interval_by"], facts["coverage"]) == ("mover", 1)
    assert facts["weights"] == pytest.approx(dict.fromkeys(facts["set"], 1 / 6))
    assert (found["groups"], found["points"], found["felt"], found["gap"]) == ([], [], None, [])


async def test_what_stands_beside(client: Caller) -> None:
    await told(
        client, caused_by_case=lambda number: f"K-{number - 1}" if number in {1, 2} else "gone" if number == 3 else None
    )
    beside = (await client.read("/v1/loyalty"))["beside"]
    # All customers said whether their need was met, so nobody is only unchallenged.
    assert (beside["flow_confirmed"]["value"], beside["flow_confirmed"]["n"]) == (75, 12)
    assert (beside["unchallenged"]["value"], beside["unchallenged"]["n"]) == (0, 9)
    capable = beside["capability"][0]
    assert (capable["group"], capable["n"], capable["customers"], capable["needs_met"]["value"]) == ("repair", 9, 9, 75)
    assert capable["median_hours"] == pytest.approx(48, abs=0.01)
    assert capable["ninetieth_hours"] == pytest.approx(48, abs=0.01)
    assert beside["time"] == {"cases": 9, "nights": pytest.approx(50), "waiting_for_customer": None, "waiting_known": 0}
    demand = beside["failure_demand"]
    assert (demand["by_customer"]["value"], demand["by_staff"]["value"]) == (25, 25)
    assert (demand["kappa"], demand["judged_twice"]) == (1, 12)
    assert beside["caused"]["value"] == 25
    assert beside["links"] == [
        {"need": "repair", "caused_by_need": "repair", "cases": 2, "customers": 2},
        {"need": "repair", "caused_by_need": None, "cases": 1, "customers": 1},
    ]


async def test_groups_stand_beside_what_they_have_in_common(client: Caller) -> None:
    await told(client, team=lambda number: "north" if number < 6 else "old" if number < 9 else "south")
    done(await client.put("/v1/teams/north", {"name": "North", "former_names": ["old"]}))
    found = await client.read("/v1/loyalty", by="team")
    groups = {one["group"]: one for one in found["groups"]}
    assert list(groups) == ["north", "south"]
    # What was called `old` when it was told is the team that is called north now.
    north, south = (by_key(groups[name]) for name in ("north", "south"))
    assert (north["keep"]["value"], north["keep"]["known"], south["keep"]["value"]) == (100, 9, 0)
    assert (north["fair"]["value"], south["fair"]["value"]) == (100, 0)
    shrunk = {one["key"]: one for one in groups["south"]["shrunk"]}
    assert (shrunk["keep"]["k"], shrunk["keep"]["n"], shrunk["keep"]["raw"]) == (0, 3, 0)
    assert shrunk["keep"]["low"] < shrunk["keep"]["value"] < shrunk["keep"]["high"]
    assert groups["north"]["interval_by"] in {None, "delta", "mover"}
    assert {one["group"] for one in (await client.read("/v1/loyalty", by="segment"))["groups"]} == {"gold", "tin"}
    assert [one["group"] for one in (await client.read("/v1/loyalty", by="need"))["groups"]] == ["repair"]
    assert [one["group"] for one in (await client.read("/v1/loyalty", by="channel"))["groups"]] == [None]
    capable = found["beside"]["capability"]
    assert [one["group"] for one in capable] == ["north", "south"]
    assert (capable[1]["n"], capable[1]["median_hours"], capable[1]["needs_met"]["value"]) == (0, None, 0)


async def test_groups_have_the_same_intervals_however_many_are_asked_for_at_once(
    client: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(client, team=lambda number: ("north", "east", None)[number % 3])
    groups = (await client.read("/v1/loyalty", by="team"))["groups"]
    assert [one["group"] for one in groups] == ["east", "north", None]
    for one in groups:
        assert (one["interval_by"], 1 <= one["low"] < one["value"] < one["high"] <= 100) == ("mover", True)
    monkeypatch.setattr("api.measures.loyalty.judging.AT_ONCE", 1)
    assert (await client.read("/v1/loyalty", by="team"))["groups"] == groups


async def test_where_all_was_kept_the_number_is_not_certain(client: Caller) -> None:
    """Five dimensions are 100 of twelve customers each: that nobody differs does not make it sure."""
    await told(client, kept=12, told_first=lambda _: None)
    facts = (await client.read("/v1/loyalty"))["facts"]
    assert (facts["value"], facts["high"], facts["interval_by"]) == (100, 100, "mover")
    share = clustered_share([(1, 1)] * 12)
    # With no customer who differs nothing tells how the five go together: each is taken for itself.
    assert facts["low"] == pytest.approx(100 * exp(-((log(1 / share.low) ** 2 / 5) ** 0.5)))


async def test_a_name_handed_on_to_several_teams_stays(client: Caller) -> None:
    await told(client, team=lambda _: "old")
    for team in ("east", "west"):
        done(await client.put(f"/v1/teams/{team}", {"name": team, "former_names": ["old"]}))
    assert [one["group"] for one in (await client.read("/v1/loyalty", by="team"))["groups"]] == ["old"]


async def test_periods_are_told_whole_and_never_added_up(client: Caller) -> None:
    await told(client)
    asked = {"interval": "week", "from": ago(days=60), "to": ago(days=0)}
    points = (await client.read("/v1/loyalty", **asked))["points"]
    kept = {one["from"]: by_key(one)["keep"]["known"] for one in points}
    assert sorted(count for count in kept.values() if count) == [12]
    assert [datetime.fromisoformat(start).weekday() for start in kept] == [0] * len(kept)
    assert [one["provisional"] for one in points] == sorted(one["provisional"] for one in points)
    # Who the customers are was told today: of the weeks before nothing is known.
    assert [by_key(one)["fair"]["coverage"] for one in points[:-1]] == [None] * (len(points) - 1)
    assert by_key(points[-1])["fair"]["value"] == 75
    months = (await client.read("/v1/loyalty", interval="month", by="need"))["points"]
    assert {one["group"] for one in months} == {"repair"}


@pytest.mark.parametrize("name", ["staff", "agent", "author", "owner", "person"])
async def test_loyalty_is_never_told_by_person(client: Caller, name: str) -> None:
    refused = refusal(await client.get("/v1/loyalty", by=name), 422, "never_per_person")
    assert refused["errors"][0]["pointer"] == "/by"


async def test_questions_that_make_no_sense_are_refused(client: Caller) -> None:
    turned = {"from": "2026-02-02", "to": "2026-02-02"}
    refusal(await client.get("/v1/loyalty", **turned), 422, "before_from")
    refusal(await client.get("/v1/loyalty", **{"from": "2190-01-01"}), 422, "before_from")
    refusal(await client.get("/v1/loyalty", as_known_at="2190-01-01T00:00:00Z"), 422, "in_the_future")
    refusal(await client.get("/v1/loyalty", by="weather"), 422, "malformed")
    refusal(await client.get("/v1/loyalty", interval="day"), 422, "malformed")
    long = {"from": "1990-01-01", "interval": "week"}
    refusal(await client.get("/v1/loyalty", **long), 422, "too_many_points")


async def test_too_many_groups_are_refused(client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.measures.loyalty.facts.MOST_CELLS", 1)
    await told(client)
    refusal(await client.get("/v1/loyalty", by="segment"), 422, "too_many_points")


async def test_nothing_told_is_nothing_measured(client: Caller) -> None:
    for params in ({}, {"by": "need", "interval": "month"}):
        found = await client.read("/v1/loyalty", **params)
        assert {one["status"] for one in found["facts"]["dimensions"]} == {"not_measured"}
        assert {one["coverage"] for one in found["facts"]["dimensions"]} == {None}
        assert (found["facts"]["value"], found["facts"]["set"], found["groups"], found["points"]) == (None, [], [], [])
        assert found["beside"]["time"]["nights"] is None


async def test_one_case_tells_nothing_of_others(client: Caller) -> None:
    await told(client, customers=1, kept=1)
    own = by_key((await client.read("/v1/loyalty"))["facts"])
    assert (own["keep"]["value"], own["keep"]["low"], own["keep"]["high"]) == (100, 0, 100)


async def test_what_is_not_known_is_never_imputed(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(days=40), done_at=ago(days=39))
    found = await client.read("/v1/loyalty")
    own = by_key(found["facts"])
    for name in ("flow", "first", "no_needless_contact", "fair"):
        assert (own[name]["value"], own[name]["coverage"], own[name]["status"]) == (None, 0, "not_measured")
        assert own[name]["connect"][0]["known"] == 0
    assert found["beside"]["unchallenged"]["value"] == 100


async def test_who_came_for_something_else_says_neither(client: Caller) -> None:
    await told(client, came_for="other")
    found = await client.read("/v1/loyalty")
    assert by_key(found["facts"])["no_needless_contact"]["value"] == 50  # as staff say: nine of eighteen contacts
    assert found["beside"]["failure_demand"]["judged_twice"] == 0


async def test_unknown_rows_never_change_a_value(client: Caller) -> None:
    await told(client)
    before = by_key((await client.read("/v1/loyalty"))["facts"])
    for number in range(3):
        await client.put_customer(f"U-{number}")
        await client.put_case(f"U-{number}", f"U-{number}", opened_at=ago(days=40), done_at=ago(days=39))
    after = by_key((await client.read("/v1/loyalty"))["facts"])
    for name in ("flow", "first", "no_needless_contact", "fair"):
        assert after[name]["coverage"] < 1
        assert [after[name][member] for member in ("value", "low", "high", "n")] == [
            before[name][member] for member in ("value", "low", "high", "n")
        ]


async def test_what_was_said_earlier_can_be_said_again(client: Caller) -> None:
    await told(client, customers=3, kept=3)
    at = datetime.now(UTC).isoformat()
    before = await client.read("/v1/loyalty", as_known_at=at, by="team")
    assert before["as_known_at"] == at.replace("+00:00", "Z")
    await told(client, customers=3, kept=0, team=lambda _: "north")
    done(await client.put("/v1/needs/repair", {"name": "Repair", "customer_time": "PT1H"}))
    await client.void("/v1/cases/K-2")
    assert by_key((await client.read("/v1/loyalty"))["facts"])["fair"]["value"] == 0
    assert await client.read("/v1/loyalty", as_known_at=at, by="team") == before


async def test_a_window_begins_with_the_workspaces_day(client: Caller) -> None:
    etag = (await client.get("/v1/workspace")).headers["etag"]
    done(await client.patch("/v1/workspace", {"zone": "Europe/Berlin"}, if_match=etag))
    # The clock was put forward on 29 March 2026: the day before the 30th had 23 hours.
    found = await client.read("/v1/loyalty", **{"from": "2026-03-29", "to": "2026-03-30"})
    assert (found["from"], found["to"]) == ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
    await client.put_customer("C-1")
    for name, due in (("in", "2026-03-29T21:59:59Z"), ("out", "2026-03-29T22:00:00Z")):
        await client.put_case(f"K-{name}", "C-1", opened_at="2026-03-28T23:00:00Z", done_at="2026-03-29T22:00:00Z")
        await client.promise(f"K-{name}", "P", made_at="2026-03-28T23:00:00Z", due_at=due, kept_at=due)
    found = await client.read("/v1/loyalty", **{"from": "2026-03-29", "to": "2026-03-30"})
    assert by_key(found["facts"])["keep"]["known"] == 1
    after = await client.read("/v1/loyalty", **{"from": "2026-03-30", "to": "2026-03-31"})
    # From midnight to midnight, with an hour left out at night: 23 hours, of which 11 were night by the sun's clock.
    assert after["beside"]["time"]["nights"] == pytest.approx(100 * 12 / 23)


async def test_weights_are_the_workspaces(client: Caller) -> None:
    await told(client)
    read = await client.get("/v1/workspace")
    assert read.json()["loyalty_weights"] is None
    etag = read.headers["etag"]
    for wrong in ({**WEIGHTS, "keep": 0.2}, {"keep": 1.0}, {**WEIGHTS, "keep": 0.0, "fair": 0.4}):
        body = {"loyalty_weights": wrong}
        refused = refusal(await client.patch("/v1/workspace", body, if_match=etag), 422, "weights_refused")
        assert refused["errors"][0]["pointer"] == "/loyalty_weights"
    changed = await client.patch("/v1/workspace", {"loyalty_weights": WEIGHTS}, if_match=etag)
    assert done(changed)["loyalty_weights"] == WEIGHTS
    facts = (await client.read("/v1/loyalty"))["facts"]
    assert facts["weights"]["keep"] == pytest.approx(3 / 8)
    cleared = await client.patch("/v1/workspace", {"loyalty_weights": None}, if_match=changed.headers["etag"])
    assert done(cleared)["loyalty_weights"] is None


async def test_failures_by_facts_are_looked_at_in_python(client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    await told(client)
    etag = (await client.get("/v1/workspace")).headers["etag"]
    rule = {"all": [{"field": "contacts", "op": "ge", "value": 3}]}
    done(await client.patch("/v1/workspace", {"failure_definition": rule}, if_match=etag))
    restore = by_key((await client.read("/v1/loyalty"))["facts"])["restore"]
    assert [(part["k"], part["rows"]) for part in restore["parts"]] == [(0, 3), (3, 3), (0, 3)]
    monkeypatch.setattr("api.measures.loyalty.facts.MOST_LOOKED_AT", 5)
    restore = by_key((await client.read("/v1/loyalty"))["facts"])["restore"]
    assert (restore["status"], restore["coverage"]) == ("not_measured", None)


async def test_customers_who_left_are_no_existing_ones(client: Caller) -> None:
    await told(client, customers=6, kept=3)
    for number in (3, 4):
        await client.leave(f"C-{number}", at=ago(days=20))
    await client.leave("C-5", kind="signal", at=ago(days=20))
    # Whoever came back is a customer again.
    await client.put_case("K-again", "C-4", opened_at=ago(days=10))
    fair = by_key((await client.read("/v1/loyalty"))["facts"])["fair"]
    assert (fair["parts"][0]["k"], fair["parts"][0]["n"]) == (3, 5)


async def test_a_neighbour_sees_none_of_it(client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace) -> None:
    await told(client)
    neighbour = await caller("analysis:read", of=await make_workspace("Another"))
    assert (await neighbour.read("/v1/loyalty"))["facts"]["value"] is None
    stranger = await caller("records:read")
    refusal(await stranger.get("/v1/loyalty"), 403, "missing_scope")
