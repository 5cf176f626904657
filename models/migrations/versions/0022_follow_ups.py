"""follow-ups that are owed, the draw of who is offered outreach and who is held out, and what is known of its effect

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

KNOWN_WORTH = sa.text("outreach_worth IS NOT NULL")
OF_A_CASE = sa.text("case_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("assessments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outreach_worth", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            "ix_assessments_outreach_worth_id",
            ["workspace_id", "outreach_worth", "id"],
            unique=False,
            sqlite_where=KNOWN_WORTH,
            postgresql_where=KNOWN_WORTH,
        )
    _make_follow_ups()
    _make_outreach()
    guard("follow_ups", "follow_up_versions", "outreach_draws", "outreach_effects")


def _make_follow_ups() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_follow_ups_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_follow_ups")),
    )
    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        batch_op.create_index("ix_follow_ups_stored_at_id", ["workspace_id", "stored_at", "id"], unique=False)
        batch_op.create_index("uq_follow_ups_reference", ["workspace_id", "reference"], unique=True)
    op.create_table(
        "follow_up_versions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("response_id", sa.Uuid(), nullable=True),
        sa.Column("assessment_id", sa.Uuid(), nullable=True),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("owed_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("promise", sa.String(length=4000), nullable=True),
        sa.Column("promise_kept", sa.Boolean(), nullable=True),
        sa.Column("contacted_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("note", sa.String(length=4000), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", column],
                [f"{table}.workspace_id", f"{table}.id"],
                name=op.f(f"fk_follow_up_versions_workspace_id_{column}_{table}"),
            )
            for column, table in (
                ("id", "follow_ups"),
                ("customer_id", "customers"),
                ("case_id", "cases"),
                ("response_id", "responses"),
                ("assessment_id", "assessments"),
            )
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "number", name=op.f("pk_follow_up_versions")),
    )
    with op.batch_alter_table("follow_up_versions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_follow_up_versions_customer_id_id", ["workspace_id", "customer_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_follow_up_versions_case_id_id",
            ["workspace_id", "case_id", "id"],
            unique=False,
            sqlite_where=OF_A_CASE,
            postgresql_where=OF_A_CASE,
        )


def _make_outreach() -> None:
    op.create_table(
        "outreach_draws",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(length=32), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_outreach_draws_workspace_id_customer_id_customers"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_outreach_draws_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_outreach_draws")),
    )
    with op.batch_alter_table("outreach_draws", schema=None) as batch_op:
        batch_op.create_index("ix_outreach_draws_drawn_at_id", ["workspace_id", "drawn_at", "id"], unique=False)
        batch_op.create_index(
            "uq_outreach_draws_customer_id_number", ["workspace_id", "customer_id", "number"], unique=True
        )
    op.create_table(
        "outreach_effects",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("computed_at", sa.BigInteger(), nullable=False),
        sa.Column("help_alpha", sa.Float(), nullable=False),
        sa.Column("help_beta", sa.Float(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_outreach_effects_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_outreach_effects")),
    )
    with op.batch_alter_table("outreach_effects", schema=None) as batch_op:
        batch_op.create_index("ix_outreach_effects_computed_at_id", ["workspace_id", "computed_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("outreach_effects")
    op.drop_table("outreach_draws")
    op.drop_table("follow_up_versions")
    op.drop_table("follow_ups")
    with op.batch_alter_table("assessments", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_assessments_outreach_worth_id", sqlite_where=KNOWN_WORTH, postgresql_where=KNOWN_WORTH
        )
        batch_op.drop_column("outreach_worth")
