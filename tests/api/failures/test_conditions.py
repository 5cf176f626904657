"""Conditions: a rule is refused where it is wrong, sees past and coming cases, and never defines its outcome."""

import asyncio
from typing import Any

import pytest

from api.failures import service as failures
from api.worker import work_off
from models.database import Database
from tests.api.caller import Caller, ago, done, moment, refusal

pytestmark = pytest.mark.anyio

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
HANDED_OVER = {"all": [{"field": "handovers", "op": "ge", "value": 3}]}
UNHAPPY = {"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]}


def rule(**atom: Any) -> dict[str, Any]:
    """Give a rule of one comparison."""
    return {"all": [{"field": "handovers", "op": "ge", "value": 3} | atom]}


async def open_case(client: Caller, reference: str = "K-1", **fields: Any) -> None:
    """Report a case of a customer of its own, opened five days ago."""
    await client.put_customer(f"C-{reference}")
    await client.put_case(reference, f"C-{reference}", opened_at=ago(days=5), **fields)


async def states(client: Caller, condition: str) -> dict[str, str]:
    """Give by case how a condition stands."""
    seen = await client.read_all("/v1/observations", condition=condition)
    return {item["case"]: item["state"] for item in seen}


@on_sqlite
async def test_a_rule_that_cannot_be_read_is_refused_where_it_is_wrong(client: Caller) -> None:
    wrong = [
        ({}, "/rule"),
        ({"all": []}, "/rule/all"),
        ({"all": "late"}, "/rule/all"),
        (rule(field="mood"), "/rule/all/0/field"),
        (rule(op="like"), "/rule/all/0/op"),
        (rule(value="three"), "/rule/all/0/value"),
        ({"all": [HANDED_OVER["all"][0], {"field": "team"}]}, "/rule/all/1"),
    ]
    for document, place in wrong:
        body = {"code": "late", "name": "late", "kind": "process", "rule": document}
        refused = refusal(await client.post("/v1/conditions", body), 422, "rule_refused")
        assert refused["errors"][0]["pointer"].startswith(place), (document, refused["errors"])
    refusal(await client.get("/v1/conditions/late"), 404)


@on_sqlite
async def test_a_condition_has_a_code_a_name_and_a_kind(client: Caller) -> None:
    good = {"code": "late", "name": "late", "kind": "process"}
    for field, value in {"code": "Late!", "name": "", "kind": "bad luck"}.items():
        refused = refusal(await client.post("/v1/conditions", {**good, field: value}), 422, "malformed")
        assert [error["pointer"] for error in refused["errors"]] == [f"/{field}"]


async def test_a_condition_worded_anew_is_the_same_condition(client: Caller) -> None:
    first = await client.catalogue("late")
    again = await client.catalogue("late")
    assert (again["id"], again["version"], again["unchanged"]) == (first["id"], 1, True)
    reworded = await client.catalogue("late", description="the engineer came after the hour named")
    assert (reworded["id"], reworded["version"], reworded["unchanged"]) == (first["id"], 2, False)
    assert [condition["code"] for condition in await client.read_all("/v1/conditions")] == ["late"]


async def test_a_rule_sees_a_case_as_soon_as_it_is_told_of(client: Caller) -> None:
    await client.catalogue("passed_on", rule=HANDED_OVER)
    await open_case(client, handovers=1)
    assert await states(client, "passed_on") == {}
    await client.put_case("K-1", "C-K-1", opened_at=(await client.read("/v1/cases/K-1"))["opened_at"], handovers=3)
    [seen] = await client.read_all("/v1/observations", case="K-1")
    assert (seen["condition"], seen["state"], seen["source"]) == ("passed_on", "present", "rule")
    assert moment(seen["derived_at"]) >= moment(seen["recorded_at"]) == moment(seen["observed_at"])
    again = await client.put_case("K-1", "C-K-1", opened_at=(await client.read("/v1/cases/K-1"))["opened_at"])
    assert again["unchanged"] is True
    await client.put_case("K-1", "C-K-1", opened_at=(await client.read("/v1/cases/K-1"))["opened_at"], handovers=None)
    assert await states(client, "passed_on") == {"K-1": "unknown"}


async def test_the_answer_to_a_response_names_the_conditions_it_brought_to_light(client: Caller) -> None:
    await client.catalogue("unhappy", rule=UNHAPPY)
    await client.catalogue("passed_on", rule=HANDED_OVER)
    await open_case(client, handovers=4)
    assert (await client.respond("K-1", satisfaction=1))["conditions"] == ["passed_on", "unhappy"]
    assert (await client.respond("K-1", satisfaction=5))["conditions"] == ["passed_on"]


async def test_a_new_rule_looks_back_at_past_cases(client: Caller) -> None:
    for number in (1, 2, 3):
        await open_case(client, f"K-{number}", handovers=number + 1, recorded_at=ago(days=number))
    stored = await client.catalogue("passed_on", rule=HANDED_OVER)
    assert stored["past_cases"] == "evaluated"
    assert await states(client, "passed_on") == {"K-2": "present", "K-3": "present"}
    [seen] = await client.read_all("/v1/observations", case="K-3")
    assert moment(seen["observed_at"]) < moment(ago(days=2))
    await client.catalogue("passed_on", rule=rule(value=4))
    assert await states(client, "passed_on") == {"K-2": "absent", "K-3": "present"}
    assert (await client.catalogue("reported"))["past_cases"] == "no_rule"


async def test_rewording_keeps_the_rule_and_null_takes_it_away_with_what_it_sees(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", handovers=3)
    await client.catalogue("passed_on", rule=HANDED_OVER, description="from hand to hand")
    reworded = await client.catalogue("passed_on", name="Handed over twice", kind="capacity")
    assert (reworded["rule"], reworded["description"]) == (HANDED_OVER, "from hand to hand")
    assert (await client.catalogue("passed_on", name="Handed over twice", kind="capacity"))["unchanged"]
    await client.put_case("K-1", "C-1", handovers=0)
    assert await seen_states(client) == ["absent"]
    await client.put_case("K-1", "C-1", handovers=4)
    before = ago(seconds=0)
    taken_away = await client.catalogue("passed_on", rule=None)
    assert (taken_away["rule"], taken_away["description"]) == (None, "from hand to hand")
    assert await seen_states(client) == ["unknown"]
    assert (await client.read("/v1/customers/C-1/risk"))["conditions"] == []
    past = await client.read("/v1/customers/C-1/risk", as_of=before)
    assert [item["code"] for item in past["conditions"]] == ["passed_on"]
    again = await client.catalogue("passed_on", rule=HANDED_OVER)
    assert again["past_cases"] == "evaluated"
    assert await seen_states(client) == ["present"]


async def seen_states(client: Caller) -> list[str]:
    """Give how the condition stands by the rule in each case."""
    return [item["state"] for item in await client.read_all("/v1/observations", condition="passed_on")]


async def test_many_past_cases_are_a_jobs_work(
    client: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "CASES_IN_A_REQUEST", 1)
    monkeypatch.setattr("api.failures.derivation.CASES_AT_ONCE", 2)
    for number in range(5):
        await open_case(client, f"K-{number}", handovers=3)
    assert (await client.catalogue("passed_on", rule=HANDED_OVER))["past_cases"] == "queued"
    assert (await client.catalogue("more", rule=rule(value=2)))["past_cases"] == "queued"
    assert await states(client, "passed_on") == {}
    done_by = await asyncio.gather(work_off(database), work_off(database))
    assert sorted(done_by) == [0, 1]
    for condition in ("passed_on", "more"):
        assert await states(client, condition) == {f"K-{number}": "present" for number in range(5)}
    assert await work_off(database) == 0


async def test_people_report_what_no_rule_sees(client: Caller) -> None:
    await open_case(client)
    seen = {"case": "K-1", "condition": "rude", "state": "present", "source": "customer", "observed_at": ago(days=1)}
    assert refusal(await client.post("/v1/observations", seen), 409, "unknown_reference")["retryable"]
    await client.catalogue("rude")
    first = await client.observe("K-1", "rude", reference="o-1", source="customer")
    assert (first["state"], first["source"], first["derived_at"]) == ("present", "customer", None)
    second = await client.observe("K-1", "rude", state="absent", reference="o-1", observed_at=ago(minutes=1))
    assert (second["id"], second["version"], second["state"]) == (first["id"], 2, "absent")
    refusal(await client.post("/v1/observations", {**seen, "observed_at": ago(days=6)}), 422, "before_opened_at")
    refusal(await client.post("/v1/observations", {**seen, "observed_at": ago(days=-1)}), 422, "in_the_future")
    refusal(await client.post("/v1/observations", {**seen, "source": "rule"}), 422, "malformed")
    rows = [{**seen, "reference": "o-2"}, {**seen, "case": "K-9"}, {**seen, "condition": "unheard_of"}]
    answer = done(await client.post("/v1/observations/bulk", rows))
    assert [row["status"] for row in answer["results"]] == ["accepted", "rejected", "rejected"]


async def test_a_rates_row_counts_each_combination(client: Caller) -> None:
    await client.catalogue("passed_on", rule=HANDED_OVER)
    for number, (handovers, satisfaction) in enumerate([(3, 1), (3, 1), (3, 5), (0, 5), (0, 5), (0, 1)]):
        await open_case(client, f"K-{number}", handovers=handovers, recorded_at=ago(days=4))
        await client.respond(f"K-{number}", satisfaction=satisfaction)
    rates = await client.read("/v1/failure-rates", condition="passed_on")
    assert (rates["cases"], rates["failures"]) == (6, 3)
    without, with_it = rates["rows"]
    assert (without["conditions"], without["cases"], without["failures"]) == ({"passed_on": False}, 3, 1)
    assert (with_it["conditions"], with_it["cases"], with_it["failures"]) == ({"passed_on": True}, 3, 2)
    for row in rates["rows"]:
        assert 0 <= row["low"] <= row["rate"] <= row["high"] <= 1
        assert row["rate"] == pytest.approx(row["failures"] / row["cases"])
    refusal(await client.get("/v1/failure-rates", condition="unheard_of"), 404)


async def test_a_condition_that_would_define_the_outcome_is_refused_for_it(client: Caller) -> None:
    await client.catalogue("unhappy", rule=UNHAPPY)
    await client.catalogue("passed_on", rule=HANDED_OVER)
    await open_case(client, handovers=3)
    await client.respond("K-1", satisfaction=1)
    refused = refusal(await client.get("/v1/failure-rates", condition="unhappy"), 422, "condition_defines_outcome")
    assert "answers.satisfaction" in refused["detail"]
    assert (await client.read("/v1/failure-rates", condition="passed_on"))["cases"] == 1


async def test_the_workspace_says_anew_what_a_failure_is(client: Caller) -> None:
    await client.catalogue("unhappy", rule=UNHAPPY)
    await client.catalogue("passed_on", rule=HANDED_OVER)
    for number in (1, 2):
        await open_case(client, f"K-{number}", handovers=3, attributes={"made_sla": number == 1})
        await client.respond(f"K-{number}", satisfaction=1)
    assert (await client.read("/v1/failure-rates", condition="passed_on"))["failures"] == 2
    breach = {"all": [{"field": "attributes.made_sla", "op": "eq", "value": False}], "as_of": "latest"}
    done(await client.patch("/v1/workspace", {"failure_definition": breach}, if_match="*"))
    rates = await client.read("/v1/failure-rates", condition="passed_on")
    assert (rates["cases"], rates["failures"]) == (2, 1)
    assert (await client.read("/v1/failure-rates", condition="unhappy"))["failures"] == 1
    assert (await client.respond("K-1", satisfaction=1))["failure"] is None
    late = {"all": [{"field": "handovers", "op": "ge", "value": 1}], "as_of": "latest"}
    done(await client.patch("/v1/workspace", {"failure_definition": late}, if_match="*"))
    refusal(await client.get("/v1/failure-rates", condition="passed_on"), 422, "condition_defines_outcome")


@on_sqlite
async def test_a_failure_definition_that_cannot_be_read_is_refused_where_it_is_wrong(client: Caller) -> None:
    before = await client.read("/v1/workspace")
    wrong = [
        (rule(op="like"), "/failure_definition/all/0/op"),
        ({**HANDED_OVER, "as_of": "someday"}, "/failure_definition/as_of"),
        ({**UNHAPPY, "as_of": "latest"}, "/failure_definition/as_of"),
    ]
    for document, pointer in wrong:
        response = await client.patch("/v1/workspace", {"failure_definition": document}, if_match="*")
        assert refusal(response, 422, "rule_refused")["errors"][0]["pointer"] == pointer
    refusal(await client.patch("/v1/workspace", {"failure_definition": None}, if_match="*"), 422, "cannot_be_cleared")
    refusal(await client.patch("/v1/workspace", {"zone": "Mars/Olympus"}, if_match="*"), 422, "unknown_zone")
    assert await client.read("/v1/workspace") == before


async def test_a_workspace_is_changed_by_whoever_read_it_last(client: Caller) -> None:
    etag = (await client.get("/v1/workspace")).headers["etag"]
    changed = await client.patch("/v1/workspace", {"yearly_loss": 0.2, "currency": "BRL"}, if_match=etag)
    assert (done(changed)["version"], changed.headers["etag"]) == (2, '"2"')
    refusal(await client.patch("/v1/workspace", {"yearly_loss": 0.3}, if_match=etag), 412, "precondition_failed")
    same = done(await client.patch("/v1/workspace", {"yearly_loss": 0.2}, if_match='"2"'))
    assert (same["version"], same["currency"]) == (2, "BRL")
    cleared = done(await client.patch("/v1/workspace", {"yearly_loss": None}, if_match='"2"'))
    assert (cleared["version"], cleared["yearly_loss"]) == (3, None)
