"""A dimension over time through the API: limits, signals, splits at recorded reasons, and what is not charted."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

import pytest

from models.database import Database
from models.rules.charts import limits_of
from tests.api.caller import Caller, ago, refusal
from tests.api.measures.loyalty.charted import chart, post_weeks, week

pytestmark = pytest.mark.anyio

STEADY = [8, 9] * 10


class Weeks(Protocol):
    """Posts weeks of cases."""

    async def __call__(self, kept: Sequence[int], **fields: Any) -> None:
        """Post them."""


@pytest.fixture
def weeks(client: Caller, database: Database) -> Weeks:
    """Give who posts weeks."""
    return partial(post_weeks, client, database)


def signals(found: Any) -> list[tuple[str, str, str]]:
    """Give the signals of a chart by their days."""
    return [(one["kind"], one["from"][:10], one["to"][:10]) for one in found["signals"]]


def day(place: int) -> str:
    """Give the first day of a week."""
    return week(place).date().isoformat()


async def test_an_empty_time_has_periods_and_no_limits(client: Caller) -> None:
    found = await chart(client, weeks=3)
    assert [(one["k"], one["n"], one["rows"], one["value"], one["low"]) for one in found["points"]] == [
        (0, 0, 0, None, None)
    ] * 3
    assert (found["limits"], found["signals"], found["splits"], found["reasons"]) == ([], [], [], [])
    assert (found["kind"], found["unit"], found["part"], found["interval"]) == ("p_prime", "percent", "kept", "week")
    assert (await chart(client, "flow", measure="elapsed", weeks=2))["limits"] == []
    assert (await chart(client, "first", measure="contacts", weeks=2))["limits"] == []


async def test_one_point_has_provisional_limits(client: Caller, weeks: Weeks) -> None:
    await weeks([9])
    found = await chart(client, weeks=2)
    point, empty = found["points"]
    assert (point["k"], point["n"], point["rows"], point["value"]) == (9, 10, 10, 90)
    assert (point["from"], point["to"]) == ("2025-06-02T00:00:00Z", "2025-06-09T00:00:00Z")
    assert (empty["value"], empty["low"]) == (None, None)
    limits = limits_of([(9, 10)])
    assert limits is not None
    low, high = limits.around(10)
    assert (point["low"], point["high"]) == (pytest.approx(100 * low), pytest.approx(100 * high))
    [one] = found["limits"]
    assert (one["centre"], one["points"], one["provisional"], one["frozen"]) == (90, 1, True, False)


async def test_limits_freeze_at_twenty_and_eight_in_a_row_are_a_signal(client: Caller, weeks: Weeks) -> None:
    await weeks([*STEADY, *[10] * 8, 1])
    found = await chart(client, weeks=29)
    [one] = found["limits"]
    assert (one["points"], one["provisional"], one["frozen"], one["centre"]) == (20, False, True, 85)
    assert (one["from"][:10], one["to"][:10]) == (day(0), day(29))
    # The week before the eight lies above the centre too.
    assert signals(found) == [("run", day(19), day(28)), ("outside", day(28), day(29))]
    assert [point["run"] for point in found["points"][-3:]] == [True, True, False]
    assert found["points"][28]["outside"]
    assert not any(point["settling"] or point["mixed"] or point["jumped"] for point in found["points"])
    assert found["splits"] == []


async def test_a_chart_is_split_at_recorded_reasons_and_a_test_says_what_changed(client: Caller, weeks: Weeks) -> None:
    await weeks([*STEADY, *[3, 4] * 6])
    await client.post("/v1/changes", {"reference": "R-1", "what": "a release", "at": week(20).isoformat()})
    await client.post("/v1/changes", {"reference": "R-2", "what": "a price", "at": week(26, 2).isoformat()})
    whole = await chart(client, weeks=32)
    assert {kind for kind, _, _ in signals(whole)} == {"outside", "run"}
    assert [one["split"] for one in whole["reasons"]] == ["change:R-1", "change:R-2"]
    found = await chart(client, weeks=32, split=["change:R-2", "change:R-1"])
    assert found["signals"] == []
    first, second, third = found["limits"]
    assert (first["centre"], second["centre"], third["centre"]) == (85, 35, 36)
    assert (second["from"][:10], second["points"]) == (day(20), 6)
    assert [point["mixed"] for point in found["points"][25:28]] == [False, True, False]
    release, price = found["splits"]
    assert (release["split"], release["what"], release["at"]) == ("change:R-1", "a release", "2025-10-20T00:00:00Z")
    assert (release["drawn"], release["before"], release["changed"]) == (True, 85, True)
    assert (price["before"], price["changed"]) == (release["after"], False)
    assert (found["change"]["tests"], found["change"]["correction"]) == (2, "holm")


async def test_a_countermeasure_that_went_live_is_a_reason(client: Caller, weeks: Weeks) -> None:
    await weeks([8, 9, 8, 9])
    await client.catalogue("late")
    await client.countermeasure("CM-1", "late", live_from=week(2).isoformat(), team="north")
    await client.countermeasure("CM-2", "late", live_from=None)
    found = await chart(client, weeks=4, split="countermeasure:CM-1")
    assert [one["after"] for one in found["splits"]] == [85]
    assert found["splits"][0]["changed"] is False
    outside = await chart(client, weeks=2, split="countermeasure:CM-1")
    assert (outside["splits"][0]["drawn"], outside["splits"][0]["before"], len(outside["limits"])) == (False, None, 1)
    told = {"by": "team", "group": "south", "split": "countermeasure:CM-1"}
    refusal(await client.get("/v1/loyalty/keep/chart", **told), 422, "split_elsewhere")
    for unknown in ("countermeasure:CM-2", "change:CM-1", "because", "change:"):
        refused = refusal(await client.get("/v1/loyalty/keep/chart", split=unknown), 422, "unknown_split")
        assert refused["errors"][0]["pointer"] == "/split"
        assert unknown in refused["detail"]
    many = [f"change:{number}" for number in range(21)]
    refusal(await client.get("/v1/loyalty/keep/chart", split=many), 422, "malformed")


async def test_a_change_of_one_need_is_no_reason_for_another(client: Caller, weeks: Weeks) -> None:
    await weeks([8, 9])
    body = {"reference": "R-1", "what": "a release", "at": week(1).isoformat(), "needs": ["repair"]}
    await client.post("/v1/changes", body)
    found = await chart(client, weeks=2, by="need", group="repair", split="change:R-1")
    assert (found["splits"][0]["before"], found["splits"][0]["after"]) == (80, 90)
    assert (await chart(client, weeks=2, by="need", group="move"))["reasons"] == []


async def test_elapsed_time_is_its_median_on_a_logarithmic_chart_with_the_tail_beside(
    client: Caller, weeks: Weeks
) -> None:
    await weeks([9] * 21, hours=[*(20 + place % 3 for place in range(20)), 400])
    found = await chart(client, "flow", measure="elapsed", weeks=24)
    assert (found["kind"], found["unit"], found["part"], found["settling_days"]) == ("xmr_log", "hours", None, 14)
    point = found["points"][0]
    assert (point["k"], point["n"], point["rows"]) == (None, 10, 10)
    assert 18 < point["value"] < 22
    assert point["value"] < point["tail"] < 22
    [limits] = found["limits"]
    assert 0 < limits["low"] < limits["centre"] < limits["high"]
    assert {kind for kind, _, _ in signals(found)} == {"outside", "jump"}


async def test_medians_are_split_and_not_tested(client: Caller, weeks: Weeks) -> None:
    await weeks([9] * 4, hours=[20, 21, 40, 41])
    await client.post("/v1/changes", {"reference": "R-1", "what": "a release", "at": week(2).isoformat()})
    told: dict[str, Any] = {"measure": "elapsed", "by": "team", "group": "north", "weeks": 4}
    found = await chart(client, "flow", split="change:R-1", **told)
    [release] = found["splits"]
    assert 19 < release["before"] < 22
    assert 38 < release["after"] < 43
    assert (release["changed"], found["change"]["tests"], len(found["limits"])) == (None, 0, 2)
    await client.put_case("K-few", "C-1", opened_at=week(4).isoformat(), confirmed_at=week(4, 1).isoformat())
    few = (await chart(client, "flow", measure="elapsed", weeks=5))["points"][4]
    assert (few["n"], few["value"], few["tail"]) == (1, None, None)
    south = await chart(client, "flow", **{**told, "group": "south"})
    assert {point["n"] for point in south["points"]} == {0}


async def test_what_happens_in_cases_is_counted_a_case(client: Caller, weeks: Weeks) -> None:
    await weeks([9] * 4)
    await client.post("/v1/changes", {"reference": "R-1", "what": "a release", "at": week(2).isoformat()})
    found = await chart(client, "first", measure="contacts", weeks=4, split="change:R-1")
    assert (found["kind"], found["unit"], found["numerator"]) == ("u_prime", "per case", "contacts in them")
    assert [(point["k"], point["n"], point["value"]) for point in found["points"]] == [(11, 10, 1.1)] * 4
    assert (found["splits"][0]["before"], found["splits"][0]["changed"]) == (1.1, False)
    assert [point["value"] for point in (await chart(client, "first", measure="reopened", weeks=2))["points"]] == [0, 0]
    by_team = await chart(client, "first", measure="handovers", weeks=1, by="team", group="south")
    assert by_team["points"][0]["value"] is None


async def test_a_period_that_has_not_settled_makes_no_limits(client: Caller) -> None:
    await client.put_customer("C-1")
    for number, days in enumerate((40, 33, 5)):
        opened = ago(days=days)
        await client.put_case(
            f"K-{number}", "C-1", opened_at=opened, needed_by=ago(days=days - 2), done_at=ago(days=days - 1)
        )
        await client.promise(
            f"K-{number}", "visit", due_at=ago(days=days - 1), made_at=opened, kept_at=ago(days=days - 1)
        )
    since = {"from": ago(days=42)[:10]}
    flow = await client.read("/v1/loyalty/flow/chart", **since)
    assert [point["settling"] for point in flow["points"]][-2:] == [True, True]
    assert flow["limits"][0]["points"] == 2
    keep = await client.read("/v1/loyalty/keep/chart", **since)
    assert [point["settling"] for point in keep["points"]][-2:] == [False, True]
    assert keep["settling_days"] == 0


async def test_periods_are_the_workspaces_own(client: Caller, weeks: Weeks) -> None:
    await client.patch("/v1/workspace", {"zone": "America/Sao_Paulo"}, if_match="*")
    await weeks([9, 9, 9, 9, 9])
    found = await chart(client, weeks=5, interval="month")
    assert found["points"][0]["from"] == "2025-06-01T03:00:00Z"
    assert (found["zone"], [point["n"] for point in found["points"]]) == ("America/Sao_Paulo", [40, 10])


async def test_what_was_not_stored_then_was_not_known(client: Caller, weeks: Weeks) -> None:
    await weeks([9])
    then = (week(60) - timedelta(weeks=50)).isoformat()
    assert (await chart(client, weeks=1, as_known_at=then))["points"][0]["rows"] == 0
    recent = await client.read("/v1/loyalty/keep/chart", as_known_at=ago(days=0, minutes=0), interval="month")
    assert len(recent["points"]) in {24, 25}


@pytest.mark.parametrize(
    ("dimension", "params", "code"),
    [
        ("learn", {}, "not_charted"),
        ("keep", {"measure": "elapsed"}, "not_charted"),
        ("flow", {"measure": "contacts"}, "not_charted"),
        ("flow", {"part": "kept"}, "not_charted"),
        ("flow", {"measure": "elapsed", "part": "done_in_time"}, "not_charted"),
        ("keep", {"by": "team"}, "malformed"),
        ("keep", {"group": "north"}, "malformed"),
        ("keep", {"by": "staff", "group": "ana"}, "never_per_person"),
        ("keep", {"by": "colour", "group": "red"}, "malformed"),
        ("luck", {}, "malformed"),
        ("keep", {"from": "2000-01-01"}, "too_many_points"),
    ],
)
async def test_what_cannot_be_charted_is_refused(
    client: Caller, dimension: str, params: dict[str, str], code: str
) -> None:
    refusal(await client.get(f"/v1/loyalty/{dimension}/chart", **params), 422, code)


async def test_shares_of_a_dimension_have_a_chart_each(client: Caller, weeks: Weeks) -> None:
    await weeks([9], permission_asked=False)
    found = await chart(client, "enable", weeks=1)
    assert (found["part"], found["parts"]) == (
        "without_permission",
        ["without_permission", "proposals_answered", "requests_met"],
    )
    assert found["points"][0]["value"] == 100
    assert (await chart(client, "enable", weeks=1, part="requests_met"))["points"][0]["rows"] == 0
    assert (await chart(client, "restore", weeks=1, part="put_back"))["part"] == "put_back"
    assert (await chart(client, "fair", weeks=1))["part"] == "as_new"
    assert (await chart(client, "no_needless_contact", weeks=1))["part"] == "not_needless"
