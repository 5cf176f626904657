"""What the tests of metrics share: answers given at some local time, and points found by what they are about."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.caller import Caller, done

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday long enough ago for everything to have settled."""
EVERY_KIND: list[dict[str, Any]] = [
    {"key": "recommend", "kind": "nps"},
    {"key": "ease", "kind": "ces", "metric_key": "effort"},
    {"key": "again", "kind": "yes_no"},
    {"key": "why", "kind": "choice", "choices": ["price", "speed", "Speed"]},
    {"key": "which", "kind": "choices", "choices": ["a", "b_1", "bx1", "B_1"]},
    {"key": "minutes", "kind": "number"},
    {"key": "parts", "kind": "matrix", "choices": ["good", "bad"], "rows": ["price", "speed"]},
    {"key": "words", "kind": "text"},
    {"key": "order", "kind": "ranking", "choices": ["a", "b"]},
    {"key": "mood", "kind": "csat", "min": 0, "max": 2},
]


def on(day: int, hour: int = 12) -> str:
    """Give a moment some days after the Monday."""
    return (MONDAY + timedelta(days=day, hours=hour)).isoformat()


def question(**fields: Any) -> dict[str, Any]:
    """Give a question as it is posted; choices and rows by their keys."""
    for name in ("choices", "rows"):
        if name in fields:
            fields[name] = [{"key": key, "texts": {"en": key}} for key in fields[name]]
    return {"texts": {"en": fields["key"]}, **fields}


async def publish(client: Caller, survey: str, *questions: Mapping[str, Any]) -> None:
    """Publish a survey, or its next version."""
    body = {"questions": [question(**fields) for fields in questions]}
    known = await client.get(f"/v1/surveys/{survey}")
    path = f"/v1/surveys/{survey}/versions" if known.is_success else "/v1/surveys"
    done(await client.post(path, body if known.is_success else {"key": survey, **body}))
    done(await client.post(f"/v1/surveys/{survey}/publish", {}))


async def say(client: Caller, *rows: Mapping[str, Any], survey: str = "post_interaction") -> None:
    """Send answers in bulk: each row with `on`, the answers, and whatever else; recorded as it was answered."""
    sent = []
    for row in rows:
        at = row.get("on", on(0))
        body = {"survey": survey, "answered_at": at, "recorded_at": at, **row}
        body.pop("on", None)
        sent.append(body)
    for start in range(0, len(sent), 1000):
        found = done(await client.post("/v1/responses/bulk", sent[start : start + 1000]))
        assert found["rejected"] == 0, found


def happy(satisfaction: int, **fields: Any) -> dict[str, Any]:
    """Give a row that says how satisfied somebody was."""
    return {"answers": {"satisfaction": satisfaction}, **fields}


async def points(client: Caller, metric: str = "satisfaction", **params: Any) -> list[dict[str, Any]]:
    """Read a metric's points from the Monday on."""
    named = {"from": "2026-03-02", "to": "2026-06-01", **params}
    found = await client.read("/v1/metrics", metric=metric, **named)
    told: list[dict[str, Any]] = found["points"]
    return told


def brief(found: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Give of each point only some members."""
    return [tuple(point[name] for name in names) for point in found]


@pytest.fixture
async def known(client: Caller) -> Caller:
    """Give the caller of a workspace with three customers and a case of each."""
    for number, team in (("1", "north"), ("2", "south"), ("3", None)):
        await client.put_customer(f"C-{number}", segment="gold" if number == "1" else None)
        opened = (MONDAY - timedelta(days=40)).isoformat()
        await client.put_case(f"K-{number}", f"C-{number}", team=team, channel="phone", need="repair", opened_at=opened)
    return client
