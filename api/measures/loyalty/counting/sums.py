"""From rows to sums: each customer's rows added up by group and period, then the customers.

The sums merge: shards that hold whole customers give the same numbers, and periods are never added up.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, CompoundSelect, Double, Select, Subquery, case, func, literal, select, union_all

from api.measures.loyalty.counting.rows import Rows
from models.rules.loyalty.composite import Line
from models.rules.loyalty.dimensions import Part
from models.rules.loyalty.profile import PartSums
from models.rules.statistics import ClusterSums

Column = ColumnElement[Any]
P = TypeVar("P", bound=StrEnum)
Group = str | None
Cell = tuple[Group, int]
"""A group and the number of a period."""
SUMS = ("customers", "n", "total", "total_squared", "total_by_n", "n_squared", "rows")


def by_customer(rows: Rows) -> Subquery:
    """Add up each customer's rows by group and period."""
    if rows.by_customer:
        return rows.statement.subquery("by_customer")
    told = rows.statement.subquery("rows")
    # Customers first: sorting by who tells rows apart at the first look, by text of a few kinds it takes them all.
    keys = [told.c[name] for name in ("whose", "period", "grp")]
    counted = [func.sum(told.c[name]).label(name) for name in _names(rows)]
    return select(*keys, *counted).group_by(*keys).subquery("by_customer")


def sums(counted: Sequence[Rows], most: int) -> CompoundSelect[Any]:
    """Select the sums of each group and period over its customers; at most so many lines of each of the rows.

    Columns are `grp`, `period`, and of each share what `ClusterSums` and `PartSums` are made of, by its name:
    `customers_`, `n_`, `total_`, `total_squared_`, `total_by_n_`, `n_squared_`, `rows_`. A line tells of the shares of
    some rows; those of others have no rows in it.
    """
    shares = [part for rows in counted for part in rows.parts]
    return union_all(*(_sums_of(rows, shares, most) for rows in counted))


def _sums_of(rows: Rows, shares: Sequence[StrEnum], most: int) -> Select[Any]:
    told = by_customer(rows)
    columns: list[Column] = []
    for part in shares:
        found: Mapping[str, Column] = dict.fromkeys(SUMS, literal(0))
        if part in rows.parts:
            k, m, r = (told.c[f"{name}_{part.value}"] for name in "kmr")
            known = func.count(case((m > 0, 1)))
            over = (known, func.sum(m), func.sum(k), func.sum(k * k), func.sum(k * m), func.sum(m * m), func.sum(r))
            found = dict(zip(SUMS, over, strict=True))
        columns += [column.label(f"{name}_{part.value}") for name, column in found.items()]
    keys = [told.c.grp, told.c.period]
    # At most so many of each: where SQL unites, only a query within may be cut short.
    return select(select(*keys, *columns).group_by(*keys).limit(most).subquery("sums_of"))


def read(row: Mapping[Any, Any], parts: Sequence[P]) -> dict[P, PartSums]:
    """Return what a row of sums holds, of the shares that have rows in it."""
    return {part: found for part in parts if (found := _sums(row, part)).rows}


def _sums(row: Mapping[Any, Any], part: StrEnum) -> PartSums:
    told = {name: int(row[f"{name}_{part.value}"]) for name in SUMS}
    rows = told.pop("rows")
    return PartSums(ClusterSums(**told, row_squares=told["total"]), rows)


def squares(rows: Sequence[Rows], lines: Mapping[Group, Sequence[Mapping[Part, Line]]]) -> Select[Any]:
    """Select of each group the customers, and for each of its sets of lines the sum of squares over them.

    Parameters
    ----------
    rows
        Of one period: what its customers counted, each share in one of them.
    lines
        Of each group as many sets as of the others: what one customer's counts move, u_c.

    Returns
    -------
    Select
        `grp`, and for each set by its place `customers_0` (those with a known row in a share of it), `squares_0`.
    """
    width = max(len(sets) for sets in lines.values())
    told = union_all(*(_moves(source, lines, width) for source in rows)).subquery("moves")
    keys = [told.c.grp, told.c.whose]
    each = [func.sum(told.c[f"{name}_{place}"]).label(f"{name}_{place}") for place in range(width) for name in "un"]
    of = select(*keys, *each).group_by(*keys).subquery("of_customers")
    columns: list[Column] = []
    for place in range(width):
        u = of.c[f"u_{place}"]
        columns += [
            func.count(case((of.c[f"n_{place}"] > 0, 1))).label(f"customers_{place}"),
            func.sum(u * u).label(f"squares_{place}"),
        ]
    return select(of.c.grp, *columns).group_by(of.c.grp)


def _moves(rows: Rows, lines: Mapping[Group, Sequence[Mapping[Part, Line]]], width: int) -> Select[Any]:
    """Select of each customer how far their counts move what each set of lines is of."""
    told = by_customer(rows)
    columns: list[Column] = []
    for place in range(width):
        moved: Column = literal(0.0, Double)
        known: Column = literal(0)
        for part in rows.parts:
            own = {group: sets[place][Part(part)] for group, sets in lines.items() if part in sets[place]}
            if own:
                k, m = told.c[f"k_{part.value}"], told.c[f"m_{part.value}"]
                ks = {group: line.k for group, line in own.items()}
                ms = {group: line.m for group, line in own.items()}
                moved = moved + _of_group(told, ks) * k - _of_group(told, ms) * m
                known = known + _of_group(told, dict.fromkeys(own, 1.0)) * m
        columns += [moved.label(f"u_{place}"), known.label(f"n_{place}")]
    return select(told.c.grp, told.c.whose, *columns)


def _of_group(told: Subquery, values: Mapping[Group, float]) -> Column:
    """Return the value that belongs to a row's group, 0 where it has none."""
    named = {group: literal(value, Double) for group, value in values.items() if group is not None}
    unnamed = [(told.c.grp.is_(None), literal(values[None], Double))] if None in values else []
    whens = [*unnamed, *((told.c.grp == group, value) for group, value in named.items())]
    return case(*whens, else_=literal(0.0, Double))


def _names(rows: Rows) -> list[str]:
    return [f"{name}_{part.value}" for part in rows.parts for name in "kmr"]
