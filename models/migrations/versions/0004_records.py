"""records: interactions, revenues and costs, and parents that only a child has named

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KINDS = (("interactions", "interaction_versions"), ("revenues", "revenue_versions"), ("cost_entries", "cost_entry_versions"))


def upgrade() -> None:
    for head, _ in KINDS:
        _make_head(head)
    _make_versions(
        "interaction_versions",
        "interactions",
        ("case_id", "customer_id"),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("handling_minutes", sa.Integer(), nullable=True),
        sa.Column("demand", sa.String(length=32), nullable=True),
        sa.Column("handed_over", sa.Boolean(), nullable=True),
        sa.Column("team", sa.String(length=200), nullable=True),
    )
    _make_versions(
        "revenue_versions",
        "revenues",
        ("customer_id",),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
    )
    _make_versions(
        "cost_entry_versions",
        "cost_entries",
        ("case_id",),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=True),
    )
    guard(*(table for pair in KINDS for table in pair))
    with op.batch_alter_table("customer_versions") as batch:
        batch.add_column(sa.Column("stub", sa.Boolean(), nullable=True))
    with op.batch_alter_table("case_versions") as batch:
        batch.add_column(sa.Column("stub", sa.Boolean(), nullable=True))
        batch.alter_column("need", existing_type=sa.String(length=200), nullable=True)
        batch.alter_column("opened_at", existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    _fill_in_stubs()
    with op.batch_alter_table("case_versions") as batch:
        batch.alter_column("opened_at", existing_type=sa.BigInteger(), nullable=False)
        batch.alter_column("need", existing_type=sa.String(length=200), nullable=False)
        batch.drop_column("stub")
    with op.batch_alter_table("customer_versions") as batch:
        batch.drop_column("stub")
    for head, versions in KINDS:
        op.drop_table(versions)
        op.drop_table(head)


def _fill_in_stubs() -> None:
    """Before this revision every case had a need and an opening."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:  # the owner sees the rows of every workspace only while the policy does not bind it
        op.execute("ALTER TABLE case_versions NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE case_versions SET need = 'unknown' WHERE need IS NULL")
    op.execute("UPDATE case_versions SET opened_at = recorded_at WHERE opened_at IS NULL")
    if on_postgresql:
        op.execute("ALTER TABLE case_versions FORCE ROW LEVEL SECURITY")


def _make_head(table: str) -> None:
    op.create_table(
        table,
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f(f"fk_{table}_workspace_id_workspaces")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_stored_at_id", table, ["workspace_id", "stored_at", "id"])
    op.create_index(f"uq_{table}_reference", table, ["workspace_id", "reference"], unique=True)


def _make_versions(table: str, head: str, parents: tuple[str, ...], *own: sa.Column) -> None:
    named = [("id", head), *((parent, f"{parent.removesuffix('_id')}s") for parent in parents)]
    op.create_table(
        table,
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        *(sa.Column(parent, sa.Uuid(), nullable=False) for parent in parents),
        *own,
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", column],
                [f"{of}.workspace_id", f"{of}.id"],
                name=op.f(f"fk_{table}_workspace_id_{column}_{of}"),
            )
            for column, of in named
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "number", name=op.f(f"pk_{table}")),
    )
    for parent in parents:
        op.create_index(f"ix_{table}_{parent}_id", table, ["workspace_id", parent, "id"])
