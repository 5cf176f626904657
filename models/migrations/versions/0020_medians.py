"""risk: what is usual in a workspace at the first of each month

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "medians",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("median", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_medians_workspace_id_workspaces")),
        sa.PrimaryKeyConstraint("workspace_id", "as_of", "kind", "key", name=op.f("pk_medians")),
    )
    guard("medians")


def downgrade() -> None:
    op.drop_table("medians")
