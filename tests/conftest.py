"""What every test may ask for: an event loop, an example search, a fresh database on either store."""

import gc
import os
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import coverage
import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.postgres.server import PostgresServer, locked
from tests.tracing import look_on

TESTS = Path(__file__).parent
UNSEEN = {"chaos", "generated", "upgrading", "test_docs.py", "test_house.py", "test_laws.py"}
APART = {"models", "privacy"}
TOGETHER = {"tests/test_readme.py"}
RUN_FOLDER = pytest.StashKey[Path]()
UNLOOKED = pytest.StashKey[bool]()

sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type] # httpx looks for it at every request; it is not here

# Of learning in a test's own process, as in the learner's: threads of small sums wait for each other, all spinning.
os.environ.setdefault("OMP_NUM_THREADS", "1")

hypothesis.settings.register_profile("dev", deadline=None, max_examples=50)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_configure(config: pytest.Config) -> None:
    """Give this run one folder, known to every worker: what they share lies in it."""
    worker = getattr(config, "workerinput", None)
    if worker is None:
        config.stash[RUN_FOLDER] = Path(tempfile.mkdtemp(prefix="steadfast-tests-"))
        signal.signal(signal.SIGTERM, _interrupt)
    else:
        config.stash[RUN_FOLDER] = Path(worker["run_folder"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist the run's folder."""
    node.workerinput["run_folder"] = str(node.config.stash[RUN_FOLDER])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Give each worker the next test as soon as it is free; what stands on one demo company goes to one worker."""
    return Together(config, log)


class Together(LoadScopeScheduling):  # type: ignore[misc] # it is not typed
    """Hands out tests one at a time, the files of `TOGETHER` whole, and these first."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return path if path in TOGETHER else nodeid


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let coverage look at each test on one database only: what is looked at takes twice its time.

    Rooms that tell databases apart are tested in `tests/models` and `tests/api/privacy`, where it looks at both. Of
    what goes through the whole service at once, and of what reads code instead of running it, it learns nothing that
    the tests of each topic do not show.
    """
    known = {item.nodeid for item in items}
    for item in items:
        rooms = set(item.path.relative_to(TESTS).parts) if item.path.is_relative_to(TESTS) else set()
        twin = item.nodeid.replace("postgresql", "sqlite")
        if rooms & UNSEEN or (not rooms & APART and twin != item.nodeid and twin in known):
            item.stash[UNLOOKED] = True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    """Let coverage look away from the whole of such a test: what it stands on takes as long as the test itself.

    The marker `no_cover` of pytest-cov would look away from its body alone.
    """
    looking = coverage.Coverage.current() if UNLOOKED in item.stash else None
    if looking is None:
        return (yield)
    looking.stop()
    try:
        return (yield)
    finally:
        look_on(looking)


def pytest_sessionstart() -> None:
    """While tests are collected nobody looks for garbage: what is loaded stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again, seldom, and never in what was loaded: that was a third of the time of a test."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the shared server when the run ends, however it ends, Ctrl-C and SIGTERM included."""
    folder = config.stash.get(RUN_FOLDER, None)
    if hasattr(config, "workerinput") or folder is None:
        return
    with locked(folder / "lock"):
        if (folder / "postgres.json").exists():
            PostgresServer.load(folder / "postgres.json").remove()
    shutil.rmtree(folder)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the service does."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> PostgresServer:
    """Give the server all workers of this run share, started by the first to ask.

    A test that stops or breaks its server makes its own: `with PostgresServer.create() as server:`.
    """
    folder = pytestconfig.stash[RUN_FOLDER]
    description = folder / "postgres.json"
    with locked(folder / "lock"):
        if not description.exists():
            PostgresServer.create().save(description)
        return PostgresServer.load(description)


@pytest.fixture(scope="session")
def postgres_template() -> str | None:
    """Name the database that `postgres_url` copies; None for an empty one."""
    return None


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str | None) -> Iterator[str]:
    """Give the URL of a fresh PostgreSQL database, dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.create_database(name, template=postgres_template)
    postgres_server.drop_database(name)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the URL of a PostgreSQL database without a table, dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database without a table, on each store in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'steadfast.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))
