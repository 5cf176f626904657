"""What can be said of revenues, one or many at a time."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from api import kinds
from api.customers import queries
from api.customers.schemas import RevenueAnswer, RevenueBody
from api.customers.service import known_as, parents
from api.dependencies import Work
from api.errors import NoSuchThing
from api.listing import Asked, narrowed, rows_of
from api.recorded import Stored, by_row, impossible, in_time, when
from api.voiding import void
from api.workspaces import service as workspaces
from models.ids import uuid7
from models.recording import Change, Recorded

MONTH = len("2026-05")


def days_of(period: str) -> tuple[date, date]:
    """Return the first and the last day of a period; raises `ValueError` where a day does not exist.

    >>> days_of("2026-02")
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    >>> days_of("2026-05-04/2026-05-10")
    (datetime.date(2026, 5, 4), datetime.date(2026, 5, 10))
    """
    if len(period) == MONTH:
        first = date.fromisoformat(f"{period}-01")
        return first, first.replace(day=monthrange(first.year, first.month)[1])
    first, last = map(date.fromisoformat, period.split("/"))
    return first, last


def period_of(first: date, last: date) -> str:
    """Return what a period is called: a whole month by its month.

    >>> period_of(*days_of("2026-05-01/2026-05-31")), period_of(*days_of("2026-05-01/2026-05-30"))
    ('2026-05', '2026-05-01/2026-05-30')
    """
    month = first.isoformat()[:MONTH]
    return month if (first, last) == days_of(month) else f"{first}/{last}"


async def store_revenues(work: Work, rows: Sequence[RevenueBody], *, stub: bool = False) -> list[Stored]:
    """Record what customers paid."""
    known = await parents(work, ((row.customer, None) for row in rows), stub=stub)
    settings = await workspaces.of(work)
    today = work.now.astimezone(ZoneInfo(settings.zone)).date()

    def prepare(row: RevenueBody) -> Change:
        customer = known.customer(row.customer)
        occurred, recorded = when(row, work.now)
        first, last = days_of(row.period)
        if first > today:
            raise impossible("period", "in_the_future", "A revenue is reported from the first day of its period on.")
        identity = uuid7()
        given = {
            "customer_id": customer,
            "first_day": first,
            "last_day": last,
            "amount": row.amount,
            "currency": row.currency or settings.currency,
            "kind": row.kind.value,
        }
        return Change((row.reference or str(identity),), given, occurred, recorded, identity=identity)

    return await by_row(rows, prepare, lambda changes: known.keep(work, kinds.REVENUE, changes), in_time(work.now))


async def void_revenue(work: Work, reference: str, reason: str) -> Recorded:
    """Withdraw a revenue."""
    return await void(work, kinds.REVENUE, (reference,), reason)


async def read_revenue(work: Work, reference: str) -> RevenueAnswer:
    """Return a revenue as known now."""
    statement = queries.current_revenues(work.workspace_id).where(kinds.REVENUE.head.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no revenue {reference}.")
    return _revenue_answer(row)


async def list_revenues(
    work: Work, asked: Asked, *, voided: bool, customer: str | None, kind: str | None
) -> tuple[list[RevenueAnswer], str | None]:
    """Return a page of revenues, oldest change first."""
    version = kinds.REVENUE.version
    known = None if customer is None else await known_as(work, customer)
    narrow = [(queries.customers.c.reference, known), (version.c.kind, kind)]
    statement = narrowed(queries.current_revenues(work.workspace_id), version, narrow, voided=voided)
    return await rows_of(work, asked, statement, kinds.REVENUE.head, _revenue_answer)


def _revenue_answer(row: Mapping[Any, Any]) -> RevenueAnswer:
    taken = {"version", "period", "stored_at"}
    fields = {name: row[name] for name in RevenueAnswer.model_fields if name not in taken}
    said = {"version": row["number"], "period": period_of(row["first_day"], row["last_day"])}
    return RevenueAnswer(**fields, **said, stored_at=row["changed_at"])
