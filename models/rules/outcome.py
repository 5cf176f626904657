"""What a workspace calls a failure, and at which moment of a case its conditions count.

Where the customer's answer makes the failure, conditions count as known when the customer was asked. Where a fact of
the case makes it (a deadline missed), they count as known at its opening, or at the moment the definition states.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.rules.conditions import Rule, RuleRefused, parse_rule
from models.rules.failure import DEFAULT_FAILURE

AS_OF = "as_of"
ANSWERS = "answers."
DEFAULT_DEFINITION: dict[str, Any] = dict(DEFAULT_FAILURE)


class AsOfMoment(StrEnum):
    """The moment of a case at which its conditions count.

    `latest` takes all that is known by now: right for what happened on the way to a fact (it was handed over), never
    for a forecast.
    """

    ASKED = "asked"
    OPENED = "opened"
    DONE = "done"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class FailureDefinition:
    """A failure definition, read.

    Parameters
    ----------
    document : Mapping[str, Any]
        As declared.
    rule : Rule
        When a case has failed its customer.
    as_of : AsOfMoment
        Which moment of the case its conditions are taken at.
    """

    document: Mapping[str, Any]
    rule: Rule
    as_of: AsOfMoment

    @property
    def asks_the_customer(self) -> bool:
        """Whether an answer takes part in the definition."""
        return any(name.startswith(ANSWERS) for name in self.rule.reads)


def read_definition(document: Any, *, zone: str = "UTC") -> FailureDefinition:
    """Read a failure definition: a rule, and optionally `as_of`.

    Parameters
    ----------
    document : Any
        As decoded from JSON.
    zone : str
        The zone in which dates given as values are calendar days.

    Raises
    ------
    RuleRefused
        At the first thing that cannot be read; `unknown_moment` for an `as_of` nobody knows, `moment_unfit` for
        one that does not fit what the rule reads.

    Examples
    --------
    >>> read_definition(DEFAULT_DEFINITION).as_of.value
    'asked'
    >>> breach = {"all": [{"field": "attributes.made_sla", "op": "eq", "value": False}], "as_of": "latest"}
    >>> read_definition(breach).as_of.value
    'latest'
    """
    rule_document = (
        {key: value for key, value in document.items() if key != AS_OF} if isinstance(document, dict) else document
    )
    rule = parse_rule(rule_document, zone=zone)
    asks = any(name.startswith(ANSWERS) for name in rule.reads)
    stated = document.get(AS_OF, AsOfMoment.ASKED if asks else AsOfMoment.OPENED)
    if stated not in list(AsOfMoment):
        raise RuleRefused(f"/{AS_OF}", "unknown_moment", f"one of {', '.join(AsOfMoment)}")
    if asks != (stated == AsOfMoment.ASKED):
        fit = "a definition that reads answers counts conditions as of `asked`, any other never"
        raise RuleRefused(f"/{AS_OF}", "moment_unfit", fit)
    return FailureDefinition(document, rule, AsOfMoment(stated))
