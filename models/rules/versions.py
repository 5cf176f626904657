"""How changes become states: PUT merges, and the newest `occurred_at` wins.

A change names some fields. A state is what all changes up to a moment make of a record when they are laid one over
the other in the order they happened. What becomes of one that arrives late: `models.rules.histories`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ATTRIBUTES = "attributes"
VOIDED = "voided"
"""What a version is given that withdraws its record: no field, but a step of its own."""

Order = tuple[int, int, int]
"""(occurred_us, recorded_us, number): the order in which states follow each other."""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version as it stands: its place in the order, the fields its change gave, and the whole state.

    `given` names plain fields by name and attributes as `attributes.<key>`, or as `attributes` where all were cleared;
    it is empty for a version that only tells a state again.
    """

    order: Order
    given: Sequence[str]
    state: Mapping[str, Any]


def laid_over(state: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return `state` with `change` laid over it: absent keeps, `None` clears, attributes merge by key.

    `None` for the attributes clears all of them, for one attribute that one.

    >>> laid_over({"team": "north", "attributes": {"a": 1}}, {"team": None, "attributes": {"b": 2, "a": None}})
    {'team': None, 'attributes': {'b': 2}}
    """
    merged = {**state, **change}
    if ATTRIBUTES in change:
        given = change[ATTRIBUTES]
        both = {} if given is None else {**(state.get(ATTRIBUTES) or {}), **given}
        merged[ATTRIBUTES] = {key: value for key, value in both.items() if value is not None}
    return merged


Complete = Callable[[Mapping[str, Any], dict[str, Any], Mapping[str, Any]], None]
"""Fills in what a state has by rule: given the state before, the state (changed in place), and the change."""


def stepped(state: Mapping[str, Any], change: Mapping[str, Any], complete: Complete | None = None) -> dict[str, Any]:
    """Return the state after a change, completed by the kind's own rule where it has one."""
    after = laid_over(state, change)
    if complete is not None:
        complete(state, after, change)
    return after


def given_names(change: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields a change gives, attributes by key, and as one where all are cleared.

    >>> given_names({"team": "north", "attributes": {"b": 1}})
    ['attributes.b', 'team']
    """
    names = [name for name in change if name != ATTRIBUTES or change[name] is None]
    names += [f"{ATTRIBUTES}.{key}" for key in change.get(ATTRIBUTES) or {}]
    return sorted(names)


def change_of(version: StoredVersion) -> dict[str, Any]:
    """Return the change a stored version was made by, read back from its state."""
    change: dict[str, Any] = {}
    attributes = version.state.get(ATTRIBUTES) or {}
    for name in version.given:
        if name == VOIDED:
            continue
        if name.startswith(f"{ATTRIBUTES}."):
            key = name.removeprefix(f"{ATTRIBUTES}.")
            change.setdefault(ATTRIBUTES, {})[key] = attributes.get(key)
        elif name == ATTRIBUTES:
            change[name] = None
        else:
            change[name] = version.state.get(name)
    return change


def said(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a state says: a field nobody spoke of is the same as a cleared one."""
    return {name: value for name, value in state.items() if value is not None and value != {}}
