"""What tests of the command line may ask for: a workspace, and a file to import into it."""

from pathlib import Path

import pytest

from api.settings import settings
from tests.api.cli.desk import WORKSPACE, Desk
from tests.api.cli.orders import CUSTOMERS, ORDERS


@pytest.fixture
def desk(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Sit somebody down at a command line whose database has one workspace, on each store in turn."""
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    settings.cache_clear()
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    here = Desk(folder)
    assert here.run("workspace", "create", WORKSPACE).exit_code == 0
    return here


@pytest.fixture
def orders(desk: Desk) -> Path:
    """Write a file of three orders of two customers, whose customers are known."""
    file = desk.write("orders.csv", ORDERS)
    desk.take("customers", file, CUSTOMERS)
    return file
