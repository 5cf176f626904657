"""An analysis is asked for, done by whoever learns, and says what it found and what it could not explain."""

from datetime import timedelta
from typing import Any

import pytest

from api.jobs.leases import Leases
from api.learner.learning import learning_here
from api.settings import settings
from api.worker import Worker
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.company import tell, today
from tests.api.conftest import MakeWorkspace
from tests.api.test_learner import many, reading

pytestmark = pytest.mark.anyio

HANDED_OVER = {"all": [{"field": "handovers", "op": "ge", "value": 3}]}


@pytest.fixture
def worker(database: Database, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """Give a worker that learns in this process."""
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    settings.cache_clear()
    leases = Leases(database)
    return Worker(leases, learning_here(leases))


async def ask(client: Caller, **body: Any) -> str:
    """Ask for an analysis; give its id."""
    answer = await client.post("/v1/analyses", body)
    found = done(answer)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/analyses/{found['id']}"
    return str(found["id"])


async def company(client: Caller, failing: int = 2) -> None:
    """Tell of a company whose cases fail when handed over while somebody is away."""
    for name in ("handed", "away"):
        await client.catalogue(name, rule=reading(name))
    await tell(client, many(failing))


async def test_an_analysis_is_asked_for_and_done(client: Caller, worker: Worker) -> None:
    await company(client)
    analysis = await ask(client)
    assert await ask(client, outcome="failure") == analysis
    found = await client.read(f"/v1/analyses/{analysis}")
    assert (found["state"], found["progress"], found["summary"], found["in_force"]) == ("queued", 0.0, None, False)
    refusal(await client.get(f"/v1/analyses/{analysis}/unexplained"), 409, "not_done_yet")
    assert await worker.work_off() == 1
    found = await client.read(f"/v1/analyses/{analysis}")
    assert (found["state"], found["progress"], found["problem"]) == ("done", 1.0, None)
    assert found["summary"]["rows"] == 240
    assert found["finished_at"] > found["created_at"]
    assert [set(item["conditions"]) for item in found["summary"]["sets"]] == [{"handed", "away"}]
    [kept] = (await client.read("/v1/condition-sets"))["items"]
    assert (kept["analysis"], kept["proposed"], kept["verdict"]) == (analysis, False, None)
    assert [item["id"] for item in await client.read_all("/v1/analyses")] == [analysis]
    assert (await client.read(f"/v1/jobs/{analysis}"))["result"]["analysis"] == analysis
    assert await ask(client) != analysis


async def test_analyses_are_listed_page_by_page_the_newest_first(client: Caller) -> None:
    asked = [await ask(client, window={"to": ago(days=number)}) for number in range(5)]
    assert [item["id"] for item in await client.read_all("/v1/analyses", limit=2)] == asked[::-1]
    assert await client.read_all("/v1/analyses", updated_since=ago(hours=-1)) == []
    shown = await client.read(f"/v1/analyses/{asked[1]}")
    assert (shown["window"]["from"], shown["strata"], shown["in_force"]) == (None, None, False)


async def test_why_an_analysis_found_nothing_is_kept(client: Caller, worker: Worker) -> None:
    analysis = await ask(client)
    await worker.work_off()
    found = await client.read(f"/v1/analyses/{analysis}")
    assert (found["state"], found["problem"]["code"]) == ("failed", "nothing_to_learn_from")
    assert "Report responses" in found["problem"]["detail"]
    refusal(await client.post(f"/v1/analyses/{analysis}/cancel"), 409, "already_ended")
    assert not refusal(await client.get(f"/v1/analyses/{analysis}/unexplained"), 409, "no_result")["retryable"]
    assert not refusal(await client.get("/v1/cost-of-failure", analysis=analysis), 409, "no_result")["retryable"]
    assert (await client.read(f"/v1/jobs/{analysis}"))["problem"]["code"] == "nothing_to_learn_from"


async def test_an_analysis_can_be_called_off_and_then_stores_nothing(
    client: Caller, worker: Worker, database: Database
) -> None:
    await company(client)
    waiting = await ask(client)
    for _ in range(2):
        assert done(await client.post(f"/v1/analyses/{waiting}/cancel"))["state"] == "canceled"
    assert await worker.work_off() == 0
    begun = await ask(client)
    held = await Leases(database).claim(["analyse"])
    assert held is not None
    assert (await client.read(f"/v1/analyses/{begun}"))["state"] == "running"
    assert done(await client.post(f"/v1/analyses/{begun}/cancel"))["state"] == "canceled"
    assert await worker.do(held) == "lost"
    assert (await client.read(f"/v1/analyses/{begun}"))["summary"] is None
    assert (await client.read("/v1/condition-sets"))["items"] == []
    refusal(await client.post("/v1/analyses/00000000-0000-0000-0000-000000000001/cancel"), 404, "not_found")


async def test_only_cases_of_a_window_are_looked_at_and_what_is_in_force_stays(client: Caller, worker: Worker) -> None:
    await company(client)
    whole = await ask(client)
    await worker.work_off()
    middle = (today() - timedelta(days=195)).isoformat()
    early, late = await ask(client, window={"to": middle}), await ask(client, window={"from": middle})
    await worker.work_off()
    rows = [(await client.read(f"/v1/analyses/{each}"))["summary"]["rows"] for each in (early, late)]
    assert sum(rows) == 240
    assert min(rows) > 50
    assert {item["analysis"] for item in (await client.read("/v1/condition-sets"))["items"]} == {whole}
    of_late = (await client.read("/v1/condition-sets", analysis=late))["items"]
    assert {item["analysis"] for item in of_late} == {late}
    nothing = await ask(client, window={"to": ago(days=3000)})
    await worker.work_off()
    problem = (await client.read(f"/v1/analyses/{nothing}"))["problem"]
    assert problem["detail"] == "No case of the window has a known outcome. Ask for a longer one, or for none."
    assert [item["id"] for item in await client.read_all("/v1/analyses") if item["in_force"]] == [whole]
    again = await ask(client)
    assert [item["id"] for item in await client.read_all("/v1/analyses") if item["in_force"]] == [whole]
    await worker.work_off()
    assert [item["id"] for item in await client.read_all("/v1/analyses") if item["in_force"]] == [again]


@pytest.mark.parametrize("strata", ["need", "team", "attributes.constant", "attributes.number"])
async def test_a_confounder_is_taken_account_of(client: Caller, worker: Worker, strata: str) -> None:
    await company(client)
    analysis = await ask(client, strata=strata)
    await worker.work_off()
    found = await client.read(f"/v1/analyses/{analysis}")
    assert (found["state"], found["strata"], found["in_force"]) == ("done", strata, False)
    pooled = "240 strata with under 20 rows each were pooled into one." in found["summary"]["notes"]
    assert pooled is (strata == "attributes.number")


@pytest.mark.parametrize(
    "body",
    [
        {"outcome": "departure"},
        {"strata": "customer_id"},
        {"strata": "attributes."},
        {"window": {"from": "yesterday"}},
        {"window": {"since": "2026-01-01T00:00:00Z"}},
        {"rows": 5},
    ],
)
async def test_what_cannot_be_looked_for_is_refused(client: Caller, body: dict[str, Any]) -> None:
    refusal(await client.post("/v1/analyses", body), 422, "malformed")
    assert await client.read_all("/v1/analyses") == []


async def test_unexplained_failures_are_shown_without_a_word_anybody_wrote(client: Caller, worker: Worker) -> None:
    await company(client, failing=5)
    await client.put_case("K-0", "C-0", attributes={"note": "she cried", "rooms": 3}, handovers=2)
    analysis = await ask(client)
    await worker.work_off()
    shown = await client.read(f"/v1/analyses/{analysis}/unexplained")
    summary = (await client.read(f"/v1/analyses/{analysis}"))["summary"]
    assert summary["unexplained"] == shown["failures"] > 20
    assert len(shown["items"]) == 20
    for item in shown["items"]:
        assert set(item["conditions"]) < {"handed", "away"}
        assert item["facts"]["attributes.constant"] == 1
        assert all(not isinstance(value, str) for value in item["facts"].values())
        assert (await client.read(f"/v1/cases/{item['case']}"))["customer"]
    again = await ask(client)
    await worker.work_off()
    repeated = await client.read(f"/v1/analyses/{again}/unexplained")
    assert repeated["items"] == shown["items"]


async def test_another_workspaces_analyses_are_not_there(
    client: Caller, caller: Any, make_workspace: MakeWorkspace, worker: Worker
) -> None:
    await company(client)
    analysis = await ask(client)
    await worker.work_off()
    other = await caller("admin", of=await make_workspace("Another"))
    [found] = (await client.read("/v1/condition-sets"))["items"]
    for path in (f"analyses/{analysis}", f"analyses/{analysis}/unexplained", f"condition-sets/{found['id']}"):
        refusal(await other.get(f"/v1/{path}"), 404, "not_found")
    refusal(await other.get(f"/v1/jobs/{analysis}"), 404, "not_found")
    refusal(await other.post(f"/v1/analyses/{analysis}/cancel"), 404, "not_found")
    assert (await other.read("/v1/condition-sets", analysis=analysis))["items"] == []


async def test_a_training_is_asked_for_and_its_job_says_what_came_of_it(client: Caller, worker: Worker) -> None:
    answer = await client.post("/v1/models")
    job = done(answer)["id"]
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/jobs/{job}")
    assert (await client.read(f"/v1/jobs/{job}"))["state"] == "queued"
    await worker.work_off()
    found = await client.read(f"/v1/jobs/{job}")
    assert (found["kind"], found["state"], found["problem"]["code"]) == ("train", "failed", "nothing_to_learn_from")
