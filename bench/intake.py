"""What taking answers in costs: durable responses a second beside peers and limits, all in one run.

Every server runs on one core, the load and PostgreSQL on the others. Rounds of all servers are interleaved, and what is
printed are medians of the ratios within a round, so that a machine that is slower for a minute is slower for all.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from figures import Figure, print_figures
from load import Round, driven, rendered
from product import Installation, migrated

from tests.postgres.server import PostgresServer

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS, MANY = 32, 128
COMMENT = "They said somebody would call back by noon and nobody did, but the repair itself was done well."


@dataclass
class Peer:
    """One server under load.

    Attributes
    ----------
    name : str
        What it is.
    port : int
        Where it listens.
    pids : list of int
        Its processes.
    path : str
        Where an answer is posted.
    headers : dict
        What is sent along.
    rounds : list of Round
        What came of each round, with the CPU seconds of the server and of the database.
    """

    name: str
    port: int
    pids: list[int]
    path: str = "/responses"
    headers: dict[str, str] = field(default_factory=dict)
    rounds: list[tuple[Round, float, float]] = field(default_factory=list)

    def rates(self) -> list[float]:
        """Return the requests a second of each round."""
        return [found.rate for found, _, _ in self.rounds]


def bodies(count: int) -> list[bytes]:
    """Return answers as a web form sends them, each with an id of its own."""
    return [
        json.dumps(
            {
                "id": str(uuid4()),
                "survey": "post_interaction",
                "customer": f"C-{number % 500}",
                "case": f"K-{number % 2000}",
                "answers": {"satisfaction": number % 5 + 1, "needs_met": "partly", "comment": COMMENT},
            }
        ).encode()
        for number in range(count)
    ]


def cpu_of(pids: list[int]) -> float:
    """Return the CPU seconds some processes and their finished children have used."""
    used = 0.0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        except OSError:
            continue
        used += sum(map(int, text.rpartition(")")[2].split()[11:15])) / TICKS
    return used


def children_of(pid: int) -> list[int]:
    """Return a process and those it started."""
    found = [pid]
    for place in Path("/proc").glob("[0-9]*"):
        try:
            text = (place / "stat").read_text(encoding="ascii")
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == pid:
            found += children_of(int(place.name))
    return found


def free_port() -> int:
    """Return a port nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[list[int]]:
    """Run a server on the first core until it listens, and stop it at the end."""
    process = subprocess.Popen(  # noqa: S603 - our own command, no shell
        command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    os.sched_setaffinity(process.pid, {0})
    try:
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
            time.sleep(0.05)
        time.sleep(1)
        yield children_of(process.pid)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def ours(name: str, url: str, folder: Path) -> Iterator[list[Peer]]:
    """Serve the product, and beside it the same application with a route that stores nothing."""
    made = Installation(name, url, folder)
    migrated(made)
    made.run("workspace", "create", "Bench")
    key = made.run("keys", "create", "--workspace", "bench", "--scope", "feedback:write")["key"]
    headers = {"Authorization": f"Bearer {key}"}
    environment = {**made.environment, "STEADFAST_LIMIT_KEY": "0", "STEADFAST_WORKER": "none"}
    port, null = free_port(), free_port()
    serve = [sys.executable, "-m", "api.serving", "127.0.0.1", str(port)]
    beside = [sys.executable, "-c", f"import null_route; null_route.main({null})"]
    paths = {"PYTHONPATH": f"{HERE.parent}:{HERE / 'peers'}"}
    with running(serve, port, environment) as pids, running(beside, null, {**environment, **paths}) as null_pids:
        yield [
            Peer(f"{name}: Steadfast", port, pids[:1], "/v1/responses", headers),
            Peer(f"{name}: null route", null, null_pids[:1], "/null", headers),
        ]


@contextmanager
def textbook(name: str, url: str) -> Iterator[Peer]:
    """Serve the textbook."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "textbook:app", "--app-dir", str(HERE / "peers"), "--port", str(port)]
    with running([*command, "--no-access-log"], port, {"BENCH_DATABASE_URL": url}) as pids:
        yield Peer(f"{name}: textbook SQLModel", port, pids)


@contextmanager
def django(name: str, url: str, *, template: bool = False) -> Iterator[Peer]:
    """Serve Django's ORM under gunicorn: trimmed for this one route, or as a project's template sets it."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--chdir", str(HERE / "peers"), "--bind", f"127.0.0.1:{port}"]
    threads = ["--worker-class", "gthread", "--threads", "32", "--keep-alive", "60", "django_orm:application"]
    environment = {"BENCH_DATABASE_URL": url, "BENCH_DJANGO": "template" if template else "trimmed"}
    with running([*command, *threads], port, environment) as pids:
        yield Peer(f"{name}: Django ORM{' (template)' if template else ''}", port, children_of(pids[0]))


