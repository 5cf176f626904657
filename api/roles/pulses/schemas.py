"""What is said and answered about pulses."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.bodies import Answer, Body, Code, Count, Moment, Reference
from models.rules.anonymity.releasing import BATCH, COMMENTS_FROM, FEWEST_FOR_SCORES, SCORES_FROM

MOST_TEAMS, MOST_CUTS = 50, 2

Enough = Annotated[int, Field(strict=True, ge=BATCH, le=1000)]


class PulseBody(Body):
    """A pulse, launched as it is told: none of this changes any more. The same again is taken once."""

    key: Code
    survey: Code = Field(description="A published survey that asks staff: `staff_pulse`, or one of your own.")
    version: Count | None = Field(default=None, description="Default: the newest published.")
    opens_at: Moment | None = Field(default=None, description="Default: at once.")
    closes_at: Moment = Field(description="Nothing is taken from then on, and the next night releases the last.")
    teams: list[Reference] = Field(
        default_factory=list,
        max_length=MOST_TEAMS,
        description="Each gets a link of its own, and is a group of the cut `team`. Whoever takes the common link is "
        "of none.",
    )
    cut_by: list[Code] = Field(
        default_factory=list,
        max_length=MOST_CUTS,
        description="Keys of questions of kind choice or yes_no: their answers are groups, and not told as figures.",
    )
    scores_from: Annotated[int, Field(strict=True, ge=FEWEST_FOR_SCORES, le=1000)] = Field(
        default=SCORES_FROM, description="Figures are told of so many people or more."
    )
    comments_from: Annotated[int, Field(strict=True, ge=COMMENTS_FROM, le=1000)] = Field(
        default=COMMENTS_FROM, description="Comments are told from so many on."
    )
    batch: Enough = Field(default=BATCH, description="So many new answers at least are released together.")


class PulseChange(Body):
    """What somebody wants changed of a pulse: what it was launched with is answered, anything else is refused."""

    survey: Code | None = None
    version: Count | None = None
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    teams: list[Reference] | None = None
    cut_by: list[Code] | None = None
    scores_from: Count | None = None
    comments_from: Count | None = None
    batch: Count | None = None


class PulseAnswer(Answer):
    """A pulse, and the last night on which something of it was released."""

    id: UUID
    key: str
    survey: str
    version: int
    opens_at: Moment
    closes_at: Moment
    teams: list[str]
    cut_by: list[str]
    scores_from: int
    comments_from: int
    batch: int
    launched_at: Moment
    stored_at: Moment
    released_on: str | None = Field(description="The day of the last release; null before the first.")
    answers: int | None = Field(description="How many answers were released. What waits is not counted.")
    ended: bool = Field(description="Whether it is closed and the last was released: its answers are deleted.")


class PulseStored(PulseAnswer):
    """A pulse, just launched."""

    unchanged: bool


class FigureAnswer(Answer):
    """A figure of the answers to a question."""

    statistic: Literal["mean", "share", "nps"]
    share_of: str | None
    meaning: str
    value: float
    low: float | None = Field(description="With `high` the 95 % interval; null where nobody differs.")
    high: float | None


class CellAnswer(Answer):
    """What everybody, or a group of one cut, answered to a question."""

    cut: str | None = Field(description="`team`, or the key of a question; null: everybody.")
    group: str | None
    n: int | None = Field(description="How many answered the question; null where it is suppressed.")
    as_of: str | None = Field(description="The day this was released: it is of the answers released until then.")
    figures: list[FigureAnswer] | None
    suppressed: Literal["not_released", "too_few", "derivable"] | None = Field(
        description="Why there are no figures. `not_released`: nothing was, yet. `too_few`: fewer than the pulse's "
        "thresholds ask for, or nobody. `derivable`: together with what was told, it would tell of fewer."
    )
    says: str | None = Field(description="The reason in words.")


class QuestionAnswer(Answer):
    """A question and what was answered to it, by cell in the order named at launch: no order of figures."""

    key: str
    kind: str
    metric_key: str | None
    texts: dict[str, str]
    cells: list[CellAnswer]


class CommentsAnswer(Answer):
    """What was written to a question, in no order, and of nobody's team."""

    key: str
    texts: dict[str, str]
    n: int | None
    as_of: str | None
    comments: list[str]
    suppressed: Literal["not_released", "too_few"] | None
    says: str | None


class PulseResults(PulseAnswer):
    """A pulse and all that is released of it."""

    questions: list[QuestionAnswer]
    comments: list[CommentsAnswer]


class LinkAnswer(Answer):
    """An address at which staff answer."""

    team: str | None = Field(description="null: the common link.")
    url: str


class LinksAnswer(Answer):
    """Where staff answer a pulse: hand each team its link, or all of them the common one."""

    items: list[LinkAnswer]
