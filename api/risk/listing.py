"""Assessments as they were stored: of everybody the last, of one customer all.

Who objects to scoring by now is shown without figures, whatever was stored before.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from api import kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing
from api.listing import Asked, answers_of
from api.paging import next_cursor
from api.risk import queries
from api.risk.follow_ups.queries import contacted_or_waiting
from api.risk.schemas import AssessmentAnswer, ListedAssessment, PastAssessment
from api.risk.service import LEFT, OBJECTED
from api.risk.serving import PRIOR
from api.risk.wording import FALLBACK, reason_text
from ml.features import served, served_departures
from models.base import to_us

Row = Mapping[Any, Any]
A = TypeVar("A", bound=AssessmentAnswer)
FIGURES = ("risk", "low", "high", "expected_loss", "outreach_worth", "threshold", "top_set", "reason_text")
EXPLAINED = ("level", "horizon_days", "threshold", "currency", "top_set", "reason_text")
"""What of an assessment stands in its explanation only."""


async def list_risk(
    work: Work,
    asked: Asked,
    *,
    flagged: bool | None = None,
    team: str | None = None,
    by_worth: queries.ByWorth | None = None,
    language: str = FALLBACK,
) -> tuple[list[ListedAssessment], str | None]:
    """Return a page of what was last stored of each customer, oldest first or those worth most first."""
    statement = queries.current_assessments(work.workspace_id)
    if flagged is not None:
        statement = statement.where(queries.assessments.c.flagged == flagged)
    if team is not None:
        statement = statement.where(queries.latest_team() == team)
    if by_worth is None:
        page = queries.page_of_assessments(statement, asked)
    else:
        if by_worth.resting_since is not None:
            whose = kinds.CUSTOMER.head.c.id
            statement = statement.where(~contacted_or_waiting(work.workspace_id, whose, by_worth.resting_since))
        page = queries.page_by_worth(statement, asked, by_worth.most)
    rows = (await work.session.execute(page)).mappings().all()
    left = await _left(work, [row["customer_id"] for row in rows[: asked.limit]])
    items = [_listed(row, language, has_left=row["customer_id"] in left) for row in rows[: asked.limit]]
    # Whoever left or objected since the last assessment is flagged no more.
    shown = [item for item in items if flagged is None or item.flagged == flagged]
    return shown, next_cursor(rows, asked.limit) if by_worth is None else queries.next_by_worth(rows, asked.limit)


async def _left(work: Work, customer_ids: Sequence[UUID]) -> set[UUID]:
    if not customer_ids:
        return set()
    asked = served(work.workspace_id, customer_ids, to_us(work.now))
    return {row.customer_id for row in await work.session.execute(served_departures(), asked)}


def _listed(row: Row, language: str, *, has_left: bool) -> ListedAssessment:
    state = OBJECTED if row["objects_to_scoring"] else LEFT if has_left else None
    return _said(ListedAssessment, row, state, language, team=row["team"])


async def history(
    work: Work, asked: Asked, *, reference: str, language: str = FALLBACK
) -> tuple[list[PastAssessment], str | None]:
    """Return a page of everything that was stored of a customer, oldest first."""
    known = await customers.customer_ids(work, [reference])
    if reference not in known:
        raise NoSuchThing(f"There is no customer {reference}.")
    objects = (await customers.read_customer(work, reference)).objects_to_scoring
    page = queries.page_of_assessments(queries.assessments_of(work.workspace_id, known[reference]), asked)
    return await answers_of(work, asked, page, lambda row: _past(row, language, objects=bool(objects)))


def _past(row: Row, language: str, *, objects: bool) -> PastAssessment:
    why = {name: [] if objects else row["explanation"].get(name, []) for name in ("conditions", "condition_sets")}
    return _said(PastAssessment, row, OBJECTED if objects else None, language, **why)


def _said(kind: type[A], row: Row, now: str | None, language: str, **more: Any) -> A:
    """Return a stored assessment, without its figures where the customer's state now allows none."""
    stored = ("id", "customer", "state", "risk", "low", "high", "basis", "flagged", "expected_loss", "outreach_worth")
    fields = {name: row[name] for name in (*stored, "as_of", "recorded_at")}
    fields |= {name: row["explanation"].get(name) for name in EXPLAINED}
    if fields["reason_text"] is not None and language != FALLBACK:
        # What was said stands in English; what it was said of is told in the reader's language.
        fields["reason_text"] = reason_text(row["explanation"], language)
    fields["model"] = PRIOR if row["model_id"] is None else str(row["model_id"])
    if now is not None:
        fields |= {**dict.fromkeys(FIGURES), "state": now, "flagged": False}
    return kind(**fields, **more)
