"""A crowd of callers of two workspaces on a pool of two connections, with random faults and requests that are cut off.

Both workspaces use the same references; what belongs to one bears its canary. An answer that holds the other's canary
is a leak, wherever it stands.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from models.database import Database
from tests.api.application import application
from tests.api.caller import Caller, ago

CANARIES = ("canary-of-the-first", "canary-of-the-second")
POOL = 2
THINKING = 4.0
"""Seconds at most between two requests of a session: all sessions last, not all ask in the same moment."""
FAILING = 0.01
"""The share of statements that fail."""
CUT_OFF = 0.25
"""The share of requests that are cut off while they are being answered."""


@dataclass
class Crowd:
    """What a crowd saw."""

    sessions: int = 0
    cut_off: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    held: int = 0
    """Connections that were never given back."""
    rows: Counter[str] = field(default_factory=Counter)
    """Rows by the workspace whose canary they bear, as their own workspace reads them in the end."""


async def crowd(url: str, keys: Sequence[str], *, sessions: int, requests: int, seed: int) -> Crowd:
    """Let a crowd in at once, each with some requests one after the other; give what it saw."""
    chance = random.Random(seed)  # noqa: S311 - an experiment, no secret
    database = Database(url, pool_size=POOL)
    seen = Crowd(sessions=sessions)
    transport = httpx.ASGITransport(application(database), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        with failing_statements(database, chance):
            callers = [Caller(http, keys[number % 2]) for number in range(sessions)]
            visits = [_visit(caller, number % 2, requests, chance, seen) for number, caller in enumerate(callers)]
            await asyncio.gather(*visits)
        seen.held = sum(_checked_out(engine) for engine in (database.reading, database.writing))
        for number, key in enumerate(keys):
            for kind in ("customers", "cases", "responses"):
                for item in await Caller(http, key).read_all(f"/v1/{kind}", limit=1000):
                    _look(str(item), number, f"GET /v1/{kind}", seen)
                    seen.rows[CANARIES[number]] += 1
    await database.close()
    return seen


def _checked_out(engine: Any) -> int:
    return int(engine.sync_engine.pool.checkedout())


@contextmanager
def failing_statements(database: Database, chance: random.Random) -> Iterator[None]:
    """Let some statements fail as those of a connection that was lost do."""

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if chance.random() < FAILING:
            raise OperationalError(statement, None, OSError("connection lost"))

    engines = {id(engine): engine.sync_engine for engine in (database.reading, database.writing)}
    for engine in engines.values():
        event.listen(engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        for engine in engines.values():
            event.remove(engine, "before_cursor_execute", fail)


async def _visit(caller: Caller, number: int, requests: int, chance: random.Random, seen: Crowd) -> None:
    for _ in range(requests):
        await asyncio.sleep(chance.uniform(0, THINKING))
        method, path, body = chance.choice(_requests(number, chance))
        asking = asyncio.create_task(caller.ask(method, path, json=body))
        if chance.random() < CUT_OFF:
            await asyncio.sleep(chance.expovariate(1 / 0.02))
            seen.cut_off += asking.cancel()
        with suppress(asyncio.CancelledError):
            response = await asking
            seen.statuses[response.status_code] += 1
            _look(response.text, number, f"{method} {path}", seen)
            if response.status_code >= 500 and response.status_code != 503:
                seen.faults.append(f"{method} {path}: {response.status_code} {response.text[:200]}")


def _look(text: str, number: int, what: str, seen: Crowd) -> None:
    if CANARIES[1 - number] in text:
        seen.leaks.append(f"{what}: {text[:300]}")


def _requests(number: int, chance: random.Random) -> list[tuple[str, str, Any]]:
    """Give what somebody of a workspace may ask: reads, writes, and what is refused half-way."""
    own, reference = CANARIES[number], f"X-{chance.randrange(20)}"
    case = {"customer": reference, "need": own, "opened_at": ago(days=1)}
    answer = {"survey": "post_interaction", "customer": reference, "answers": {"satisfaction": 2, "comment": own}}
    return [
        ("PUT", f"/v1/customers/{reference}", {"name": own}),
        ("PUT", f"/v1/cases/{reference}", case),
        ("POST", "/v1/responses", answer),
        ("POST", "/v1/customers/bulk?atomic=true", [{"reference": reference, "name": own}, {"name": "nobody"}]),
        ("PUT", f"/v1/customers/{reference}", {"name": 7}),
        ("PUT", f"/v1/cases/{reference}", {**case, "customer": "nobody"}),
        ("GET", f"/v1/customers/{reference}", None),
        ("GET", f"/v1/cases/{reference}", None),
        ("GET", "/v1/customers", None),
        ("GET", "/v1/responses", None),
        ("GET", f"/v1/customers/{reference}/risk", None),
        ("GET", "/v1/me", None),
    ]
