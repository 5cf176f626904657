"""What the catalogue lacks is named for unexplained failures, counted, and becomes a condition."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from api.worker import Worker
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeWorkspace
from tests.api.failures.test_analyses import ask, company, worker

pytestmark = pytest.mark.anyio

__all__ = ["worker"]

PATH = "/v1/missing-conditions"


async def unexplained(client: Caller, worker: Worker) -> tuple[str, list[str]]:
    """Let an analysis leave failures unexplained; give where they are named, and their cases."""
    await company(client, failing=5)
    analysis = await ask(client)
    await worker.work_off()
    path = f"/v1/analyses/{analysis}/unexplained"
    return path, [item["case"] for item in (await client.read(path))["items"]]


async def name(client: Caller, path: str, case: str, missing: str) -> tuple[int, Any]:
    """Name what is missing; give the status and the answer."""
    answer = await client.post(f"{path}/{case}", {"missing": missing})
    return answer.status_code, done(answer)


async def test_names_are_counted_by_case_and_told_once(client: Caller, worker: Worker) -> None:
    path, cases = await unexplained(client, worker)
    assert await client.read_all(PATH) == []
    status, first = await name(client, path, cases[0], "No  spare key")
    assert (status, first["name"], first["cases"], first["condition"]) == (201, "No  spare key", 1, None)
    assert (await name(client, path, cases[0], "no spare KEY ")) == (200, first)
    await name(client, path, cases[1], "parking")
    status, second = await name(client, path, cases[1], "no spare key")
    assert (status, second["cases"], second["name"]) == (201, 2, "No  spare key")
    since = datetime.now(UTC).isoformat()
    await name(client, path, cases[2], "No spare key")
    listed = await client.read_all(PATH, limit=1)
    assert [(item["name"], item["cases"]) for item in listed] == [("No  spare key", 3), ("parking", 1)]
    assert await client.stream(PATH, updated_since=since) == listed[:1]


async def test_only_what_is_shown_as_unexplained_is_named(
    client: Caller, worker: Worker, caller: Any, make_workspace: MakeWorkspace
) -> None:
    waiting = await ask(client)
    refusal(await client.post(f"/v1/analyses/{waiting}/unexplained/K-1", {"missing": "x"}), 409, "not_done_yet")
    await worker.work_off()
    path, cases = await unexplained(client, worker)
    for wrong in (
        {"missing": ""},
        {"missing": " \n"},
        {"missing": "x" * 201},
        {"missing": "a\0b"},
        {"missing": 3},
        {},
        {"missing": "x", "by": 1},
    ):
        refusal(await client.post(f"{path}/{cases[0]}", wrong), 422)
    explained = next(f"K-{n}" for n in range(240) if f"K-{n}" not in cases)
    for other in (explained, "K-none"):
        refusal(await client.post(f"{path}/{other}", {"missing": "x"}), 404, "not_found")
    reader = await caller("analysis:read")
    refusal(await reader.post(f"{path}/{cases[0]}", {"missing": "x"}), 403)
    stranger = await caller("admin", of=await make_workspace("Another"))
    refusal(await stranger.post(f"{path}/{cases[0]}", {"missing": "x"}), 404, "not_found")
    assert await client.read_all(PATH) == []


async def test_two_who_name_the_same_at_once_tell_it_once(client: Caller, worker: Worker) -> None:
    path, cases = await unexplained(client, worker)
    said = await asyncio.gather(*(name(client, path, cases[0], "no key") for _ in range(4)))
    assert sorted(status for status, _ in said) == [200, 200, 200, 201]
    [listed] = await client.read_all(PATH)
    assert listed["cases"] == 1


async def test_a_name_becomes_a_condition_observed_where_it_was_named(client: Caller, worker: Worker) -> None:
    path, cases = await unexplained(client, worker)
    for case in cases[:3]:
        await name(client, path, case, "No spare key")
    await client.erase(f"C-{cases[2].removeprefix('K-')}")
    body = {"name": "no spare key", "code": "no_spare_key", "kind": "tool"}
    refusal(await client.post(f"{PATH}/catalogue", {**body, "name": "unheard"}), 404, "not_found")
    refusal(await client.post(f"{PATH}/catalogue", {**body, "code": "handed"}), 409, "code_taken")
    made = done(await client.post(f"{PATH}/catalogue", body))
    assert (made["code"], made["name"], made["observed"], made["past_cases"]) == (
        "no_spare_key",
        "No spare key",
        2,
        "no_rule",
    )
    seen = await client.read_all("/v1/observations", condition="no_spare_key")
    assert {(item["case"], item["state"], item["source"]) for item in seen} == {
        (case, "present", "staff") for case in cases[:2]
    }
    [listed] = await client.read_all(PATH)
    assert (listed["condition"], listed["cases"]) == ("no_spare_key", 2)
    again = done(await client.post(f"{PATH}/catalogue", body))
    assert (again["unchanged"], again["version"]) == (True, 1)
    assert await client.read_all("/v1/observations", condition="no_spare_key") == seen
    # Whoever named it knew that the case had failed: that speaks for nothing.
    analysis = await ask(client)
    await worker.work_off()
    found = (await client.read(f"/v1/analyses/{analysis}"))["summary"]
    assert all("no_spare_key" not in item["conditions"] for item in found["sets"])


async def test_who_is_erased_is_taken_out_of_what_was_named(client: Caller, worker: Worker) -> None:
    path, cases = await unexplained(client, worker)
    await name(client, path, cases[0], f"as in {cases[1]}, no key")
    await name(client, path, cases[1], "no key")
    customer = f"C-{cases[1].removeprefix('K-')}"
    told = await client.read(f"/v1/customers/{customer}/personal-data")
    words = [row["words"] for row in told["records"]["missing_conditions"]["rows"]]
    assert words == ["no key", f"as in {cases[1]}, no key"]
    await client.erase(customer)
    await worker.work_off()
    assert [item["name"] for item in await client.read_all(PATH)] == ["as in erased, no key"]
