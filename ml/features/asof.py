"""What was known at a moment.

A version counts at t when it was recorded by t and no later version of its record was. `Moments` are rows of
`customer_id` and `moment_us`: one row when serving, one a customer and snapshot when training. All
moments are microseconds since 1970 in UTC, so one expression gives the same numbers on SQLite and PostgreSQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Table,
    and_,
    exists,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
    union_all,
)

from models.base import from_us, to_us
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


@dataclass(frozen=True)
class Moments:
    """Customers at moments.

    Attributes
    ----------
    workspace_id : UUID
    rows : CTE
        `customer_id`, `moment_us`, and `usual_us`: the month whose medians count then.
    once : pair of columns or None
        Where there is one moment only, it and its month as values, which a database then reckons with as numbers.
    whole : bool
        Whether what was told is read as it stands, of whomever: of everybody at one moment. Who is not known then is to
        be left out by what is known of customers, or `asked_for` them.
    """

    workspace_id: UUID
    rows: CTE
    once: tuple[Column, Column] | None = None
    whole: bool = False

    @property
    def asked_for(self) -> "Moments":
        """The same moments, nothing read of anybody but their customers."""
        return replace(self, whole=False)

    def told(self, whose: Column) -> FromClause:
        """Return where rows are read that name their customer in a column: beside the moments, or alone."""
        table = whose.table
        return table if self.whole else self.rows.join(table, and_(*self._theirs(whose)))

    def unasked(self, whose: Column) -> tuple[Column, ...]:
        """Return what holds of rows that are read alone; beside the moments the join says it."""
        return self._theirs(whose) if self.whole else ()

    def _theirs(self, whose: Column) -> tuple[Column, ...]:
        of_workspace = whose.table.c.workspace_id == self.workspace_id
        return of_workspace, whose.is_not(None) if self.whole else whose == self.rows.c.customer_id

    def key_with(self, whose: Column) -> tuple[Column, ...]:
        """Return what tells rows apart that are read so."""
        return (whose.label("customer_id"),) if self.whole else self.key

    @property
    def t(self) -> Column:
        """The moment of a row."""
        return self.rows.c.moment_us if self.once is None else self.once[0]

    @property
    def usual(self) -> Column:
        """The month whose medians count at the moment of a row."""
        return self.rows.c.usual_us if self.once is None else self.once[1]

    @property
    def key(self) -> tuple[Column, ...]:
        """What tells rows apart."""
        return self.key_of(self.rows)

    def key_of(self, part: FromClause) -> tuple[Column, ...]:
        """Return what tells rows of something apart that was added up by `key`."""
        return (part.c.customer_id,) if self.once is not None else (part.c.customer_id, part.c.moment_us)

    def t_of(self, part: FromClause) -> Column:
        """Return the moment of such a row."""
        return part.c.moment_us if self.once is None else self.t

    def same(self, part: FromClause, other: FromClause | None = None) -> Column:
        """Return whether such a row is of a moment's customer, or of another such row's."""
        ours = self.key if other is None else self.key_of(other)
        return and_(*[one == mine for one, mine in zip(self.key_of(part), ours, strict=True)])


def all_moments(workspace_id: UUID, moments_us: Sequence[int]) -> Moments:
    """Return every customer at each snapshot at which they were known: training."""
    version = table_of(CustomerVersion)
    known = (
        select(version.c.id.label("customer_id"), func.min(us(version.c.recorded_at)).label("known_us"))
        .where(version.c.workspace_id == workspace_id)
        .group_by(version.c.id)
        .cte("known_customers")
    )
    at = [(literal(moment, BigInteger), literal(usual_month(moment), BigInteger)) for moment in moments_us]
    rows = [
        select(known.c.customer_id, t.label("moment_us"), usual.label("usual_us")).where(known.c.known_us <= t)
        for t, usual in at
    ]
    once = at[0] if len(at) == 1 else None
    return Moments(workspace_id, union_all(*rows).cte("moments"), once, whole=once is not None)


def usual_month(moment_us: int) -> int:
    """Return the first of the month whose medians count at a moment: they count from the second day on.

    So the night's work has a day to find them, and no figure changes while it is at it.

    >>> usual_month(to_us(datetime(2026, 3, 1, tzinfo=UTC))) == to_us(datetime(2026, 2, 1, tzinfo=UTC))
    True
    """
    day = from_us(moment_us - DAY_US)
    return to_us(datetime(day.year, day.month, 1, tzinfo=UTC))


def known_at(version: FromClause, moment_us: Column) -> Column:
    """Return whether a version is the one known at a moment, and not withdrawn.

    No later version of its record may have been recorded by then. Asked as an absence, and not with a window over all
    versions, it is a few look-ups in the primary key on every database, for one customer and for all of them.
    """
    later = version.alias()
    place = [tuple_(of.c.occurred_at, of.c.recorded_at, of.c.number) for of in (later, version)]
    superseded = exists().where(
        later.c.workspace_id == version.c.workspace_id,
        later.c.id == version.c.id,
        # Says nothing new, but the primary key alone answers it: of most records no row is looked at a second time.
        later.c.number != version.c.number,
        us(later.c.recorded_at) <= moment_us,
        place[0] > place[1],
    )
    return and_(us(version.c.recorded_at) <= moment_us, version.c.voided.is_(False), ~superseded)


def known_now(version: FromClause) -> Column:
    """Return whether a version is the current one, and not withdrawn."""
    return known_at(version, literal(NEVER_US, BigInteger))
