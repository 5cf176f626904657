"""A long day in twenty minutes: mixed load on the service, and what it keeps of it that it should not.

`PYTHONPATH=. python bench/soak.py --minutes 20 --store sqlite`. Memory is compared between the end of the warm-up
and the end; SQLite's log and PostgreSQL's connections are looked at every half minute. What fills while a service warms
up - statements compiled, pages and versions remembered - fills by requests: the warm-up is two minutes, and as many
requests as a quiet machine answers in them.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import uvloop
from figures import Figure, print_figures
from intake import bodies, free_port, running
from load import driven, rendered
from product import Installation, migrated

from tests.postgres.server import PostgresServer

SLICE = 400
CONNECTIONS = 16
WARM_SECONDS, WARM_REQUESTS = 120, 100_000
MOST_GROWTH = 0.05
MOST_WAL = 64 * 1024 * 1024


def mixed(chance: random.Random, headers: dict[str, str], form: dict[str, str]) -> list[bytes]:
    """Return a slice of requests: answers mostly, and what a CRM says and asks."""
    number = chance.randrange(2000)
    customer, case = f"C-{number}", f"K-{number}-{chance.randrange(5)}"
    told = [
        ("PUT", f"/v1/customers/{customer}", {"segment": chance.choice(["home", "office"])}),
        ("PUT", f"/v1/cases/{case}", {"customer": customer, "need": "repair", "opened_at": "2026-01-05T09:00:00Z"}),
        ("POST", "/v1/responses", {"survey": "post_interaction", "case": case, "answers": {"satisfaction": 2}}),
        ("GET", f"/v1/customers/{customer}/risk", None),
        ("GET", "/v1/responses?limit=50", None),
        ("POST", "/v1/responses", {"survey": "post_interaction", "answers": {"satisfaction": 9}}),
        ("GET", f"/v1/cases/{uuid4()}", None),
    ]
    requests = rendered("/v1/responses", bodies(SLICE), form)
    for method, path, body in told * 5:
        requests += rendered(path, [b"" if body is None else json.dumps(body).encode()], headers, method)
    chance.shuffle(requests)
    return requests


def kilobytes(pid: int) -> int:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def _is_warm(seconds: float, requests: int, minutes: float) -> bool:
    """Tell whether the warm-up is over; half of the time is left to compare in, however slow the machine."""
    warm = seconds > min(WARM_SECONDS, minutes * 12) and requests > WARM_REQUESTS
    return warm or seconds > minutes * 30


async def _connections(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'steadfast'"
        )
        return found
    finally:
        await connection.close()


def soaked(name: str, url: str, folder: Path, minutes: float, admin: str | None) -> Iterator[Figure]:
    """Load one database for so long."""
    made = Installation(name, url, folder)
    migrated(made)
    made.run("workspace", "create", "Soak")
    headers = made.authorisation("soak")
    key = made.run("keys", "create", "--workspace", "soak", "--scope", "feedback:write")["key"]
    form = {"Authorization": f"Bearer {key}"}
    port, chance = free_port(), random.Random(20)  # noqa: S311 - an example, no secret
    environment = {**made.environment, "STEADFAST_LIMIT_KEY": "0"}
    serve = [sys.executable, "-m", "api.serving", "127.0.0.1", str(port)]
    statuses: Counter[int] = Counter()
    first, wal, connections = 0, 0, set[int]()
    with running(serve, port, environment) as pids:
        begun = looked = time.monotonic()
        while time.monotonic() - begun < minutes * 60:
            statuses += driven(port, mixed(chance, headers, form), CONNECTIONS).statuses
            if not first and _is_warm(time.monotonic() - begun, statuses.total(), minutes):
                first = kilobytes(pids[0])
            if time.monotonic() - looked > 30:
                looked = time.monotonic()
                if admin is None:
                    wal = max(wal, Path(f"{url.removeprefix('sqlite:///')}-wal").stat().st_size)
                else:
                    connections.add(uvloop.run(_connections(admin)))
        last = kilobytes(pids[0])
    growth = last / first - 1
    yield Figure(f"{name}: memory", "< 5 % more", f"{first} -> {last} kB, {growth:+.1%}", growth < MOST_GROWTH)
    if admin is None:
        yield Figure(f"{name}: write-ahead log", "bounded", f"{wal / 1e6:.1f} MB at most", wal < MOST_WAL)
    else:
        yield Figure(f"{name}: connections", "none leaked", f"{sorted(connections)}", max(connections) <= 20)
    wrong = {status: count for status, count in statuses.items() if status >= 500 or not status}
    yield Figure(f"{name}: answers", "no 5xx", f"{dict(statuses)}", not wrong)


def main() -> None:
    """Print what was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.store == "sqlite":
            url = f"sqlite:///{folder}/soak.db"
            fine = print_figures(soaked("SQLite", url, Path(folder), given.minutes, None))
        else:
            with PostgresServer.create() as server:
                url, admin = server.create_database("soak"), server.url("soak", superuser=True)
                fine = print_figures(soaked("PostgreSQL", url, Path(folder), given.minutes, admin))
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
