"""What watching a model came to: worked out by a job, appended, and read here in a request."""

from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import insert, select

from api import jobs
from api.dependencies import Work
from api.risk import queries
from api.risk.queries import Row
from api.risk.schemas import ReportAnswer
from api.speaking import message
from models.assessment import ModelState
from models.ids import uuid7
from models.registry import ModelReport, Watched

reports = ModelReport.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
IN_USE = (ModelState.CHAMPION, ModelState.CHALLENGER)
NOT_LOOKED = message("Nobody looked yet: the model that serves is looked at once a week, and when it begins to serve.")
NOT_YET = {
    Watched.DRIFT: NOT_LOOKED,
    Watched.FAIRNESS: NOT_LOOKED,
    Watched.COMPARISON: message(
        "Nothing was compared yet: a challenger scores in silence until what followed is known."
    ),
}
NOT_IN_USE = message("This model is neither serving nor challenging, and was not looked at while it was.")


async def ask(work: Work) -> UUID:
    """Ask for the models in use to be looked at; one that waits already is enough."""
    return await jobs.enqueue(work, jobs.WATCH, {})


async def is_any_in_use(work: Work) -> bool:
    """Return whether there is a model to look at."""
    table = queries.models
    mine = (table.c.workspace_id == work.workspace_id, table.c.state.in_(IN_USE))
    return await work.session.scalar(select(table.c.id).where(*mine).limit(1)) is not None


async def keep(work: Work, model_id: UUID, kind: Watched, report: dict[str, Any] | None, detail: str) -> None:
    """Append what was found."""
    row = {"workspace_id": work.workspace_id, "id": uuid7(), "model_id": model_id, "kind": kind, "report": report}
    await work.session.execute(insert(reports), [{**row, "detail": detail, "recorded_at": work.now}])


async def newest(work: Work, model: Row, kind: Watched) -> ReportAnswer:
    """Return what was found last; without a report where there was too little to say, or nobody looked."""
    mine = (
        reports.c.workspace_id == work.workspace_id,
        reports.c.model_id == model["id"],
        reports.c.kind == kind,
    )
    statement = select(reports).where(*mine).order_by(reports.c.recorded_at.desc(), reports.c.id.desc()).limit(1)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        detail = NOT_YET[kind] if model["state"] in IN_USE else NOT_IN_USE
        return ReportAnswer(model=model["id"], report=None, detail=detail, computed_at=None)
    report: dict[str, JsonValue] | None = row["report"]
    return ReportAnswer(model=model["id"], report=report, detail=row["detail"], computed_at=row["recorded_at"])
