"""What the pages tell a newcomer to type works, one block after another, against a running service."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent
STEADFAST = Path(sys.executable).with_name("steadfast")
MARKED = re.compile(r"<!-- run -->\s*```(sh|python)\n(.*?)```", re.DOTALL)
BUILT_WITHIN, ANSWERS_WITHIN, TYPED_WITHIN = 300.0, 30.0, 120.0


@dataclass(frozen=True)
class Running:
    """A service that answers: where, with which key, and in which folder it was started."""

    url: str
    key: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a reader's second terminal has."""
        return {**_environment(), "URL": self.url, "KEY": self.key}

    def risk(self, customer: str) -> dict[str, object]:
        """Ask for a customer's risk."""
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = httpx.get(f"{self.url}/v1/customers/{customer}/risk", headers=headers, timeout=30)
        found: dict[str, object] = answer.raise_for_status().json()
        return found


def _environment() -> dict[str, str]:
    """Return this environment with the commands on the path, and without anybody's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STEADFAST_", "DEMO_", "COV"))}
    kept |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**kept, "PATH": f"{STEADFAST.parent}{os.pathsep}{kept.get('PATH', '')}"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _started(folder: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command that serves, for as long as it is needed."""
    log = folder / "stderr.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            [STEADFAST, *command], cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=errors, text=True
        )
        overdue = threading.Timer(BUILT_WITHIN, process.kill)
        overdue.start()
        try:
            yield process
        finally:
            overdue.cancel()
            process.terminate()
            process.communicate(timeout=ANSWERS_WITHIN)


def _wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + ANSWERS_WITHIN
    while time.monotonic() < until:
        assert process.poll() is None, "the service ended"
        try:
            if httpx.get(f"{url}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"{url} was not ready within {ANSWERS_WITHIN} s")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("demo")
    url = f"http://127.0.0.1:{(port := _free_port())}"
    with _started(folder, "demo", "--port", str(port)) as process:
        assert process.stdout is not None
        keys = (re.search(r"API key: (sfk_\w+)", line) for line in process.stdout)
        key = next((found[1] for found in keys if found), None)
        assert key is not None, (folder / "stderr.log").read_text(encoding="utf-8")
        _wait_until_ready(url, process)
        yield Running(url, key, folder)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Running]:
    """Serve a database with no workspace in it yet."""
    url = f"http://127.0.0.1:{(port := _free_port())}"
    with _started(tmp_path, "serve", "--port", str(port)) as process:
        _wait_until_ready(url, process)
        yield Running(url, "", tmp_path)


def _blocks(page: str, language: str) -> list[str]:
    """Return the blocks of a page that are marked to be run."""
    found = MARKED.findall((ROOT / page).read_text(encoding="utf-8"))
    return [block for kind, block in found if kind == language]


def _type(service: Running, *command: str) -> str:
    done = subprocess.run(  # noqa: S603 - what our own pages say
        command,
        cwd=service.folder,
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=TYPED_WITHIN,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def _type_in_one_shell(service: Running, page: str) -> str:
    bash = shutil.which("bash")
    assert bash is not None
    return _type(service, bash, "-euo", "pipefail", "-c", "\n".join(_blocks(page, "sh")))


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_every_call_a_page_shows_stops_at_an_error_answer(page: str) -> None:
    blocks = _blocks(page, "sh")
    assert blocks
    calls = re.findall(r"\bcurl +(\S+)", "\n".join(blocks))
    assert calls
    assert {options for options in calls if options != "-fsS"} == set()


@pytest.mark.slow
def test_the_demo_tells_of_a_customer_at_risk_from_a_condition_set(demo: Running) -> None:
    sets = httpx.get(
        f"{demo.url}/v1/condition-sets?status=confirmed", headers={"Authorization": f"Bearer {demo.key}"}, timeout=30
    ).json()["items"]
    assert ["late_engineer", "no_callback", "wrong_part"] in [found["conditions"] for found in sets]


@pytest.mark.slow
def test_the_first_five_minutes_of_the_readme_work(demo: Running) -> None:
    said = _type_in_one_shell(demo, "README.md")
    risks = [float(found) for found in re.findall(r'"risk": ([0-9.e-]+)', said)]
    assert risks[0] < risks[-1], "what the customer said raises the risk"
    assert '"failure":true' in said
    noor = demo.risk("N-1")
    assert set(str(noor["top_set"]).split(" + ")) == {"late_engineer", "wrong_part", "no_callback"}
    assert noor["flagged"] is True


@pytest.mark.slow
def test_the_tutorial_leads_from_nothing_to_a_reason(empty: Running) -> None:
    said = _type_in_one_shell(empty, "docs/tutorial.md")
    assert '"unchanged":true' in said
    assert '"basis": "prior"' in said
    assert '"state": "left"' in said
    assert said.count("ended with 1") == 2, "one case is too little to learn from, and both commands say so"
    table = said[said.index("rows failed") :]
    found = [
        set(re.findall(r"\b(fuel|heat|oxygen|rain)\b", line)) for line in table.splitlines() if "confirmed" in line
    ]
    assert found == [{"fuel", "heat", "oxygen"}]
    assert said.rstrip().endswith("}")
    assert '"status":"trying"' in said


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(_blocks("docs/integrations/rest.md", "python"))))
def test_the_examples_for_a_form_a_crm_and_an_analysis_work(demo: Running, number: int) -> None:
    _type(demo, sys.executable, "-c", _blocks("docs/integrations/rest.md", "python")[number])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(_blocks("docs/integrations/forms.md", "python"))))
def test_the_examples_for_links_and_invitations_work(demo: Running, number: int) -> None:
    _type(demo, sys.executable, "-c", _blocks("docs/integrations/forms.md", "python")[number])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(_blocks("docs/integrations/surveys.md", "python"))))
def test_the_examples_for_surveys_work(demo: Running, number: int) -> None:
    _type(demo, sys.executable, "-c", _blocks("docs/integrations/surveys.md", "python")[number])
