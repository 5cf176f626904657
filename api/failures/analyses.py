"""Analyses asked for: a job that mines the condition sets, how far it is, and what it could not explain."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import RowMapping, Select, exists, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from api import audit, jobs, kinds
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.failures import queries, waking
from api.failures.schemas import (
    AnalysisAnswer,
    AnalysisBody,
    AnalysisProblem,
    UnexplainedAnswer,
    UnexplainedCase,
    WindowAnswer,
)
from api.jobs.leases import Held
from api.jobs.queries import is_job
from api.listing import Asked, answers_of
from api.paging import page_by
from models.failure import AnalysisState
from models.recording import VERSION_COLUMNS, current_rows

REGULAR = AnalysisBody()
"""What is looked for when nobody says otherwise: all cases, no strata."""
ENDED = (AnalysisState.DONE, AnalysisState.FAILED, AnalysisState.CANCELED)


async def ask(work: Work, body: AnalysisBody) -> UUID:
    """Ask for an analysis; its id is its job's. One that waits already for the very same is enough."""
    request: dict[str, JsonValue] = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    await waking.ask_where_overdue(work)
    analysis_id = await jobs.enqueue(work, jobs.ANALYSE, request)
    whole = body.window is None and body.strata is None
    row = {"workspace_id": work.workspace_id, "id": analysis_id, "outcome": body.outcome, "request": request}
    row |= {"state": AnalysisState.QUEUED, "whole": whole, "created_at": work.now}
    dialect = work.session.get_bind().dialect.name
    into = postgresql.insert(queries.analyses) if dialect == "postgresql" else sqlite.insert(queries.analyses)
    done: Any = await work.session.execute(into.on_conflict_do_nothing(), row)
    if done.rowcount:
        await audit.note(work, "analysis.asked", str(analysis_id), {"outcome": body.outcome})
    return analysis_id


async def cancel(work: Work, analysis_id: UUID) -> AnalysisAnswer:
    """Call an analysis off; doing so again changes nothing."""
    found = await read(work, analysis_id)
    if found.state in {AnalysisState.DONE, AnalysisState.FAILED}:
        raise Conflict(f"The analysis has ended already: it is {found.state}.", code="already_ended")
    if await jobs.cancel(work, analysis_id):
        values = {"state": AnalysisState.CANCELED, "finished_at": work.now}
        await work.session.execute(update(queries.analyses).where(_is(work, analysis_id)).values(values))
    return await read(work, analysis_id)


async def end_without_result(work: Work, held: Held, code: str, problem: str) -> None:
    """Keep why an analysis has no result: its job's row does not stay."""
    values = {"state": AnalysisState.FAILED, "code": code, "problem": problem[:2000], "finished_at": work.now}
    await work.session.execute(update(queries.analyses).where(_is(work, held.id)).values(values))


async def read(work: Work, analysis_id: UUID) -> AnalysisAnswer:
    """Return an analysis as it stands."""
    return _answer(await _row(work, analysis_id))


async def list_analyses(work: Work, asked: Asked) -> tuple[list[AnalysisAnswer], str | None]:
    """Return a page of the analyses, the newest first."""
    table = queries.analyses
    statement = _with_jobs(work.workspace_id)
    if asked.updated_since is not None:
        statement = statement.where(func.coalesce(table.c.finished_at, table.c.created_at) >= asked.updated_since)
    page = page_by(statement, (table.c.created_at, table.c.id), asked.cursor, asked.limit, newest_first=True)
    return await answers_of(work, asked, page, _answer, "created_at")


def _is(work: Work, analysis_id: UUID) -> Any:
    return (queries.analyses.c.workspace_id == work.workspace_id) & (queries.analyses.c.id == analysis_id)


def _with_jobs(workspace_id: UUID) -> Select[Any]:
    table, job = queries.analyses, jobs.jobs
    told = [job.c[name].label(f"job_{name}") for name in ("state", "progress", "phase", "code", "problem")]
    told.append(_in_force(workspace_id).label("in_force"))
    joined = table.outerjoin(job, is_job(table.c.workspace_id, table.c.id))
    return select(table, *told).select_from(joined).where(table.c.workspace_id == workspace_id)


