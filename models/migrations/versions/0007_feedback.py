"""feedback: invitations that complete once, secrets of signed links, and published surveys that nobody can change

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from models.migrations.policies import guard

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("link_secrets", "invitations", "invited_responses", "completions")
FINAL = "a published survey version never changes"


def upgrade() -> None:
    op.create_table(
        "link_secrets",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("previous_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_link_secrets_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_link_secrets")),
    )
    with op.batch_alter_table("link_secrets", schema=None) as batch_op:
        batch_op.create_index("ix_link_secrets_created_at", ["workspace_id", "created_at"], unique=False)

    op.create_table(
        "invitations",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("link_case", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "case_id"],
            ["cases.workspace_id", "cases.id"],
            name=op.f("fk_invitations_workspace_id_case_id_cases"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_invitations_workspace_id_customer_id_customers"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "survey_id"],
            ["surveys.workspace_id", "surveys.id"],
            name=op.f("fk_invitations_workspace_id_survey_id_surveys"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_invitations_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_invitations")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index("ix_invitations_case_id", ["workspace_id", "case_id"], unique=False)
        batch_op.create_index("ix_invitations_customer_id", ["workspace_id", "customer_id"], unique=False)
        batch_op.create_index("ix_invitations_stored_at_id", ["workspace_id", "stored_at", "id"], unique=False)
        batch_op.create_index("uq_invitations_reference", ["workspace_id", "reference"], unique=True)
        batch_op.create_index(
            "uq_invitations_survey_id_link_case", ["workspace_id", "survey_id", "link_case"], unique=True
        )
        batch_op.create_index("uq_invitations_token_hash", ["workspace_id", "token_hash"], unique=True)

    op.create_table(
        "completions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["invitations.workspace_id", "invitations.id"],
            name=op.f("fk_completions_workspace_id_id_invitations"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "response_id"],
            ["responses.workspace_id", "responses.id"],
            name=op.f("fk_completions_workspace_id_response_id_responses"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_completions_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_completions")),
    )
    op.create_table(
        "invited_responses",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["responses.workspace_id", "responses.id"],
            name=op.f("fk_invited_responses_workspace_id_id_responses"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invitation_id"],
            ["invitations.workspace_id", "invitations.id"],
            name=op.f("fk_invited_responses_workspace_id_invitation_id_invitations"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_invited_responses_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_invited_responses")),
    )
    with op.batch_alter_table("invited_responses", schema=None) as batch_op:
        batch_op.create_index("ix_invited_responses_invitation_id", ["workspace_id", "invitation_id"], unique=False)

    op.add_column("survey_versions", sa.Column("details", sa.JSON(none_as_null=True), nullable=True))
    _make_published_final()
    guard(*TABLES)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER published_is_final ON survey_versions")
        op.execute("DROP FUNCTION refuse_change_of_published()")
    else:
        op.execute("DROP TRIGGER published_is_final")
    with op.batch_alter_table("survey_versions", schema=None) as batch_op:
        batch_op.drop_column("details")
    for table in ("invited_responses", "completions", "invitations", "link_secrets"):
        op.drop_table(table)


def _make_published_final() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change_of_published() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{FINAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER published_is_final BEFORE UPDATE ON survey_versions FOR EACH ROW "
            "WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION refuse_change_of_published()"
        )
    else:
        op.execute(
            "CREATE TRIGGER published_is_final BEFORE UPDATE ON survey_versions FOR EACH ROW "
            f"WHEN OLD.published_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{FINAL}'); END"
        )
