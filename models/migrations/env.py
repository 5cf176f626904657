"""What alembic asks for: our metadata, on the connection `models.migrating` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlmodel.sql.sqltypes import AutoString

from models.base import TextEnum, UTCDateTime
from models.tables import metadata


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write our own types as what they are in the database: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, TextEnum):
        return "sa.String(length=32)"
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})"
    return False


def run(connection: Connection) -> None:
    """Run the migrations on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
