"""`loyalty`: how loyal the company is to its customers, told, and printed as one file."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import MISUSED, AsJson, WorkspaceName, fail, run, show, transaction, working
from api.measures.loyalty.asking import asked
from api.measures.loyalty.charts.schemas import ChartInterval
from api.measures.loyalty.report.gathering import Report, gathered
from api.measures.loyalty.report.page import page
from api.measures.loyalty.report.words import NAMES, early_words, felt_words, one_number, said, share
from api.measures.loyalty.schemas import DimensionAnswer

Start = Annotated[str | None, typer.Option("--from", help="From this day on. Default: 90 days before the end.")]
End = Annotated[str | None, typer.Option("--to", help="Before this day. Default: now.")]
File = Annotated[Path | None, typer.Option("--report", dir_okay=False, help="Write the report here, as one HTML file.")]
Interval = Annotated[ChartInterval, typer.Option("--interval", help="How long a period of the report's charts is.")]


def loyalty(
    workspace: WorkspaceName,
    start: Start = None,
    end: End = None,
    report: File = None,
    interval: Interval = ChartInterval.WEEK,
    as_json: AsJson = False,
) -> None:
    """Tell how loyal the company is to its customers, from its own records."""
    window = _day("--from", start), _day("--to", end)
    found = run(lambda: _gathered(workspace, *window, None if report is None else interval))
    if report is not None:
        _write(report, page(found))
    answer = found.loyalty.model_dump(mode="json", by_alias=True)
    answer["early_answers"] = [one.model_dump(mode="json") for one in found.early]
    told_where = [] if report is None else [f"{report}: the report, as one page to read or to print."]
    answer["report"] = None if report is None else str(report)
    show(answer, as_json=as_json, text="\n".join([*told(found), *told_where]))


def _day(name: str, given: str | None) -> date | None:
    try:
        return None if given is None else date.fromisoformat(given)
    except ValueError:
        fail(f"{name} is a day like 2026-03-31, and not {given}.", MISUSED)


async def _gathered(workspace: str, start: date | None, end: date | None, interval: ChartInterval | None) -> Report:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        return await gathered(work, await asked(work, start=start, end=end), interval)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror or error}")


def told(found: Report) -> list[str]:
    """Tell the profile, line by line."""
    loyalty_ = found.loyalty
    lines = [f"{found.company}, from {loyalty_.start.date()} until {loyalty_.end.date()}."]
    lines += [_line(one) for one in loyalty_.facts.dimensions]
    lines += [
        f"Report {connect.field} for {NAMES[one.key]}: {connect.source}."
        for one in loyalty_.facts.dimensions
        for connect in one.connect
    ]
    lines.append(one_number(loyalty_.facts))
    lines += felt_words(loyalty_.felt)
    return [*lines, *early_words(found.early)]


def _line(one: DimensionAnswer) -> str:
    known = "nothing to count" if one.coverage is None else f"{share(one.coverage)} known"
    return f"  {NAMES[one.key]}: {said(one)}, {one.n} customers, {known}"
