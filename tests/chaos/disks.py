"""Disks that are small, and disks that fail: a file system of a few megabytes, and syncs that go wrong."""

import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PLAN = struct.Struct("3i")
SOURCE = Path(__file__).with_name("faulty_sync.c")


def why_no_small_disk() -> str | None:
    """Return why a small disk cannot be mounted here, None where it can."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return "only root can mount a small disk"
    try:
        with small_disk(1):
            return None
    except subprocess.CalledProcessError:
        return "this machine lets not even root mount a file system (a container without the right)"


def why_no_faulty_disk() -> str | None:
    """Return why syncs cannot be made to fail here, None where they can."""
    if not Path("/proc/self/fd").is_dir():
        return "syncs are told apart by /proc, which only Linux has"
    return None if shutil.which("gcc") else "gcc compiles what makes syncs fail; there is none here"


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Mount a disk of some megabytes and give its folder, which anybody may write to."""
    folder = Path(tempfile.mkdtemp(prefix="steadfast-disk-", dir="/var/tmp")).resolve()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder))
        try:
            folder.parent.stat()
            yield folder
        finally:
            _run("umount", str(folder))
    finally:
        folder.rmdir()


@dataclass
class FaultyDisk:
    """Syncs that fail when told to, in every process started with `environment`."""

    library: Path
    plan: Path
    about: str

    @classmethod
    def make(cls, folder: Path, about: str) -> "FaultyDisk":
        """Compile what makes syncs of some files fail, in a folder that the processes can read."""
        library, plan = folder / "faulty_sync.so", folder / "faulty_sync.plan"
        _run("gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl")
        plan.write_bytes(PLAN.pack(0, 0, 0))
        library.chmod(0o755)
        plan.chmod(0o666)
        return cls(library, plan, about)

    @property
    def environment(self) -> dict[str, str]:
        """What a process must be started with."""
        return {"LD_PRELOAD": str(self.library), "FAULTY_SYNC_PLAN": str(self.plan), "FAULTY_SYNC_FOR": self.about}

    @property
    def failed(self) -> int:
        """How many syncs have failed."""
        failed: int = PLAN.unpack(self.plan.read_bytes())[2]
        return failed

    def fail(self, *, after: int, times: int = 1) -> None:
        """Let some more syncs go well and then some fail."""
        self._write(after, times)

    def fail_now(self, *, after: int) -> None:
        """Let one sync go wrong and wait until it has."""
        before, patience = self.failed, time.monotonic() + 10
        self.fail(after=after)
        while self.failed == before and time.monotonic() < patience:
            time.sleep(0.01)

    def mend(self) -> None:
        """Let every sync go well again."""
        self._write(0, 0)

    def _write(self, after: int, times: int) -> None:
        with self.plan.open("r+b") as file:
            file.write(struct.pack("2i", after, times))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words, no shell
