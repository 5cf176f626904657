"""rules: when they look at a case again though nothing is told of it

Every workspace there is looks at all its cases once: until now nobody looked when a promise fell due.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_looks",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "case_id", name=op.f("pk_rule_looks")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("rule_looks", schema=None) as batch_op:
        batch_op.create_index("ix_rule_looks_due_at_case_id", ["workspace_id", "due_at", "case_id"], unique=False)
    guard("rule_looks")
    op.execute("INSERT INTO schedules (workspace_id, kind, due_at) SELECT id, 'derive', 0 FROM workspaces")


def downgrade() -> None:
    op.execute("DELETE FROM schedules WHERE kind = 'derive'")
    op.drop_table("rule_looks")
