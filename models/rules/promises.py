"""What a promise holds the company to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from models.rules.values import end_of_local_day

COMPANY = "company"


@dataclass(frozen=True, slots=True)
class PromiseState:
    """One version of a promise, whole.

    Parameters
    ----------
    promise : str
        Which promise of the case this is a version of.
    occurred_us, recorded_us : int
        When it came to be so and when the company knew, UTC microseconds.
    made_us : int
        When the promise was given to the customer; before that there is none.
    due_us : int | None
        By when. Where `due_is_date`, any instant of that day in the workspace's zone.
    due_is_date : bool
        The promise named a day: it runs to the end of that day.
    moved_by : {'customer', 'company'} | None
        Who asked for the new date, where this version changed it.
    kept_us : int | None
        When it was kept.
    voided : bool
        Withdrawn as recorded by mistake.
    """

    promise: str
    occurred_us: int
    recorded_us: int
    made_us: int
    due_us: int | None
    due_is_date: bool
    moved_by: Literal["customer", "company"] | None
    kept_us: int | None
    voided: bool


def complete_promise(before: Mapping[str, Any], after: dict[str, Any], change: Mapping[str, Any]) -> None:
    """Fill in the date in force, and let nobody stand as having moved a date who did not.

    Parameters
    ----------
    before
        The promise before the change; empty for a new one.
    after
        The promise after it, completed in place: `due_in_force_at`, and `moved_by` where the change says nothing of
        it. A date the company moved leaves the old one in force; moved by the customer, or corrected, replaces it.
    change
        The fields the change gives.

    Examples
    --------
    >>> after = {"due_at": 9, "moved_by": "company"}
    >>> complete_promise({"due_at": 5, "due_in_force_at": 5}, after, {"due_at": 9, "moved_by": "company"})
    >>> after["due_in_force_at"]
    5
    """
    moved = "due_at" in change and change["due_at"] != before.get("due_at")
    if moved and "moved_by" not in change:
        after["moved_by"] = None
    in_force = before.get("due_in_force_at")
    replaced = in_force is None or (moved and after.get("moved_by") != COMPANY)
    after["due_in_force_at"] = after.get("due_at") if replaced else in_force


def due_instant(state: PromiseState, zone: str) -> int | None:
    """Give the last instant at which a promise, as one version has it, can still be kept.

    Parameters
    ----------
    state : PromiseState
        The version.
    zone : str
        The workspace's IANA zone.

    Returns
    -------
    int | None
        UTC microseconds; for a due named as a day, the last microsecond of that local day; None where
        the version names no due.
    """
    if state.due_us is None or not state.due_is_date:
        return state.due_us
    return end_of_local_day(state.due_us, zone)


def due_in_force(known: Sequence[tuple[PromiseState, int | None]]) -> int | None:
    """Give the due the company is held to.

    Parameters
    ----------
    known : Sequence[tuple[PromiseState, int | None]]
        A promise's versions in the order they hold, each with its `due_instant`.

    Returns
    -------
    int | None
        UTC microseconds. A date moved at the company's request leaves the old one in force; any other change
        replaces it.
    """
    in_force = previous = None
    for state, due_us in known:
        # A version that leaves the date alone may still carry who moved it before.
        if in_force is None or (due_us != previous and state.moved_by != "company"):
            in_force = due_us
        previous = due_us
    return in_force
