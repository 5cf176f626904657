"""One of everything, put into a workspace: what tests generated from the OpenAPI document find where they look.

A new kind of record joins with one line in `fill`, and its path parameter with one in what `fill` gives.
"""

from typing import Any

from tests.api.caller import Caller, done

KNOWN: dict[str, str] = {
    "reference": "X-1",
    "case": "X-1",
    "promise": "X-1",
    "customer": "X-1",
    "code": "late",
    "condition": "late",
    "key": "post_interaction",
    "survey": "post_interaction",
}
"""Path parameters, and fields of bodies, whose values `fill` makes be there."""

FITTING: dict[str, Any] = {
    "answers": {"satisfaction": 3},
    "recorded_at": None,
    "occurred_at": None,
    "asked_at": None,
    "answered_at": None,
}
"""Fields of bodies that no document can describe wholly, with values that fit."""

NOT_FILLED = {
    "/v1/condition-sets/{set_id}": "sets are found by an analysis, not reported",
}
"""Reading routes of a single thing for which `fill` has none, each with why."""


async def fill(client: Caller, said: str = "Ana") -> dict[str, str]:
    """Put one of everything into the caller's workspace, all named X-1; `said` stands in every text of theirs.

    Returns
    -------
    dict
        By the name of a path parameter what it can be.
    """
    await client.put_customer("X-1", name=said, segment=said, attributes={"said": said})
    await client.put_case("X-1", "X-1", need=said, team=said, attributes={"said": said})
    await client.promise("X-1", "X-1", what=said)
    await client.catalogue("late", description=said)
    await client.observe("X-1", "late", reference="X-1")
    await client.leave("X-1", reference="X-1")
    await client.offer_role("X-1", customer_need=said)
    response = await client.respond("X-1", answers={"comment": said})
    return {**KNOWN, "response_id": response["id"]}


async def fill_more(client: Caller) -> None:
    """Add what random requests are about: more customers and cases, one of them done."""
    for number in range(2, 6):
        await client.put_customer(f"X-{number}")
        await client.put_case(f"X-{number}", f"X-{number}")
    rows: list[dict[str, Any]] = [{"reference": f"X-{number}", "team": "north"} for number in range(2, 6)]
    done(await client.post("/v1/cases/bulk", rows))
