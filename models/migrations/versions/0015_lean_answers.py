"""answers and events: indexes hold only rows that are found by them

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_response_versions_customer_id_id", "response_versions", ("customer_id", "id"), False),
    ("ix_response_versions_case_id_id", "response_versions", ("case_id", "id"), False),
    ("uq_events_once", "events", ("once",), True),
)


def upgrade() -> None:
    for name, table, columns, unique in INDEXES:
        op.drop_index(name, table)
        known = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(
            name, table, ["workspace_id", *columns], unique=unique, postgresql_where=known, sqlite_where=known
        )


def downgrade() -> None:
    for name, table, columns, unique in INDEXES:
        op.drop_index(name, table)
        op.create_index(name, table, ["workspace_id", *columns], unique=unique)
