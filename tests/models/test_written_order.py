"""Joins keep the order they are written in where a statement asks for it, and SQLite finds one customer by it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Column, Dialect, Integer, MetaData, Select, Table, create_engine, select
from sqlalchemy.dialects import postgresql, sqlite

from ml.features import served, served_conditions, served_departures, served_features
from models.base import metadata
from models.ids import uuid7
from models.written_order import as_written, let_write_order

made = MetaData()
few = Table("few", made, Column("id", Integer))
many = Table("many", made, Column("id", Integer))
more = Table("more", made, Column("id", Integer))
JOINED = select(few.c.id).select_from(
    few.join(many, many.c.id == few.c.id).outerjoin(more.join(many.alias("others"), more.c.id > 0), more.c.id == 1)
)


def text_of(dialect: Dialect) -> tuple[str, str]:
    """Give the statement's text as it is, and as it is where it asks for its order."""
    let_write_order(dialect)
    return str(JOINED.compile(dialect=dialect)), str(as_written(JOINED).compile(dialect=dialect))


def test_sqlite_is_told_the_order_only_where_asked() -> None:
    chosen, written = text_of(sqlite.dialect())
    assert "CROSS" not in chosen
    assert written.count(" CROSS JOIN ") == 2
    assert chosen == written.replace("CROSS ", "")


def test_postgresql_chooses_by_itself() -> None:
    chosen, written = text_of(postgresql.dialect())  # type: ignore[no-untyped-call] # theirs
    assert chosen == written


@pytest.mark.parametrize("statement", [served_features, served_departures, served_conditions])
def test_a_few_customers_are_found_without_reading_the_others(statement: Callable[[], Select[Any]]) -> None:
    engine = create_engine("sqlite://")
    let_write_order(engine.dialect)
    asked = as_written(statement().params(served(uuid7(), [uuid7()], 0)))
    with engine.connect() as connection:
        metadata.create_all(connection)
        text = asked.compile(connection, compile_kwargs={"literal_binds": True})
        plan = [str(row.detail) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    engine.dispose()
    read = [line for line in plan if "_versions" in line or "observations" in line]
    assert len(read) > 1
    assert all("customer_id=?" in line or "case_id=?" in line or " id=?" in line for line in read), read
