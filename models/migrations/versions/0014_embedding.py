"""feedback: where a form stood that a response came by, and which invitations a scanner opened

Revision ID: 0014
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "response_sources",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["responses.workspace_id", "responses.id"],
            name=op.f("fk_response_sources_workspace_id_id_responses"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_response_sources_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_response_sources")),
    )
    guard("response_sources")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scanner_suspected_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_column("scanner_suspected_at")
    op.drop_table("response_sources")
