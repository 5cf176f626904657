"""`serve` as it is run: it starts beside others, refuses what is not ready, and a stop loses nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.cli.desk import WORKSPACE, Desk

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "api.cli"]
CLIENTS = 8
STARTS_WITHIN, STOPS_WITHIN = 90.0, 40.0
on_postgres = pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)


def free_port() -> int:
    """Give a port nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Service:
    """A service in a process of its own."""

    def __init__(self, folder: Path, url: str, **settings: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{self.port}.log"
        given = {f"STEADFAST_{name.upper()}": value for name, value in settings.items()}
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "STEADFAST_DATABASE_URL": url, **given}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [*COMMAND, "serve", "--port", str(self.port)], stderr=log, env=self.environment, cwd=folder
            )

    def ready(self) -> None:
        """Wait until it says that it is."""
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail(self.log.read_text())

    def stop(self) -> int:
        """Tell it to stop; give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPS_WITHIN)


@contextmanager
def serving(folder: Path, url: str, **settings: str) -> Iterator[Service]:
    """Serve a database for as long as the block runs."""
    service = Service(folder, url, **settings)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()


def admin_key(desk: Desk) -> str:
    """Make an admin key."""
    made = desk.run("keys", "create", "--workspace", WORKSPACE, "--scope", "admin", "--json")
    return str(json.loads(made.stdout)["key"])


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_links_lead_to_where_it_serves_or_to_the_public_address(migrated_url: str, tmp_path: Path) -> None:
    with (
        serving(tmp_path, migrated_url) as service,
        serving(tmp_path, migrated_url, public_url="https://a.test") as other,
    ):
        for one, address in ((service, service.address), (other, "https://a.test")):
            one.ready()
            refused = httpx.get(f"{one.address}/v1/me").json()
            assert refused["type"] == f"{address}/problems#{refused['code']}"


class Client(threading.Thread):
    """Somebody who reports customers one after the other until the service is gone."""

    def __init__(self, service: Service, key: str, name: str) -> None:
        super().__init__(daemon=True)
        self.service, self.key, self.by = service, key, name
        self.acknowledged: list[str] = []
        self.answered: list[int] = []

    def run(self) -> None:
        """Report."""
        with httpx.Client(headers={"Authorization": f"Bearer {self.key}"}, timeout=30) as http:
            for number in range(100_000):
                reference = f"{self.by}-{number}"
                try:
                    answer = http.put(f"{self.service.address}/v1/customers/{reference}", json={"name": "Ana"})
                except httpx.TransportError:
                    return
                self.answered.append(answer.status_code)
                if answer.is_success:
                    self.acknowledged.append(reference)


def stored(service_address: str, key: str) -> set[str]:
    """Read every customer."""
    found: set[str] = set()
    params: dict[str, Any] = {"limit": 1000}
    while True:
        page = httpx.get(
            f"{service_address}/v1/customers", params=params, headers={"Authorization": f"Bearer {key}"}, timeout=30
        ).json()
        found |= {item["reference"] for item in page["items"]}
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


@contextmanager
def begun(service: Service, key: str, body: bytes) -> Iterator[tuple[socket.socket, bytes]]:
    """Begin a bulk request whose body the service is waiting for; give the connection and the body."""
    head = (
        f"POST /v1/customers/bulk HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        yield connection, body


@pytest.mark.slow
def test_a_stop_under_load_answers_what_is_under_way_and_loses_nothing(
    desk: Desk, migrated_url: str, tmp_path: Path
) -> None:
    key = admin_key(desk)
    rows = [{"reference": f"bulk-{number}", "name": "Ana"} for number in range(1000)]
    with serving(tmp_path, migrated_url) as service:
        service.ready()
        clients = [Client(service, key, f"c{number}") for number in range(CLIENTS)]
        for client in clients:
            client.start()
        while min(len(client.answered) for client in clients) < 3:
            time.sleep(0.05)
        with begun(service, key, json.dumps(rows).encode()) as (connection, body):
            began = time.monotonic()
            service.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(body)
            answer = connection.makefile("rb").read()
        assert service.process.wait(STOPS_WITHIN) == 0, service.log.read_text()
        assert time.monotonic() - began < STOPS_WITHIN
        for client in clients:
            client.join(30)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'"accepted":1000' in answer
        assert {status for client in clients for status in client.answered} == {201}
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{service.address}/livez", timeout=5)
    acknowledged = {reference for client in clients for reference in client.acknowledged}
    acknowledged |= {row["reference"] for row in rows}
    with serving(tmp_path, migrated_url) as again:
        again.ready()
        kept = stored(again.address, key)
        assert acknowledged - kept == set()
        # At most what was stored while its answer was on the way to a client whose connection had closed.
        assert len(kept - acknowledged) <= CLIENTS
        assert again.stop() == 0


@pytest.mark.slow
def test_three_that_start_at_once_on_a_new_sqlite_database_share_its_schema_and_its_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STEADFAST_SECRET")
    url = f"sqlite:///{tmp_path / 'new.db'}"
    metrics_port = free_port()
    with ExitStack() as stack:
        first = stack.enter_context(serving(tmp_path, url, metrics_port=str(metrics_port)))
        services = [first, *(stack.enter_context(serving(tmp_path, url)) for _ in range(2))]
        for service in services:
            service.ready()
        told = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=5).text
        assert 'steadfast_requests_total{method="GET",route="/readyz"' in told
        assert httpx.get(f"{first.address}/metrics", timeout=5).status_code == 404
        made = subprocess.run(  # noqa: S603 - our own module, no shell
            [*COMMAND, "setup", "--name", "Norte", "--json"],
            env=first.environment,
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        headers = {"Authorization": f"Bearer {json.loads(made.stdout)['key']['key']}"}
        for service in services:
            assert httpx.get(f"{service.address}/v1/me", headers=headers, timeout=10).status_code == 200
        busy = [*COMMAND, "serve", "--port", str(first.port)]
        refused = subprocess.run(busy, env=services[1].environment, capture_output=True, check=False)  # noqa: S603
        assert refused.returncode == 1
        assert b"cannot be listened at" in refused.stderr
        assert [service.stop() for service in services] == [0, 0, 0]
    for service in services:
        lines = service.log.read_text().splitlines()
        assert [line for line in lines if not line.startswith("{")] == []


def test_serve_refuses_a_postgresql_database_that_is_not_at_the_newest_schema(
    empty_postgres_url: str, tmp_path: Path
) -> None:
    with serving(tmp_path, empty_postgres_url) as service:
        assert service.process.wait(STARTS_WITHIN) == 1
        assert "steadfast migrate" in service.log.read_text()
