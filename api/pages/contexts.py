"""What each page's template receives: one dataclass a page, and nothing else reaches a template.

Every text here is plain: the templates escape it. What a page says itself stands in the templates, in the language of
its `chrome`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from api.pages.chrome import Chrome


@dataclass(frozen=True)
class Dress:
    """How a page is dressed.

    Parameters
    ----------
    logo, source
        Where the logo is, and the part of that which the page's policy lets through; empty for none.
    colour
        Six hexadecimal digits; empty for the page's own.
    """

    logo: str = ""
    source: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Page:
    """What every page has.

    Parameters
    ----------
    company
        Who asks, as pages call it.
    chrome
        The language the page speaks.
    title
        The heading.
    dress
        How it looks.
    framed_by
        The origins of the sites that may show it inside theirs: then it is compact. Empty for nobody.
    form_to
        The origin that sending its form may lead to, beside our own.
    """

    company: str
    chrome: Chrome
    title: str
    dress: Dress = field(default_factory=Dress, kw_only=True)
    framed_by: Sequence[str] = field(default=(), kw_only=True)
    form_to: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Option:
    """One thing to choose: what is sent, what is read, whether it is chosen already, and whether the page says it."""

    value: str
    label: str
    chosen: bool
    own: bool = False


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
        How it is shown: scale, steps, radios, checkboxes, consent, lines, number, date, table or ranks.
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
    hint
        What is asked for beside the label.
    aside
        The option of having nothing to say, apart from the others; None where it is not offered.
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
    hint: str = ""
    aside: Option | None = None
    error: str = ""

    @property
    def described(self) -> str:
        """The ids of what describes it."""
        said = {"hint": self.hint, "error": self.error}
        return " ".join(f"{self.key}-{name}" for name, text in said.items() if text)


@dataclass(frozen=True)
class Notice:
    """What is said before the answers: who asks, whom the answer is tied to, what for, and how long it is kept."""

    who: str
    tied: str
    purpose: str
    kept: str
    until: str = ""


@dataclass(frozen=True)
class FormPage(Page):
    """The questions, or those of one step.

    Parameters
    ----------
    language, direction
        Of the survey's own texts: a BCP 47 tag, `ltr` or `rtl`.
    intro
        What the survey says before its questions.
    own_title
        Whether the heading is the survey's rather than the page's.
    about
        What is said before the answers.
    fields
        The questions shown.
    carried
        Names and values sent along unseen: the response's id, what was answered on an earlier step.
    sent_to
        Where it is sent; empty for the address it stands at. Not there on a page open to all: what is sent to an
        address makes browsers forget the page they keep of it, and going back would begin a second answer.
    progress
        Which question of how many, in words; empty where all are shown.
    can_go_back
        Whether there is a step before.
    last
        Whether sending this is the end, as far as is known.
    resumed
        Whether something kept earlier is shown again.
    chosen
        The key of a question that the address answered: one press confirms it.
    notice
        What is said above the questions when they are shown again.
    can_pause
        Whether half an answer can be kept for later.
    """

    language: str
    direction: str
    intro: str
    own_title: bool
    about: Notice | None
    fields: Sequence[Field]
    carried: Sequence[tuple[str, str]]
    sent_to: str = ""
    progress: str = ""
    can_go_back: bool = False
    last: bool = True
    resumed: bool = False
    chosen: str = ""
    notice: str = ""
    can_pause: bool = True

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
    link
        Where it leads on to; empty for nowhere.
    language, direction
        Of what the survey's author wrote; empty where the page says all.
    carried
        What was sent and not stored, to be sent again with one press.
    """

    sentences: Sequence[str] = field(default_factory=list)
    link: str = ""
    language: str = ""
    direction: str = ""
    carried: Sequence[tuple[str, str]] = ()
