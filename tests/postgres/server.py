"""A real PostgreSQL for tests and benches, in a folder of its own that goes when it goes.

Durability is PostgreSQL's default unless a caller asks otherwise, so what a test proves about a commit holds
outside too.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import asyncpg

from tests.postgres import host

SUPERUSER = "postgres"
OWNER = "steadfast"
SETTINGS = {"max_connections": "200", "listen_addresses": "127.0.0.1", "log_min_messages": "warning"}


@dataclass(frozen=True)
class PostgresServer:
    """One server: where it lives, and what a test may do to it.

    Use `with PostgresServer.create() as server:`; everything of it lies in `folder`. Databases belong to the
    role `steadfast`, which may create roles but is no superuser, so forgotten rights fail here first.
    """

    folder: Path
    binaries: Path
    port: int
    password: str
    account: str | None
    environment: dict[str, str] = field(default_factory=dict)
    """What the server is started with beside its own: a test may put it on a disk that fails."""

    @classmethod
    def create(cls, settings: Mapping[str, str] | None = None) -> Self:
        """Make a server in a new temporary folder and start it; `settings` go into postgresql.conf."""
        account = host.unprivileged_account()
        folder = host.new_folder(account)
        try:
            server = cls(
                folder=folder,
                binaries=host.binaries_for(account, folder),
                port=host.free_port(),
                password=secrets.token_hex(16),
                account=account,
            )
            server._initialise({**SETTINGS, **(settings or {})})
            server.start()
            server._execute(
                f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{server.password}'",
                database="postgres",
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    @property
    def data(self) -> Path:
        """The cluster's own folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server wrote, for a test that asks why."""
        return self.folder / "log"

    @property
    def running(self) -> bool:
        """Whether the server holds its data folder."""
        return (self.data / "postmaster.pid").exists()

    def start(self) -> None:
        """Start and wait until it answers."""
        self._command("pg_ctl", "start", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log))

    def stop(self, *, immediate: bool = False) -> None:
        """Stop and wait: with a checkpoint, or at once, as after a crash (the next start recovers)."""
        if self.running:
            mode = "immediate" if immediate else "fast"
            self._command("pg_ctl", "stop", "-w", "-t", "60", "-D", str(self.data), "-m", mode)

    def restart(self, *, immediate: bool = False) -> None:
        """Stop, then start on the same port."""
        self.stop(immediate=immediate)
        self.start()

    def remove(self) -> None:
        """Stop and leave nothing behind."""
        try:
            self.stop(immediate=True)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, *, superuser: bool = False) -> str:
        """Give the URL of a database, as its owner or as the superuser."""
        user = SUPERUSER if superuser else OWNER
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create a database, a copy of `template` if one is named, and give its URL."""
        source = f" TEMPLATE {_quoted(template)}" if template else ""
        self._execute(f"CREATE DATABASE {_quoted(name)} OWNER {OWNER}{source}", database="postgres")
        return self.url(name)

    def create_small_database(self, name: str, folder: Path) -> str:
        """Create a database whose tables lie in a folder of the test's, and give its URL."""
        if self.account:
            shutil.chown(folder, self.account)
        self._execute(f"CREATE TABLESPACE {_quoted(name)} LOCATION '{folder}'", database="postgres")
        self._execute(f"CREATE DATABASE {_quoted(name)} OWNER {OWNER} TABLESPACE {_quoted(name)}", database="postgres")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database and whoever is still connected to it."""
        self._execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)", database="postgres")

    def create_template(self, name: str, build: Callable[[str], object]) -> str:
        """Create a database once for all processes, let `build(url)` fill it, and give its name.

        `build` may migrate; whatever it leaves connected is disconnected: a template is copied only alone.
        A template whose `build` failed is begun afresh by the next caller.
        """
        with locked(self.folder / "template.lock"):
            if not self._execute(
                "SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", name, database="postgres"
            ):
                self.drop_database(name)
                build(self.create_database(name))
                self._execute(
                    f"ALTER DATABASE {_quoted(name)} IS_TEMPLATE true ALLOW_CONNECTIONS false",
                    database="postgres",
                )
                self._execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
                    name,
                    database="postgres",
                )
        return name

    def save(self, path: Path) -> None:
        """Write where the server is, for another process to `load`."""
        path.write_text(json.dumps(asdict(self), default=str), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Give the server that `save` described."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**fields, "folder": Path(fields["folder"]), "binaries": Path(fields["binaries"])})

    def _initialise(self, settings: Mapping[str, str]) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password, encoding="utf-8")
        if self.account:
            shutil.chown(secret, self.account)
        self._command(
            "initdb",
            *("--pgdata", str(self.data), "--username", SUPERUSER, "--pwfile", str(secret)),
            *("--auth-local", "trust", "--auth-host", "password", "--encoding", "UTF8", "--no-locale"),
        )
        chosen = {"port": str(self.port), "unix_socket_directories": str(self.folder), **settings}
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in chosen.items())

    def _command(self, program: str, *arguments: str) -> None:
        # The output goes to a file: a server started by pg_ctl keeps an inherited pipe open for ever.
        with (self.folder / "output").open("w+b") as output:
            done = subprocess.run(  # noqa: S603 - our own binaries, no shell
                [str(self.binaries / program), *arguments],
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **host.identity(self.account),
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        if done.returncode:
            log = self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""
            raise host.PostgresError(f"{program} ended with {done.returncode}:\n{said}\n{log}")

    def _execute(self, statement: str, *values: object, database: str) -> list[Any]:
        """Run one statement as the superuser; from a thread, so that a running event loop is no obstacle."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(self.url(database, superuser=True), timeout=30)
            try:
                return list(await connection.fetch(statement, *values))
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, run()).result()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes; the kernel frees it with its holder."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
