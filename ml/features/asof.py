"""What was known at a moment.

A version counts at t when it was recorded by t and no later version of its record was. `moments` is a selectable with
`workspace_id`, `customer_id` and `moment_us`: one row when serving, one a customer and snapshot when training. All
moments are microseconds since 1970 in UTC, so one expression gives the same numbers on SQLite and PostgreSQL.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Table,
    Uuid,
    and_,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)

from models.customer import CustomerVersion

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
LOOK_BACK_US = 365 * DAY_US
REPEAT_US = 14 * DAY_US
NEVER_US = 2**62
"""Later than any moment."""

Column = ColumnElement[Any]


def table_of(model: Any) -> Table:
    """Return the table of a SQLModel class."""
    table: Table = model.__table__
    return table


def us(column: Column) -> Column:
    """Return a moment's column as the integer it is kept as."""
    return type_coerce(column, BigInteger)


def one_moment(workspace_id: UUID, customer_id: UUID, moment_us: int) -> CTE:
    """Return the moments of one customer at one moment: serving."""
    return _moments(workspace_id, literal(customer_id, Uuid), [moment_us], source=None)


def all_moments(workspace_id: UUID, moments_us: Sequence[int]) -> CTE:
    """Return every customer at each snapshot at which they were known: training."""
    version = table_of(CustomerVersion)
    known = (
        select(version.c.id.label("customer_id"), func.min(us(version.c.recorded_at)).label("known_us"))
        .where(version.c.workspace_id == workspace_id)
        .group_by(version.c.id)
        .cte("known_customers")
    )
    return _moments(workspace_id, known.c.customer_id, moments_us, source=known)


def some_moments(workspace_id: UUID, customer_ids: Sequence[UUID], moment_us: int) -> CTE:
    """Return some customers at one moment: scoring in portions."""
    rows = [_moments_row(workspace_id, literal(customer_id, Uuid), moment_us) for customer_id in customer_ids]
    return union_all(*rows).cte("moments")


def _moments_row(workspace_id: UUID, customer: Column, moment_us: int) -> Select[Any]:
    return select(
        literal(workspace_id, Uuid).label("workspace_id"),
        customer.label("customer_id"),
        literal(moment_us, BigInteger).label("moment_us"),
    )


def _moments(workspace_id: UUID, customer: Column, moments_us: Sequence[int], source: CTE | None) -> CTE:
    rows = [_moments_row(workspace_id, customer, moment) for moment in moments_us]
    if source is not None:
        rows = [
            row.select_from(source).where(source.c.known_us <= moment)
            for row, moment in zip(rows, moments_us, strict=True)
        ]
    return union_all(*rows).cte("moments")


def spans(version: Table, name: str, within: Column) -> CTE:
    """Return a kind's versions, each with the moment from which a later one was known (`superseded_us`)."""
    later = func.min(us(version.c.recorded_at)).over(
        partition_by=(version.c.workspace_id, version.c.id),
        order_by=(version.c.occurred_at, version.c.recorded_at, version.c.number),
        rows=(1, None),
    )
    return select(version, func.coalesce(later, NEVER_US).label("superseded_us")).where(within).cte(name)


def known_at(span: FromClause, moment_us: Column) -> Column:
    """Return whether a version is the one known at a moment, and not withdrawn."""
    return and_(us(span.c.recorded_at) <= moment_us, moment_us < span.c.superseded_us, span.c.voided.is_(False))


def of_customers(version: Table, moments: CTE) -> Column:
    """Return whether a version belongs to a record that was ever one of these customers'."""
    theirs = version.alias("theirs")
    wanted = select(moments.c.customer_id)
    ids = select(theirs.c.id).where(
        theirs.c.workspace_id.in_(select(moments.c.workspace_id)), theirs.c.customer_id.in_(wanted)
    )
    return and_(version.c.workspace_id.in_(select(moments.c.workspace_id)), version.c.id.in_(ids))
