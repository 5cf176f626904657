"""row level security: on PostgreSQL a serving connection sees the rows of one workspace and no others

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLE = "steadfast_app"
DIRECTORY = ("workspaces", "access_routes", "job_claims", "outbox_claims")


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    for table in sa.inspect(bind).get_table_names():
        if table == "alembic_version":
            continue
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
        if table in DIRECTORY:
            continue
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_workspace ON {table} "
            "USING (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)"
        )


def downgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    for table in sa.inspect(bind).get_table_names():
        if table == "alembic_version" or table in DIRECTORY:
            continue
        op.execute(f"DROP POLICY own_workspace ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
