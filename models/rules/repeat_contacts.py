"""Which contacts came of a case that failed: the same customer with the same need again, within some days.

Each contact is attributed at most once, and never from a case that failed itself: what that one took is its own cost.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

DAY_US = 86_400_000_000


class Contact(NamedTuple):
    """A contact: in which case, when (UTC microseconds), how many minutes it took where known, and which team's."""

    case: Hashable
    at_us: int
    minutes: int | None
    team: str | None


class FailedCase(NamedTuple):
    """A failing case: when it was opened, and its last sign of life (the last contact, or when it was done)."""

    case: Hashable
    opened_us: int
    last_us: int


def attributed(
    failed: Sequence[FailedCase], contacts: Iterable[Contact], within_days: int
) -> dict[Hashable, list[Contact]]:
    """Attribute contacts of one customer about one need to the failing cases they came after.

    Parameters
    ----------
    failed : sequence of FailedCase
        The customer's failing cases of the need.
    contacts : iterable of Contact
        Those of the customer's other cases of the need.
    within_days : int
        For how many days after a case's last sign of life a contact is a repeat of it. While the case is open any is.

    Returns
    -------
    dict
        Contacts by failing case. Of several cases a contact could have come of, the one opened last has it. What
        comes at the moment a case was opened, or before, is no repeat: the first contact is the need itself.

    Examples
    --------
    >>> first, second = FailedCase("K-1", 0, 2 * DAY_US), FailedCase("K-2", 5 * DAY_US, 5 * DAY_US)
    >>> later = [Contact("K-9", day * DAY_US, 10, None) for day in (1, 6, 30)]
    >>> {case: len(found) for case, found in attributed([first, second], later, 14).items()}
    {'K-1': 1, 'K-2': 1}
    """
    order = sorted(failed, key=lambda case: case.opened_us)
    opened = [case.opened_us for case in order]
    found: dict[Hashable, list[Contact]] = {}
    for contact in contacts:
        before = order[: bisect_left(opened, contact.at_us)]
        for case in reversed(before):
            if contact.at_us <= case.last_us + within_days * DAY_US:
                found.setdefault(case.case, []).append(contact)
                break
    return found
