"""What a customer's risk is reckoned from, number by number: waiting, asking, coming, worth, and what was verified."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from api import kinds
from api.dependencies import Work, writing_as
from api.handlers import worker_caller
from api.risk import usual
from api.risk.service import risk_of
from api.workspaces.service import WorkspaceSettings
from ml.features import FEATURES, all_moments, customer_features, served, served_features
from ml.verifications import read_verifications
from models.base import to_us
from models.countermeasure import CountermeasureEffect
from models.database import Database
from models.ids import uuid7
from models.invitation import Invitation
from models.median import Median
from tests.api.caller import Caller
from tests.api.conftest import MakeWorkspace

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Rows = dict[str, dict[str, Any]]


def at(*, days: float = 0, hours: float = 0) -> str:
    """Give a moment before now."""
    return (NOW - timedelta(days=days, hours=hours)).isoformat()


async def tell_case(client: Caller, case: str, customer: str, opened: float, took: float | None, **fields: Any) -> None:
    """Tell a case opened so many days ago, known as it came, and ended after so many hours where it did."""
    row = {"need": "repair", "opened_at": at(days=opened), **fields}
    await client.put_case(case, customer, **row, recorded_at=at(days=opened))
    if took is not None:
        done_at = at(days=opened, hours=-took)
        await client.put_case(case, customer, **row, done_at=done_at, recorded_at=done_at)


async def features(database: Database, workspace: WorkspaceSettings, moment: datetime) -> Rows:
    """Give everybody's features by reference, read at once and each alone, which must be the same to the last bit."""
    head = kinds.CUSTOMER.head
    us, other = to_us(moment), to_us(moment - 3 * DAY)
    async with database.read(workspace.id) as session:
        names = {row.id: row.reference for row in await session.execute(select(head.c.id, head.c.reference))}

        async def read(statement: Any, asked: Any = None) -> dict[UUID, dict[str, Any]]:
            rows = (await session.execute(statement, asked)).mappings()
            found = {row["customer_id"]: dict(row) for row in rows if row["moment_us"] == us}
            for row in found.values():
                row.pop("attributes", None)
            return found

        together = await read(customer_features(all_moments(workspace.id, [us])))
        assert await read(customer_features(all_moments(workspace.id, [other, us]))) == together
        assert await read(served_features(), served(workspace.id, list(names), us)) == together
        for identity, row in together.items():
            assert await read(served_features(), served(workspace.id, [identity], us)) == {identity: row}
    return {names[identity]: row for identity, row in together.items()}


async def find_usual(database: Database, workspace: WorkspaceSettings, moment: datetime = NOW) -> None:
    """Let what is usual be found as a training does."""
    async with database.read(workspace.id) as session:
        found = await usual.find(session, workspace.id, usual.months_about(moment))
    async with writing_as(database, worker_caller(workspace.id)) as work:
        await usual.keep(work, found)


