"""What is said and answered about responses and invitations."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from api.bodies import Answer, Body, Flag, Moment, Reference, ShortText
from api.feedback.definitions import Language
from api.feedback.scores import ScoreUrl
from api.recorded import BulkRow

Token = Annotated[str, Field(strict=True, min_length=1, max_length=100, description="An invitation's token.")]
QuestionKey = Annotated[str, Field(min_length=1, max_length=100)]


class ResponseBody(Body):
    """What a customer answered after an interaction."""

    id: UUID | None = Field(default=None, description="The sender's own: the same again is the same response.")
    reference: Reference | None = Field(default=None, description="Yours: instead of `id`, or beside it.")
    survey: ShortText = Field(description="The survey's key, like `post_interaction`.")
    version: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    customer: Reference | None = None
    case: Reference | None = None
    invitation: Token | None = Field(default=None, description="Proves whose answer this is, and about which case.")
    language: Language | None = None
    answers: dict[QuestionKey, JsonValue]
    complete: Flag = True
    asked_at: Moment | None = None
    answered_at: Moment | None = None
    recorded_at: Moment | None = Field(default=None, description="When the company knew. Default: now.")


class ResponseStored(Answer):
    """What became of a response: its id, and what it means for the case where the caller may know."""

    id: UUID
    status: str


class ResponseJudged(ResponseStored):
    """What became of a response, for callers who may know of failures and conditions."""

    failure: bool | None
    conditions: list[str]


class ResponseAnswer(Answer):
    """A response as it stands."""

    id: UUID
    reference: str
    version: int
    survey: str
    survey_version: int
    status: str
    customer: str | None
    case: str | None
    claimed_customer: str | None
    claimed_case: str | None
    source: str | None
    language: str | None
    answers: dict[str, JsonValue]
    failure: bool | None
    voided: bool
    asked_at: Moment | None
    answered_at: Moment
    recorded_at: Moment
    stored_at: Moment


class ResponsePatch(Body):
    """A further step of an answer: what is given is laid over what was said, question by question."""

    answers: dict[QuestionKey, JsonValue] = Field(default_factory=dict)
    complete: Flag | None = Field(default=None, description="true: this was the last step.")
    invitation: Token | None = Field(default=None, description="Proves a claim made in an earlier step.")


class InvitationBody(Body):
    """The right of one customer to answer one survey about one case, once."""

    reference: Reference | None = Field(default=None, description="Your own id: the same again makes no second one.")
    survey: ShortText = Field(description="The survey's key.")
    customer: Reference | None = None
    case: Reference | None = None
    language: Language | None = None
    expires_at: Moment | None = None


class InvitationAnswer(Answer):
    """An invitation as it stands: open, started, completed, expired or revoked."""

    id: UUID
    reference: str
    survey: str
    customer: str | None
    case: str | None
    language: str | None
    state: str
    response: UUID | None
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    completed_at: Moment | None
    scanner_suspected: bool
    stored_at: Moment


class InvitationMade(Answer):
    """A new invitation. Token and urls are shown this once; they are null for one that was made before."""

    id: UUID
    reference: str
    url: str | None
    score_urls: list[ScoreUrl]
    qr_url: str | None
    token: str | None
    expires_at: Moment | None


class InvitationRow(BulkRow):
    """What became of one row, and where the customer answers."""

    url: str | None
    token: str | None
    expires_at: Moment | None


class InvitationsMade(Answer):
    """What became of a bulk request, row by row."""

    results: list[InvitationRow]
    accepted: int
    unchanged: int
    rejected: int


Reason = Literal[
    "ask",
    "unknown_customer",
    "unknown_case",
    "opted_out",
    "open_failure",
    "contact_rest",
    "already_invited",
    "survey_not_open",
    "survey_closed",
    "quota_full",
    "sampled_out",
]


class EligibilityBody(Body):
    """Whom one thinks of asking."""

    survey: ShortText = Field(description="The survey's key.")
    customer: Reference | None = None
    case: Reference | None = Field(default=None, description="Where it is named, its customer is the one meant.")


class EligibilityAnswer(Answer):
    """Whether to ask, the reason that decides, and what is known of it."""

    ask: bool
    reason: Reason
    details: dict[str, JsonValue]


class LinkSecretTurn(Body):
    """How long links signed with the secret before stay good."""

    keep_previous_days: Annotated[int, Field(strict=True, ge=0, le=365)] = Field(
        default=30, description="0 where the secret leaked: links already sent then stop working."
    )


class LinkSecretAnswer(Answer):
    """The secret that a workspace signs links with."""

    secret: str
    created_at: Moment | None
    previous_until: Moment | None
