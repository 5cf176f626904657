"""`train`, `analyse` and `score`: learning happens in a process of its own, so that no other loads scikit-learn."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from typing import Annotated, Any
from uuid import UUID

import typer

from api.cli.console import FAILED, MISUSED, AsJson, WorkspaceName, fail, run, show, transaction, waiting, working
from api.failures import waking
from api.learning_below import ONE_THREAD
from api.risk import scoring
from api.worker import work_off

MISUSE = {"column_missing", "column_used_twice", "outcome_not_binary", "unreadable_file"}

OptionalWorkspace = Annotated[str | None, typer.Option("--workspace", help="The workspace's name or slug.")]


def train(
    workspace: WorkspaceName,
    promote: Annotated[bool, typer.Option("--promote", help="Let the model serve at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Learn the risk model from departures and wait for it."""
    found = learn("train", workspace, *(["promote"] if promote else []), quiet=as_json)
    text = (
        f"Learnt from {found['customers']} customers, {found['departures']} of whom left ({found['basis']}).\n"
        f"The model {found['model']} is {found['state']}. Forward test: {json.dumps(found['forward'])}"
    )
    show(found, as_json=as_json, text=text)


def analyse(
    workspace: OptionalWorkspace = None,
    table: Annotated[str | None, typer.Option("--table", help="A .csv, .csv.gz or .parquet file instead.")] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help="The table's 0/1 column; 1 is a failure.")] = None,
    time: Annotated[str | None, typer.Option("--time", help="A sortable column; confirms in time.")] = None,
    customer: Annotated[str | None, typer.Option("--customer", help="Rows of one customer are one cluster.")] = None,
    strata: Annotated[str | None, typer.Option("--strata", help="A confounder.")] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="A column that is no condition.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find the condition sets of a workspace, or of a plain table without any database."""
    if table is not None:
        if outcome is None or workspace is not None:
            fail("`--table` needs `--outcome COLUMN` and no `--workspace`.", MISUSED)
        named = {"time": time, "customer": customer, "strata": strata}
        request = {"path": table, "outcome": outcome, "ignore": ignore or [], **named}
        found = learn("table", json.dumps(request), quiet=as_json)
        show(found, as_json=as_json, text=_table_text(found))
        return
    if workspace is None:
        fail("Name a `--workspace`, or a `--table` with its `--outcome`.", MISUSED)
    found = learn("analyse", workspace, quiet=as_json)
    show(found, as_json=as_json, text=_workspace_text(found))


def score(workspace: WorkspaceName, as_json: AsJson = False) -> None:
    """Assess every customer and keep what changed."""
    with waiting("Assessing …"):
        counted = run(lambda: score_all(workspace))
    text = f"Assessed {counted['customers']} customers; {counted['stored']} assessments changed."
    show(counted, as_json=as_json, text=f"{text} {counted['flagged']} customers are flagged.")


async def score_all(workspace: str) -> dict[str, int]:
    """Assess every customer of a workspace, a portion a transaction, and keep what changed."""
    counted = {"customers": 0, "stored": 0, "flagged": 0}
    async with working(workspace) as (database, found):
        async with transaction(database, found.id) as work:
            await waking.ask_where_overdue(work)
        await work_off(database, found.id)
        after: UUID | None = None
        while True:
            async with transaction(database, found.id) as work:
                after, some = await scoring.assess_all(work, after)
            counted = {name: count + some[name] for name, count in counted.items()}
            if after is None:
                return counted


def learn(kind: str, *arguments: str, quiet: bool) -> dict[str, Any]:
    """Run one piece of learning in its own process and return what it found."""
    command = [sys.executable, "-m", "api.learner", kind, *arguments]
    with nullcontext() if quiet else waiting("Learning …"):
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            command, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD}, check=False
        )
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        fail(f"Learning ended with {done.returncode} and said nothing; what it printed stands above.")
    if done.returncode != 0:
        if quiet:
            sys.stdout.write(json.dumps(found) + "\n")
        fail(f"{found['detail']} ({found['code']})", MISUSED if found["code"] in MISUSE else FAILED)
    return found


def _workspace_text(found: dict[str, Any]) -> str:
    lines = [f"{found['failures']} of {found['rows']} cases failed; {found['conditions']} conditions were looked at."]
    lines += [_line(" + ".join(item["conditions"]), item) for item in found["sets"]]
    lines.append(f"{found['leak']:.0%} of the failures have no known set.")
    lines += [f"Refused {code}: it reads {', '.join(shared)}." for code, shared in found["refused"].items()]
    return "\n".join([*lines, *found["notes"]])


def _table_text(found: dict[str, Any]) -> str:
    lines = [f"{found['failures']} of {found['rows']} rows failed."]
    for item in found["sets"]:
        members = " + ".join(f"{c['feature']} {c['op']} {c['value']}" for c in item["conditions"])
        lines.append(_line(members, item))
    return "\n".join([*lines, f"{found['leak']:.0%} of the failures have no known set."])


def _line(members: str, item: dict[str, Any]) -> str:
    rate = "unknown" if item["rate"] is None else f"{item['rate']:.2f}"
    interval = f"[{item['low']:.2f}, {item['high']:.2f}]"
    completion = f"completion {item['completion']:.2f} {interval}"
    return f"  {members}: {item['status']}, {rate} failed of {item['rows']}, {completion}"