async def test_waiting_is_set_against_what_is_usual_for_the_need(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-0", recorded_at=at(days=300))
    for number in range(5):
        await tell_case(client, f"U-{number}", "C-0", 150 + number, 10)
    for reference in ("C-1", "C-2", "C-3"):
        await client.put_customer(reference, recorded_at=at(days=300))
    await tell_case(client, "K-1", "C-1", 50, 40)
    await tell_case(client, "K-2", "C-1", 20, 20)
    await tell_case(client, "K-3", "C-2", 10, None)
    await tell_case(client, "K-4", "C-3", 10, 30, need="never heard of")
    before = await features(database, workspace, NOW)
    assert before["C-1"]["elapsed_ratio_last"] is None
    await find_usual(database, workspace)
    found = await features(database, workspace, NOW)
    one = found["C-1"]
    assert (one["elapsed_hours_max_90"], one["elapsed_hours_mean_90"], one["elapsed_hours_last"]) == (40, 30, 20)
    # The median of five tens is ten, give or take the width of its bin.
    assert one["elapsed_ratio_max_90"] == pytest.approx(4, rel=0.1)
    assert one["elapsed_ratio_last"] == pytest.approx(2, rel=0.1)
    assert found["C-2"]["elapsed_hours_max_90"] == 240  # still waiting
    assert found["C-2"]["elapsed_hours_last"] is None
    assert found["C-2"]["elapsed_ratio_max_90"] == pytest.approx(24, rel=0.1)
    assert (found["C-3"]["elapsed_hours_last"], found["C-3"]["elapsed_ratio_last"]) == (30, None)
    assert found["C-0"]["elapsed_hours_max_90"] is None
    # As known before the second was done, it was still running.
    earlier = await features(database, workspace, NOW - 20 * DAY + 15 * HOUR)
    assert (earlier["C-1"]["elapsed_hours_max_90"], earlier["C-1"]["elapsed_hours_last"]) == (40, 40)


async def test_silence_is_told_from_not_being_asked(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    for reference in ("quiet", "answered", "once", "lately", "taken back", "unasked"):
        await client.put_customer(reference.replace(" ", "-"), recorded_at=at(days=300))
    await client.put_customer("refused", survey_opt_out=True, recorded_at=at(days=300))
    await client.put_case("K-1", "answered", opened_at=at(days=40), recorded_at=at(days=40))
    await client.respond("K-1", answered_at=at(days=35))
    sent = {"quiet": [60, 30], "answered": [60, 40], "once": [60], "lately": [60, 3], "taken-back": [60, 30]}
    await _invite(database, workspace, sent, revoked="taken-back")
    found = await features(database, workspace, NOW + HOUR)
    said = {
        name: (row["not_invited"], row["invitations_365"], row["silent_after_invitations"], row["opted_out"])
        for name, row in found.items()
    }
    assert said == {
        "quiet": (0, 2, 1, 0),
        "answered": (0, 2, 0, 0),
        "once": (0, 1, 0, 0),
        "lately": (0, 2, 0, 0),
        "taken-back": (1, 0, None, 0),
        "unasked": (1, 0, None, 0),
        "refused": (1, 0, None, 1),
    }
    assert (await features(database, workspace, NOW - 50 * DAY))["quiet"]["invitations_365"] == 1


async def _invite(database: Database, workspace: WorkspaceSettings, sent: dict[str, list[int]], revoked: str) -> None:
    heads, surveys = kinds.CUSTOMER.head, kinds.RESPONSE.head
    table = Invitation.__table__  # type: ignore[attr-defined]
    async with database.write(workspace.id) as session:
        ids = {row.reference: row.id for row in await session.execute(select(heads.c.id, heads.c.reference))}
        survey = await session.scalar(select(surveys.c.survey_id))
        for name, days in sent.items():
            for ago in days:
                when = NOW - ago * DAY
                row = {"workspace_id": workspace.id, "id": uuid7(), "reference": f"{name}-{ago}", "survey_id": survey}
                row |= {"customer_id": ids[name], "created_at": when, "stored_at": when}
                await session.execute(insert(table).values(row))
        taken = update(table).where(table.c.customer_id == ids[revoked]).values(revoked_at=NOW - DAY)
        await session.execute(taken)


async def test_coming_seldom_is_set_against_how_often_somebody_comes(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    came = {"often": [40, 30, 20, 10], "late": [200, 190, 170, 140, 100], "seldom": [90, 60, 30], "once": [5]}
    for reference, days in came.items():
        await client.put_customer(reference, recorded_at=at(days=300))
        for day in days:
            await tell_case(client, f"{reference}-{day}", reference, day, 1, demand="value")
    await tell_case(client, "failed", "often", 2, 1, demand="failure")
    found = await features(database, workspace, NOW)
    # The gaps of the late one are 10, 20, 30 and 40 days.
    assert {name: row["recency_ratio"] for name, row in found.items()} == {
        "often": 1.0,
        "late": 4.0,
        "seldom": None,
        "once": None,
    }
    assert found["once"]["recency_days"] == 5


async def test_worth_is_set_against_what_customers_are_usually_worth(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    for number in range(5):
        value = {"amount": 100_00 * (number + 1), "currency": "EUR"}
        await client.put_customer(f"C-{number}", value=value, recorded_at=at(days=100))
    await client.put_customer("C-5", value={"amount": 1, "currency": "USD"}, recorded_at=at(days=100))
    await client.put_customer("C-6", recorded_at=at(days=100))
    await find_usual(database, workspace)
    ratios = {name: row["value_ratio"] for name, row in (await features(database, workspace, NOW)).items()}
    assert ratios["C-2"] == pytest.approx(1, rel=0.1)
    assert ratios["C-4"] == pytest.approx(5 / 3, rel=0.1)
    assert (ratios["C-5"], ratios["C-6"]) == (None, None)


async def test_what_is_told_late_was_not_known_before(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1", recorded_at=at(days=300))
    await tell_case(client, "K-1", "C-1", 30, 5, demand="value")
    before = await features(database, workspace, NOW - DAY)
    # Both happened long ago, and are told now.
    await client.put_case("K-2", "C-1", opened_at=at(days=20), done_at=at(days=10), demand="value")
    await client.respond("K-1", answered_at=at(days=25), satisfaction=1)
    assert await features(database, workspace, NOW - DAY) == before
    later = await features(database, workspace, datetime.now(UTC) + HOUR)
    assert later["C-1"]["contacts_90"] == 2
    assert later["C-1"]["score_last"] is not None


async def test_a_month_is_found_once_and_anew_where_it_is_asked_for(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    medians = Median.__table__  # type: ignore[attr-defined]

    async def kept() -> list[Any]:
        async with database.read(workspace.id) as session:
            return [(row.key, row.n, row.median) for row in await session.execute(select(medians))]

    for number in range(4):
        value = {"amount": 100_00, "currency": "EUR"}
        await client.put_customer(f"C-{number}", value=value, recorded_at=at(days=100))
    await find_usual(database, workspace)
    assert await kept() == []  # of four nothing is said
    await client.put_customer("C-4", value={"amount": 100_00, "currency": "EUR"}, recorded_at=at(days=100))
    async with writing_as(database, worker_caller(workspace.id)) as work:
        found = await usual.find_missing(work)
        await usual.keep(work, found)
        await usual.keep(work, found)
        assert await usual.find_missing(work) == {}
    assert {(key, n) for key, n, _ in await kept()} == {("EUR", 5)}
    assert all(median == pytest.approx(10_000, rel=0.1) for _, _, median in await kept())


async def test_a_verified_countermeasure_counts_for_whoever_last_met_the_condition_before(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.catalogue("rude")
    for reference, days in (("before", 60), ("after", 5)):
        await client.put_customer(reference, recorded_at=at(days=300))
        await client.put_case(f"K-{reference}", reference, opened_at=at(days=days), recorded_at=at(days=days))
        await client.observe(f"K-{reference}", "rude", observed_at=at(days=days), recorded_at=at(days=days))
    live = {"live_from": at(days=50), "occurred_at": at(days=50), "recorded_at": at(days=50)}
    await client.countermeasure("M-1", "rude", **live)
    await client.countermeasure("M-2", "rude", team="north", **live)
    plain = {name: (await _answered(database, workspace, name)).risk for name in ("before", "after")}
    assert plain["before"] is not None
    await _verify(database, workspace, NOW - 20 * DAY)
    verified = {name: (await _answered(database, workspace, name)).risk for name in ("before", "after")}
    assert verified["before"] < plain["before"]
    assert verified["after"] == plain["after"]

    async with database.read(workspace.id) as session:

        def read(connection: Any) -> Any:
            return read_verifications(connection, workspace.id)

        known = await (await session.connection()).run_sync(read)
    assert known.at(to_us(NOW)) == {"rude": to_us(NOW - 20 * DAY)}
    assert known.at(to_us(NOW - 21 * DAY)) == {}
    assert known.at(to_us(NOW - 100 * DAY)) == {}
    assert known.at(to_us(NOW + 200 * DAY)) == {}  # not confirmed any more


async def _answered(database: Database, workspace: WorkspaceSettings, reference: str) -> Any:
    async with database.read(workspace.id) as session:
        return await risk_of(Work(session, workspace.id, worker_caller(workspace.id), NOW + HOUR), reference)


async def _verify(database: Database, workspace: WorkspaceSettings, when: datetime) -> None:
    """Keep of every countermeasure that it was found verified."""
    version = kinds.COUNTERMEASURE.version
    table = CountermeasureEffect.__table__  # type: ignore[attr-defined]
    async with database.write(workspace.id) as session:
        for row in (await session.execute(select(version))).all():
            judged = {"workspace_id": workspace.id, "id": uuid7(), "countermeasure_id": row.id}
            judged |= {"live_from": row.live_from, "conditions": row.conditions, "returned": False, "figures": {}}
            judged |= {"verified_at": when, "confirmed_at": when, "recorded_at": when}
            await session.execute(insert(table).values(judged))


def test_every_feature_has_a_name_once() -> None:
    assert len(set(FEATURES)) == len(FEATURES)


async def test_who_comes_again_within_two_weeks_is_counted_wherever_the_first_case_lies(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    opened = {"C-1": [95, 85, 60, 50], "C-2": [95, 80], "C-3": [91, 10], "C-4": []}
    for reference, days in opened.items():
        await client.put_customer(reference, recorded_at=at(days=300))
        for day in days:
            await tell_case(client, f"K-{reference}-{day}", reference, day, 10)
    await tell_case(client, "K-other", "C-2", 78, 10, need="advice")
    found = await features(database, workspace, NOW)
    counted = {name: row["repeats_90"] for name, row in found.items()}
    assert counted == {"C-1": 2, "C-2": 0, "C-3": 0, "C-4": 0}


async def test_nothing_is_told_of_whom_nobody_knew_by_then_and_nothing_of_another_workspace_counts(
    client: Caller, database: Database, workspace: WorkspaceSettings, make_workspace: MakeWorkspace
) -> None:
    await client.put_customer("C-1", recorded_at=at(days=300))
    await client.put_customer("C-late", recorded_at=at(days=10))
    await tell_case(client, "K-1", "C-1", 30, 10)
    await tell_case(client, "K-late", "C-late", 30, 10)
    assert set(await features(database, workspace, NOW)) == {"C-1", "C-late"}
    assert set(await features(database, workspace, NOW - 20 * DAY)) == {"C-1"}
    other = await make_workspace("Next Door")
    moments = all_moments(other.id, [to_us(NOW)])
    async with database.read(other.id) as session:
        assert (await session.execute(customer_features(moments))).all() == []
