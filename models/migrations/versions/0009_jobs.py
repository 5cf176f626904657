"""jobs: progress, cancelling and schedules; analyses that are asked for; what people say of condition sets

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import grant, guard

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("job_claims") as batch:
        batch.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("lost", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("jobs") as batch:
        batch.add_column(sa.Column("code", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("progress", sa.Float(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("phase", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("checkpoint", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("analyses") as batch:
        batch.add_column(sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch.add_column(sa.Column("unexplained", sa.JSON(none_as_null=True), nullable=True))
        batch.add_column(sa.Column("code", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("problem", sa.String(length=2000), nullable=True))
    op.create_table(
        "schedules",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_schedules_workspace_id_workspaces")),
        sa.PrimaryKeyConstraint("workspace_id", "kind", name=op.f("pk_schedules")),
    )
    op.create_index("ix_schedules_due_at", "schedules", ["due_at"])
    op.create_table(
        "condition_set_verdicts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.Column("cases", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_condition_set_verdicts_workspace_id_workspaces")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["condition_sets.workspace_id", "condition_sets.id"],
            name=op.f("fk_condition_set_verdicts_workspace_id_id_condition_sets"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "number", name=op.f("pk_condition_set_verdicts")),
    )
    grant("schedules")
    guard("condition_set_verdicts")


def downgrade() -> None:
    op.drop_table("condition_set_verdicts")
    op.drop_table("schedules")
    with op.batch_alter_table("analyses") as batch:
        for column in ("problem", "code", "unexplained", "whole"):
            batch.drop_column(column)
    with op.batch_alter_table("jobs") as batch:
        for column in ("checkpoint", "phase", "progress", "code"):
            batch.drop_column(column)
    with op.batch_alter_table("job_claims") as batch:
        for column in ("lost", "failures"):
            batch.drop_column(column)
