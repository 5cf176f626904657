"""What a promise holds the company to."""

from collections.abc import Mapping
from typing import Any

COMPANY = "company"


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
