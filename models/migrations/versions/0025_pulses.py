"""pulses: what staff answered with nothing that says who, and what was released of it

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pulses",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("survey_version", sa.Integer(), nullable=False),
        sa.Column("scores_from", sa.Integer(), nullable=False),
        sa.Column("comments_from", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("teams", sa.JSON(), nullable=False),
        sa.Column("cut_by", sa.JSON(), nullable=False),
        sa.Column("opens_at", sa.BigInteger(), nullable=False),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.Column("launched_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_pulses_workspace_id_workspaces")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "survey_id"],
            ["surveys.workspace_id", "surveys.id"],
            name=op.f("fk_pulses_workspace_id_survey_id_surveys"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_pulses")),
    )
    with op.batch_alter_table("pulses", schema=None) as batch_op:
        batch_op.create_index("ix_pulses_stored_at_id", ["workspace_id", "stored_at", "id"], unique=False)
        batch_op.create_index("uq_pulses_key", ["workspace_id", "key"], unique=True)
    op.create_table(
        "pulse_answers",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pulse_id", sa.Uuid(), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_pulse_answers_workspace_id_workspaces")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "pulse_id"],
            ["pulses.workspace_id", "pulses.id"],
            name=op.f("fk_pulse_answers_workspace_id_pulse_id_pulses"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_pulse_answers")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_pulse_answers_pulse_id_batch", "pulse_answers", ["workspace_id", "pulse_id", "batch"])
    op.create_table(
        "pulse_releases",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("released_on", sa.String(length=10), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_pulse_releases_workspace_id_workspaces")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["pulses.workspace_id", "pulses.id"],
            name=op.f("fk_pulse_releases_workspace_id_id_pulses"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "number", name=op.f("pk_pulse_releases")),
    )
    guard("pulses", "pulse_answers", "pulse_releases")


def downgrade() -> None:
    op.drop_table("pulse_releases")
    op.drop_table("pulse_answers")
    op.drop_table("pulses")
