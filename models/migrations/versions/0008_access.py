"""access: keys are rotated and say on which day they were used; the installation says when it last did what

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import ROLE, grant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain added columns: a table that others point at is not copied and renamed.
    op.add_column("api_keys", sa.Column("changed_at", sa.BigInteger(), nullable=True))
    op.add_column("api_keys", sa.Column("successor_id", sa.Uuid(), nullable=True))
    op.add_column("api_keys", sa.Column("last_used_on", sa.Date(), nullable=True))
    op.create_table(
        "marks",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )
    grant("marks")
    if op.get_bind().dialect.name == "postgresql":
        # A serving connection asks whether the schema is the one it was written for.
        op.execute(f"GRANT SELECT ON alembic_version TO {ROLE}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"REVOKE SELECT ON alembic_version FROM {ROLE}")
    op.drop_table("marks")
    op.drop_column("api_keys", "last_used_on")
    op.drop_column("api_keys", "successor_id")
    op.drop_column("api_keys", "changed_at")
