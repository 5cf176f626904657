"""Analyses of what is not enough, not fit or not there: each says what is the matter, and nothing half is kept."""

from typing import Any

import pytest
from sqlalchemy import func, select

from api.failures import queries
from api.jobs.leases import Leases
from api.learner.analyses import analyse
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from ml.mining import strata
from models.database import Database
from tests.api.caller import Caller, ago, done
from tests.api.company import Told, tell
from tests.api.failures.test_analyses import ask, company, worker
from tests.api.test_learner import many, reading

pytestmark = pytest.mark.anyio

__all__ = ["worker"]


async def asked(client: Caller, worker: Worker, **body: Any) -> Any:
    """Ask for an analysis and let it be done; give how it stands then."""
    analysis = await ask(client, **body)
    assert await worker.work_off() == 1
    return await client.read(f"/v1/analyses/{analysis}")


async def refused(client: Caller, worker: Worker, code: str, **body: Any) -> str:
    """Ask for an analysis that must be refused; give why."""
    found = await asked(client, worker, **body)
    assert (found["state"], found["problem"]["code"], found["summary"]) == ("failed", code, None)
    assert (await client.read("/v1/condition-sets"))["items"] == []
    assert (await client.read(f"/v1/jobs/{found['id']}"))["problem"]["code"] == code
    return str(found["problem"]["detail"])


def with_failures(wanted: int) -> Told:
    """Tell of cases of which so many fail, whatever their conditions."""
    told = many(failing=0)
    for number, row in enumerate(told.responses):
        row["answers"] = {"satisfaction": 1 if number < wanted else 5}
    return told


async def catalogued(client: Caller, *names: str) -> None:
    """Catalogue conditions that rules see in attributes."""
    for name in names:
        await client.catalogue(name, rule=reading(name))


async def test_five_failures_are_too_few_and_how_many_are_needed_is_said(client: Caller, worker: Worker) -> None:
    await catalogued(client, "handed", "away")
    await tell(client, with_failures(5))
    detail = await refused(client, worker, "too_few_failures")
    assert "5 failures are too few" in detail
    assert "at least 16" in detail


async def test_no_failure_at_all_is_too_few(client: Caller, worker: Worker) -> None:
    await catalogued(client, "handed")
    await tell(client, with_failures(0))
    assert "0 failures are too few" in await refused(client, worker, "too_few_failures")


async def test_where_every_case_failed_there_is_nothing_to_compare(client: Caller, worker: Worker) -> None:
    await catalogued(client, "handed")
    await tell(client, with_failures(240))
    assert "Every case failed" in await refused(client, worker, "nothing_to_learn_from")


async def test_duplicate_and_constant_conditions_are_no_matter(client: Caller, worker: Worker) -> None:
    await catalogued(client, "handed", "away", "constant")
    await client.catalogue("handed_again", rule=reading("handed"))
    await tell(client, many(failing=2))
    found = await asked(client, worker)
    assert (found["state"], found["summary"]["conditions"]) == ("done", 4)
    [item] = (await client.read("/v1/condition-sets"))["items"]
    told = (await client.read(f"/v1/condition-sets/{item['id']}"))["measures"]
    assert "constant" not in item["conditions"]
    assert told["aliases"] == [["away", "handed_again"]]


async def test_one_condition_alone_is_told_in_full(client: Caller, worker: Worker) -> None:
    await catalogued(client, "handed")
    told = many(failing=0)
    for number, row in enumerate(told.responses):
        row["answers"] = {"satisfaction": 1 if number % 2 and number % 3 else 5}
    await tell(client, told)
    assert (await asked(client, worker))["summary"]["conditions"] == 1
    [item] = (await client.read("/v1/condition-sets"))["items"]
    measures = (await client.read(f"/v1/condition-sets/{item['id']}"))["measures"]
    assert (measures["synergy"], measures["excess_risk"], measures["synergy_index"]) == (None, None, None)
    assert (measures["essentiality"], item["near"]) == ({"handed": None}, 0)


