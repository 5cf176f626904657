"""Two workspaces' callers on two connections never meet, whatever fails and whoever hangs up."""

import asyncio

from tests.chaos.crowd import CANARIES, crowd
from tests.chaos.served import with_workspaces


def test_four_hundred_at_once_on_two_connections_see_their_own_rows_alone(database_url: str) -> None:
    # In a loop of its own: what asyncpg says of a connection that it cut with a request is no failure of this test.
    keys = asyncio.run(with_workspaces(database_url, CANARIES))
    seen = asyncio.run(crowd(database_url, keys, sessions=400, requests=1, seed=4))
    assert (seen.leaks, seen.faults, seen.held) == ([], [], 0)
    assert seen.cut_off > 50
    assert seen.statuses[200] + seen.statuses[201] > 10
    assert min(seen.rows[canary] for canary in CANARIES) > 0
