"""People draw sets of their own and judge any; an analysis says what speaks for a drawn one."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.ids import condition_set_id
from tests.api.caller import Caller, ago, done, refusal
from tests.api.company import tell
from tests.api.failures.test_analyses import ask, company, worker
from tests.api.test_learner import many, reading

pytestmark = pytest.mark.anyio

__all__ = ["worker"]


async def draw(client: Caller, *conditions: str, note: str = "seen together", **fields: Any) -> Any:
    """Draw a set."""
    return done(await client.post("/v1/condition-sets", {"conditions": conditions, "note": note, **fields}))


def in_short(detail: dict[str, Any]) -> dict[str, Any]:
    """Give of a set in full what lists say of it."""
    return {
        name: value for name, value in detail.items() if name not in {"wording", "measures", "evidence", "root_cost"}
    }


async def test_a_set_that_somebody_drew_is_there_at_once(client: Caller, workspace: WorkspaceSettings) -> None:
    await client.catalogue("late")
    await client.catalogue("rude")
    answer = await client.post("/v1/condition-sets", {"conditions": ["rude", "late"], "note": "on Fridays"})
    drawn = done(answer)
    assert drawn["id"] == str(condition_set_id(workspace.id, "failure", frozenset({"late", "rude"})))
    assert answer.headers["location"] == f"/v1/condition-sets/{drawn['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (drawn["status"], drawn["proposed"], drawn["verdict"], drawn["rate"]) == ("proposed", True, None, None)
    whole = await client.read(f"/v1/condition-sets/{drawn['id']}")
    assert (drawn, whole["measures"], whole["evidence"]) == (in_short(whole), None, [])
    assert (await client.read("/v1/condition-sets"))["items"] == [drawn]
    assert (await client.read("/v1/condition-sets", status="confirmed"))["items"] == []
    again = await draw(client, "late", "rude", note="on Fridays")
    assert (again["id"], again["version"]) == (drawn["id"], 1)
    assert (await draw(client, "late", "rude", note="on Mondays too"))["version"] == 2


async def test_a_set_is_drawn_from_what_is_known(client: Caller) -> None:
    await client.catalogue("unhappy", rule={"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]})
    await client.catalogue("late")
    path = "/v1/condition-sets"
    body = {"conditions": ["late"], "note": "n"}
    refused = refusal(await client.post(path, {**body, "conditions": ["late", "unheard"]}), 409, "unknown_reference")
    assert refused["retryable"]
    refusal(await client.post(path, {**body, "conditions": ["late", "unhappy"]}), 422, "condition_defines_outcome")
    refusal(await client.post(path, {**body, "cases": ["K-9"]}), 409, "unknown_reference")
    wrongs: list[dict[str, Any]] = [{"conditions": []}, {"conditions": ["Late"]}, {"note": ""}, {"outcome": "weather"}]
    for wrong in wrongs:
        refusal(await client.post(path, {**body, **wrong}), 422, "malformed")
    assert (await client.read(path))["items"] == []


async def test_verdicts_are_appended_from_what_was_read(client: Caller) -> None:
    await client.catalogue("late")
    drawn = await draw(client, "late")
    path = f"/v1/condition-sets/{drawn['id']}"
    refusal(await client.patch(path, {"verdict": "accepted"}), 428, "precondition_required")
    refusal(await client.patch(path, {"verdict": "accepted"}, if_match='"7"'), 412, "precondition_failed")
    refusal(await client.patch(path, {"verdict": "proposed"}, if_match='"1"'), 422, "malformed")
    first = await client.patch(path, {"verdict": "doubted", "note": "too few"}, if_match='"1"')
    assert (done(first)["verdict"], first.headers["etag"]) == ("doubted", '"2"')
    same = await client.patch(path, {"verdict": "doubted", "note": "too few"}, if_match='"2"')
    assert same.headers["etag"] == '"2"'
    assert done(await client.patch(path, {"verdict": "accepted"}, if_match="*"))["verdict"] == "accepted"
    said = (await client.read(f"{path}/verdicts"))["items"]
    assert [(item["verdict"], item["note"]) for item in said] == [
        ("proposed", "seen together"),
        ("doubted", "too few"),
        ("accepted", None),
    ]
    assert all(item["actor"].startswith("key:") for item in said)
    refusal(await client.patch("/v1/condition-sets/00000000-0000-0000-0000-000000000001", {"verdict": "accepted"}), 404)


async def test_an_analysis_says_what_speaks_for_what_people_drew(client: Caller, worker: Worker) -> None:
    for name in ("handed", "away"):
        await client.catalogue(name, rule=reading(name))
    for name, value in (("seldom", 9), ("always", 1)):
        rule = {"all": [{"field": "attributes.constant", "op": "eq", "value": value}]}
        await client.catalogue(name, rule=rule)
    await tell(client, many(failing=2))
    found, few, common, aside = [
        await draw(client, *codes)
        for codes in (("handed", "away"), ("away", "seldom"), ("always", "away"), ("always",))
    ]
    done(await client.patch(f"/v1/condition-sets/{aside['id']}", {"verdict": "set_aside"}, if_match="*"))
    await ask(client)
    await worker.work_off()
    sets = {item["id"]: item for item in (await client.read("/v1/condition-sets"))["items"]}
    assert sets[found["id"]]["status"] in {"confirmed", "not_confirmed", "supported"}
    assert sets[few["id"]]["status"] == "too_few"
    assert sets[common["id"]]["status"] == "not_supported"
    assert sets[common["id"]]["rows"] == 120
    assert (sets[aside["id"]]["status"], sets[aside["id"]]["verdict"]) == ("proposed", "set_aside")
    assert all(sets[each["id"]]["proposed"] for each in (found, few, common))


async def test_a_list_begun_before_an_analysis_goes_on_as_it_began(client: Caller, worker: Worker) -> None:
    path = "/v1/condition-sets"
    await company(client)
    await client.catalogue("seldom")
    drawn = [await draw(client, *codes) for codes in (("seldom",), ("away", "seldom"), ("handed", "seldom"))]
    first = await client.read(path, limit=1)
    await ask(client)
    await worker.work_off()
    assert [first["items"][0], *await client.read_all(path, cursor=first["next_cursor"], limit=1)] == drawn
    before = await client.read_all(path)
    assert len(before) == 4
    assert None not in {item["analysis"] for item in before}
    second = await client.read(path, limit=1)
    for name in ("handed", "away"):
        await client.catalogue(name, rule={"all": [{"field": "attributes.nothing", "op": "eq", "value": 1}]})
    await ask(client)
    await worker.work_off()
    assert [*second["items"], *await client.stream(path, cursor=second["next_cursor"])] == before
    assert await client.read_all(path) != before


async def test_those_a_set_was_drawn_from_do_not_speak_for_it(client: Caller, worker: Worker) -> None:
    await client.catalogue("handed", rule=reading("handed"))
    await client.catalogue("rude")
    told = many(failing=0)
    failed = [row["case"] for row in told.responses if row["answers"]["satisfaction"] == 1]
    await tell(client, told)
    rows = [
        {"case": case, "condition": "rude", "state": state, "source": "staff", "observed_at": ago(days=202)}
        for case, state in [(row["reference"], "absent") for row in told.cases]
        if case not in failed[:12]
    ]
    rows += [
        {"case": case, "condition": "rude", "state": "present", "source": "staff", "observed_at": ago(days=150)}
        for case in failed[:12]
    ]
    for row in rows:
        opened = next(case["opened_at"] for case in told.cases if case["reference"] == row["case"])
        row["observed_at"] = row["recorded_at"] = opened
    assert done(await client.post("/v1/observations/bulk", rows))["rejected"] == 0
    drawn = await draw(client, "rude", cases=failed[:12])
    await ask(client)
    await worker.work_off()
    shown = await client.read(f"/v1/condition-sets/{drawn['id']}")
    assert (shown["status"], shown["customers"]) in {("too_few", 0), ("confirmed", shown["customers"])}


async def test_a_set_no_longer_found_is_shown_as_it_was(client: Caller, worker: Worker) -> None:
    await company(client)
    await ask(client)
    await worker.work_off()
    [before] = (await client.read("/v1/condition-sets"))["items"]
    rule = {"all": [{"field": "attributes.nothing", "op": "eq", "value": 1}]}
    for name in ("handed", "away"):
        await client.catalogue(name, rule=rule)
    await ask(client)
    await worker.work_off()
    assert (await client.read("/v1/condition-sets"))["items"] == []
    shown = await client.read(f"/v1/condition-sets/{before['id']}")
    assert (in_short(shown), shown["measures"]["window"]) == (before, "confirmation")


async def test_exposed_customers_have_a_case_with_the_whole_set(client: Caller) -> None:
    await client.catalogue("late")
    await client.catalogue("rude")
    drawn = await draw(client, "late", "rude")
    path = f"/v1/condition-sets/{drawn['id']}/customers"
    for number in range(5):
        await client.put_customer(f"C-{number}")
        for case in (f"K-{number}a", f"K-{number}b"):
            await client.put_case(case, f"C-{number}")
            await client.observe(case, "late")
    assert await client.read_all(path) == []
    for case in ("K-0a", "K-1a", "K-1b", "K-2b"):
        await client.observe(case, "rude")
    await client.observe("K-2b", "rude", "absent", observed_at=ago(minutes=1))
    exposed = [
        {"customer": "C-0", "cases": ["K-0a"], "missing": {}},
        {"customer": "C-1", "cases": ["K-1a", "K-1b"], "missing": {}},
    ]
    assert await client.read_all(path) == exposed
    first = await client.read(path, limit=1)
    assert (first["items"], (await client.read(path, limit=1, cursor=first["next_cursor"]))["items"]) == (
        exposed[:1],
        exposed[1:],
    )
    refusal(await client.get("/v1/condition-sets/00000000-0000-0000-0000-000000000001/customers"), 404, "not_found")


@pytest.mark.parametrize("first_by_rule", [True, False])
async def test_exposure_is_found_whoever_saw_the_conditions(client: Caller, *, first_by_rule: bool) -> None:
    seen, told = ("a_passed_on", "rude") if first_by_rule else ("passed_on", "a_rude")
    await client.catalogue(seen, rule={"all": [{"field": "handovers", "op": "ge", "value": 2}]})
    await client.catalogue("late", rule={"all": [{"field": "promise_broken", "op": "eq", "value": True}]})
    await client.catalogue(told)
    by_rules, mixed = await draw(client, seen, "late"), await draw(client, seen, told)
    for number in range(3):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}", handovers=number)
        await client.promise(f"K-{number}", "P", due_at=ago(minutes=5))
        await client.observe(f"K-{number}", told)
    exposed = [{"customer": "C-2", "cases": ["K-2"], "missing": {}}]
    for drawn in (by_rules, mixed):
        assert await client.read_all(f"/v1/condition-sets/{drawn['id']}/customers") == exposed


async def test_customers_who_are_newly_exposed_are_found_since_then(client: Caller) -> None:
    await client.catalogue("late")
    await client.catalogue("long", rule={"all": [{"field": "answers.minutes_spent", "op": "ge", "value": 60}]})
    drawn = await draw(client, "late", "long")
    path = f"/v1/condition-sets/{drawn['id']}/customers"
    for number in range(3):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}")
    for number in (0, 1):
        await client.observe(f"K-{number}", "late")
    await client.respond("K-0", answers={"minutes_spent": 90})
    since = datetime.now(UTC).isoformat()
    assert [item["customer"] for item in await client.read_all(path)] == ["C-0"]
    assert await client.read_all(path, updated_since=since) == []
    # By what a rule saw, and by what was told: neither touches the customer.
    await client.respond("K-1", answers={"minutes_spent": 90})
    assert [item["customer"] for item in await client.stream(path, updated_since=since)] == ["C-1"]
    await client.respond("K-2", answers={"minutes_spent": 90})
    await client.observe("K-2", "late")
    assert [item["customer"] for item in await client.stream(path, updated_since=since)] == ["C-1", "C-2"]


async def test_sets_are_paged_in_their_order_and_found_since_they_were_spoken_of(client: Caller) -> None:
    for code in ("late", "rude", "loud"):
        await client.catalogue(code)
    drawn = [await draw(client, *codes) for codes in (("late",), ("rude",), ("late", "loud"))]
    assert await client.read_all("/v1/condition-sets", limit=1) == drawn
    assert await client.stream("/v1/condition-sets") == drawn
    since = datetime.now(UTC).isoformat()
    path = f"/v1/condition-sets/{drawn[1]['id']}"
    judged = done(await client.patch(path, {"verdict": "doubted"}, if_match="*"))
    assert await client.read_all("/v1/condition-sets", updated_since=since, limit=1) == [judged]
    assert await client.read_all("/v1/condition-sets", updated_since=since, status="confirmed") == []
    said = await client.read_all(f"{path}/verdicts", limit=1)
    assert [item["verdict"] for item in said] == ["proposed", "doubted"]
    assert await client.stream(f"{path}/verdicts", updated_since=since) == said[1:]
