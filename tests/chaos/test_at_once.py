"""One Idempotency-Key posted fifty times at once is one row and one answer."""

from pathlib import Path

import pytest

from tests.chaos.at_once import post_at_once
from tests.chaos.served import Served, with_workspaces

pytestmark = pytest.mark.anyio


async def test_fifty_at_once_store_one_row_and_get_the_one_answer(database_url: str, tmp_path: Path) -> None:
    [key] = await with_workspaces(database_url, ["Warm Homes"])
    served = Served(database_url, tmp_path / "log")
    served.start()
    try:
        await served.until_ready()
        told = await post_at_once(served, key, 50, "at once")
        assert (told.rows, len(told.contents), told.strangers) == (1, 1, [])
        assert told.statuses[201] - told.replays == 1
    finally:
        served.kill()
