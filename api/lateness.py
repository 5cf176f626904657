"""Changes judged by what they make of their record: those that come late by what they would make of its past."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from api.dependencies import Work
from api.errors import Refusal
from api.recorded import Stored
from models.recording import Change, Key, Recorded, RecordKind, refused_late
from models.rules.versions import laid_over

Check = Callable[[Change, Mapping[str, Any]], None]
"""Refuses a state that cannot be."""
Keep = Callable[[Sequence[Change]], Awaitable[Sequence[Recorded]]]


class Judging:
    """Judges the changes of one request, in the order they are laid: each stands on the one before.

    Parameters
    ----------
    work
        The request's.
    kind
        What the records are.
    known
        The current state of each record there is, with its times.
    check
        Refuses a state that cannot be.
    """

    def __init__(self, work: Work, kind: RecordKind, known: Mapping[Key, dict[str, Any]], check: Check) -> None:
        self._work = work
        self._kind = kind
        self._known = dict(known)
        self._check = check
        self._some_late = False

    def judge(self, change: Change) -> dict[str, Any] | None:
        """Return the newest state that a change makes, refusing one that cannot be; None where it comes late."""
        before = self._known.get(change.key, {})
        if before and self._is_late(change, before):
            self._some_late = True  # what it makes of the past is seen once that is read
            return None
        state = laid_over(before, change.given)
        self._check(change, state)
        times = {"occurred_at": change.occurred_at, "recorded_at": change.recorded_at}
        self._known[change.key] = {**state, **times}
        return state

    def _is_late(self, change: Change, before: Mapping[str, Any]) -> bool:
        """Return whether something newer is known; what is said of now is the newest, whatever clocks say."""
        if change.occurred_at == change.recorded_at == self._work.now:
            return False
        newest: bool = (change.occurred_at, change.recorded_at) >= (before["occurred_at"], before["recorded_at"])
        return not newest

    async def keep(self, changes: Sequence[Change], keep: Keep) -> Sequence[Stored]:
        """Keep changes, but for those that come late and make something of the past that cannot have been."""
        if not self._some_late:
            return await keep(changes)
        session, workspace_id = self._work.session, self._work.workspace_id
        refusals = await refused_late(session, self._kind, workspace_id, changes, self._refusal)
        possible = [change for change, refusal in zip(changes, refusals, strict=True) if refusal is None]
        kept = iter(await keep(possible))
        return [next(kept) if refusal is None else refusal for refusal in refusals]

    def _refusal(self, change: Change, states: Sequence[Mapping[str, Any]]) -> Refusal | None:
        try:
            for state in states:
                self._check(change, state)
        except Refusal as refusal:
            return refusal
        return None
