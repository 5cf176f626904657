"""costs: what failures cost, credited to conditions by each analysis

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "root_costs",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["analyses.workspace_id", "analyses.id"],
            name=op.f("fk_root_costs_workspace_id_id_analyses"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_root_costs_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_root_costs")),
    )
    guard("root_costs")


def downgrade() -> None:
    op.drop_table("root_costs")
