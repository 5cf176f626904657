"""Power cuts: a disk in a file, and what is on it at one moment while everybody writes.

What a process wrote and did not sync is in the kernel's memory, and a kill does not lose it: only a cut of the power
does. So everything that writes is held still, the file the disk lies in is copied, and the service goes on upon the
copy: there is only what had reached the disk.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

MEGABYTES = 192


def why_no_power_cut() -> str | None:
    """Return why the power cannot be cut here, None where it can."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        return "only root can mount a disk that lies in a file, and mkfs.ext4 makes it"
    try:
        with disk_in_a_file(8):
            return None
    except subprocess.CalledProcessError:
        return "this machine lets not even root mount a disk that lies in a file (a container without the right)"


@dataclass
class FileDisk:
    """A disk that lies in a file: mounted at `folder`."""

    image: Path
    folder: Path

    def mount(self) -> None:
        """Mount it, going through its journal where it was cut off."""
        _run("mount", "-o", "loop", str(self.image), str(self.folder))

    def unmount(self) -> None:
        """Unmount it, once nobody uses it."""
        _run("umount", str(self.folder))

    def settle(self) -> None:
        """Let everything that was ever written to it reach it: what a disk of some age holds."""
        _run("sync", "--file-system", str(self.folder))

    def cut(self, writers: Callable[[], Sequence[int]]) -> None:
        """Cut the power: those processes are gone, and of the disk there is what had reached it."""
        pids = writers()
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        copy = self.image.with_suffix(".copy")
        shutil.copyfile(self.image, copy)
        for pid in pids:
            _signal(pid, signal.SIGKILL)
        _until_gone(pids)
        _run("timeout", "20", "sh", "-c", f"until umount {self.folder}; do sleep 0.1; done")
        copy.replace(self.image)


@contextmanager
def disk_in_a_file(megabytes: int = MEGABYTES) -> Iterator[FileDisk]:
    """Give a mounted disk of some megabytes that anybody may write to."""
    place = Path(tempfile.mkdtemp(prefix="steadfast-power-", dir="/var/tmp")).resolve()
    place.chmod(0o755)
    disk = FileDisk(place / "image", place / "disk")
    disk.folder.mkdir()
    with disk.image.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    _run("mkfs.ext4", "-q", "-F", str(disk.image))
    try:
        disk.mount()
        disk.folder.chmod(0o777)
        yield disk
    finally:
        with suppress(subprocess.CalledProcessError):
            disk.unmount()
        shutil.rmtree(place, ignore_errors=True)


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((place / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
            if parent == pid:
                found += family(int(place.name))
    return found


def _until_gone(pids: Sequence[int]) -> None:
    """Wait for what was killed: PostgreSQL does not start while a process of its lock's number is in the table.

    Children of this process stay there until they are waited for, which whoever started them does.
    """
    until = monotonic() + 20
    while any(_lingers(pid) for pid in pids) and monotonic() < until:
        sleep(0.1)


def _lingers(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return int(stat.rpartition(")")[2].split()[1]) != os.getpid()


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words, no shell
