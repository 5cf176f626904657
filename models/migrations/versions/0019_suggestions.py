"""comments: a condition's phrases, suggestions and what people decided on them, and what is learnt of comments

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("condition_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phrases", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "comment_suggestions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("condition_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.String(length=32), nullable=False),
        sa.Column("phrase", sa.String(length=100), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("suggested_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "condition_id"],
            ["conditions.workspace_id", "conditions.id"],
            name=op.f("fk_comment_suggestions_workspace_id_condition_id_conditions"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "response_id"],
            ["responses.workspace_id", "responses.id"],
            name=op.f("fk_comment_suggestions_workspace_id_response_id_responses"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_comment_suggestions_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_comment_suggestions")),
    )
    with op.batch_alter_table("comment_suggestions", schema=None) as batch_op:
        batch_op.create_index(
            "uq_comment_suggestions_response_id_condition_id",
            ["workspace_id", "response_id", "condition_id"],
            unique=True,
        )
        batch_op.create_index(
            "ix_comment_suggestions_stored_at_id", ["workspace_id", "stored_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_comment_suggestions_state_stored_at_id", ["workspace_id", "state", "stored_at", "id"], unique=False
        )
    op.create_table(
        "suggestion_decisions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["comment_suggestions.workspace_id", "comment_suggestions.id"],
            name=op.f("fk_suggestion_decisions_workspace_id_id_comment_suggestions"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_suggestion_decisions_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "number", name=op.f("pk_suggestion_decisions")),
    )
    op.create_table(
        "comment_models",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_comment_models_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_comment_models")),
    )
    with op.batch_alter_table("comment_models", schema=None) as batch_op:
        batch_op.create_index("ix_comment_models_created_at_id", ["workspace_id", "created_at", "id"], unique=False)
    guard("comment_suggestions", "suggestion_decisions", "comment_models")


def downgrade() -> None:
    op.drop_table("comment_models")
    op.drop_table("suggestion_decisions")
    op.drop_table("comment_suggestions")
    with op.batch_alter_table("condition_versions", schema=None) as batch_op:
        batch_op.drop_column("phrases")
