"""Many posts of one Idempotency-Key at the same moment, over real connections."""

import asyncio
from collections import Counter
from dataclasses import dataclass

import httpx

from tests.api.caller import Caller
from tests.chaos.served import Served

BODY = {"survey": "post_interaction", "answers": {"satisfaction": 5}}


@dataclass
class AtOnce:
    """What became of them."""

    statuses: Counter[int]
    contents: set[str]
    """The distinct bodies of the yeses."""
    strangers: list[str]
    """Answers that are neither the one yes nor a no that asks for the same again."""
    busy: int
    """Of the noes those for want of a connection, which a machine with too much to do gives."""
    replays: int
    rows: int


async def post_at_once(served: Served, key: str, count: int, idempotency_key: str) -> AtOnce:
    """Post one thing many times at the same moment, each over a connection of its own."""
    limits = httpx.Limits(max_connections=count, max_keepalive_connections=count)
    async with httpx.AsyncClient(base_url=served.address, timeout=60, limits=limits) as http:
        caller = Caller(http, key)
        before = len(await caller.read_all("/v1/responses", limit=1000))
        posts = [caller.post("/v1/responses", BODY, idempotency_key=idempotency_key) for _ in range(count)]
        got = await asyncio.gather(*posts)
        rows = len(await caller.read_all("/v1/responses", limit=1000)) - before
    return AtOnce(
        statuses=Counter(response.status_code for response in got),
        contents={response.text for response in got if response.is_success},
        strangers=[response.text for response in got if not _is_fit(response)],
        busy=sum(response.status_code == 503 for response in got),
        replays=sum("idempotent-replay" in response.headers for response in got),
        rows=rows,
    )


def _is_fit(response: httpx.Response) -> bool:
    if response.status_code == 201:
        return True
    return response.status_code in {409, 503} and response.json()["retryable"] is True