async def test_a_condition_that_defines_the_outcome_is_refused_by_name(client: Caller, worker: Worker) -> None:
    await client.catalogue("unhappy", rule={"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]})
    await tell(client, many(failing=2))
    assert "unhappy reads answers.satisfaction" in await refused(client, worker, "nothing_to_learn_from")
    await catalogued(client, "handed", "away")
    summary = (await asked(client, worker))["summary"]
    assert summary["refused"] == {"unhappy": ["answers.satisfaction"]}
    assert summary["refused_because"] == {"unhappy": "condition_defines_outcome"}


async def test_a_condition_recorded_after_the_outcome_is_refused_by_name(client: Caller, worker: Worker) -> None:
    await client.catalogue("complained")
    told = many(failing=2)
    await tell(client, told)
    failed = [row["case"] for row in told.responses if row["answers"]["satisfaction"] == 1]
    seen = {"state": "present", "source": "staff", "observed_at": ago(days=100)}
    rows = [{**seen, "case": case, "condition": "complained"} for case in failed]
    assert done(await client.post("/v1/observations/bulk", rows))["rejected"] == 0
    detail = await refused(client, worker, "nothing_to_learn_from")
    assert "complained was recorded after the outcome alone" in detail
    await catalogued(client, "handed", "away")
    summary = (await asked(client, worker))["summary"]
    assert (summary["refused"], summary["conditions"]) == ({"complained": []}, 2)
    assert summary["refused_because"] == {"complained": "recorded_after_outcome"}
    assert all("complained" not in item["conditions"] for item in summary["sets"])
    opened = next(case["opened_at"] for case in told.cases if case["reference"] == failed[0])
    early = {"case": failed[0], "condition": "complained", "observed_at": opened, "recorded_at": opened}
    done(await client.post("/v1/observations", {**seen, **early}))
    assert (await asked(client, worker))["summary"]["refused"] == {}


async def test_strata_that_no_case_has_are_said(client: Caller, worker: Worker) -> None:
    await company(client)
    assert "attributes.nothing" in await refused(client, worker, "unknown_strata", strata="attributes.nothing")
    found = await asked(client, worker, strata="team")
    assert "No case has a team: the strata tell nothing apart." in found["summary"]["notes"]


async def test_strata_of_too_many_values_are_refused(
    client: Caller, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strata, "MOST_STRATA", 3)
    for name in ("handed", "away"):
        await client.catalogue(name, rule=reading(name))
    told = many(failing=2)
    for number, case in enumerate(told.cases):
        case["attributes"]["street"] = f"street {number % 4}"
    await tell(client, told)
    detail = await refused(client, worker, "too_many_strata", strata="attributes.street")
    assert "4 groups of 20 rows and more: at most 3 are taken. Name a field with fewer values." in detail


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_three_hundred_conditions_are_mined(client: Caller, worker: Worker) -> None:
    await company(client)
    for number in range(298):
        await client.catalogue(f"seldom_{number}")
    opened = [case["opened_at"] for case in many(failing=2).cases]
    rows = [
        {"case": f"K-{number % 240}", "condition": f"seldom_{number}", "state": state, "source": "system"}
        | {"observed_at": opened[number % 240], "recorded_at": opened[number % 240]}
        for number in range(298)
        for state in ["present" if number % 3 else "absent"]
    ]
    assert done(await client.post("/v1/observations/bulk", rows))["rejected"] == 0
    summary = (await asked(client, worker))["summary"]
    assert summary["conditions"] == 300
    assert [set(item["conditions"]) for item in summary["sets"]] == [{"handed", "away"}]


async def counted(database: Database, workspace: WorkspaceSettings) -> tuple[int, ...]:
    """Count what analyses keep."""
    async with database.read(workspace.id) as session:
        tables = (queries.sets, queries.findings)
        return tuple([int(await session.scalar(select(func.count()).select_from(each)) or 0) for each in tables])


class Killed(BaseException):
    """Nobody has a chance to put this right, as with a process that is killed."""


@pytest.mark.parametrize("moment", ["reading", "searching", "judging", "storing"])
async def test_a_run_that_is_killed_keeps_nothing_and_is_done_by_the_next(
    client: Caller, worker: Worker, database: Database, workspace: WorkspaceSettings, moment: str
) -> None:
    await company(client)
    analysis = await ask(client)
    leases = Leases(database)
    held = await leases.claim(["analyse"])
    assert held is not None

    def tell_of(_progress: float, phase: str) -> None:
        if phase == moment:
            raise Killed

    with pytest.raises(Killed):
        await analyse(leases, held, tell_of)
    assert await counted(database, workspace) == (0, 0)
    assert (await client.read(f"/v1/analyses/{analysis}"))["summary"] is None
    await leases.hand_back(held)
    assert await worker.work_off() == 1
    assert (await client.read(f"/v1/analyses/{analysis}"))["state"] == "done"
    assert await counted(database, workspace) == (1, 1)
