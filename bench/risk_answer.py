"""What one risk answer costs: features fresh from 20 events, the reason included, beside peers and limits in one run.

The service and its peers run on one core, the load and PostgreSQL on the others, in interleaved rounds; what is printed
are medians of the ratios within a round. The CPU of the answer itself, its reads left out, is measured in this process.
`--only sqlite|postgresql` measures one store.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from figures import Figure, print_figures
from intake import HERE, children_of, cpu_of, free_port, running
from load import Round, driven, rendered
from product import SECRET, Installation, migrated
from risk_sets import CODES, confirm

from api.dependencies import identify
from api.risk.fresh import FreshRisk
from api.risk.questions import ANSWER
from api.risk.way import said
from api.security import parse_key
from ml.features import usual_month
from models.base import to_us
from models.database import Database
from tests.postgres.server import PostgresServer

CONNECTIONS = 32
CUSTOMERS = 300
REPEATS = 10
BEYOND_READS = 0.0015
TRIPLE = CODES[:3]
CASES = 5
"""Of each customer, each with a promise, an answer and something staff saw: 20 events."""


@dataclass
class Peer:
    """One server under load, with the requests of a round and what came of each."""

    name: str
    port: int
    pids: list[int]
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    count: int = 0
    rounds: list[tuple[Round, float, float]] = field(default_factory=list)

    def rates(self) -> list[float]:
        """Return the requests a second of each round."""
        return [found.rate for found, _, _ in self.rounds]


def told(now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return what the service is told of the customers: a third of them met the whole triple in one case."""
    rows: dict[str, list[dict[str, Any]]] = {"customers": [], "cases": [], "promises": [], "responses": []}
    rows["observations"] = []
    for number in range(CUSTOMERS):
        customer = f"C-{number}"
        since = now - timedelta(days=200 + number)
        rows["customers"].append({"reference": customer, "since": since.isoformat(), "recorded_at": since.isoformat()})
        for step in range(CASES):
            opened = now - timedelta(days=5 + 17 * step, hours=number % 24)
            _tell_case(rows, number, step, opened)
    return rows


def _tell_case(rows: dict[str, list[dict[str, Any]]], number: int, step: int, opened: datetime) -> None:
    case = f"K-{number}-{step}"

    def at(**span: float) -> str:
        return (opened + timedelta(**span)).isoformat()

    known = {"recorded_at": at(days=2)}
    opening = {"reference": case, "customer": f"C-{number}", "need": "repair", "opened_at": at()}
    opening |= {"demand": "failure" if step % 2 else "value", "contacts": 1 + step % 3, "handovers": number % 3}
    rows["cases"].append({**opening, "done_at": at(days=1), **known})
    rows["promises"].append(
        {"case": case, "promise": "P", "what": "a visit", "made_at": at(hours=1), "due_at": at(hours=9)}
        | {"kept_at": at(hours=8 if number % 2 else 20), **known}
    )
    rows["responses"].append(
        {"reference": f"r-{case}", "survey": "post_interaction", "case": case, "answered_at": at(days=2), **known}
        | {"answers": {"satisfaction": 1 + (number + step) % 5}}
    )
    together = TRIPLE if number % 3 == 0 and step == 0 else (CODES[(number + step) % len(CODES)],)
    for code in together:
        seen = {"reference": f"o-{case}-{code}", "case": case, "condition": code, "state": "present"}
        rows["observations"].append({**seen, "source": "staff", "observed_at": at(hours=5), **known})


def filled(installation: Installation, workspace: str) -> dict[str, str]:
    """Tell the service of a company, confirm two sets, and return the headers of who may ask."""
    migrated(installation)
    installation.run("workspace", "create", workspace)
    headers = installation.authorisation(workspace)
    with served(installation) as (port, _), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
        for code in CODES:
            body = {"code": code, "name": code, "kind": "process"}
            client.post("/v1/conditions", json=body, headers=headers).raise_for_status()
        for kind, rows in told(datetime.now(UTC)).items():
            for start in range(0, len(rows), 500):
                answer = client.post(f"/v1/{kind}/bulk", json=rows[start : start + 500], headers=headers)
                if answer.raise_for_status().json()["rejected"]:
                    raise SystemExit(f"{kind}: {answer.text[:500]}")
    confirm(installation.url, workspace)
    return headers


@contextmanager
def served(installation: Installation) -> Iterator[tuple[int, list[int]]]:
    """Serve the product; yield its port and its processes."""
    port = free_port()
    environment = {**installation.environment, "STEADFAST_LIMIT_KEY": "0", "STEADFAST_WORKER": "none"}
    with running([sys.executable, "-m", "api.serving", "127.0.0.1", str(port)], port, environment) as pids:
        yield port, pids


@contextmanager
def ours(name: str, installation: Installation) -> Iterator[Peer]:
    """Serve the product, told of a company."""
    headers = filled(installation, "bench")
    with served(installation) as (port, pids):
        yield Peer(f"{name}: Steadfast", port, pids[:1], "/v1/customers/{}/risk", headers)


