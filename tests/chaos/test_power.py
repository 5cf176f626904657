"""Nothing acknowledged is lost when the power is cut under its clients."""

from pathlib import Path

import pytest

from tests.chaos.power import disk_in_a_file, why_no_power_cut
from tests.chaos.rounds import cutting, endure
from tests.chaos.served import Served, with_workspaces

pytestmark = pytest.mark.anyio


async def test_what_was_acknowledged_before_the_power_was_cut_is_there_after_it(tmp_path: Path) -> None:
    reason = why_no_power_cut()
    if reason:
        pytest.skip(reason)
    with disk_in_a_file(64) as disk:
        served = Served(f"sqlite:///{disk.folder / 'steadfast.db'}", tmp_path / "log")
        [key] = await with_workspaces(served.url, ["Warm Homes"])
        ledger = await endure(served, key, rounds=1, seed=3, faults=cutting(served, disk))
    assert ledger.broken == []
    assert len(ledger.acknowledged) > 20
