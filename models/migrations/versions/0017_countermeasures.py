"""countermeasures, what is judged of them, and what an analysis keeps to reckon with

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "countermeasures",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_countermeasures_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_countermeasures")),
    )
    with op.batch_alter_table("countermeasures", schema=None) as batch_op:
        batch_op.create_index("ix_countermeasures_stored_at_id", ["workspace_id", "stored_at", "id"], unique=False)
        batch_op.create_index("uq_countermeasures_reference", ["workspace_id", "reference"], unique=True)
    op.create_table(
        "countermeasure_versions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("effectiveness", sa.Float(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("running_cost", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("live_from", sa.BigInteger(), nullable=True),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["countermeasures.workspace_id", "countermeasures.id"],
            name=op.f("fk_countermeasure_versions_workspace_id_id_countermeasures"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "number", name=op.f("pk_countermeasure_versions")),
    )
    op.create_table(
        "countermeasure_effects",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("countermeasure_id", sa.Uuid(), nullable=False),
        sa.Column("live_from", sa.BigInteger(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "countermeasure_id"],
            ["countermeasures.workspace_id", "countermeasures.id"],
            name=op.f("fk_countermeasure_effects_workspace_id_countermeasure_id_countermeasures"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_countermeasure_effects_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_countermeasure_effects")),
    )
    with op.batch_alter_table("countermeasure_effects", schema=None) as batch_op:
        batch_op.create_index(
            "ix_countermeasure_effects_countermeasure_id_recorded_at_id",
            ["workspace_id", "countermeasure_id", "recorded_at", "id"],
            unique=False,
        )
    op.create_table(
        "analysis_exposures",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("discovered_until", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["analyses.workspace_id", "analyses.id"],
            name=op.f("fk_analysis_exposures_workspace_id_id_analyses"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_analysis_exposures_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_analysis_exposures")),
    )
    guard("countermeasures", "countermeasure_versions", "countermeasure_effects", "analysis_exposures")


def downgrade() -> None:
    op.execute("DELETE FROM schedules WHERE kind = 'judge'")
    op.drop_table("analysis_exposures")
    op.drop_table("countermeasure_effects")
    op.drop_table("countermeasure_versions")
    op.drop_table("countermeasures")
