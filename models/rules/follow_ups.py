"""Follow-ups: what stands open, what is overdue, which is to be done first, and who is held out of outreach.

Redress is owed after a failure, whatever the customer's value. Outreach is what the company does on top; of it alone
a random share may be held out so that its effect can be known.
"""

import hmac
from collections.abc import Iterable
from enum import StrEnum

_WHOLE = 2**64
REDRESS = "redress"


class FollowUpStatus(StrEnum):
    """Where a follow-up stands."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


def follow_up_status(*, voided: bool, closed: bool) -> FollowUpStatus:
    """Say where a follow-up stands.

    Parameters
    ----------
    voided : bool
        Whether it was withdrawn as a mistake.
    closed : bool
        Whether it was closed.

    Returns
    -------
    FollowUpStatus
        Withdrawn weighs more than closed.

    Examples
    --------
    >>> follow_up_status(voided=False, closed=False).value
    'open'
    """
    if voided:
        return FollowUpStatus.WITHDRAWN
    return FollowUpStatus.CLOSED if closed else FollowUpStatus.OPEN


def comes_first(kind: str, due_us: int) -> tuple[bool, int]:
    """Return what open follow-ups of a customer are ordered by: redress before outreach, then what is due first.

    Parameters
    ----------
    kind : str
        "redress" or "outreach".
    due_us : int
        When it is due, UTC microseconds.

    Returns
    -------
    tuple[bool, int]
        The smallest is to be done first.

    Examples
    --------
    >>> sorted([("outreach", 1), ("redress", 3), ("redress", 2)], key=lambda owed: comes_first(*owed))
    [('redress', 2), ('redress', 3), ('outreach', 1)]
    """
    return kind != REDRESS, due_us


def is_held_out(key: bytes, share: float, seed: Iterable[str]) -> bool:
    """Draw whether somebody is held out of outreach: the same key and seed are always answered alike.

    Parameters
    ----------
    key : bytes
        The installation's own for this purpose: without it nobody can reckon who is held out.
    share : float
        From 0, nobody, to 1, everybody.
    seed : Iterable[str]
        What tells one draw from another: workspace, customer, which draw of theirs.

    Returns
    -------
    bool

    Examples
    --------
    >>> drawn = [is_held_out(b"key", 0.1, ["w", f"C-{number}", "1"]) for number in range(1000)]
    >>> is_held_out(b"key", 0.0, ["w"]), is_held_out(b"key", 1.0, ["w"]), 70 < sum(drawn) < 130
    (False, True, True)
    """
    place = int.from_bytes(hmac.digest(key, "\0".join(seed).encode(), "sha256")[:8])
    return place < share * _WHOLE
