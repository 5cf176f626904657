"""What costs of quality are spent on, and which kinds of cost entries mean what.

The categories are those of the prevention-appraisal-failure model (Feigenbaum 1956; Juran's Quality Control Handbook).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Category(StrEnum):
    """What a cost of quality is spent on; only the two failures are the cost of failure."""

    PREVENTION = "prevention"
    APPRAISAL = "appraisal"
    INTERNAL_FAILURE = "internal_failure"
    EXTERNAL_FAILURE = "external_failure"


class Component(StrEnum):
    """A component of what a case cost."""

    HANDLING = "handling"
    REPEAT_CONTACTS = "repeat_contacts"
    REWORK = "rework"
    REFUNDS = "refunds"
    CREDITS = "credits"
    PENALTIES = "penalties"
    OTHER = "other"
    ACQUISITION = "acquisition"
    LOST_VALUE = "lost_value"
    REFERRALS = "referrals"
    APPRAISAL = "appraisal"
    PREVENTION = "prevention"


CATEGORIES: Mapping[Component, Category] = MappingProxyType(
    {
        **dict.fromkeys(Component, Category.EXTERNAL_FAILURE),
        Component.REWORK: Category.INTERNAL_FAILURE,
        Component.APPRAISAL: Category.APPRAISAL,
        Component.PREVENTION: Category.PREVENTION,
    }
)
"""What was done again inside the company is internal failure; whatever reached the customer is external."""

BESIDE = frozenset({Component.APPRAISAL, Component.PREVENTION})
"""Shown beside the cost of failure and never in it: it would be spent without the failure too."""

_WORDS: Mapping[Component, tuple[str, ...]] = MappingProxyType(
    {
        Component.HANDLING: ("handling", "contact", "call", "complaint handling", "support"),
        Component.REWORK: ("rework", "repair", "scrap", "spare part", "second visit", "redelivery", "retest"),
        Component.REFUNDS: ("refund", "repayment", "return", "warranty", "compensation"),
        Component.CREDITS: ("credit", "credit note", "goodwill", "discount", "voucher"),
        Component.PENALTIES: ("penalty", "fine", "contract penalty", "damages"),
        Component.ACQUISITION: ("acquisition", "customer acquisition", "replacement customer", "win back"),
        Component.APPRAISAL: ("appraisal", "inspection", "audit", "test", "testing", "check"),
        Component.PREVENTION: ("prevention", "training", "quality planning", "process control"),
    }
)


def _word(kind: str) -> str:
    """Return a kind in lower case, its words parted by blanks, the last in the singular."""
    plain = " ".join(kind.lower().replace("_", " ").replace("-", " ").split())
    if plain.endswith("ies"):
        return f"{plain[:-3]}y"
    return plain if plain.endswith("ss") else plain.removesuffix("s")


KINDS: Mapping[str, Component] = MappingProxyType(
    {_word(word): part for part, words in _WORDS.items() for word in words}
)
"""Kinds of cost entries that are understood without being told."""


def component_of(kind: str, told: Mapping[str, Component]) -> Component:
    """Return the component an entry's kind belongs to.

    Parameters
    ----------
    kind : str
        As the caller calls it, in upper or lower case, with `_` or `-` between words, in the singular or plural.
    told : mapping of str to Component
        What the workspace says of its own kinds; goes before what is understood anyway.

    Returns
    -------
    Component
        `OTHER` for a kind nobody explained: it was spent on a case that failed its customer.

    Examples
    --------
    >>> component_of("Spare_Parts", {}).value, component_of("travel", {}).value
    ('rework', 'other')
    >>> component_of("travel", {"travel": Component.REWORK}).value
    'rework'
    """
    word = _word(kind)
    own = {_word(name): part for name, part in told.items()}
    return own.get(word) or KINDS.get(word, Component.OTHER)
