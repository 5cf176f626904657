"""registry: scorecards by version, decisions on models, what watching them came to, and silent challengers

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NEW = ("scorecards", "model_decisions", "model_reports", "challenger_risks")


def upgrade() -> None:
    with op.batch_alter_table("risk_models", schema=None) as batch_op:
        batch_op.add_column(sa.Column("artefact", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stale_since", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("stale_code", sa.String(length=64), nullable=True))
    _scorecards()
    _decisions()
    _reports()
    _challenger_risks()
    guard(*NEW)


def _scorecards() -> None:
    op.create_table(
        "scorecards",
        *_keys(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("yearly_loss", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(length=4000), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        *_constraints("scorecards"),
    )
    with op.batch_alter_table("scorecards", schema=None) as batch_op:
        batch_op.create_index("uq_scorecards_number", ["workspace_id", "number"], unique=True)
        batch_op.create_index("ix_scorecards_recorded_at_id", ["workspace_id", "recorded_at", "id"])


def _decisions() -> None:
    op.create_table(
        "model_decisions",
        *_keys(),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("was", sa.String(length=16), nullable=False),
        sa.Column("before_id", sa.Uuid(), nullable=True),
        sa.Column("anyway", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        *_constraints("model_decisions", model_id="risk_models"),
    )
    with op.batch_alter_table("model_decisions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_model_decisions_model_id_recorded_at", ["workspace_id", "model_id", "recorded_at"]
        )
        batch_op.create_index("ix_model_decisions_recorded_at_id", ["workspace_id", "recorded_at", "id"])


def _reports() -> None:
    op.create_table(
        "model_reports",
        *_keys(),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("detail", sa.String(length=1000), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        *_constraints("model_reports", model_id="risk_models"),
    )
    with op.batch_alter_table("model_reports", schema=None) as batch_op:
        batch_op.create_index(
            "ix_model_reports_model_id_kind_recorded_at", ["workspace_id", "model_id", "kind", "recorded_at"]
        )


def _challenger_risks() -> None:
    op.create_table(
        "challenger_risks",
        *_keys(),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("champion_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("risk", sa.Float(), nullable=False),
        sa.Column("champion_risk", sa.Float(), nullable=False),
        *_constraints("challenger_risks", model_id="risk_models", customer_id="customers"),
    )
    with op.batch_alter_table("challenger_risks", schema=None) as batch_op:
        batch_op.create_index("ix_challenger_risks_model_id_as_of", ["workspace_id", "model_id", "as_of"])
        batch_op.create_index("ix_challenger_risks_customer_id", ["workspace_id", "customer_id"])


def _keys() -> tuple[sa.Column, sa.Column]:
    return sa.Column("workspace_id", sa.Uuid(), nullable=False), sa.Column("id", sa.Uuid(), nullable=False)


def _constraints(table: str, **leads_to: str) -> list[sa.Constraint]:
    within = [
        sa.ForeignKeyConstraint(
            ["workspace_id", column],
            [f"{other}.workspace_id", f"{other}.id"],
            name=op.f(f"fk_{table}_workspace_id_{column}_{other}"),
        )
        for column, other in leads_to.items()
    ]
    ours = sa.ForeignKeyConstraint(
        ["workspace_id"], ["workspaces.id"], name=op.f(f"fk_{table}_workspace_id_workspaces")
    )
    return [*within, ours, sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{table}"))]


def downgrade() -> None:
    for table in reversed(NEW):
        op.drop_table(table)
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.drop_column("stale_code")
        batch_op.drop_column("stale_since")
    with op.batch_alter_table("risk_models", schema=None) as batch_op:
        batch_op.drop_column("artefact")
