"""What a record is, as small as it can be said: the changes told of it, laid over each other as they happened.

A PUT merges: what is absent is kept, `null` clears, attributes merge by key. The newest `occurred_at` wins, whenever it
was told. A change that alters nothing, then or later, is not kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Given = Mapping[str, Any]
State = dict[str, Any]


def laid(state: State, given: Given) -> State:
    """Return a state with a change laid over it; what is cleared is as if it had never been."""
    after = {**state, **given}
    if "attributes" in given:
        after["attributes"] = {**state.get("attributes", {}), **(given["attributes"] or {})}
    kept = {name: value for name, value in after.items() if value is not None}
    if "attributes" in kept:
        kept["attributes"] = {key: value for key, value in kept["attributes"].items() if value is not None}
    return {name: value for name, value in kept.items() if value != {}}


@dataclass
class Told:
    """One record: its changes, each with when it happened, in the order told."""

    changes: list[tuple[float, int, Given]] = field(default_factory=list)
    id: str | None = None
    version: int = 0

    def at(self, moment: float) -> State | None:
        """Return the state at a moment, None before there was any."""
        before = [change for change in sorted(self.changes, key=lambda one: one[:2]) if change[0] <= moment]
        state: State = {}
        for _, _, given in before:
            state = laid(state, given)
        return state if before else None

    @property
    def now(self) -> State:
        """The state the record has now."""
        return self.at(float("inf")) or {}

    def with_change(self, occurred: float, given: Given) -> "Told":
        """Return the record with one more change, whatever it alters."""
        return Told([*self.changes, (occurred, len(self.changes), given)], self.id, self.version)

    def told(self, occurred: float, given: Given) -> tuple["Told", bool]:
        """Return the record with one more change, and whether that altered nothing."""
        more = self.with_change(occurred, given)
        moments = {occurred, *(change[0] for change in self.changes)}
        unchanged = all(self.at(moment) == more.at(moment) for moment in moments)
        return (self, True) if unchanged else (more, False)


def filled(own: Given, theirs: Given) -> State:
    """Return what a survivor learns by a merge: what only the merged customer was known to have."""
    given = {name: value for name, value in theirs.items() if name not in own and name != "attributes"}
    attributes = {
        key: value for key, value in theirs.get("attributes", {}).items() if key not in own.get("attributes", {})
    }
    return {**given, **({"attributes": attributes} if attributes else {})}
