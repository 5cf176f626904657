"""The words a report and the command line share: names of dimensions, figures with their intervals, findings."""

from collections.abc import Sequence
from typing import Protocol

from api.measures.loyalty.felt.schemas import FeltAnswer
from api.measures.loyalty.report.early_answers import EarlyAnswers
from api.measures.loyalty.schemas import DimensionAnswer, FactsAnswer
from api.measures.loyalty.validation.schemas import ValidationAnswer
from models.rules.loyalty.composite import DIMENSIONS_NEEDED
from models.rules.loyalty.dimensions import NEEDED, Dimension
from models.rules.loyalty.profile import FULL
from models.rules.loyalty.validation import Outcome

NAMES = {
    Dimension.KEEP: "Keeps promises",
    Dimension.FLOW: "Done when it was needed",
    Dimension.FIRST: "First time, whole need",
    Dimension.NO_NEEDLESS_CONTACT: "No needless contact",
    Dimension.RESTORE: "Puts wrongs right",
    Dimension.LEARN: "Learns",
    Dimension.FAIR: "Fair to those who stay",
    Dimension.ENABLE: "Enables the front line",
}
ONE_NUMBER = "The one number"
OUTCOMES = {Outcome.FELT: "Felt", Outcome.DEPARTURES: "departures", Outcome.EARNED_GROWTH: "Earned Growth"}
NOT_MEASURED = "not measured"
NOT_KNOWN = "not known"
TOO_LITTLE = "too little to say"


class Told(Protocol):
    """A figure with its interval."""

    @property
    def value(self) -> float | None:
        """The figure."""

    @property
    def low(self) -> float | None:
        """The interval's lower end."""

    @property
    def high(self) -> float | None:
        """The interval's upper end."""


def figure(told: Told, *, factor: float = 1.0, places: int = 1) -> str:
    """Say a figure with its interval, and the interval alone where there is no figure.

    >>> from api.measures.loyalty.report.early_answers import Estimate
    >>> figure(Estimate(value=0.25, low=0.2, high=0.31, n=9, customers=9), factor=100)
    '25.0 [20.0, 31.0]'
    """
    value, between = told.value, interval(told, factor=factor, places=places)
    if value is None:
        return between or NOT_KNOWN
    return f"{_number(value * factor, places)} {between}".rstrip()


def interval(told: Told, *, factor: float = 1.0, places: int = 1) -> str:
    """Say an interval, nothing where there is none."""
    if told.low is None or told.high is None:
        return ""
    return f"[{_number(told.low * factor, places)}, {_number(told.high * factor, places)}]"


def share(told: float | None) -> str:
    """Say a share in whole percent; never all or nothing where it is not.

    >>> share(0.9996), share(1.0), share(0.001), share(None)
    ('over 99 %', '100 %', 'under 1 %', 'not known')
    """
    if told is None:
        return NOT_KNOWN
    percent = round(FULL * told)
    if percent == FULL and told < 1:
        return "over 99 %"
    return "under 1 %" if not percent and told > 0 else f"{percent} %"


def counted(dimension: DimensionAnswer) -> list[str]:
    """Say what each share of a dimension counts, and how many did; LEARN counts what it cost, and no rows."""
    return [
        f"{part.numerator}, of {part.denominator}" + (f": {part.k:.0f} of {part.n}" if part.n and part.k else "")
        for part in dimension.parts
    ]


def said(dimension: DimensionAnswer) -> str:
    """Say a dimension in short."""
    return figure(dimension) if dimension.status == "measured" else NOT_MEASURED


def one_number(facts: FactsAnswer) -> str:
    """Say the one number, or why there is none."""
    if facts.value is None:
        needed = ", ".join(NAMES[key] for key in Dimension if key in NEEDED)
        measured = sum(one.status == "measured" for one in facts.dimensions)
        return (
            f"There is no one number: {measured} of the eight dimensions are measured. It takes {DIMENSIONS_NEEDED}, "
            f"with these among them: {needed}."
        )
    names = ", ".join(NAMES[key] for key in facts.set)
    between = (
        "" if facts.lowest is None or facts.highest is None else f" from {facts.lowest:.1f} to {facts.highest:.1f}"
    )
    return (
        f"{figure(facts)}, a weighted geometric mean of {len(facts.set)} dimensions: {names}. Other weights would have "
        f"made it anything{between}. Numbers of other sets are not compared with it."
    )


def felt_words(felt: FeltAnswer | None) -> list[str]:
    """Say what customers feel, and how well the items hang together; without a published figure the interval alone."""
    if felt is None:
        return ["What customers feel of it is not yet known."]
    told = (
        f"What customers feel of it, 0 to 100: {figure(felt)}, of {felt.customers} customers. How well its items hang "
        f"together, omega: {figure(felt.omega, places=2)}."
    )
    weighted = felt.poststratified
    if weighted is not None and weighted.value is not None:
        told += f" As if all customers served had answered alike often: {figure(weighted)}."
    return [told] if felt.published else [told, felt.detail]


def early_words(early: Sequence[EarlyAnswers]) -> list[str]:
    """Say how many were asked or answered before their case was done, and how otherwise they answered."""
    return [_early(one) for one in early if one.share.n]


def _early(one: EarlyAnswers) -> str:
    what = "answers were given" if one.moment == "answered" else "questions were sent"
    words = (
        f"{one.early} of {one.share.n} {what} before the case was done: {figure(one.share, factor=FULL)} %, "
        f"of {one.share.customers} customers."
    )
    if one.difference.value is None:
        return f"{words} How otherwise they answered: {TOO_LITTLE}."
    return (
        f"{words} Their mean score was {figure(one.score_before)} of 10, that of the others {figure(one.score_after)}: "
        f"{one.difference.value:+.1f} {interval(one.difference)}. An association: who waits is asked while waiting."
    )


def _number(value: float, places: int) -> str:
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def validated(found: ValidationAnswer) -> list[tuple[str, str, str, str]]:
    """Say of the one number how it goes with each outcome, and of the dimensions where there is anything to say."""
    names: dict[str, str] = {dimension.value: name for dimension, name in NAMES.items()}
    return [
        (
            names.get(one.index, ONE_NUMBER),
            OUTCOMES[one.outcome],
            NOT_KNOWN if one.rho is None else f"{one.rho:.2f} [{one.low:.2f}, {one.high:.2f}]",
            one.says,
        )
        for one in found.correlations
        if one.rho is not None or one.index not in names
    ]
