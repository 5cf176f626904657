"""ENABLE: what those at the customer were owed, and whether they got it in time.

A role proposal is answered in time when a manager said yes, or no with a reason, by the date in force; one taken to
somebody else is still owed its answer by the date it had. A request is met in time within 60 days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.rules.support import ProposalStatus, Verdict
from models.rules.values import DAY_US

FEWEST_SUPPORTERS = 3
"""Where fewer owe the support, a share would tell of one of them."""
REQUEST_US = 60 * DAY_US
_ANSWERS = frozenset({Verdict.SUPPORT, Verdict.SUPPORT_CHANGED, Verdict.SET_ASIDE})


@dataclass(frozen=True, slots=True)
class Said:
    """What a manager said: a verdict, whether with a reason, and when, UTC microseconds."""

    verdict: str
    has_reason: bool
    said_us: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """A role proposal.

    Parameters
    ----------
    status : str
        Where it stands.
    due_us : int
        By when an answer is owed, UTC microseconds: the date it had before anybody took it to somebody else.
    said : Sequence of Said
    """

    status: str
    due_us: int
    said: Sequence[Said] = ()


def answered_in_time(proposal: Proposed, now_us: int) -> bool | None:
    """Tell whether a role proposal was answered with reasons in time.

    Parameters
    ----------
    proposal : Proposed
    now_us : int
        UTC microseconds.

    Returns
    -------
    bool or None
        None where no answer is owed: its author withdrew it unanswered or has a question to reply to, or the date has
        not come and nobody answered.

    Examples
    --------
    >>> answered_in_time(Proposed("supported", 5, [Said("support", True, 4)]), 9)
    True
    >>> answered_in_time(Proposed("offered", 5), 9), answered_in_time(Proposed("offered", 5), 5)
    (False, None)
    """
    answers = [said for said in proposal.said if said.verdict in _ANSWERS]
    if any(said.has_reason and said.said_us <= proposal.due_us for said in answers):
        return True
    if not answers and proposal.status in {ProposalStatus.ASKED, ProposalStatus.WITHDRAWN}:
        return None
    return False if answers or now_us > proposal.due_us else None


def met_in_time(asked_us: int, met_us: int | None, now_us: int) -> bool | None:
    """Tell whether a support request was met within 60 days, None where they are not over.

    Examples
    --------
    >>> met_in_time(0, 60 * DAY_US, 61 * DAY_US), met_in_time(0, None, 60 * DAY_US), met_in_time(0, None, 61 * DAY_US)
    (True, None, False)
    """
    owed_by_us = asked_us + REQUEST_US
    if met_us is not None:
        return met_us <= owed_by_us
    return False if now_us > owed_by_us else None
