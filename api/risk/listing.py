"""Assessments as they were stored: of everybody the last, of one customer all.

Who objects to scoring by now is shown without figures, whatever was stored before.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing
from api.listing import Asked, answers_of
from api.paging import next_cursor
from api.risk import queries
from api.risk.schemas import AssessmentAnswer, ListedAssessment, PastAssessment
from api.risk.service import LEFT, OBJECTED
from api.risk.serving import PRIOR
from ml.features import customer_departures, some_moments
from models.base import to_us

Row = Mapping[Any, Any]
A = TypeVar("A", bound=AssessmentAnswer)
FIGURES = ("risk", "low", "high", "expected_loss", "threshold", "top_set", "reason_text")
EXPLAINED = ("level", "horizon_days", "threshold", "currency", "top_set", "reason_text")
"""What of an assessment stands in its explanation only."""


async def list_risk(
    work: Work, asked: Asked, *, flagged: bool | None = None, team: str | None = None
) -> tuple[list[ListedAssessment], str | None]:
    """Return a page of what was last stored of each customer, oldest first."""
    statement = queries.current_assessments(work.workspace_id)
    if flagged is not None:
        statement = statement.where(queries.assessments.c.flagged == flagged)
    if team is not None:
        statement = statement.where(queries.latest_team() == team)
    rows = (await work.session.execute(queries.page_of_assessments(statement, asked))).mappings().all()
    left = await _left(work, [row["customer_id"] for row in rows[: asked.limit]])
    items = [_listed(row, has_left=row["customer_id"] in left) for row in rows[: asked.limit]]
    # Whoever left or objected since the last assessment is flagged no more.
    return [item for item in items if flagged is None or item.flagged == flagged], next_cursor(rows, asked.limit)


async def _left(work: Work, customer_ids: Sequence[UUID]) -> set[UUID]:
    if not customer_ids:
        return set()
    moments = some_moments(work.workspace_id, list(customer_ids), to_us(work.now))
    return {row.customer_id for row in await work.session.execute(customer_departures(moments))}


def _listed(row: Row, *, has_left: bool) -> ListedAssessment:
    state = OBJECTED if row["objects_to_scoring"] else LEFT if has_left else None
    return _said(ListedAssessment, row, state, team=row["team"])


async def history(work: Work, asked: Asked, *, reference: str) -> tuple[list[PastAssessment], str | None]:
    """Return a page of everything that was stored of a customer, oldest first."""
    known = await customers.customer_ids(work, [reference])
    if reference not in known:
        raise NoSuchThing(f"There is no customer {reference}.")
    objects = (await customers.read_customer(work, reference)).objects_to_scoring
    page = queries.page_of_assessments(queries.assessments_of(work.workspace_id, known[reference]), asked)
    return await answers_of(work, asked, page, lambda row: _past(row, objects=bool(objects)))


def _past(row: Row, *, objects: bool) -> PastAssessment:
    why = {name: [] if objects else row["explanation"].get(name, []) for name in ("conditions", "condition_sets")}
    return _said(PastAssessment, row, OBJECTED if objects else None, **why)


def _said(kind: type[A], row: Row, now: str | None, **more: Any) -> A:
    """Return a stored assessment, without its figures where the customer's state now allows none."""
    stored = ("id", "customer", "state", "risk", "low", "high", "basis", "flagged", "expected_loss")
    fields = {name: row[name] for name in (*stored, "as_of", "recorded_at")}
    fields |= {name: row["explanation"].get(name) for name in EXPLAINED}
    fields["model"] = PRIOR if row["model_id"] is None else str(row["model_id"])
    if now is not None:
        fields |= {**dict.fromkeys(FIGURES), "state": now, "flagged": False}
    return kind(**fields, **more)
