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

CASES_AT_ONCE = 200
HEADS_AT_ONCE = 500

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
    mine = versions.c.workspace_id == workspace_id
    seen = sa.and_(mine, versions.c.source == "rule")
    after = None
    while cases := _cases_after(seen, after):
        _move_some(workspace_id, sa.and_(seen, versions.c.case_id.in_(cases)))
        after = cases[-1]


def _cases_after(seen, after) -> list:
    statement = sa.select(versions.c.case_id).where(seen).distinct().order_by(versions.c.case_id).limit(CASES_AT_ONCE)
    return list(op.get_bind().scalars(statement if after is None else statement.where(versions.c.case_id > after)))


def _move_some(workspace_id, some) -> None:
    bind = op.get_bind()
    place = (versions.c.case_id, versions.c.condition_id, versions.c.occurred_at)
    found = bind.execute(sa.select(versions).where(some).order_by(*place, versions.c.number)).all()
    rows = [
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
        for _, same in groupby(found, key=lambda row: (row.case_id, row.condition_id, row.occurred_at))
        for number, row in enumerate(same, start=1)
    ]
    bind.execute(sa.insert(steps), rows)
    watches = list({row.id for row in found})
    bind.execute(sa.delete(versions).where(some))
    for start in range(0, len(watches), HEADS_AT_ONCE):
        of = sa.and_(heads.c.workspace_id == workspace_id, heads.c.id.in_(watches[start : start + HEADS_AT_ONCE]))
        bind.execute(sa.delete(heads).where(of))
