"""Workers of this machine: one that is gone is not waited for, of any other nothing is known."""

import subprocess
import sys

import pytest

from api.jobs import nearby
from api.jobs.nearby import gone, worker_name


def test_one_that_runs_here_is_there_and_one_that_ended_is_gone() -> None:
    mine = worker_name()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here, _, token = mine.split("/")
    dead, abroad = f"{here}/{ended.pid}/{token}", f"elsewhere/{ended.pid}/{token}"
    assert gone([mine, dead, abroad, "no name of ours", f"{here}/1/{token}"]) == [dead]


def test_another_name_each_time() -> None:
    assert worker_name() != worker_name()


def test_where_the_system_does_not_say_nothing_is_concluded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "_space", lambda: "")
    here, _, token = worker_name().split("/")
    assert gone([f"{here}/999999/{token}"]) == []
