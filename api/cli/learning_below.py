"""Learning is done in a process of its own, so that no other loads scikit-learn: started, waited for, and read."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from typing import Any

from api.children import STOPS_WITHIN_SECONDS
from api.cli.console import FAILED, INTERRUPTED, MISUSED, fail, waiting
from api.learning_below import ONE_THREAD

MISUSE = {"column_missing", "column_used_twice", "outcome_not_binary", "time_not_sortable", "unreadable_file"}
STOPPED = "Stopped: nothing was stored. An analysis or training of a workspace stays asked for, until somebody does it."


def learn(kind: str, *arguments: str, quiet: bool) -> dict[str, Any]:
    """Run one piece of learning in its own process and return what it found."""
    with nullcontext() if quiet else waiting("Learning …"):
        code, printed = _learnt([sys.executable, "-m", "api.learner", kind, *arguments])
    try:
        found: dict[str, Any] = json.loads(printed)
    except ValueError:
        fail(f"Learning ended with {code} and said nothing; what it printed stands above.")
    if code != 0:
        if quiet:
            sys.stdout.write(json.dumps(found) + "\n")
        fail(f"{found['detail']} ({found['code']})", MISUSED if found["code"] in MISUSE else FAILED)
    return found


def _learnt(command: list[str]) -> tuple[int, bytes]:
    """Run the process that learns; it ends when this one does, and on Ctrl-C gives back what it began."""
    # In a group of its own the process hears of Ctrl-C from here alone, and has the time to give its job back.
    with subprocess.Popen(  # noqa: S603 - our own module, no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD}, process_group=0
    ) as process:
        try:
            printed = process.stdout.read() if process.stdout is not None else b""
            return process.wait(), printed
        except KeyboardInterrupt:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            fail(STOPPED, INTERRUPTED)
