"""What is said and answered about a workspace."""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field, JsonValue, field_validator
from pydantic_core import PydanticCustomError

from api.bodies import LARGEST_INTEGER, Answer, Body, Currency, Days, Moment, ShortText
from models.rules.loyalty.dimensions import Dimension

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


CostComponent = Literal[
    "handling", "rework", "refunds", "credits", "penalties", "other", "acquisition", "appraisal", "prevention"
]


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
    components: Annotated[dict[ShortText, CostComponent], Field(max_length=200)] = Field(
        default_factory=dict, description="What costs of a kind are, where the word alone does not say. Given whole."
    )
    value_years: Annotated[float, Field(strict=True, gt=0, le=50)] | None = Field(
        default=None,
        description="For how many years a customer who leaves would have stayed: an assumption. Null is one year.",
    )
    excess_departure: Annotated[float, Field(strict=True, ge=0, le=1)] | None = Field(
        default=None,
        description="How much likelier customers leave within the horizon for having been failed, assumed where too "
        "few left to measure it. Null leaves lost value out then.",
    )
    referral_share: Annotated[float, Field(strict=True, gt=0, le=10)] | None = Field(
        default=None,
        description="What a lost customer's referrals are worth, as a share of their own worth. Null: off.",
    )


class Retention(Body):
    """For how many days each class of data is kept; null keeps it."""

    responses: Days | None = None
    comments: Days | None = None
    audit: Days | None = None
    events: Days | None = None


class Outreach(Body):
    """What discretionary outreach is reckoned with. Redress after a failure never asks it."""

    contact_cost: Rate | None = Field(
        default=None,
        description="One contact, everything included, above 0. Null: customers are flagged from one threshold on, and "
        "no outreach is begun by itself.",
    )
    capacity_a_week: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = Field(
        default=None, description="How many contacts can be begun in seven days. Null: no limit."
    )
    hold_out_share: Annotated[float, Field(strict=True, ge=0.05, le=0.1)] | None = Field(
        default=None,
        description="The share of customers flagged for outreach who are held out of it at random, so that its effect "
        "can be known. Null: nobody. Redress is never held out.",
    )

    @field_validator("contact_cost")
    @classmethod
    def _costs(cls, cost: Rate | None) -> Rate | None:
        if cost is not None and cost.amount == 0:
            raise PydanticCustomError("cost_zero", "an amount above 0: a contact that costs nothing would always pay")
        return cost


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
        default=None,
        description="For how many days whoever was asked, or reached by outreach, rests from either; 0 for no rest.",
    )
    analyse_every_days: Annotated[int, Field(strict=True, ge=1, le=92)] | None = Field(
        default=None,
        description="After how many days condition sets are looked for again, at night and where there is news. "
        "Null switches it off: then only who asks gets an analysis.",
    )
    implicit_departure_days: Annotated[int, Field(strict=True, ge=7, le=730)] | None = Field(
        default=None,
        description="Where no departure is reported, risk is learnt from silence: a customer left who came with "
        "nothing of value for longer than so many days, and longer than is usual for them. Null: from reports alone.",
    )
    train_every_days: Annotated[int, Field(strict=True, ge=1, le=92)] | None = Field(
        default=None,
        description="After how many days the risk model is learnt anew, at night and where there is news; what is "
        "learnt waits for somebody to promote it. Null switches it off: then only who asks gets a training.",
    )
    fairness_by: Annotated[list[ShortText], Field(max_length=10)] | None = Field(
        default=None,
        description="Attributes of customers by whose groups the risk model is looked at: how often each is flagged, "
        "and whether what is said of it comes true. They are never features of it.",
    )
    sample_share: Annotated[float, Field(strict=True, gt=0, le=1)] | None = Field(
        default=None, description="The share of occasions on which a customer is asked, where a survey names none."
    )
    loyalty_weights: dict[Dimension, Annotated[float, Field(strict=True, ge=0, le=1)]] | None = Field(
        default=None,
        description="What each dimension of loyalty weighs in the one number; together 1. Null weighs all alike.",
    )
    cost_rates: CostRates | None = Field(default=None, description="All in the workspace's currency. Null clears.")
    retention: Retention | None = Field(default=None, description="Null keeps everything.")
    outreach: Outreach | None = Field(default=None, description="Null clears.")
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
    analyse_every_days: int | None
    implicit_departure_days: int | None
    train_every_days: int | None
    fairness_by: list[str]
    sample_share: float
    loyalty_weights: dict[Dimension, float] | None
    cost_rates: CostRates
    retention: Retention
    outreach: Outreach
    branding: Branding
    updated_at: Moment


class MeAnswer(Answer):
    """Who a key speaks for: the connection test of integrations."""

    workspace: str
    workspace_id: UUID
    key_id: UUID
    scopes: list[str]