@contextmanager
def textbook(name: str, url: str) -> Iterator[list[Peer]]:
    """Serve the textbook, and its constant."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "textbook_risk:app", "--app-dir", str(HERE / "peers")]
    with running([*command, "--port", str(port), "--no-access-log"], port, {"BENCH_DATABASE_URL": url}) as pids:
        yield [
            Peer(f"{name}: textbook session.get", port, pids, "/risk/{}"),
            Peer(f"{name}: constant route", port, pids, "/constant/{}"),
        ]


def measured(peer: Peer, count: int, database: list[int]) -> tuple[Round, float, float]:
    """Load one peer; return what it came to, and the CPU seconds of the server and of the database."""
    requests = [
        rendered(peer.path.format(f"C-{number % CUSTOMERS}"), [b""], peer.headers, "GET")[0] for number in range(count)
    ]
    server, store = cpu_of(peer.pids), cpu_of(database)
    came_to = driven(peer.port, requests, CONNECTIONS)
    if set(came_to.statuses) != {200}:
        raise SystemExit(f"{peer.name} answered {dict(came_to.statuses)}")
    return came_to, cpu_of(peer.pids) - server, cpu_of(database) - store


def figures(rounds: int, seconds: float, stores: list[str]) -> Iterator[Figure]:
    """Measure everything, in interleaved rounds of about so many seconds each."""
    os.sched_setaffinity(0, set(range(1, os.cpu_count() or 2)))
    with tempfile.TemporaryDirectory() as folder, PostgresServer.create() as server, ExitStack() as stack:
        postmaster = int((server.data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        for pid in children_of(postmaster):
            os.sched_setaffinity(pid, set(range(1, os.cpu_count() or 2)))
        places = {"PostgreSQL": (server.create_database("ours"), server.create_database("textbook"))}
        places["SQLite"] = (f"sqlite:///{folder}/ours.db", f"sqlite:///{folder}/textbook.db")
        for name, (url, other) in places.items():
            if name.lower() not in stores:
                continue
            with ExitStack() as each:
                peers = [
                    each.enter_context(ours(name, Installation(name, url, Path(folder)))),
                    *each.enter_context(textbook(name, other)),
                ]
                for peer in peers:
                    peer.count = max(100, int(measured(peer, 200, [])[0].rate * seconds))
                for _ in range(rounds):
                    for peer in peers:
                        peer.rounds.append(measured(peer, peer.count, children_of(postmaster)))
                yield from _told(name, peers)
                seconds_each = asyncio.run(_beyond_reads(url, peers[0].headers["Authorization"]))
                shown = f"{seconds_each * 1e3:.3f} ms"
                yield Figure(f"{name}: CPU beyond the reads", "<= 1.5 ms", shown, seconds_each <= BEYOND_READS)
        stack.pop_all()


async def _beyond_reads(url: str, authorisation: str) -> float:
    """Return the CPU seconds from what was read to the answer as it is sent, the least of several repeats."""
    os.environ["STEADFAST_SECRET"] = SECRET
    database = Database(url)
    fresh = FreshRisk(database)
    key = parse_key(authorisation.removeprefix("Bearer "))
    async with database.read() as session:
        caller = None if key is None else await identify(session, key, datetime.now(UTC))
    if caller is None:
        raise SystemExit("the key of this bench is not known")
    least, asked = float("inf"), fresh.quick.ask
    for number in range(REPEATS):
        await fresh.answer(caller, f"C-{3 * number}", "en")
        now = to_us(database.clock.now())
        moment = {"now": now, "usual": usual_month(now)}
        values = {"workspace": caller.workspace_id, "key": caller.key_id, "customer": f"C-{3 * number}", **moment}
        found = await asked(caller.workspace_id, ANSWER, values)

        async def read(*_: Any, found: Any = found) -> Any:
            return found

        fresh.quick.ask = read  # type: ignore[method-assign] # the reads are what is left out
        started = time.process_time()
        for _ in range(100):
            said(await fresh.answer(caller, "C", "en") or {}, "en")
        least = min(least, (time.process_time() - started) / 100)
        fresh.quick.ask = asked  # type: ignore[method-assign] # same
    await database.close()
    return least


def _told(name: str, peers: list[Peer]) -> Iterator[Figure]:
    for peer in peers:
        yield Figure(peer.name, "-", f"{statistics.median(peer.rates()):.0f}/s, {_costs(peer)}", None)
    mine, book, constant = peers
    for other, least in ((book, 0.5), (constant, 0.25)):
        ratios = [one / two for one, two in zip(mine.rates(), other.rates(), strict=True)]
        ratio = statistics.median(ratios)
        shown = f"{ratio:.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        yield Figure(f"{name}: rate / {other.name.partition(': ')[2]}", f">= {least}", shown, ratio >= least)
        by_cpu = _cpu(other) / _cpu(mine)
        yield Figure(f"{name}: the same by CPU of the server", "shown beside", f"{by_cpu:.2f}", None)


def _cpu(peer: Peer) -> float:
    return min(used / len(found.waits) for found, used, _ in peer.rounds)


def _costs(peer: Peer) -> str:
    store = min(used / len(found.waits) for found, _, used in peer.rounds)
    return f"{_cpu(peer) * 1e6:.0f} us CPU" + (f" + {store * 1e6:.0f} of the database" if store else "")


def main() -> None:
    """Print every figure beside what is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each peer in each round")
    parser.add_argument("--only", action="append", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    found = figures(given.rounds, given.seconds, given.only or ["sqlite", "postgresql"])
    sys.exit(0 if print_figures(found) else 1)


if __name__ == "__main__":
    main()
