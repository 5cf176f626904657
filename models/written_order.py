"""Joins in the order they are written, where a statement asks for it.

SQLite chooses the order by what it was told of the tables, and nobody tells it: it may begin with every record of a
workspace to find those of one customer. PostgreSQL knows its tables and chooses well.
"""

from typing import Any, TypeVar

from sqlalchemy import Dialect, Executable
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.sql.selectable import Join

S = TypeVar("S", bound=Executable)
OPTION = "joins_as_written"


def as_written(statement: S) -> S:
    """Return a statement whose joins keep their order on a database that was prepared for it."""
    return statement.execution_options(**{OPTION: True})


def let_write_order(dialect: Dialect) -> None:
    """Let statements say that their joins keep their order; a dialect that chooses by itself is left as it is."""
    if dialect.name == "sqlite":
        dialect.statement_compiler = _AsWritten


class _AsWritten(SQLiteCompiler):
    """SQLite's CROSS JOIN is an inner join whose order stays as it is written."""

    def visit_join(self, join: Join, asfrom: bool = False, from_linter: Any = None, **more: Any) -> str:
        """Return a join as text."""
        if not self.execution_options.get(OPTION):
            return str(super().visit_join(join, asfrom, from_linter, **more))  # type: ignore[no-untyped-call] # theirs
        parts: list[Any] = [join.left, join.right, join.onclause]
        left, right, on = (self.process(part, asfrom=True, from_linter=from_linter, **more) for part in parts)
        return f"{left} {'LEFT OUTER' if join.isouter else 'CROSS'} JOIN {right} ON {on}"
