"""A company whose two conditions make a failure together, week after week, and become rarer from some week on."""

import random
from datetime import datetime, timedelta
from typing import Any

from tests.api.caller import Caller, done
from tests.api.company import Told, tell, today
from tests.api.test_learner import reading

PATH = "/v1/countermeasures"
WEEKS = 80
A_WEEK = 15
LIVE_WEEKS = 14
"""So many whole weeks ago countermeasures went live."""


def live_from() -> datetime:
    """Give the moment countermeasures went live: on the bound of a week, so that all weeks are whole."""
    return today() - timedelta(weeks=LIVE_WEEKS)


async def catalogued(client: Caller) -> None:
    """Catalogue the two conditions and one that does not matter."""
    for name in ("handed", "away", "rainy"):
        await client.catalogue(name, rule=reading(name))


async def company(client: Caller, *, kept_away: float = 0.9, back: int = 0, seed: int = 5) -> None:
    """Tell of cases by week; from going live on both conditions are kept away, but for the last weeks, `back`.

    Every second case has each of the conditions. Cases with both fail, and few others.
    """
    await catalogued(client)
    chosen = random.Random(seed)  # noqa: S311 - an example, no secret
    told = Told()
    for number in range(WEEKS * A_WEEK):
        left = WEEKS - number // A_WEEK
        opened = today() - timedelta(weeks=left) + timedelta(hours=10 * (number % A_WEEK) + 1)
        less = kept_away if back < left <= LIVE_WEEKS else 0.0
        handed, away = (chosen.random() < 0.5 * (1 - less) for _ in range(2))
        failed = chosen.random() < (0.9 if handed and away else 0.04)
        _case(told, number, opened, {"handed": int(handed), "away": int(away), "rainy": number % 2}, failed=failed)
    for some in _portions(told):
        await tell(client, some)


def _case(told: Told, number: int, opened: datetime, attributes: dict[str, Any], *, failed: bool) -> None:
    known = {"recorded_at": opened.isoformat()}
    told.customers.append({"reference": f"C-{number}", **known})
    case = {"reference": f"K-{number}", "customer": f"C-{number}", "need": "repair", "opened_at": opened.isoformat()}
    told.cases.append({**case, "team": ("north", "south")[number % 2], "attributes": attributes, **known})
    answered = (opened + timedelta(hours=1)).isoformat()
    answer = {"reference": f"r-{number}", "survey": "post_interaction", "case": f"K-{number}"}
    answers = {"satisfaction": 1 if failed else 5}
    told.responses.append({**answer, "answers": answers, "answered_at": answered, "recorded_at": answered})


def _portions(told: Told) -> list[Told]:
    """Give what is told in portions that one bulk request takes."""
    return [
        Told(
            customers=told.customers[start : start + 600],
            cases=told.cases[start : start + 600],
            responses=told.responses[start : start + 600],
        )
        for start in range(0, len(told.cases), 600)
    ]


def measure(reference: str = "parts-list", **fields: Any) -> dict[str, Any]:
    """Give a countermeasure on one condition, planned."""
    body = {"title": "A list of parts at the desk", "kind": "knowledge", "conditions": ["handed"], "owner": "Mia"}
    return {"reference": reference, **body, **fields}


async def put(client: Caller, reference: str = "parts-list", **fields: Any) -> Any:
    """Tell of a countermeasure."""
    return done(await client.post(PATH, measure(reference, **fields)))


async def covered(client: Caller, **fields: Any) -> None:
    """Put a countermeasure on each of the two conditions, live since some weeks."""
    since = {"live_from": live_from().isoformat(), "effectiveness": 0.9, **fields}
    await put(client, "handed-list", conditions=["handed"], **since)
    await put(client, "away-plan", conditions=["away"], **since)
