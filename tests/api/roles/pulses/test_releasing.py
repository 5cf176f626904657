"""What is told of a pulse: by night, in batches, of enough people, and never so that fewer follow from it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from api.dependencies import utc_now, writing_as
from api.handlers import worker_caller
from api.roles.pulses.releasing import is_anything_to_release
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.pulse import PulseAnswer
from tests.api.caller import Caller
from tests.api.roles.pulses.answering import (
    PATH,
    answer,
    answer_many,
    ask_staff,
    cells,
    close,
    launch,
    let_a_night_go_by,
    links,
)

pytestmark = pytest.mark.anyio


async def test_results_come_by_night_and_five_at_a_time(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    await launch(client)
    at = (await links(client))[None]
    await answer_many(client, at, 4, tools=1)
    await let_a_night_go_by(database, workspace.id)
    waiting = cells(await client.read(f"{PATH}/spring"), "tools")[None, None]
    assert (waiting["figures"], waiting["suppressed"], waiting["n"]) == (None, "not_released", None)
    assert waiting["says"].startswith("Nothing is released yet")
    await answer_many(client, at, 1, tools=3, sure="cannot_say")
    before = await client.read(f"{PATH}/spring")
    assert before["questions"][0]["cells"][0] == waiting
    await let_a_night_go_by(database, workspace.id)
    results = await client.read(f"{PATH}/spring")
    told = cells(results, "tools")[None, None]
    assert (told["n"], results["answers"], results["released_on"]) == (5, 5, told["as_of"])
    mean, share = told["figures"]
    assert (mean["statistic"], mean["value"], mean["low"] < 1.4 < mean["high"]) == ("mean", 1.4, True)
    assert (share["statistic"], share["share_of"], share["value"]) == ("share", "top_two", 0.2)
    nothing = cells(results, "sure")[None, None]
    assert (nothing["n"], nothing["suppressed"]) == (None, "too_few")
    # Four more answers are not told of, and five more are.
    await answer_many(client, at, 4, tools=3)
    await let_a_night_go_by(database, workspace.id)
    assert await client.read(f"{PATH}/spring") == results
    await answer_many(client, at, 1, tools=3)
    await let_a_night_go_by(database, workspace.id)
    later = await client.read(f"{PATH}/spring")
    assert (later["answers"], cells(later, "tools")[None, None]["n"]) == (10, 10)
    assert cells(later, "tools")[None, None]["figures"][0]["value"] == 2.2


async def test_a_team_is_not_told_of_where_the_others_would_follow(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    await launch(client, teams=["north", "south"], cut_by=["since", "free"])
    at = await links(client)
    await answer_many(client, at["north"], 6, tools=4, since="short", free=True)
    await answer_many(client, at["south"], 2, tools=0, since="long", free=False)
    await let_a_night_go_by(database, workspace.id)
    results = await client.read(f"{PATH}/spring")
    found = cells(results, "tools")
    order = ["team", "team", "since", "since", "free", "free"]
    assert [cut for cut, _ in found] == [None, *order]
    assert [group for _, group in found] == [None, "north", "south", "short", "long", "yes", "no"]
    assert [cell["suppressed"] for cell in found.values()] == [None, "derivable", "too_few"] + [
        "derivable",
        "too_few",
    ] * 2
    assert [cell["n"] for cell in found.values()] == [8, *[None] * 6]
    assert found["team", "north"]["says"].startswith("Together with what is released")
    # What groups are made of is told as groups alone.
    assert [question["key"] for question in results["questions"]] == ["tools", "sure"]
    # Of the first night the two of the south would follow from the north's six, however many come later to the south.
    await answer_many(client, at["south"], 6, tools=0, since="long")
    await let_a_night_go_by(database, workspace.id)
    later = cells(await client.read(f"{PATH}/spring"), "tools")
    assert (later["team", "north"]["suppressed"], later["team", "south"]["suppressed"]) == ("derivable", "derivable")
    # After a night in which both answered, no fewer than six of the south follow.
    await answer_many(client, at["north"], 5, tools=4, since="short", free=True)
    await answer_many(client, at["south"], 4, tools=0, since="long")
    await let_a_night_go_by(database, workspace.id)
    last = cells(await client.read(f"{PATH}/spring"), "tools")
    assert [last["team", team]["n"] for team in ("north", "south")] == [11, 12]
    assert [last["team", team]["figures"][0]["value"] for team in ("north", "south")] == [4.0, 0.0]
    assert last["free", "no"]["suppressed"] == "too_few"


async def test_comments_come_from_ten_on_in_no_order_and_without_a_team(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    await launch(client, teams=["north"])
    at = await links(client)
    for number in range(9):
        await answer(client, at["north"], why=f"a wrench {number}")
    await answer_many(client, at["north"], 1, tools=2)
    await let_a_night_go_by(database, workspace.id)
    [few] = (await client.read(f"{PATH}/spring"))["comments"]
    assert (few["comments"], few["suppressed"], few["n"]) == ([], "too_few", None)
    for number in range(9, 14):
        await answer(client, at[None], why=f"a wrench {number}")
    await let_a_night_go_by(database, workspace.id)
    [told] = (await client.read(f"{PATH}/spring"))["comments"]
    assert sorted(told["comments"]) == sorted(f"a wrench {number}" for number in range(14))
    assert (told["n"], told["suppressed"], told["says"]) == (14, None, None)
    assert set(told) == {"key", "texts", "n", "as_of", "comments", "suppressed", "says"}


async def test_a_pulse_that_is_over_is_released_and_its_answers_are_deleted(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    await launch(client)
    at = (await links(client))[None]
    await answer_many(client, at, 7, tools=2)
    await close(database, workspace.id, utc_now() - timedelta(minutes=5))
    await let_a_night_go_by(database, workspace.id)
    assert ((await client.read(f"{PATH}/spring"))["ended"], await _kept(database, workspace)) == (False, 7)
    await close(database, workspace.id, utc_now() - timedelta(hours=2))
    async with writing_as(database, worker_caller(workspace.id)) as work:
        assert await is_anything_to_release(work, None) is True
    await let_a_night_go_by(database, workspace.id)
    results = await client.read(f"{PATH}/spring")
    assert (results["ended"], results["answers"], await _kept(database, workspace)) == (True, 7, 0)
    assert cells(results, "tools")[None, None]["figures"][0]["value"] == 2.0
    async with writing_as(database, worker_caller(workspace.id)) as work:
        assert await is_anything_to_release(work, None) is False


async def _kept(database: Database, workspace: WorkspaceSettings) -> int:
    async with database.read(workspace.id) as session:
        return int(await session.scalar(select(func.count()).select_from(PulseAnswer)) or 0)


async def test_each_pulse_is_released_for_itself(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    for key, many in (("spring", 5), ("summer", 3), ("autumn", 6)):
        await launch(client, key)
        await answer_many(client, (await links(client, key))[None], many, free=True)
    await let_a_night_go_by(database, workspace.id)
    assert [item["answers"] for item in await client.read_all(PATH)] == [None, 5, 6]
    share = cells(await client.read(f"{PATH}/autumn"), "free")[None, None]["figures"][0]
    assert (share["share_of"], share["value"], share["low"] < 1 == share["high"]) == ("yes", 1.0, True)
