"""`train`, `analyse` and `score`: learning happens in a process of its own, so that no other loads scikit-learn."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from api.cli.amounts import amount
from api.cli.console import MISUSED, AsJson, WorkspaceName, fail, run, show, transaction, waiting, working
from api.cli.exporting.everybody import check_columns, risk_to
from api.cli.learning_below import learn
from api.cli.models import Anyway, Reason, because
from api.failures import waking
from api.risk import scoring, usual
from api.worker import work_off
from models.database import Database
from models.planning import NewTables

SHOWN = {"log_loss": "log-loss", "brier_skill": "Brier skill", "auc": "AUC", "ece": "calibration error"}
"""What of a forward test is told; the model's card has all of it."""
OptionalWorkspace = Annotated[str | None, typer.Option("--workspace", help="The workspace's name or slug.")]


def train(
    workspace: WorkspaceName,
    promote: Annotated[bool, typer.Option("--promote", help="Let the model serve at once.")] = False,
    anyway: Anyway = False,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Learn the risk model from departures and wait for it."""
    why = because(reason, anyway=anyway).model_dump_json()
    found = learn("train", workspace, *(["promote", why] if promote or anyway else []), quiet=as_json)
    text = (
        f"Learnt from {found['customers']} customers, {found['departures']} of whom left ({found['basis']}).\n"
        f"The model {found['model']} is a {found['state']}. {found.get('not_promoted', '')}\n"
        f"{forward_text(found['forward'])}"
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
    if any((outcome, time, customer, strata, ignore)):
        fail("Columns are named of a `--table`. An analysis of a workspace is asked with strata by the API.", MISUSED)
    found = learn("analyse", workspace, quiet=as_json)
    show(found, as_json=as_json, text=_workspace_text(found))


def score(
    workspace: WorkspaceName,
    to: Annotated[
        Path | None, typer.Option("--to", dir_okay=False, help="A FILE.parquet or FILE.csv instead; nothing is kept.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Assess every customer and keep what changed, or write everybody's risk to a file."""
    if to is not None:
        check_columns(to)
        run(lambda: _ready(workspace))
        rows = risk_to(to, workspace, quiet=as_json)
        show({"file": str(to), "rows": rows}, as_json=as_json, text=f"{to}: the risk of {rows} customers.")
        return
    with waiting("Assessing …"):
        counted = run(lambda: score_all(workspace))
    text = f"Assessed {counted['customers']} customers; {counted['stored']} assessments changed."
    show(counted, as_json=as_json, text=f"{text} {counted['flagged']} customers are flagged.")


async def _ready(workspace: str) -> None:
    async with working(workspace) as (database, found):
        await ready_to_score(database, found.id)


async def ready_to_score(database: Database, workspace_id: UUID) -> None:
    """Let rules look where time passed, and find what is usual, before customers are assessed."""
    await NewTables().flush(database)
    async with transaction(database, workspace_id) as work:
        await waking.ask_where_overdue(work)
        await usual.keep(work, await usual.find_missing(work))
    await work_off(database, workspace_id)


async def score_all(workspace: str) -> dict[str, int]:
    """Assess every customer of a workspace, a portion a transaction, and keep what changed."""
    counted = {"customers": 0, "stored": 0, "flagged": 0}
    async with working(workspace) as (database, found):
        await ready_to_score(database, found.id)
        after: UUID | None = None
        while True:
            async with transaction(database, found.id) as work:
                after, some = await scoring.assess_all(work, after)
            counted = {name: count + some[name] for name, count in counted.items()}
            if after is None:
                return counted


def _workspace_text(found: dict[str, Any]) -> str:
    lines = [f"{found['failures']} of {found['rows']} cases failed; {found['conditions']} conditions were looked at."]
    lines += [_line(" + ".join(item["conditions"]), item) for item in found["sets"]]
    lines.append(f"{found['leak']:.0%} of the failures have no known set.")
    lines += _cost(found["root_cost"])
    lines += [f"Refused {code}: {_why(shared)}." for code, shared in found["refused"].items()]
    return "\n".join([*lines, *found["notes"]])


def forward_text(forward: Mapping[str, Any]) -> str:
    """Say how a model did forward in time, each figure with its 95 % interval, beside the scorecard."""
    if "model" not in forward:
        return "It could not be tested forward in time: too little came after what can be learnt from."
    arms = [f"  {arm}: {_figures(forward, arm)}" for arm in ("model", "scorecard", "challenger") if arm in forward]
    tested = (
        f"{forward['customers']} customers, {forward['departures']} of {forward['rows']} rows followed by a departure"
    )
    return "\n".join([f"Tested forward in time on {tested}:", *arms])


def _figures(forward: Mapping[str, Any], arm: str) -> str:
    said = []
    for name, called in SHOWN.items():
        value, between = forward[arm].get(name), forward.get("intervals", {}).get(arm, {}).get(name)
        interval = f" [{between[0]:.3f}, {between[1]:.3f}]" if between else ""
        said.append(f"{called} unknown" if value is None else f"{called} {value:.3f}{interval}")
    return ", ".join(said)


def _why(shared: list[str]) -> str:
    """Say why a condition was refused: the fields it shares with the failure definition, or that it came too late."""
    return f"it reads {', '.join(shared)}" if shared else "in every case it was recorded after the outcome"


def _cost(cost: dict[str, Any]) -> list[str]:
    if cost["amount"] is None:
        return []
    said = amount(cost["amount"], cost["currency"])
    return [f"Failures cost {said}, known of {cost['known']} of {cost['cases']} cases: `steadfast cost`."]


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
