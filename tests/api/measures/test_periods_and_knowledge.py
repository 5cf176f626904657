"""Periods of the workspace's clock, answers that come late, what was said earlier, and what a test says has changed."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from api.measures import queries
from api.measures.answers import Asking, Claims, Place
from api.measures.figures import figures_of
from api.workspaces.service import WorkspaceSettings
from models.base import to_us
from models.database import Database
from models.rules.metrics import Scale
from models.rules.periods import Interval, periods_between
from models.rules.shifts import SharedSums
from models.rules.statistics import ClusterSums
from tests.api.caller import Caller, done, moment
from tests.api.measures.conftest import MONDAY, brief, happy, on, points, say

pytestmark = pytest.mark.anyio


def local(day: int, hour: int, zone_hours: int) -> str:
    """Give a moment of March 2026 as a clock shows it that is so many hours ahead."""
    return (datetime(2026, 3, day, hour, tzinfo=UTC) - timedelta(hours=zone_hours)).isoformat()


async def test_days_are_those_of_the_workspaces_clock(known: Caller) -> None:
    found = await known.get("/v1/workspace")
    done(await known.patch("/v1/workspace", {"zone": "Europe/Berlin"}, if_match=found.headers["etag"]))
    # The 29th has 23 hours: its clock goes from 2 to 3.
    rows = [(28, 23, 1, 1), (29, 0, 1, 2), (29, 23, 2, 2), (30, 0, 2, 3), (30, 23, 2, 4)]
    await say(known, *(happy(said, on=local(day, hour, ahead)) for day, hour, ahead, said in rows))
    told = await points(known, interval="day", **{"from": "2026-03-28", "to": "2026-03-31"})
    assert brief(told[:3], "from", "to", "n", "value") == [
        ("2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", 1, 1),
        ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 2, 2),
        ("2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z", 2, 3.5),
    ]
    told = await points(known, interval="month", **{"from": "2026-03-31", "to": "2026-04-01"})
    assert brief(told[:1], "from", "to", "n") == [("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", 5)]


async def test_without_a_time_the_newest_are_told_and_provisional(known: Caller) -> None:
    now = datetime.now(UTC)
    await say(known, happy(5, on=now.isoformat()), happy(4, on=(now - timedelta(days=200)).isoformat()))
    await say(known, happy(3, on=(now - timedelta(days=8)).isoformat()))
    settling = now - timedelta(days=14)
    for interval, count in (("day", 2), ("week", 2), ("month", 3)):
        found = await known.read("/v1/metrics", metric="satisfaction", interval=interval)
        told = [point for point in found["points"] if point["kind"] == "mean"]
        assert sum(point["n"] for point in told) == count
        assert [point["provisional"] for point in told] == [moment(point["to"]) > settling for point in told]
        assert moment(found["from"]) < now < moment(found["to"])


async def test_answers_known_when_nobody_waited_any_more_are_told_of(known: Caller) -> None:
    # The week ends on the 7th day; 14 days later it has settled.
    await say(
        known, happy(5), happy(4, recorded_at=on(21, 0)), happy(1, recorded_at=on(21, 1)), happy(2, recorded_at=on(40))
    )
    assert brief(await points(known), "n", "late") == [(4, 2), (4, 2)]


async def test_an_answer_is_not_late_for_being_told_again(known: Caller) -> None:
    await say(
        known, happy(5, case="K-1"), happy(1, customer="C-2", on=on(1)), happy(3, customer="C-3", recorded_at=on(30))
    )
    before = (await points(known))[0]
    done(await known.post("/v1/customers/C-2/merge", {"into": "C-1"}))
    done(await known.post("/v1/customers/C-3/merge", {"into": "C-1"}))
    after = (await points(known))[0]
    members = ("value", "n", "late", "customers")
    assert brief([before, after], *members) == [(3, 3, 1, 3), (3, 3, 1, 1)]


async def test_what_was_said_earlier_can_be_said_again(known: Caller) -> None:
    await say(known, happy(5, case="K-1"), happy(2, case="K-2"))
    at = datetime.now(UTC).isoformat()
    asked: dict[str, Any] = {"by": "team"}
    before = await points(known, **asked)
    segments = await points(known, by="segment")
    assert await points(known, **asked, as_known_at=at) == before
    await say(known, happy(1, case="K-1", on=on(2)), happy(1, on=on(3)))
    told = (await known.read("/v1/responses"))["items"]
    await known.void(f"/v1/responses/{told[0]['id']}")
    await known.put_case("K-2", "C-2", team="east")
    await known.put_customer("C-1", segment="silver")
    done(await known.post("/v1/customers/C-2/merge", {"into": "C-1"}))
    now = await points(known, **asked)
    assert now != before
    assert await points(known, **asked, as_known_at=at) == before
    assert await points(known, by="segment", as_known_at=at) == segments
    assert await points(known, **asked, as_known_at=datetime.now(UTC).isoformat()) == now
    assert await points(known, as_known_at=on(100)) == []
    assert {point["group"] for point in await points(known, by="segment")} == {"silver", None}


async def told_by(client: Caller, week: int, saids: list[int]) -> None:
    """Let as many customers answer in a week."""
    rows = [{"reference": f"W-{number}"} for number in range(len(saids))]
    done(await client.post("/v1/customers/bulk", rows))
    day = on(7 * week + 1)
    await say(client, *(happy(said, customer=f"W-{number}", on=day) for number, said in enumerate(saids)))


async def test_changed_is_said_when_a_test_says_so(known: Caller) -> None:
    await told_by(known, 0, [4, 5] * 8)
    await told_by(known, 1, [5, 4] * 8)
    await told_by(known, 2, [1, 2] * 8)
    await told_by(known, 3, [1, 5, 3])
    await told_by(known, 5, [4, 5] * 8)
    read: dict[str, Any] = {"metric": "satisfaction", "from": "2026-03-02", "to": "2026-06-01"}
    found = await known.read("/v1/metrics", **read)
    for kind in ("mean", "share"):
        told = [point["changed"] for point in found["points"] if point["kind"] == kind]
        # Nothing before; the same; fallen; three customers are too few; nobody in the week before.
        assert told == [None, False, True, None, None]
    assert found["change"] == {
        "name": "score test with customers as clusters, two-sided",
        "level": 0.05,
        "correction": "holm",
        "tests": 4,
        "fewest_customers": 8,
    }
    # The first period told is compared with the one before it, which is not told.
    later = await known.read("/v1/metrics", **{**read, "from": "2026-03-16", "to": "2026-03-23"})
    assert [point["changed"] for point in later["points"]] == [True, True]
    # As known before the third week was over it had not changed yet.
    within = await known.read("/v1/metrics", **read)
    assert within == {**found, "as_known_at": within["as_known_at"]}


async def test_a_period_that_is_not_over_is_not_compared(known: Caller) -> None:
    now = datetime.now(UTC)
    rows = [happy(5, on=(now - timedelta(days=7)).isoformat())] * 20 + [happy(1, on=now.isoformat())] * 20
    await say(known, *rows)
    told = (await known.read("/v1/metrics", metric="satisfaction"))["points"]
    assert [point["changed"] for point in told] == [None] * 4


async def test_sums_are_those_of_the_customers_whoever_comes_first(
    known: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    random = Random(3)  # noqa: S311 - a simulation
    done(await known.post("/v1/customers/bulk", [{"reference": f"S-{number}"} for number in range(9)]))
    said = [(random.randrange(9), random.randrange(4), random.randint(1, 5)) for _ in range(120)]
    rows = [
        happy(value, customer=f"S-{who}", on=on(7 * week, 1 + place % 90))
        for place, (who, week, value) in enumerate(said)
    ]
    random.shuffle(rows)
    await say(known, *rows)
    periods = periods_between(to_us(MONDAY), to_us(MONDAY + timedelta(days=28)), Interval.WEEK, "UTC", most=9)
    asking = Asking(workspace.id, periods, None, Claims.INCLUDE, None)
    async with database.read(workspace.id) as session:
        survey = next(
            row
            for row in await session.execute(queries.published_questions(workspace.id))
            if row.key == "post_interaction"
        )
        scale = Scale("rating", 1, 5)
        statement = queries.sums(asking, [Place(survey.id, (1,), ("satisfaction",))], scale, 99)
        found = list(figures_of(1, scale, (await session.execute(statement)).mappings().all()))
    for figure in found:
        worth = (lambda value: value) if figure.series.place == 0 else (lambda value: int(value >= 4))
        by_week = [
            {who: [worth(value) for one, at, value in said if (one, at) == (who, week)] for who in range(9)}
            for week in (figure.period - 2, figure.period - 1)
        ]
        before, now = by_week
        # Shards of whole customers add up to the same.
        shards = [
            ClusterSums.of((sum(now[who]), len(now[who]), sum(x * x for x in now[who])) for who in part)
            for part in (range(4), range(4, 9))
        ]
        assert figure.sums == shards[0] + shards[1]
        both = [(sum(now[who]), len(now[who]), sum(before[who]), len(before[who])) for who in range(9)]
        assert figure.shared == SharedSums.of(both[:5]) + SharedSums.of(both[5:])
    assert len(found) == 8
