"""Which features count the very events that a condition's rule asks for, and so go with the condition.

A rule is read clause by clause: what counts is whether a clause holds *because* the event happened (`handovers ge 3`,
`promise_broken eq true`) and not because it did not. Standard library only: the API process explains with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

BROKEN = ("promises_broken_90", "promises_overdue")
NOT_FIRST = "not_first_90"
TOOK_LONG = (
    "elapsed_hours_max_90",
    "elapsed_hours_mean_90",
    "elapsed_hours_last",
    "elapsed_ratio_max_90",
    "elapsed_ratio_last",
)
COUNTED_BY: Mapping[str, Sequence[str]] = {
    "promise_broken": BROKEN,
    "hours_late": BROKEN,
    "hours_open": TOOK_LONG,
    "handovers": ("handovers_90", NOT_FIRST),
    "reopened": (NOT_FIRST,),
    "contacts": (NOT_FIRST,),
    "demand": ("failure_contacts_30", "failure_contacts_90", "failure_share_365"),
    "answers.satisfaction": ("score_last", "score_min_90", "score_mean_90", "score_fall"),
}
"""By field of the rule language the features that count what it tells of; other fields no feature counts."""
USUAL: Mapping[str, float] = {"contacts": 1}
"""What a field says where nothing happened, if that is not 0."""
FAILURE = "failure"
MORE, LESS = frozenset({"gt", "ge"}), frozenset({"lt", "le"})


def features_of(rule: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the features that count the events a rule asks for.

    Parameters
    ----------
    rule : mapping or None
        A rule's document that can be read (`models.rules.conditions`); None for a condition without one, of which
        only its sightings tell.

    Returns
    -------
    frozenset of str
        Names among `ml.scorecard.FIXED_FEATURES`.

    Examples
    --------
    >>> sorted(features_of({"all": [{"field": "promise_broken", "op": "eq", "value": True}]}))
    ['promises_broken_90', 'promises_overdue']
    >>> features_of({"any": [{"field": "handovers", "op": "lt", "value": 3}, {"field": "team", "op": "missing"}]})
    frozenset()
    """
    asked = () if rule is None else _asked_for(rule)
    return frozenset(name for field in asked for name in COUNTED_BY.get(field, ()))


def _asked_for(node: Mapping[str, Any]) -> Iterator[str]:
    """Return the fields whose events make a rule hold."""
    if "field" not in node:
        for part in node.get("all") or node.get("any") or ():
            yield from _asked_for(part)
        return
    field, op, other = node["field"], node["op"], node.get("other_field")
    if other is not None:
        yield from (field,) if op in MORE else (other,) if op in LESS else (field, other)
    elif _asks_for(field, op, node.get("value")):
        yield field


def _asks_for(field: str, op: str, value: Any) -> bool:
    if field.startswith("answers."):
        # Whatever was answered was answered: without the condition there is no such answer.
        return op != "missing"
    if op in MORE:
        return True
    if op == "ne":
        return value is False or value == _usual(field)
    return op in {"eq", "in"} and any(_tells_of_it(field, one) for one in (value if op == "in" else [value]))


def _tells_of_it(field: str, value: Any) -> bool:
    if field == "demand":
        return bool(value == FAILURE)
    return isinstance(value, int | float) and value > _usual(field)


def _usual(field: str) -> float:
    return USUAL.get(field, 0)
