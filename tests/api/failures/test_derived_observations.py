"""What rules see: listed beside what people saw, corrected by what comes late, derived once by two at once."""

import asyncio
from typing import Any

import pytest

from api.failures.observations import read_watch, watch_reference
from models.ids import uuid7
from tests.api.caller import Caller, ago, done, refusal

pytestmark = pytest.mark.anyio

LATE = {"all": [{"field": "promise_broken", "op": "eq", "value": True}]}
HANDED_OVER = {"all": [{"field": "handovers", "op": "ge", "value": 2}]}
UNHAPPY = {"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]}


async def fill(client: Caller) -> None:
    """Catalogue three rules and a condition that people report, and report a case."""
    await client.catalogue("late", rule=LATE)
    await client.catalogue("handed_over", rule=HANDED_OVER)
    await client.catalogue("unhappy", rule=UNHAPPY)
    await client.catalogue("rude")
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(days=5), recorded_at=ago(days=5))


async def states(client: Caller, case: str = "K-1") -> dict[str, tuple[str, str]]:
    """Give by condition how it stands in a case, and who saw it."""
    seen = await client.read_all("/v1/observations", case=case)
    return {item["condition"]: (item["state"], item["source"]) for item in seen}


async def test_what_rules_and_people_saw_is_one_list_read_page_by_page(client: Caller) -> None:
    await fill(client)
    await client.observe("K-1", "rude", reference="o-1")
    await client.promise("K-1", "P", due_at=ago(hours=1))
    await client.put_case("K-1", "C-1", handovers=3)
    await client.respond("K-1", satisfaction=1)
    expected = {"rude": "staff", "late": "rule", "handed_over": "rule", "unhappy": "rule"}
    assert await states(client) == {code: ("present", source) for code, source in expected.items()}
    paged, cursor = [], None
    while True:
        page = done(await client.get("/v1/observations", limit=1, **({"cursor": cursor} if cursor else {})))
        paged += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(item["condition"] for item in paged) == sorted(expected)
    for item in paged:
        assert done(await client.get(f"/v1/observations/{item['reference']}")) == item
        assert (item["derived_at"] is None) is (item["source"] != "rule")
    assert [item["condition"] for item in await client.read_all("/v1/observations", condition="late")] == ["late"]


async def test_a_watch_that_saw_nothing_is_not_there(client: Caller) -> None:
    await fill(client)
    for reference in (watch_reference(uuid7(), uuid7()), "rule:one:two", "rule:", "nobody"):
        refusal(await client.get(f"/v1/observations/{reference}"), 404)
    assert read_watch("rule:one:two") is None
    assert read_watch("o-1") is None


async def test_what_is_told_late_corrects_the_steps_it_alters_and_no_others(client: Caller) -> None:
    await fill(client)
    await client.promise("K-1", "P", made_at=ago(days=4), due_at=ago(days=3), recorded_at=ago(days=4))
    first = await client.read_all("/v1/observations", condition="late")
    assert [(item["state"], item["version"]) for item in first] == [("present", 1)]
    kept = {"made_at": ago(days=4), "due_at": ago(days=3), "kept_at": ago(days=3, hours=2), "recorded_at": ago(days=3)}
    await client.promise("K-1", "P", **kept)
    assert (await states(client))["late"] == ("absent", "rule")
    again = await client.read_all("/v1/observations", condition="late")
    await client.promise("K-1", "P", **kept)
    await client.put_case("K-1", "C-1", handovers=0)
    assert await client.read_all("/v1/observations", condition="late") == again


async def test_a_changed_rule_looks_at_every_case_again(client: Caller) -> None:
    await fill(client)
    await client.put_case("K-1", "C-1", handovers=2)
    assert (await states(client))["handed_over"] == ("present", "rule")
    await client.catalogue("handed_over", rule={"all": [{"field": "handovers", "op": "ge", "value": 3}]})
    assert (await states(client))["handed_over"][0] == "absent"
    await client.catalogue("handed_over", rule=HANDED_OVER)
    assert (await states(client))["handed_over"][0] == "present"


async def test_who_tells_of_one_case_at_once_leaves_what_one_after_the_other_leaves(client: Caller) -> None:
    await fill(client)
    told: list[Any] = [
        client.promise("K-1", f"P-{number}", made_at=ago(days=2), due_at=ago(days=1), recorded_at=ago(days=2))
        for number in range(6)
    ]
    told += [client.respond("K-1", satisfaction=1) for _ in range(6)]
    opened = ago(days=5)
    told += [client.put_case("K-1", "C-1", opened_at=opened, handovers=number) for number in (2, 3, 2, 3)]
    await asyncio.gather(*told)
    assert await states(client) == dict.fromkeys(("late", "handed_over", "unhappy"), ("present", "rule"))
    assert len(await client.read_all("/v1/responses", case="K-1")) == 6


async def test_an_answer_names_the_conditions_that_rules_see_now(client: Caller) -> None:
    await fill(client)
    await client.put_case("K-1", "C-1", handovers=2)
    assert (await client.respond("K-1", satisfaction=5))["conditions"] == ["handed_over"]
    assert (await client.respond("K-1", satisfaction=1))["conditions"] == ["handed_over", "unhappy"]
