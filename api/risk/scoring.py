"""Assessing many customers, a portion at a time: all of a workspace, or those of whom something was stored."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from api import kinds
from api.dependencies import Work
from api.risk import queries, service
from api.risk.touched import is_anything_stored, touched_customers

CUSTOMERS_AT_ONCE = 50
"""A portion holds SQLite's one writer: it must be over before a request would notice."""

__all__ = ["CUSTOMERS_AT_ONCE", "assess_all", "assess_touched", "count_all", "is_anything_stored"]

Assessed = tuple[UUID | None, dict[str, int]]
"""Where to go on (None at the end), and how many were looked at, stored and flagged."""


async def assess_all(work: Work, after: UUID | None) -> Assessed:
    """Assess the next customers of all, and keep what changed."""
    return await _assess(work, await queries.customers_after(work.session, work.workspace_id, after, CUSTOMERS_AT_ONCE))


async def count_all(work: Work) -> int:
    """Return how many customers there are to assess."""
    customers = kinds.CUSTOMER.head
    counted = select(func.count()).select_from(customers)
    counted = counted.where(customers.c.workspace_id == work.workspace_id, queries.is_somebody())
    return int(await work.session.scalar(counted) or 0)


async def find_touched(work: Work, since: datetime, until: datetime, after: UUID | None) -> list[UUID]:
    """Return the next customers of whom something was stored after one moment and up to another."""
    some = await touched_customers(work.session, work.workspace_id, since, until, after, CUSTOMERS_AT_ONCE)
    return [customer_id for customer_id, _ in some]


async def assess_touched(work: Work, found: Sequence[UUID]) -> Assessed:
    """Assess customers found a moment ago, those of them who are still there, and keep what changed."""
    some = await queries.somebody_of(work.session, work.workspace_id, found)
    further = found[-1] if len(found) == CUSTOMERS_AT_ONCE else None
    return further, (await _assess(work, some))[1]


async def _assess(work: Work, some: Sequence[tuple[UUID, str]]) -> Assessed:
    answers = await service.assess(work, dict(some))
    by_id = {customer_id: answer for (customer_id, _), answer in zip(some, answers, strict=True)}
    stored = await service.store_assessments(work, by_id) if some else 0
    flagged = sum(answer.flagged for answer in answers)
    further = some[-1][0] if len(some) == CUSTOMERS_AT_ONCE else None
    return further, {"customers": len(some), "stored": stored, "flagged": flagged}
