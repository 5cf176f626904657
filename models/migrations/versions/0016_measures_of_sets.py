"""condition sets: cases that show what was found, and what people name as missing from the catalogue

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("condition_set_findings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("evidence", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "missing_conditions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "analysis_id"],
            ["analyses.workspace_id", "analyses.id"],
            name=op.f("fk_missing_conditions_workspace_id_analysis_id_analyses"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "case_id"],
            ["cases.workspace_id", "cases.id"],
            name=op.f("fk_missing_conditions_workspace_id_case_id_cases"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_missing_conditions_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_missing_conditions")),
    )
    op.create_index("ix_missing_conditions_case_id", "missing_conditions", ["workspace_id", "case_id"])
    guard("missing_conditions")


def downgrade() -> None:
    op.drop_table("missing_conditions")
    with op.batch_alter_table("condition_set_findings", schema=None) as batch_op:
        batch_op.drop_column("evidence")
