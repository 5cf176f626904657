"""measures in use, and the evidence whether each matters to the customer

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measures_in_use",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_measures_in_use_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_measures_in_use")),
    )
    with op.batch_alter_table("measures_in_use", schema=None) as batch_op:
        batch_op.create_index("ix_measures_in_use_stored_at_id", ["workspace_id", "stored_at", "id"], unique=False)
        batch_op.create_index("uq_measures_in_use_reference", ["workspace_id", "reference"], unique=True)
    op.create_table(
        "measure_in_use_versions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("used_by", sa.String(length=200), nullable=True),
        sa.Column("field", sa.String(length=200), nullable=True),
        sa.Column("metric_key", sa.String(length=201), nullable=True),
        sa.Column("used_since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["measures_in_use.workspace_id", "measures_in_use.id"],
            name=op.f("fk_measure_in_use_versions_workspace_id_id_measures_in_use"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "number", name=op.f("pk_measure_in_use_versions")),
    )
    _make_evidence()
    guard("measures_in_use", "measure_in_use_versions", "measure_evidence")


def _make_evidence() -> None:
    op.create_table(
        "measure_evidence",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("measure_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=200), nullable=True),
        sa.Column("metric_key", sa.String(length=201), nullable=True),
        sa.Column("matters", sa.String(length=32), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("computed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "measure_id"],
            ["measures_in_use.workspace_id", "measures_in_use.id"],
            name=op.f("fk_measure_evidence_workspace_id_measure_id_measures_in_use"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_measure_evidence_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_measure_evidence")),
    )
    with op.batch_alter_table("measure_evidence", schema=None) as batch_op:
        batch_op.create_index(
            "ix_measure_evidence_measure_id_computed_at_id",
            ["workspace_id", "measure_id", "computed_at", "id"],
            unique=False,
        )


def downgrade() -> None:
    op.drop_table("measure_evidence")
    op.drop_table("measure_in_use_versions")
    op.drop_table("measures_in_use")
