"""When a case failed its customer, in the words of the workspace's failure definition.

The definition is a rule like any other; by default it asks the customer. Here too stands what a
condition and an outcome may not share: a condition whose rule reads what the outcome's definition reads
would explain the outcome by itself.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from models.rules.conditions import Rule

DEFAULT_FAILURE: Mapping[str, Any] = MappingProxyType(
    {
        "any": [
            {"field": "answers.satisfaction", "op": "le", "value": 2},
            {"field": "answers.needs_met", "op": "eq", "value": "no"},
        ]
    }
)

PROMISES = "promises"

# What a derived field is made of. confirmed_at is among them: the answer "fully" sets it.
_SOURCES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "promise_broken": frozenset({PROMISES}),
        "due_passed": frozenset({PROMISES}),
        "waiting": frozenset({"done_at"}),
        "hours_open": frozenset({"opened_at", "done_at"}),
        "hours_late": frozenset({PROMISES, "needed_by", "done_at"}),
        "confirmed_at": frozenset({"confirmed_at", "answers.needs_met"}),
    }
)


def failed(definition: Rule, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> bool | None:
    """Say whether a case failed its customer.

    Parameters
    ----------
    definition : Rule
        The workspace's failure definition.
    answers : Mapping[str, Any]
        What the customer answered, by question key.
    facts : Mapping[str, Any]
        The case as known, by the field names of the rule language; `answers` goes before any answers
        in it.

    Returns
    -------
    bool | None
        For an ``any`` definition: True where any of it is true; None where it reads answers and none of
        those was given (or reads none, and is undecided); otherwise False. For an ``all`` definition:
        what the rule says, None where it stays undecided.

    Notes
    -----
    An unanswered optional question does not make a failure unknown. Each member of an ``any`` is a way
    for the customer to say *you failed me*. Somebody who answered and used none of them has not said so.
    Were such a case unknown, outcomes would be known only where the customer filled in everything or
    was angry: the failure rate would measure patience with forms.

    Examples
    --------
    >>> from models.rules.conditions import parse_rule
    >>> definition = parse_rule(DEFAULT_FAILURE)
    >>> failed(definition, {"satisfaction": 5}, {}), failed(definition, {"satisfaction": 2}, {})
    (False, True)
    >>> failed(definition, {"comment": "hm"}, {}) is None
    True
    """
    known = {**facts, **{f"answers.{key}": value for key, value in answers.items()}}
    outcome = definition.evaluate(known)
    asked = [name for name in definition.reads if name.startswith("answers.")]
    if outcome is True or "any" not in definition.document or not asked:
        return outcome
    return None if all(known.get(name) is None for name in asked) else False


def defines_outcome(condition_rule: Rule, outcome_rule: Rule) -> frozenset[str]:
    """Tell what a condition reads that the outcome's definition reads too.

    Parameters
    ----------
    condition_rule : Rule
        The condition's rule.
    outcome_rule : Rule
        The outcome's definition.

    Returns
    -------
    frozenset[str]
        The shared fields, derived ones taken back to what they are made of (`promise_broken` to
        `promises`, `waiting` to `done_at`). Where it is not empty the condition is refused for this
        outcome: `condition_defines_outcome`.

    Examples
    --------
    >>> from models.rules.conditions import parse_rule
    >>> waiting = parse_rule({"all": [{"field": "waiting", "op": "eq", "value": True}]})
    >>> slow = parse_rule({"all": [{"field": "hours_open", "op": "gt", "value": 48}]})
    >>> defines_outcome(waiting, slow)
    frozenset({'done_at'})
    """
    return _sources(condition_rule) & _sources(outcome_rule)


def _sources(rule: Rule) -> frozenset[str]:
    return frozenset().union(*(_SOURCES.get(name, frozenset({name})) for name in rule.reads))
