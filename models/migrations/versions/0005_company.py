"""company

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DESCRIBED = ("needs", "need_versions", "teams", "team_versions", "changes", "change_versions")
ASKED = ("heard", "heard_versions", "support_requests", "support_request_versions")


def _head(table: str) -> None:
    op.create_table(
        table,
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=f"fk_{table}_workspace_id_workspaces"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=f"pk_{table}"),
    )
    op.create_index(f"uq_{table}_reference", table, ["workspace_id", "reference"], unique=True)
    op.create_index(f"ix_{table}_stored_at_id", table, ["workspace_id", "stored_at", "id"], unique=False)


def _versions(table: str, of: str, *own: sa.Column | sa.ForeignKeyConstraint) -> None:
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
        *own,
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], [f"{of}.workspace_id", f"{of}.id"], name=f"fk_{table}_workspace_id_id_{of}"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "number", name=f"pk_{table}"),
    )


def upgrade() -> None:
    _head("needs")
    _versions(
        "need_versions",
        "needs",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=4000), nullable=True),
        sa.Column("customer_minutes", sa.Integer(), nullable=True),
    )
    _head("teams")
    _versions(
        "team_versions",
        "teams",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("former_names", sa.JSON(), nullable=False),
        sa.Column("supported_by", sa.JSON(), nullable=False),
    )
    _head("changes")
    _versions(
        "change_versions",
        "changes",
        sa.Column("what", sa.String(length=4000), nullable=False),
        sa.Column("came_at", sa.BigInteger(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("teams", sa.JSON(), nullable=False),
    )
    _head("heard")
    _versions(
        "heard_versions",
        "heard",
        sa.Column("what", sa.String(length=4000), nullable=False),
        sa.Column("need", sa.String(length=200), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("served", sa.Boolean(), nullable=True),
        sa.Column("heard_by", sa.String(length=200), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "case_id"],
            ["cases.workspace_id", "cases.id"],
            name="fk_heard_versions_workspace_id_case_id_cases",
        ),
    )
    op.create_index("ix_heard_versions_case_id_id", "heard_versions", ["workspace_id", "case_id", "id"], unique=False)
    _head("support_requests")
    _versions(
        "support_request_versions",
        "support_requests",
        sa.Column("team", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=4000), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("met_at", sa.BigInteger(), nullable=True),
    )
    guard(*DESCRIBED, *ASKED)
    # Columns are added, and no table made anew: SQLite would drop one that others point to.
    op.add_column("customers", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_customers_merged_into",
        "customers",
        ["workspace_id", "merged_into"],
        unique=False,
        sqlite_where=sa.text("merged_into IS NOT NULL"),
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.add_column("workspace_versions", sa.Column("slug", sa.String(length=63), nullable=True))
    op.add_column("workspace_versions", sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("role_proposal_versions", sa.Column("taken_to", sa.String(length=200), nullable=True))
    op.add_column("support_answers", sa.Column("taken_to", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("support_answers", "taken_to")
    op.drop_column("role_proposal_versions", "taken_to")
    op.drop_column("workspace_versions", "details")
    op.drop_column("workspace_versions", "slug")
    op.drop_index("ix_customers_merged_into", "customers")
    op.drop_column("customers", "merged_into")
    for head, versions in (
        ("support_requests", "support_request_versions"),
        ("heard", "heard_versions"),
        ("changes", "change_versions"),
        ("teams", "team_versions"),
        ("needs", "need_versions"),
    ):
        op.drop_table(versions)
        op.drop_table(head)
