"""What every migration that makes a table of a workspace calls: row-level security, as revision 0002 set it up."""

import sqlalchemy as sa
from alembic import op

ROLE = "steadfast_app"


def guard(*tables: str) -> None:
    """On PostgreSQL let the serving role use new tables, and see only the rows of the workspace it said."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in tables:
        grant(table)
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            sa.text(
                f"CREATE POLICY own_workspace ON {table} "
                "USING (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)"
            )
        )


def grant(table: str) -> None:
    """On PostgreSQL let the serving role use a new directory table, which no workspace owns."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