def _in_force(workspace_id: UUID) -> Any:
    """Tell whether an analysis is the newest done that looked at all cases: see `queries.in_force`."""
    table, newer = queries.analyses, queries.analyses.alias("newer")
    counts = [of.c.whole.is_(True) & (of.c.state == AnalysisState.DONE) for of in (table, newer)]
    later = tuple_(newer.c.created_at, newer.c.id) > tuple_(table.c.created_at, table.c.id)
    same = (newer.c.workspace_id == workspace_id, newer.c.outcome == table.c.outcome)
    return counts[0] & ~exists().where(*same, counts[1], later)


async def _row(work: Work, analysis_id: UUID) -> RowMapping:
    statement = _with_jobs(work.workspace_id).where(queries.analyses.c.id == analysis_id)
    row: RowMapping | None = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no analysis {analysis_id}.")
    return row


def _state(row: Mapping[Any, Any]) -> str:
    """Return where an analysis stands: as its job does until it has ended; one whose job is gone has failed."""
    return str(row["state"] if row["state"] in ENDED else (row["job_state"] or AnalysisState.FAILED))


def _answer(row: Mapping[Any, Any]) -> AnalysisAnswer:
    state = _state(row)
    request = row["request"]
    problem = row["problem"] or row["job_problem"]
    given = request.get("window")
    return AnalysisAnswer(
        id=row["id"],
        outcome=row["outcome"],
        window=None if given is None else WindowAnswer.model_validate({"from": None, "to": None, **given}),
        strata=request.get("strata"),
        state=state,
        progress=1.0 if state == AnalysisState.DONE else row["job_progress"] or 0.0,
        phase=row["job_phase"],
        summary=row["summary"],
        problem=None
        if problem is None
        else AnalysisProblem(code=row["code"] or row["job_code"] or "tried_again", detail=problem),
        in_force=bool(row["in_force"]),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


async def done(work: Work, analysis_id: UUID) -> RowMapping:
    """Return an analysis that has a result."""
    row = await _row(work, analysis_id)
    state = _state(row)
    if state in {AnalysisState.FAILED, AnalysisState.CANCELED}:
        raise Conflict(f"The analysis {analysis_id} ended without a result.", code="no_result")
    if state != AnalysisState.DONE:
        raise Conflict("The analysis is not done: ask again when it is.", code="not_done_yet", retryable=True)
    return row


async def unexplained(work: Work, analysis_id: UUID) -> UnexplainedAnswer:
    """Return some failures in which no set was complete, as their cases stand now, without a word anybody wrote."""
    row = await done(work, analysis_id)
    sample = row["unexplained"] or []
    by_id = {UUID(str(item["case"])): item["conditions"] for item in sample}
    statement = current_rows(kinds.CASE, work.workspace_id).where(kinds.CASE.head.c.id.in_(list(by_id)))
    found = {case["id"]: case for case in (await work.session.execute(statement)).mappings()}
    cases = [_unexplained(found[case_id], codes) for case_id, codes in by_id.items() if case_id in found]
    return UnexplainedAnswer(analysis=analysis_id, failures=(row["summary"] or {}).get("unexplained", 0), items=cases)


def _unexplained(case: Mapping[Any, Any], codes: Any) -> UnexplainedCase:
    own = {name: value for name, value in case.items() if name not in VERSION_COLUMNS and name != "version"}
    told = {f"attributes.{name}": value for name, value in (own.pop("attributes") or {}).items()}
    facts = {name: value for name, value in {**own, **told}.items() if isinstance(value, bool | int | float)}
    return UnexplainedCase(
        case=case["reference"],
        need=case["need"],
        channel=case["channel"],
        team=case["team"],
        opened_at=case["opened_at"],
        done_at=case["done_at"],
        facts=facts,
        conditions=list(codes),
    )
