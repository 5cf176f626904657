"""privacy: tombstones of what was erased

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tombstones",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_tombstones_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_tombstones")),
    )
    with op.batch_alter_table("tombstones", schema=None) as batch_op:
        batch_op.create_index("ix_tombstones_kind_digest", ["workspace_id", "kind", "digest"], unique=False)
        batch_op.create_index("ix_tombstones_recorded_at", ["workspace_id", "recorded_at"], unique=False)
    guard("tombstones")


def downgrade() -> None:
    op.drop_table("tombstones")
