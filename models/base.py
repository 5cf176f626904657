"""The ground every table stands on: the workspace key, moments, text enums, and how constraints are named."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ConfigDict, JsonValue
from sqlalchemy import JSON, BigInteger, Dialect, ForeignKeyConstraint, Index, String, TypeDecorator, text
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = SQLModel.metadata

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Return a moment as whole microseconds since 1970 in UTC."""
    return (moment - EPOCH) // MICROSECOND


def from_us(us: int) -> datetime:
    """Return the moment that is `us` microseconds after 1970 in UTC."""
    return EPOCH + timedelta(microseconds=us)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment, kept as integer microseconds since 1970 UTC, so that every database compares and subtracts alike.

    SQLite forgets a zone and has no interval arithmetic; an integer is the same number everywhere.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | int | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write a zoned moment as microseconds, or those as they are; a naive one is a mistake of ours and refused."""
        if value is None or isinstance(value, int):
            return value
        if value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        return to_us(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - same
        """Read microseconds as a moment in UTC."""
        return None if value is None else from_us(value)


E = TypeVar("E", bound=StrEnum)


class TextEnum(TypeDecorator[StrEnum]):
    """A StrEnum kept as its text: readable in SQL, and a new member needs no migration."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__(32)
        self.kind = kind

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - same
        """Write the member's text; a text that is no member is refused here and not by a reader later."""
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - same
        """Read the text back as its member."""
        return None if value is None else self.kind(value)


def text_enum(kind: type[StrEnum]) -> Any:
    """Return the column type of a StrEnum."""
    return TextEnum(kind)


def moment(*, default: None = None, index: bool = False) -> Any:
    """Return a column for a moment that may be unknown."""
    return Field(default=default, sa_type=UTCDateTime, index=index)


class WorkspaceRow(SQLModel):
    """A row of one workspace; the workspace leads its primary key."""

    # A table checks no body: validators nobody asks for are not built.
    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment] # SQLModel's own knows two names more

    workspace_id: UUID = Field(primary_key=True, foreign_key="workspaces.id")
    id: UUID = Field(primary_key=True)


class Head(WorkspaceRow):
    """What a record is known by, and which of its versions is the current one."""

    reference: str = Field(max_length=200)
    version: int
    stored_at: datetime = Field(sa_type=UTCDateTime)


class Version(WorkspaceRow):
    """One state of a record: appended, never changed.

    `given` names the fields this change carried; the others were carried over. The current version is the
    latest by (occurred_at, recorded_at, number).
    """

    # The head's key leads to the workspace: a second one would only cost every insert a look-up.
    workspace_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    occurred_at: datetime = Field(sa_type=UTCDateTime)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    stored_at: datetime = Field(sa_type=UTCDateTime)
    given: list[str] = Field(sa_type=JSON)
    voided: bool = False


JsonObject = dict[str, JsonValue]


def within_workspace(columns: str | list[str], table: str) -> ForeignKeyConstraint:
    """Return the foreign key of `columns` to `table`, led by the workspace, so that no row can point abroad."""
    names = [columns] if isinstance(columns, str) else columns
    return ForeignKeyConstraint(["workspace_id", *names], [f"{table}.workspace_id", *[f"{table}.id"]])


def unique_in_workspace(table: str, *columns: str, known: bool = False) -> Index:
    """Return a unique index over `columns`, led by the workspace; with `known` of rows that have the first of them."""
    where = _where(columns[0], known=known)
    return Index(f"uq_{table}_{'_'.join(columns)}", "workspace_id", *columns, unique=True, **where)


def _where(column: str, *, known: bool) -> dict[str, Any]:
    """Return what leaves rows out of an index that lack what they would be found by: most do, and each costs."""
    has_it = text(f"{column} IS NOT NULL")
    return {"postgresql_where": has_it, "sqlite_where": has_it} if known else {}


def found_by(table: str, *columns: str, known: bool = False) -> Index:
    """Return an index over `columns`, led by the workspace; with `known` of rows that have the first of them only."""
    return Index(f"ix_{table}_{'_'.join(columns)}", "workspace_id", *columns, **_where(columns[0], known=known))