def measured(peer: Peer, count: int, connections: int, database: list[int]) -> tuple[Round, float, float]:
    """Load one peer; return what it came to, and the CPU seconds of the server and of the database."""
    requests = rendered(peer.path, bodies(count), peer.headers)
    server, store = cpu_of(peer.pids), cpu_of(database)
    came_to = driven(peer.port, requests, connections)
    if set(came_to.statuses) != {201}:
        raise SystemExit(f"{peer.name} answered {dict(came_to.statuses)}")
    return came_to, cpu_of(peer.pids) - server, cpu_of(database) - store


def figures(rounds: int, seconds: float) -> Iterator[Figure]:
    """Measure everything, in interleaved rounds of about so many seconds each."""
    os.sched_setaffinity(0, set(range(1, os.cpu_count() or 2)))
    with tempfile.TemporaryDirectory() as folder, PostgresServer.create() as server, ExitStack() as stack:
        postmaster = int((server.data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        for pid in children_of(postmaster):
            os.sched_setaffinity(pid, set(range(1, os.cpu_count() or 2)))
        names = {name: server.create_database(name) for name in ("ours", "textbook", "django", "template")}
        postgres = stack.enter_context(ours("PostgreSQL", names["ours"], Path(folder)))
        sqlite = stack.enter_context(ours("SQLite", f"sqlite:///{folder}/ours.db", Path(folder)))
        peers = [
            *postgres,
            stack.enter_context(textbook("PostgreSQL", names["textbook"])),
            stack.enter_context(django("PostgreSQL", names["django"])),
            stack.enter_context(django("PostgreSQL", names["template"], template=True)),
            *sqlite,
            stack.enter_context(textbook("SQLite", f"sqlite:///{folder}/textbook.db")),
        ]
        for peer in peers:
            warm = measured(peer, 400, CONNECTIONS, [])[0]
            peer.rounds.clear()
            peer.headers["X-Count"] = str(max(200, int(warm.rate * seconds)))
        many: dict[str, list[float]] = {postgres[0].name: [], sqlite[0].name: []}
        for _ in range(rounds):
            for peer in peers:
                count = int(peer.headers["X-Count"])
                peer.rounds.append(measured(peer, count, CONNECTIONS, children_of(postmaster)))
                if peer.name in many:
                    rate = measured(peer, count, MANY, [])[0].rate
                    many[peer.name].append(rate / peer.rounds[-1][0].rate)
        yield from _told(peers, many)


def _ratio(one: Peer, other: Peer) -> tuple[float, str]:
    ratios = [mine / theirs for mine, theirs in zip(one.rates(), other.rates(), strict=True)]
    return statistics.median(ratios), f"{min(ratios):.2f}-{max(ratios):.2f}"


def _told(peers: list[Peer], many: dict[str, list[float]]) -> Iterator[Figure]:
    by_name = {peer.name: peer for peer in peers}
    for peer in peers:
        yield Figure(peer.name, "-", f"{statistics.median(peer.rates()):.0f}/s, {_costs(peer)}", None)
    asked: list[tuple[str, str, float]] = [
        ("PostgreSQL", "textbook SQLModel", 6),
        ("PostgreSQL", "Django ORM", 4),
        ("PostgreSQL", "Django ORM (template)", 4),
        ("PostgreSQL", "null route", 0.45),
        ("SQLite", "textbook SQLModel", 4.5),
        ("SQLite", "null route", 0.45),
    ]
    for store, other, least in asked:
        ratio, spread = _ratio(by_name[f"{store}: Steadfast"], by_name[f"{store}: {other}"])
        yield Figure(f"{store}: rate / {other}", f">= {least}", f"{ratio:.2f} ({spread})", ratio >= least)
    for store in ("PostgreSQL", "SQLite"):
        peer = by_name[f"{store}: Steadfast"]
        tails = statistics.median(found.quantile(0.99) / found.quantile(0.5) for found, _, _ in peer.rounds)
        yield Figure(f"{store}: p99 / p50 at {CONNECTIONS}", "<= 3", f"{tails:.2f}", tails <= 3)
        share = statistics.median(many[peer.name])
        yield Figure(f"{store}: rate at {MANY} / at {CONNECTIONS}", ">= 0.8", f"{share:.2f}", share >= 0.8)
    found = by_name["PostgreSQL: Steadfast"].rounds
    app, store_cpu = (
        statistics.median(used / len(r[0].waits) for r in found for used in [r[place]]) for place in (1, 2)
    )
    shown = f"{app * 1e3:.3f} + {store_cpu * 1e3:.3f} ms"
    yield Figure("PostgreSQL: CPU a stored response", "<= .7 + .12 ms", shown, app <= 0.0007 and store_cpu <= 0.00012)


def _costs(peer: Peer) -> str:
    app = statistics.median(used / len(found.waits) for found, used, _ in peer.rounds)
    store = statistics.median(used / len(found.waits) for found, _, used in peer.rounds)
    return f"{app * 1e6:.0f} us CPU" + (f" + {store * 1e6:.0f} of PostgreSQL" if "PostgreSQL" in peer.name else "")


def main() -> None:
    """Print every figure beside what is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each peer in each round")
    given = parser.parse_args()
    sys.exit(0 if print_figures(figures(given.rounds, given.seconds)) else 1)


if __name__ == "__main__":
    main()
