"""events: hooks and their deliveries, what is told only once, one champion, and what people say of an assessment

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ONE_CHAMPION = "state = 'champion'"
OLDER_CHAMPIONS = """
UPDATE risk_models SET state = 'retired'
WHERE state = 'champion' AND EXISTS (
    SELECT 1 FROM risk_models AS newer
    WHERE newer.workspace_id = risk_models.workspace_id AND newer.state = 'champion'
    AND (newer.created_at > risk_models.created_at
         OR (newer.created_at = risk_models.created_at AND newer.id > risk_models.id))
)
"""


def upgrade() -> None:
    _hooks()
    _feedback()
    # Nothing was ever delivered: what is claimed from now on is a delivery, not an event.
    op.execute("ALTER TABLE outbox_claims RENAME COLUMN event_id TO delivery_id")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("once", sa.String(length=150), nullable=True))
    op.create_index("uq_events_once", "events", ["workspace_id", "once"], unique=True)
    op.create_index("ix_assessments_recorded_at_id", "assessments", ["workspace_id", "recorded_at", "id"])
    op.create_index("ix_risk_models_created_at_id", "risk_models", ["workspace_id", "created_at", "id"])
    _retire_older_champions()
    where = sa.text(ONE_CHAMPION)
    op.create_index(
        "uq_risk_models_champion",
        "risk_models",
        ["workspace_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _hooks() -> None:
    op.create_table(
        "hooks",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_url", sa.String(length=2000), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_hooks_workspace_id_workspaces")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_hooks")),
    )
    op.create_index("ix_hooks_stored_at_id", "hooks", ["workspace_id", "stored_at", "id"])
    op.create_table(
        "deliveries",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("attempted_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_deliveries_workspace_id_workspaces")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "hook_id"],
            ["hooks.workspace_id", "hooks.id"],
            name=op.f("fk_deliveries_workspace_id_hook_id_hooks"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_deliveries")),
    )
    op.create_index("uq_deliveries_hook_id_event_id", "deliveries", ["workspace_id", "hook_id", "event_id"], unique=True)
    op.create_index(
        "ix_deliveries_hook_id_stored_at_id", "deliveries", ["workspace_id", "hook_id", "stored_at", "id"]
    )
    guard("hooks", "deliveries")


def _feedback() -> None:
    op.create_table(
        "risk_feedback",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_risk_feedback_workspace_id_workspaces")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_risk_feedback_workspace_id_customer_id_customers"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_risk_feedback")),
    )
    op.create_index(
        "uq_risk_feedback_customer_id_reference",
        "risk_feedback",
        ["workspace_id", "customer_id", "reference"],
        unique=True,
    )
    op.create_index("ix_risk_feedback_stored_at_id", "risk_feedback", ["workspace_id", "stored_at", "id"])
    op.create_table(
        "risk_feedback_versions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=4000), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", column],
                [f"{table}.workspace_id", f"{table}.id"],
                name=op.f(f"fk_risk_feedback_versions_workspace_id_{column}_{table}"),
            )
            for column, table in (
                ("id", "risk_feedback"),
                ("customer_id", "customers"),
                ("assessment_id", "assessments"),
            )
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "number", name=op.f("pk_risk_feedback_versions")),
    )
    op.create_index(
        "ix_risk_feedback_versions_customer_id_id", "risk_feedback_versions", ["workspace_id", "customer_id", "id"]
    )
    guard("risk_feedback", "risk_feedback_versions")


def _retire_older_champions() -> None:
    """Two promotions at once could leave two champions before; forced security hides rows from their owner too."""
    postgres = op.get_bind().dialect.name == "postgresql"
    if postgres:
        op.execute("ALTER TABLE risk_models NO FORCE ROW LEVEL SECURITY")
    op.execute(OLDER_CHAMPIONS)
    if postgres:
        op.execute("ALTER TABLE risk_models FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_index("uq_risk_models_champion", "risk_models")
    op.drop_index("ix_risk_models_created_at_id", "risk_models")
    op.drop_index("ix_assessments_recorded_at_id", "assessments")
    op.drop_index("uq_events_once", "events")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_column("once")
    op.execute("DELETE FROM outbox_claims")
    op.execute("ALTER TABLE outbox_claims RENAME COLUMN delivery_id TO event_id")
    for table in ("risk_feedback_versions", "risk_feedback", "deliveries", "hooks"):
        op.drop_table(table)
