"""What is answered about one dimension over time: its points, what they are held against, and what is told of them."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from api.bodies import Answer, Moment
from api.measures.loyalty.asking import By
from api.measures.schemas import ChangeTest
from models.rules.loyalty.charting import SignalKind
from models.rules.loyalty.dimensions import Dimension, Part


class ChartInterval(StrEnum):
    """How long a period of a chart is."""

    WEEK = "week"
    MONTH = "month"


class Plotted(StrEnum):
    """What of a dimension is drawn."""

    SHARE = "share"
    ELAPSED = "elapsed"
    CONTACTS = "contacts"
    HANDOVERS = "handovers"
    REOPENED = "reopened"


class ChartPoint(Answer):
    """One period."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    k: int | None = Field(description="Rows that hold, or how often it happened; null for elapsed time.")
    n: int = Field(description="Rows of which it is known.")
    rows: int = Field(description="All rows, those of which it is not known among them.")
    value: float | None = Field(
        description="In the chart's unit; null where under 60 % of the rows are known, none are, or "
        "a median would be of fewer than five."
    )
    tail: float | None = Field(description="Of elapsed time the 90th percentile: nine in ten cases took no longer.")
    low: float | None = Field(description="The limits for so many rows; null where the stretch has none yet.")
    high: float | None
    outside: bool = Field(description="Beyond the limits.")
    jumped: bool = Field(description="Of elapsed time: further from the period before than its limit.")
    run: bool = Field(description="The eighth or a later one in a row on one side of the centre.")
    settling: bool = Field(
        description="Not over, or what is known of it may still change: it makes no limits and is no signal."
    )
    mixed: bool = Field(description="A split came within the period: it makes no limits and is no signal.")


class ChartLimits(Answer):
    """What the points of a stretch are held against: from one recorded reason to the next."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    centre: float
    low: float = Field(description="For a point of as many rows as those that made the limits have on average.")
    high: float
    points: int = Field(description="So many settled points made them, 20 at most.")
    provisional: bool = Field(description="Fewer than 12 did.")
    frozen: bool = Field(description="20 did, and later ones move them no more.")


class ChartSignal(Answer):
    """Something out of the ordinary. It says that a look is worth while, and not that the figure changed."""

    kind: SignalKind
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")


class ChartReason(Answer):
    """A recorded reason at which a chart may be split."""

    split: str = Field(description="As `split=` takes it: `change:REF` or `countermeasure:REF`.")
    at: Moment
    what: str


class ChartSplit(ChartReason):
    """A reason the chart was split at, and what a test says of before and after."""

    drawn: bool = Field(description="It lies within what is charted, so that limits begin anew after it.")
    before: float | None = Field(description="Over the whole stretch before, in the chart's unit.")
    after: float | None
    changed: bool | None = Field(
        description="Whether a test says that after differs from before; null where there is too little to say, or "
        "nothing that tests it."
    )


class ChartAnswer(Answer):
    """One dimension over time."""

    dimension: Dimension
    measure: Plotted
    part: Part | None = Field(description="Which share is drawn; null where no share is.")
    parts: list[Part] = Field(description="The shares of the dimension: each has a chart of its own.")
    kind: Literal["p_prime", "u_prime", "xmr_log"]
    unit: Literal["percent", "per case", "hours"]
    numerator: str
    denominator: str
    by: By | None
    group: str | None
    interval: ChartInterval
    zone: str
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    as_known_at: Moment
    settling_days: int = Field(description="How long after its end a period settles.")
    points: list[ChartPoint]
    limits: list[ChartLimits]
    signals: list[ChartSignal]
    splits: list[ChartSplit]
    reasons: list[ChartReason] = Field(description="What is recorded in this time and could be a split.")
    change: ChangeTest = Field(description="When `changed` is true.")
