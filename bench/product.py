"""The product as a newcomer runs it: real files imported, asked over HTTP, on SQLite and PostgreSQL.

Every command is the one a person would type; every number is read from what it printed or what the API answered.
"""

import gzip
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from figures import Figure
from olist_cells import raw_cells

from tests.postgres.server import PostgresServer

EXAMPLES = Path(__file__).parent.parent / "examples"
SECRET = "a-secret-for-this-bench-alone-0000000000"  # noqa: S105 - guards a database that is thrown away
ROWS_A_SECOND = 3000
DELIVERED = "delivered"
DUE_PASSED = """
[[conditions]]
code = "due_passed"
name = "The promised day has passed, whether the parcel came by it or not"
kind = "process"
rule.all = [{ field = "due_passed", op = "eq", value = true }]
"""
OLIST = (("customers", "customers"), ("cases", "cases"), ("promises", "promises"), ("responses", "responses"))
INCIDENTS = (("customers", "customers"), ("cases", "cases"))
BREACH = {(False, False): 0.27, (False, True): 0.73, (True, False): 0.59, (True, True): 0.84}
REVIEW = {
    (False, False): (0.085, 0.105),
    (True, False): (0.175, 0.195),
    (False, True): (0.135, 0.185),
    (True, True): (0.775, 0.795),
}


