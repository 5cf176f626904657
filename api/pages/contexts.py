"""What each page's template receives: one dataclass a page, and nothing else reaches a template.

Every text here is plain: the templates escape it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Page:
    """What every page has.

    Parameters
    ----------
    company
        Who asks: the workspace's name.
    language, direction
        Of the survey's own texts: a BCP 47 tag, `ltr` or `rtl`.
    title
        The heading.
    framed_by
        The origins of the sites that may show it inside theirs: then it is compact. Empty for nobody.
    form_to
        The origin that sending its form may lead to, beside our own.
    """

    company: str
    language: str
    direction: str
    title: str
    framed_by: Sequence[str] = field(default=(), kw_only=True)
    form_to: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Option:
    """One thing to choose: what is sent, what is read, and whether it is chosen already."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Row:
    """One row of a matrix, or one choice of a ranking: the name it is sent under and its options."""

    name: str
    label: str
    options: Sequence[Option]


@dataclass(frozen=True)
class Field:
    """One question as it is shown.

    Parameters
    ----------
    key
        The name it is sent under; also the stem of the ids of its parts.
    widget
        How it is shown: scale, radios, checkboxes, consent, lines, number, date, table or ranks.
    label
        What is asked.
    required
        Whether the last step needs it.
    value
        What was typed: the text of lines, number and date.
    options
        Of scale, radios, checkboxes and consent.
    rows
        Of table and ranks.
    low, high
        What the ends of a scale mean.
    least, most
        Bounds of a number, as texts; longest text of lines.
    error
        What is wrong with what was typed; empty where nothing is.
    """

    key: str
    widget: str
    label: str
    required: bool
    value: str = ""
    options: Sequence[Option] = ()
    rows: Sequence[Row] = ()
    low: str = ""
    high: str = ""
    least: str = ""
    most: str = ""
    error: str = ""


@dataclass(frozen=True)
class FormPage(Page):
    """The questions, or those of the next step.

    Parameters
    ----------
    intro
        What the survey says before its questions.
    linked
        Whether the answer is tied to somebody the company knows.
    fields
        The questions shown.
    carried
        Names and values sent along unseen: the response's id, what was answered on an earlier step.
    can_pause
        Whether what is typed can be kept and gone on with later by the same address.
    resumed
        Whether something kept earlier is shown again.
    further
        Whether these are questions that follow from the answers before.
    chosen
        The key of a question that the address answered: one press confirms it.
    notice
        What is said above the questions when they are shown again.
    """

    intro: str
    linked: bool
    fields: Sequence[Field]
    carried: Sequence[tuple[str, str]]
    can_pause: bool = False
    resumed: bool = False
    further: bool = False
    chosen: str = ""
    notice: str = ""

    @property
    def wrong(self) -> Sequence[Field]:
        """The questions with something to correct."""
        return [shown for shown in self.fields if shown.error]


@dataclass(frozen=True)
class MessagePage(Page):
    """A page that only says something: thanks, or why there is nothing to answer here.

    Parameters
    ----------
    sentences
        What it says, a paragraph each.
    carried
        What was sent and not stored, to be sent again with one press.
    """

    sentences: Sequence[str] = field(default_factory=list)
    carried: Sequence[tuple[str, str]] = ()
