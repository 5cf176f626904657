"""Adding hooks and looking at what was told to them."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from api import outbox
from api.settings import settings
from models.database import Database
from tests.api.caller import Caller, done
from tests.api.webhooks.receiver import Receiver, answering

ALL = ["response.received", "case.failed"]
FAILING = answering(500, body=b"no")


def set_up(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Set some settings."""
    for name, value in values.items():
        monkeypatch.setenv(f"STEADFAST_{name.upper()}", value)
    settings.cache_clear()


async def hook(client: Caller, receiver: Receiver | str, events: Sequence[str] = ALL, **fields: Any) -> Any:
    """Add a hook to a receiver."""
    url = receiver if isinstance(receiver, str) else receiver.url()
    return done(await client.post("/v1/hooks", {"target_url": url, "events": list(events), **fields}))


async def deliveries(client: Caller, made: Any, **filters: Any) -> list[Any]:
    """Give what is or was to be told to a hook."""
    return await client.read_all(f"/v1/hooks/{made['id']}/deliveries", **filters)


async def only(client: Caller, made: Any) -> Any:
    """Give the one delivery to a hook."""
    (delivery,) = await deliveries(client, made)
    return delivery


async def waiting(database: Database) -> int:
    """Count the deliveries that still wait."""
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(outbox.claims)) or 0)


async def failed_case(client: Caller) -> None:
    """Report a case that failed its customer."""
    await client.put_customer("C-1", name="Ana")
    await client.put_case("K-1", "C-1")
    await client.respond("K-1", satisfaction=1)
