"""What is said and answered about a workspace."""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from api.bodies import LARGEST_INTEGER, Answer, Body, Currency, Days, Moment, ShortText

YearlyLoss = Annotated[float, Field(strict=True, gt=0, lt=1)]
Slug = Annotated[
    str,
    Field(
        strict=True,
        max_length=63,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        description="What the workspace is called in addresses. A slug it had before goes on leading to it.",
    ),
]
DueDays = Annotated[int, Field(strict=True, ge=1, le=90)]


def _secure(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise PydanticCustomError("address_form", "an address like https://example.com/logo.svg") from None
    plain = address.isascii() and address.isprintable() and not set(address) & set(" \"'<>\\`{}")
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or port == 0 or not plain:
        raise PydanticCustomError("address_form", "an address like https://example.com/logo.svg")
    return address


def _logo(address: str) -> str:
    if not address.startswith("data:"):
        if len(address) > LONGEST_ADDRESS:
            raise PydanticCustomError("address_form", "an address of at most 2000 characters")
        return _secure(address)
    kind, _, content = address.partition(";base64,")
    begins = IMAGES.get(kind.removeprefix("data:"))
    try:
        image = b64decode(content, validate=True)
    except ValueError:
        image = b""
    if begins is None or not begins.match(image):
        raise PydanticCustomError("image_form", "an image in base64: data:image/png, image/webp or image/svg+xml")
    return address


LONGEST_ADDRESS = 2000
LONGEST_LOGO = 24_000
"""Fewer than 18 KB of image: a whole page stays under 50 KB with it."""
IMAGES: Mapping[str, re.Pattern[bytes]] = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "image/svg+xml": re.compile(rb"\s*(<\?xml|<!--|<svg)"),
}
Logo = Annotated[str, Field(strict=True, max_length=LONGEST_LOGO), AfterValidator(_logo)]
Colour = Annotated[str, Field(strict=True, pattern=r"^#[0-9a-fA-F]{6}$")]


class Rate(Body):
    """What one unit of work costs, everything included, in the currency's minor unit."""

    amount: Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER)]
    currency: Currency


class CostRates(Body):
    """What work after a failure costs. Used for the cost of failure alone, never shown by person or as a target."""

    minute: Rate | None = Field(default=None, description="A minute of handling.")
    minute_by_team: Annotated[dict[ShortText, Rate], Field(max_length=500)] = Field(
        default_factory=dict, description="Where a team's minute costs something else. Given whole."
    )
    contact: Rate | None = Field(default=None, description="A contact whose minutes nobody recorded.")
    repeat_within_days: Annotated[int, Field(strict=True, ge=1, le=365)] = Field(
        default=14, description="Within how many days a contact about the same need is a repeat of the one before."
    )


class Retention(Body):
    """For how many days each class of data is kept; null keeps it."""

    responses: Days | None = None
    comments: Days | None = None
    audit: Days | None = None
    events: Days | None = None


class Branding(Body):
    """How pages that customers see are dressed."""

    name: ShortText | None = Field(default=None, description="What pages call the company. Default: the workspace.")
    logo_url: Logo | None = Field(
        default=None,
        description="An https address, or the image itself: `data:image/png;base64,…`, also of `webp` or `svg+xml`, "
        f"at most {LONGEST_LOGO} characters.",
    )
    colour: Colour | None = Field(
        default=None,
        description="Like `#0b5fff`. Where text in it could not be read, pages take the nearest shade that can.",
    )


class WorkspacePatch(Body):
    """What of a workspace is to change; what is absent stays, inside the documents too."""

    name: ShortText | None = None
    slug: Slug | None = None
    zone: ShortText | None = Field(default=None, description="An IANA time zone, like `Europe/Berlin`.")
    currency: Currency | None = None
    yearly_loss: YearlyLoss | None = Field(
        default=None,
        description="The share of customers that leaves in a year. Nobody is flagged before it is declared.",
    )
    failure_definition: dict[str, JsonValue] | None = Field(
        default=None,
        description="When a case has failed its customer: a rule, and the moment conditions count at.",
    )
    answer_due_days: DueDays | None = Field(
        default=None, description="Within how many working days a manager owes a role proposal an answer."
    )
    support_request_due_days: DueDays | None = Field(
        default=None, description="Within how many working days a support request is to be met."
    )
    follow_up_due_days: DueDays | None = Field(
        default=None, description="Within how many working days a customer is owed a follow-up."
    )
    contact_rest_days: Annotated[int, Field(strict=True, ge=0, le=365)] | None = Field(
        default=None, description="For how many days a customer who was asked is not asked again; 0 for no rest."
    )
    sample_share: Annotated[float, Field(strict=True, gt=0, le=1)] | None = Field(
        default=None, description="The share of occasions on which a customer is asked, where a survey names none."
    )
    cost_rates: CostRates | None = Field(default=None, description="All in the workspace's currency. Null clears.")
    retention: Retention | None = Field(default=None, description="Null keeps everything.")
    branding: Branding | None = Field(default=None, description="Null clears.")


class WorkspaceAnswer(Answer):
    """A workspace as it works now."""

    id: UUID
    slug: str
    version: int
    name: str
    zone: str
    currency: str
    yearly_loss: float | None
    failure_definition: dict[str, JsonValue]
    horizon_days: int
    answer_due_days: int
    support_request_due_days: int
    follow_up_due_days: int
    contact_rest_days: int
    sample_share: float
    cost_rates: CostRates
    retention: Retention
    branding: Branding
    updated_at: Moment


class MeAnswer(Answer):
    """Who a key speaks for: the connection test of integrations."""

    workspace: str
    workspace_id: UUID
    key_id: UUID
    scopes: list[str]
