"""Invitations: the right of one customer to answer one survey about one case, once; and what links are signed with."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from models.base import (
    UTCDateTime,
    WorkspaceRow,
    found_by,
    moment,
    unique_in_workspace,
    within_workspace,
)


class Invitation(WorkspaceRow, table=True):
    """A right to answer. Of its token only a keyed hash is kept; a signed link is one without a token.

    `link_case` is the case as a signed link named it: the first use of the link makes the invitation.
    `scanner_suspected_at` is when its links for several scores were opened faster than a person opens them.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        unique_in_workspace("invitations", "token_hash"),
        unique_in_workspace("invitations", "reference"),
        unique_in_workspace("invitations", "survey_id", "link_case"),
        found_by("invitations", "stored_at", "id"),
        found_by("invitations", "customer_id"),
        found_by("invitations", "case_id"),
        within_workspace("survey_id", "surveys"),
        within_workspace("customer_id", "customers"),
        within_workspace("case_id", "cases"),
    )

    reference: str = Field(max_length=200)
    survey_id: UUID
    customer_id: UUID | None = None
    case_id: UUID | None = None
    language: str | None = Field(default=None, max_length=35)
    token_hash: str | None = Field(default=None, max_length=64)
    link_case: str | None = Field(default=None, max_length=200)
    created_at: datetime = Field(sa_type=UTCDateTime)
    stored_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime | None = moment()
    revoked_at: datetime | None = moment()
    scanner_suspected_at: datetime | None = moment()


class InvitedResponse(WorkspaceRow, table=True):
    """A response begun by right of an invitation; `id` is the response's."""

    __tablename__ = "invited_responses"
    __table_args__ = (
        found_by("invited_responses", "invitation_id"),
        within_workspace("id", "responses"),
        within_workspace("invitation_id", "invitations"),
    )

    invitation_id: UUID


class Completion(WorkspaceRow, table=True):
    """An invitation used up; `id` is the invitation's, so the primary key is the promise that it completes once."""

    __tablename__ = "completions"
    __table_args__ = (within_workspace("id", "invitations"), within_workspace("response_id", "responses"))

    response_id: UUID
    completed_at: datetime = Field(sa_type=UTCDateTime)


class LinkSecret(WorkspaceRow, table=True):
    """A turn of the secret a workspace signs its links with; the secret itself is derived, never stored."""

    __tablename__ = "link_secrets"
    __table_args__ = (found_by("link_secrets", "created_at"),)

    salt: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UTCDateTime)
    previous_until: datetime = Field(sa_type=UTCDateTime)
