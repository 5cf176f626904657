"""Moments, numbers and flags as SQL reckons with them, alike on both databases."""

from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, CompoundSelect, Integer, Select, case, literal, type_coerce

Column = ColumnElement[Any]


def us(column: Column) -> Column:
    """Return a moment's column as the integer it is kept as."""
    return type_coerce(column, BigInteger)


def number(value: int) -> Column:
    """Return a whole number as wide as a moment."""
    return literal(value, BigInteger)


def count(value: int) -> Column:
    """Return a whole number to be added up: PostgreSQL adds narrow ones up as integers, wide ones as decimals."""
    return literal(value, Integer)


def flag(holds: Column) -> Column:
    """Return 1 where something holds, otherwise 0."""
    return case((holds, 1), else_=0)


def earlier(one: Column, other: Column) -> Column:
    """Return the earlier of two moments, of which either may be missing."""
    return case((one.is_(None), other), (other.is_(None), one), (one < other, one), else_=other)


def apart(statement: Select[Any] | CompoundSelect[Any], called: str) -> CTE:
    """Return what is read once, however often it is joined: of tables that grew lately no planner knows the size."""
    return statement.cte(called).prefix_with("MATERIALIZED")
