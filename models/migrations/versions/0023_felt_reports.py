"""reports of what customers feel of the company's loyalty

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "felt_reports",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_felt_reports_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_felt_reports")),
    )
    with op.batch_alter_table("felt_reports", schema=None) as batch_op:
        batch_op.create_index("ix_felt_reports_recorded_at_id", ["workspace_id", "recorded_at", "id"], unique=False)
    guard("felt_reports")


def downgrade() -> None:
    op.drop_table("felt_reports")
