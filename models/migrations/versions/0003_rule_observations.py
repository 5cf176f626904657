"""what rules see in cases moves into a table of its own, without heads

Revision ID: 0003
Revises: 0002
"""

from itertools import groupby

import sqlalchemy as sa
from alembic import op

from models.ids import watch_id
from models.migrations.policies import guard

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 5000

workspaces = sa.table("workspaces", sa.column("id", sa.Uuid()))
heads = sa.table("observations", sa.column("workspace_id", sa.Uuid()), sa.column("id", sa.Uuid()))
versions = sa.table(
    "observation_versions",
    *[sa.column(name, sa.Uuid()) for name in ("workspace_id", "id", "case_id", "condition_id")],
    *[sa.column(name, sa.BigInteger()) for name in ("occurred_at", "stored_at")],
    sa.column("number", sa.Integer()),
    *[sa.column(name, sa.String()) for name in ("state", "source")],
)
steps = sa.table(
    "rule_observations",
    *[sa.column(name, sa.Uuid()) for name in ("workspace_id", "id", "case_id", "condition_id")],
    *[sa.column(name, sa.BigInteger()) for name in ("observed_at", "stored_at")],
    sa.column("number", sa.SmallInteger()),
    sa.column("state", sa.String()),
)


def upgrade() -> None:
    op.create_table(
        "rule_observations",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("condition_id", sa.Uuid(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "case_id"],
            ["cases.workspace_id", "cases.id"],
            name=op.f("fk_rule_observations_workspace_id_case_id_cases"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "condition_id"],
            ["conditions.workspace_id", "conditions.id"],
            name=op.f("fk_rule_observations_workspace_id_condition_id_conditions"),
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "case_id", "condition_id", "observed_at", "number", name=op.f("pk_rule_observations")
        ),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("rule_observations", schema=None) as batch_op:
        batch_op.create_index("ix_rule_observations_stored_at_id", ["workspace_id", "stored_at", "id"], unique=False)
    guard("rule_observations")
    for workspace_id in _workspaces():
        _move(workspace_id)


def downgrade() -> None:
    """What rules saw is derived again by the next look at each case; the rows themselves go."""
    op.drop_table("rule_observations")


def _workspaces() -> list:
    return list(op.get_bind().scalars(sa.select(workspaces.c.id)))


def _move(workspace_id) -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        bind.execute(sa.text("SELECT set_config('app.workspace', :id, true)"), {"id": str(workspace_id)})
    seen = sa.and_(versions.c.workspace_id == workspace_id, versions.c.source == "rule")
    place = (versions.c.case_id, versions.c.condition_id, versions.c.occurred_at)
    found = bind.execute(sa.select(versions).where(seen).order_by(*place, versions.c.number)).all()
    rows = []
    for _, same in groupby(found, key=lambda row: (row.case_id, row.condition_id, row.occurred_at)):
        rows += [
            {
                "workspace_id": workspace_id,
                "case_id": row.case_id,
                "condition_id": row.condition_id,
                "observed_at": row.occurred_at,
                "number": number,
                "state": row.state,
                "id": watch_id(row.case_id, row.condition_id),
                "stored_at": row.stored_at,
            }
            for number, row in enumerate(same, start=1)
        ]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        bind.execute(sa.insert(steps), rows[start : start + ROWS_AT_ONCE])
    watches = sa.select(versions.c.id).where(seen).distinct()
    gone = list(bind.scalars(watches))
    bind.execute(sa.delete(versions).where(seen))
    for start in range(0, len(gone), 500):
        some = gone[start : start + 500]
        bind.execute(sa.delete(heads).where(heads.c.workspace_id == workspace_id, heads.c.id.in_(some)))