@dataclass
class Installation:
    """One database and the commands run on it."""

    label: str
    url: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the commands see."""
        return {**os.environ, "STEADFAST_DATABASE_URL": self.url, "STEADFAST_SECRET": SECRET}

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run a command with `--json` and return what it printed."""
        command = [sys.executable, "-m", "api.cli", *arguments, "--json"]
        done = subprocess.run(  # noqa: S603 - our own commands, no shell
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    @contextmanager
    def served(self) -> Iterator[tuple[httpx.Client, float, float]]:
        """Serve it; yield a client without a key, the seconds until ready, and the process's megabytes then."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            [sys.executable, "-m", "api.cli", "serve", "--port", str(port)],
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                _wait(client)
                ready = time.perf_counter() - started
                yield client, ready, _megabytes(process.pid)
        finally:
            process.terminate()
            process.wait(30)

    def authorisation(self, workspace: str) -> dict[str, str]:
        """Return the header of a new key."""
        made = self.run("keys", "create", "--workspace", workspace, "--scope", "admin")
        return {"Authorization": f"Bearer {made['key']}"}


def migrated(installation: Installation) -> None:
    """Bring its database to the newest schema."""
    command = [sys.executable, "-m", "api.cli", "migrate"]
    subprocess.run(command, env=installation.environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - no shell


def _wait(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise SystemExit("the service did not become ready")


def _megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def figures(data: Path) -> Iterator[Figure]:
    """Measure both databases and compare what they found."""
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder, PostgresServer.create() as server:
        places = {
            "SQLite": f"sqlite:///{folder}/bench.db",
            "PostgreSQL": server.create_database("bench"),
        }
        for label, url in places.items():
            installation = Installation(label, url, Path(folder))
            migrated(installation)
            yield from _imported(installation, data, "olist", "olist_orders.csv.gz", OLIST)
            yield from _imported(installation, data, "incidents", "incidents.csv.gz", INCIDENTS)
            _delivered(installation, data)
            yield from _answered(installation, found)
            yield from _by_day_of_asking(installation, data)
    yield _same(found)


def _imported(
    installation: Installation, data: Path, example: str, file: str, kinds: tuple[tuple[str, str], ...]
) -> Iterator[Figure]:
    maps = EXAMPLES / example
    installation.run("workspace", "create", example)
    installation.run("workspace", "set", "--workspace", example, "--file", str(maps / "workspace.toml"))
    installation.run("import", "conditions", str(maps / "conditions.toml"), "--workspace", example)
    lines = _lines(data / file)
    read, rejected, seconds, again = 0, 0, 0.0, 0
    whole = True
    for kind, name in kinds:
        source = str(data / ("olist_reviews.csv.gz" if _reads_reviews(maps / f"{name}.toml") else file))
        arguments = ("import", kind, source, "--workspace", example, "--map", str(maps / f"{name}.toml"))
        started = time.perf_counter()
        said = installation.run(*arguments, "--report", str(installation.folder / f"{example}.{kind}.ndjson"))
        seconds += time.perf_counter() - started
        read, rejected = read + said["read"], rejected + said["rejected"]
        whole &= said["read"] == said["accepted"] + said["unchanged"] + said["rejected"]
        again += installation.run(*arguments, "--report", str(installation.folder / "again.ndjson"))["accepted"]
    speed = read / seconds
    label = f"{installation.label}: {example}"
    yield Figure(
        f"{label} rows/s", f">= {ROWS_A_SECOND}", f"{speed:.0f} ({read} rows, file {lines})", speed >= ROWS_A_SECOND
    )
    yield Figure(f"{label} read = sum of outcomes", "yes", f"{whole}, {rejected} rejected with reasons", whole)
    yield Figure(f"{label} rerun changes", "0", str(again), again == 0)


def _delivered(installation: Installation, data: Path) -> None:
    """Import the delivered orders alone into a workspace of their own: what the figures of the method are about."""
    narrowed = installation.folder / "delivered.toml"
    maps = EXAMPLES / "olist"
    where = '\n[[where]]\ncolumn = "order_status"\nin = ["delivered"]\n'
    narrowed.write_text((maps / "cases.toml").read_text(encoding="utf-8") + where, encoding="utf-8")
    installation.run("workspace", "create", DELIVERED)
    installation.run("workspace", "set", "--workspace", DELIVERED, "--file", str(maps / "workspace.toml"))
    installation.run("import", "conditions", str(maps / "conditions.toml"), "--workspace", DELIVERED)
    for kind, _ in OLIST:
        file = "olist_reviews.csv.gz" if kind == "responses" else "olist_orders.csv.gz"
        chosen = narrowed if kind == "cases" else maps / f"{kind}.toml"
        report = str(installation.folder / "left_out.ndjson")
        arguments = ("--workspace", DELIVERED, "--map", str(chosen), "--report", report)
        installation.run("import", kind, str(data / file), *arguments)


def _reads_reviews(path: Path) -> bool:
    return "olist_reviews" in path.read_text(encoding="utf-8")


def _lines(path: Path) -> int:
    with gzip.open(path, "rb") as file:
        return sum(1 for _ in file) - 1


def _answered(installation: Installation, found: dict[str, dict[str, Any]]) -> Iterator[Figure]:
    label = installation.label
    olist = installation.run("analyse", "--workspace", DELIVERED)
    headers = {name: installation.authorisation(name) for name in (DELIVERED, "incidents", "olist")}
    with installation.served() as (client, ready, megabytes):
        yield Figure(
            f"{label}: API process start",
            "< 3 s, < 120 MB",
            f"{ready:.2f} s, {megabytes:.1f} MB",
            ready < 3 and megabytes < 120,
        )
        breach = _rates(client, headers["incidents"], "handed_over", "reopened")
        near = all(abs(breach[key][0] - asked) < 0.011 for key, asked in BREACH.items())
        yield Figure(f"{label}: breach by hand-over, reopened", ".27/.59/.73/.84", _four(breach), near)
        review = _rates(client, headers[DELIVERED], "promise_broken", "still_waiting")
        yield Figure(f"{label}: failing review by broken, waiting", "(kept in time is not broken)", _four(review), None)
        yield from _sets(label, client, headers[DELIVERED], olist)
        yield _fresh(label, client, headers["olist"])
        found[label] = _everything(client, headers[DELIVERED], olist)


def _by_day_of_asking(installation: Installation, data: Path) -> Iterator[Figure]:
    """Compare with the raw files, where a promise counts as broken whose day had passed when the customer was asked."""
    label, catalogue = installation.label, installation.folder / "due_passed.toml"
    catalogue.write_text(DUE_PASSED, encoding="utf-8")
    installation.run("import", "conditions", str(catalogue), "--workspace", DELIVERED)
    installation.run("analyse", "--workspace", DELIVERED)  # which waits until the new rule has looked at all cases
    headers = installation.authorisation(DELIVERED)
    with installation.served() as (client, _, _):
        review = _rates(client, headers, "due_passed", "still_waiting")
    near = all(low <= review[key][0] <= high for key, (low, high) in REVIEW.items())
    asked = ".09-.10/.18-.19/.14-.18/.78-.79"
    yield Figure(f"{label}: failing review by day passed, waiting", asked, _four(review), near)
    raw = raw_cells(data)
    same = all(review[key][1] == count and abs(review[key][0] - rate) < 1e-9 for key, (rate, count) in raw.items())
    yield Figure(f"{label}: the same from the raw files", "the API's four cells, exactly", _four(raw), same)


def _rates(
    client: httpx.Client, headers: dict[str, str], first: str, second: str
) -> dict[tuple[bool, bool], tuple[float, int]]:
    answer = client.get("/v1/failure-rates", params={"condition": [first, second]}, headers=headers)
    answer.raise_for_status()
    rows = answer.json()["rows"]
    return {(row["conditions"][first], row["conditions"][second]): (row["rate"], row["cases"]) for row in rows}


def _four(rates: dict[tuple[bool, bool], tuple[float, int]]) -> str:
    order = ((False, False), (True, False), (False, True), (True, True))
    return " / ".join(f"{rates[key][0]:.3f} (n={rates[key][1]})" for key in order)


def _sets(label: str, client: httpx.Client, headers: dict[str, str], olist: dict[str, Any]) -> Iterator[Figure]:
    listed = client.get("/v1/condition-sets", headers=headers).json()["items"]
    first = listed[0]
    exact = first["conditions"] == ["promise_broken", "still_waiting"] and first["status"] == "confirmed"
    yield Figure(
        f"{label}: Olist, first set",
        "{promise_broken, still_waiting}, confirmed",
        f"{first['conditions']} {first['status']}",
        exact,
    )
    without = [rate for rate in first["rate_without"].values() if rate is not None]
    fine = 0.75 <= first["rate"] <= 0.82 and max(without) < 0.25
    shown = f"{first['rate']:.3f}; without {', '.join(f'{rate:.3f}' for rate in without)}"
    yield Figure(f"{label}: failing with both; without one", ".75-.82; < .25", shown, fine)
    confirmed = sum(item["status"] == "confirmed" for item in listed)
    yield Figure(
        f"{label}: conditions; confirmed sets",
        ">= 15; <= 12",
        f"{olist['conditions']}; {confirmed}",
        olist["conditions"] >= 15 and confirmed <= 12,
    )


def _fresh(label: str, client: httpx.Client, headers: dict[str, str]) -> Figure:
    """Post a response and ask for the risk: the answer must have changed."""
    case = client.get("/v1/cases", params={"limit": 1}, headers=headers).json()["items"][0]
    address = f"/v1/customers/{case['customer']}/risk"
    before = client.get(address, headers=headers).json()["risk"]
    started = time.perf_counter()
    body = {"survey": "post_interaction", "case": case["reference"], "answers": {"satisfaction": 1}}
    client.post("/v1/responses", json=body, headers=headers).raise_for_status()
    after = client.get(address, headers=headers).json()["risk"]
    seconds = time.perf_counter() - started
    changed = before != after and seconds < 1
    return Figure(
        f"{label}: response, then risk",
        "changed within 1 s",
        f"{before:.3f} -> {after:.3f} in {seconds:.3f} s",
        changed,
    )


def _everything(client: httpx.Client, headers: dict[str, str], olist: dict[str, Any]) -> dict[str, Any]:
    """Return what must be the same on every database."""
    customers = client.get("/v1/customers", params={"limit": 200}, headers=headers).json()["items"]
    wanted = sorted(item["reference"] for item in customers)
    answer = client.post("/v1/risk/lookup", json={"customers": wanted}, headers=headers).json()
    sets = [(item["conditions"], item["status"], item["rows"], item["failures"]) for item in olist["sets"]]
    return {"sets": sets, "risk": {item["customer"]: item["risk"] for item in answer["items"]}}


def _same(found: dict[str, dict[str, Any]]) -> Figure:
    one, other = found.values()
    shared = one["risk"].keys() & other["risk"].keys()
    apart = max((abs(one["risk"][name] - other["risk"][name]) for name in shared), default=float("nan"))
    same = one["sets"] == other["sets"] and apart < 1e-6 and bool(shared)
    return Figure(
        "SQLite and PostgreSQL",
        "same sets, same risk",
        f"sets {one['sets'] == other['sets']}, risk within {apart:.1e} ({len(shared)})",
        same,
    )
