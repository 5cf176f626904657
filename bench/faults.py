"""Faults, in full rounds: every figure asked beside the one measured. `make chaos`, `make chaos FIGURES="kills crowd"`.

It takes a while: what the suite does twice is done forty times here. The suite's own bounded rounds are the same code.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from figures import Figure, print_figures

from api.settings import PREFIX
from tests.chaos.at_once import post_at_once
from tests.chaos.crowd import CANARIES, crowd
from tests.chaos.disks import FaultyDisk, why_no_faulty_disk, why_no_small_disk
from tests.chaos.ledger import Ledger
from tests.chaos.power import disk_in_a_file, why_no_power_cut
from tests.chaos.rounds import Fault, cutting, endure, killing
from tests.chaos.served import SECRET, Served, with_workspaces
from tests.postgres.server import PostgresServer

ROOT = Path(__file__).parent.parent
ROUNDS = int(os.environ.get("ROUNDS", "40"))
STORES = ("sqlite", "postgresql")
KEPT = "0 lost, 0 duplicated, 0 changed ids, no 500"


@contextmanager
def store(name: str) -> Iterator[tuple[str, Path, PostgresServer | None]]:
    """Give the URL of an empty database, a folder, and the server where there is one."""
    with tempfile.TemporaryDirectory(prefix="steadfast-faults-") as folder:
        if name == "sqlite":
            yield f"sqlite:///{folder}/steadfast.db", Path(folder), None
        else:
            with PostgresServer.create() as server:
                yield server.create_database("steadfast"), Path(folder), server


def told(ledger: Ledger, rounds: int) -> str:
    """Say what a ledger holds in the words of the figure asked."""
    faults = f"{len(ledger.lost)} lost, {len(ledger.duplicated)} duplicated, {len(ledger.changed)} changed ids"
    others = len(ledger.faults) + len(ledger.kept_although_denied)
    counted = f"{len(ledger.acknowledged)} kept, {len(ledger.unknown)} unknown, {ledger.retried} retried"
    return f"{faults}, {others} wrong answers ({rounds} rounds, {counted})"


def kills(name: str) -> Iterator[Figure]:
    """Kill the service, or stop PostgreSQL at once, under sixteen clients."""
    with store(name) as (url, folder, server):
        served = Served(url, folder / "log")
        [key] = asyncio.run(with_workspaces(url, ["Warm Homes"]))
        ledger = asyncio.run(endure(served, key, rounds=ROUNDS, seed=40, faults=killing(served, server)))
    yield Figure(f"kill -9, {name}", f"{KEPT} (40 rounds)", told(ledger, ROUNDS), not ledger.broken)


def syncs(name: str) -> Iterator[Figure]:
    """Let the n-th sync of the log fail, n from 0 to 19."""
    asked = f"{KEPT}; 503; recovery alone"
    reason = why_no_faulty_disk()
    if reason:
        yield Figure(f"I/O error at the n-th sync, {name}", asked, reason, None)
        return
    with store(name) as (url, folder, server):
        disk = FaultyDisk.make(
            folder if server is None else server.folder, "steadfast.db" if server is None else "pg_wal"
        )
        if server is not None:
            server.environment.update(disk.environment)
            server.restart()
        served = Served(url, folder / "log", disk.environment if server is None else {})
        [key] = asyncio.run(with_workspaces(url, ["Warm Homes"]))
        ledger = asyncio.run(endure(served, key, rounds=20, seed=20, faults=[_failing(disk, n) for n in range(20)]))
        failed = disk.failed
    measured = f"{told(ledger, 20)}, {failed} syncs failed, {ledger.refused[503]} answers 503"
    yield Figure(f"I/O error at the n-th sync, {name}", asked, measured, not ledger.broken and failed >= 20)


def cuts(name: str) -> Iterator[Figure]:
    """Cut the power under sixteen clients, twenty times."""
    asked, rounds = "0 acknowledged lost (20 rounds)", min(ROUNDS, 20)
    reason = why_no_power_cut()
    if reason:
        yield Figure(f"power cut, {name}", asked, reason, None)
        return
    with store(name) as (given, folder, server), disk_in_a_file(1024 if name != STORES[0] else 192) as disk:
        url = given
        if server is None:
            url = f"sqlite:///{disk.folder}/steadfast.db"
        else:
            server.stop()
            subprocess.run(["cp", "-a", str(server.data), str(disk.folder)], check=True)  # noqa: S603, S607 - no shell
            shutil.rmtree(server.data)
            server.data.symlink_to(disk.folder / "data")
            disk.settle()  # PostgreSQL's checkpoints sync its tables, not the files a copy has just made around them
            server.start()
        served = Served(url, folder / "log")
        [key] = asyncio.run(with_workspaces(url, ["Warm Homes"]))
        ledger = asyncio.run(endure(served, key, rounds=rounds, seed=30, faults=cutting(served, disk, server)))
        if server is not None:
            server.stop(immediate=True)
    yield Figure(f"power cut, {name}", asked, told(ledger, rounds), not ledger.broken)


def _failing(disk: FaultyDisk, after: int) -> tuple[Fault, Fault]:
    return (lambda: disk.fail_now(after=after)), (lambda: None)


def at_once(name: str) -> Iterator[Figure]:
    """Post one Idempotency-Key fifty times at the same moment, twenty times over."""
    with store(name) as (url, folder, _):
        served = Served(url, folder / "log")
        [key] = asyncio.run(with_workspaces(url, ["Warm Homes"]))
        served.start()
        try:
            asyncio.run(served.until_ready())
            seen = [asyncio.run(post_at_once(served, key, 50, f"k{number}")) for number in range(20)]
        finally:
            served.kill()
    rows = {one.rows for one in seen}
    strangers = sum(len(one.strangers) for one in seen)
    contents = {len(one.contents) for one in seen}
    busy = sum(one.busy for one in seen)
    measured = f"rows {rows}, distinct answers {contents}, {strangers} other answers, {busy} busy (20 times)"
    fine = rows == {1} and contents == {1} and not strangers and not busy
    yield Figure(f"50 posts of one key at once, {name}", "one row, one answer or 409 retryable", measured, fine)


def crowds(name: str) -> Iterator[Figure]:
    """Let four hundred sessions of two workspaces onto two connections, with faults and requests that are cut off."""
    with store(name) as (url, _, _):
        keys = asyncio.run(with_workspaces(url, CANARIES))
        seen = asyncio.run(crowd(url, keys, sessions=400, requests=10, seed=400))
    counted = ", ".join(f"{count} x {status}" for status, count in sorted(seen.statuses.items()))
    measured = f"{len(seen.leaks)} foreign rows, {len(seen.faults)} faults, {seen.held} connections kept; {counted}"
    fine = not seen.leaks and not seen.faults and not seen.held
    yield Figure(f"400 sessions on a pool of 2, {name}", "0 foreign rows", measured, fine)


def suite(title: str, asked: str, tests: str, **environment: str) -> Callable[[str], Iterator[Figure]]:
    """Give a figure that tests of the suite measure, with what makes them the full run."""

    def measure(name: str) -> Iterator[Figure]:
        done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
            [sys.executable, "-m", "pytest", "-q", "-n", "0", "--show-capture=no", "-k", name, *tests.split()],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-200:]
        if done.returncode:
            print(done.stdout[-6000:])
        yield Figure(f"{title}, {name}", asked, last, done.returncode == 0)

    return measure


def generated(name: str) -> Iterator[Figure]:
    """Send what is generated from the OpenAPI document; it is sent to both stores at once, so once is enough."""
    if name == STORES[0]:
        title, tests = "generated requests, 200 an operation", "tests/generated/test_openapi.py"
        yield from suite(title, "0 failures", tests, FUZZ_EXAMPLES="200")("every_operation")


def disks(name: str) -> Iterator[Figure]:
    """Fill a small disk."""
    reason = why_no_small_disk()
    asked = "507, reads go on, recovery without restart"
    if reason:
        yield Figure(f"full disk, {name}", asked, reason, None)
        return
    yield from suite("full disk", asked, "tests/chaos/test_disks.py::test_a_full_disk_under_" + name + DISK)(
        "full_disk"
    )


DISK = "_is_a_507_read_from_and_recovered_from"
FIGURES: dict[str, Callable[[str], Iterator[Figure]]] = {
    "kills": kills,
    "once": at_once,
    "crowd": crowds,
    "doors": suite("every route x every caller", "every cell as expected", "tests/generated/test_doors.py"),
    "openapi": generated,
    "histories": suite(
        "histories, 200 runs of 50 steps",
        "agrees with the model",
        "tests/generated/test_histories.py",
        MODEL_RUNS="200",
        MODEL_STEPS="50",
    ),
    "disks": disks,
    "syncs": syncs,
    "cuts": cuts,
    "clocks": suite("clock back an hour, on 400 days", "no negative durations, no 5xx", "tests/chaos/test_clocks.py"),
    "upgrades": suite("upgrade of every recorded release", "everything told as before", "tests/upgrading"),
}


def main(wanted: list[str]) -> int:
    """Print the figures that are wanted, all by default, on either database."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        del os.environ[name]
    os.environ["STEADFAST_SECRET"] = SECRET
    chosen = [FIGURES[name] for name in wanted or FIGURES]
    figures = (figure for measure in chosen for name in STORES for figure in measure(name))
    return 0 if print_figures(figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
