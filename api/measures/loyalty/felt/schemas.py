"""What is answered about Felt and the Gap: every figure with its n and its interval, or why there is none."""

from typing import Annotated, Literal

from pydantic import Field

from api.bodies import Answer, Body, DayOrMoment, Moment

Why = Literal["no_answer", "item_unanswered", "too_few_pairs", "constant_item", "unreliable"]


class FeltBody(Body):
    """For which time Felt is to be computed."""

    start: Annotated[DayOrMoment | None, Field(alias="from", description="Default: 90 days before `to`.")] = None
    end: Annotated[DayOrMoment | None, Field(alias="to", description="Default: now.")] = None


class FeltFigure(Answer):
    """A figure with its 95 % interval."""

    value: float | None
    low: float | None = Field(description="null: nothing tells how sure it is.")
    high: float | None


class FeltItem(Answer):
    """One item: how often customers found it to be so, 0 (never) to 4 (always)."""

    key: str
    mean: float | None = Field(description="null below two customers.")
    low: float | None
    high: float | None
    n: int = Field(description="Answers; *can't say* is none.")
    customers: int = Field(description="An answer whose customer is not known counts as a customer of its own.")


class FewestPair(Answer):
    """The two items that fewest forms answer both."""

    items: list[str]
    forms: int
    needed: int


class KnownFact(Answer):
    """A share known of customers whether they answered or not, among responders and among all customers."""

    fact: str = Field(description="`kept`, `done_in_time`, `first_time`, `failed`, `segment` or `need`.")
    of: str | None = Field(description="Of segment and need: which.")
    responders: FeltFigure
    everybody: FeltFigure
    responders_n: int = Field(description="Responders of whom it is known.")
    everybody_n: int
    differs: bool | None = Field(
        description="Whether a test says that responders differ from those who did not answer; null where there is too "
        "little to say."
    )


class NonResponse(Answer):
    """Who answered, beside all customers served."""

    customers: int = Field(description="Customers with a case opened in the window, or as long before it.")
    responders: int = Field(description="Of those, who answered.")
    not_compared: int = Field(description="Who answered and is not known to be one of those.")
    facts: list[KnownFact]
    left_out: list[str] = Field(description="Facts that are known only of those who answered.")


class Poststratified(Answer):
    """Felt as if customers of each segment, served well, badly, or not known how, had answered alike often."""

    value: float | None = Field(description="null where Felt is not published.")
    low: float | None
    high: float | None
    responders: int
    strata: int
    joined: int = Field(description="Strata with fewer than ten responders, taken together.")
    largest_weight: float


class FeltAnswer(Answer):
    """What customers feel of the company's loyalty, 0 to 100, as computed last."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    value: float | None = Field(description="null where it is not published: the interval alone then.")
    low: float | None
    high: float | None
    n: int = Field(description="Forms that answer an item.")
    customers: int = Field(description="An answer whose customer is not known counts as a customer of its own.")
    unproved: int = Field(description="Of n, forms whose customer or case was only claimed.")
    items: list[FeltItem]
    fewest_pair: FewestPair
    omega: FeltFigure
    alpha: FeltFigure
    heywood: list[str] = Field(description="Items that one common factor would explain wholly: doubt the factor.")
    smoothed: bool = Field(description="The pairs together were no covariance matrix, and were made one.")
    converged: bool = Field(description="The fit of the factor came to rest.")
    draws: int = Field(description="Draws of customers behind the intervals of omega and alpha.")
    published: bool
    why_not: Why | None
    detail: str
    non_response: NonResponse
    poststratified: Poststratified | None = Field(description="null where no responder is known.")
    computed_at: Moment


class GapSide(Answer):
    """How far a figure has moved from the window before, in points of 100."""

    before: FeltFigure | None
    now: FeltFigure | None
    change: FeltFigure | None = Field(description="null where either is missing.")


class GapAmong(Answer):
    """Facts and felt item, and how far they have drawn apart since the window before."""

    facts: GapSide
    felt: GapSide
    change: FeltFigure | None = Field(
        description="Facts' change less felt's. Above 0: the records improved more than customers feel. null where "
        "either is missing."
    )


class GapItem(Answer):
    """One dimension of the facts and the item that speaks of it. Their level is not compared: only how it moves."""

    dimension: str
    item: str
    among_all: GapAmong
    among_responders: GapAmong = Field(description="On the cases of those alone who answered.")


class FeltAlone(Answer):
    """Felt as computed last, and the Gap."""

    felt: FeltAnswer
    gap: list[GapItem]
