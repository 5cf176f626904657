"""quotas: how many places of a survey's quotas are taken, and by which responses

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_quotas",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["surveys.workspace_id", "surveys.id"],
            name=op.f("fk_survey_quotas_workspace_id_id_surveys"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_survey_quotas_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "key", name=op.f("pk_survey_quotas")),
    )
    op.create_table(
        "quota_places",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["responses.workspace_id", "responses.id"],
            name=op.f("fk_quota_places_workspace_id_id_responses"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_quota_places_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "key", name=op.f("pk_quota_places")),
    )
    guard("survey_quotas", "quota_places")


def downgrade() -> None:
    op.drop_table("quota_places")
    op.drop_table("survey_quotas")
