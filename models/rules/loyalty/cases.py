"""What one case tells of the company's loyalty: the clock end to end, and what holds, does not hold, or is not known.

The clock runs from the first contact until the customer says it is done. Nights count and so does waiting for the
customer. This is the definition in words that run; the service counts the same in its database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.rules.loyalty.dimensions import Part

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000
UNCHALLENGED_US = 14 * DAY_US
"""So long after it was called done, without an answer or a contact about the same need, nobody has challenged it."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known of a case as of a moment; None where it is not known. Instants in UTC microseconds.

    Parameters
    ----------
    opened_us : int
        The first contact.
    done_us, confirmed_us : int | None
        When the company called it done, and when it was by the customer's word: what was recorded of it, or what the
        company had called done before the customer answered that the need was met, or that answer.
    denied : bool
        The customer's newest answer says the need is not met: it is not done, whatever was recorded.
    heard_us : int | None
        The first answer, or contact about the same need, after it was called done.
    needed_by_us : int | None
        By when the customer needed it.
    declared_minutes : int | None
        How long customers would say the need may take, in the workspace's own words: where nobody told needed-by.
    contacts, handovers, reopened : int | None
    demands : tuple of int
        Contacts that were failure demand, and contacts of which the demand is known, in the window.
    contacts_there : int | None
        Contacts in the window, as many as are known where it is None.
    failed : bool | None
        By the workspace's definition.
    told_first, put_back, permission_asked : bool | None
    restored_us, restore_due_us : int | None
    promises : Sequence of (int, int | None)
        Date in force and when it was kept.
    """

    opened_us: int
    done_us: int | None = None
    confirmed_us: int | None = None
    denied: bool = False
    heard_us: int | None = None
    needed_by_us: int | None = None
    declared_minutes: int | None = None
    contacts: int | None = None
    handovers: int | None = None
    reopened: int | None = None
    demands: tuple[int, int] = (0, 0)
    contacts_there: int | None = None
    failed: bool | None = None
    told_first: bool | None = None
    put_back: bool | None = None
    permission_asked: bool | None = None
    restored_us: int | None = None
    restore_due_us: int | None = None
    promises: Sequence[tuple[int, int | None]] = ()

    def done_at(self, now_us: int) -> int | None:
        """Return when it was done for the customer, None while the clock runs or nobody can say yet.

        Confirmed by the customer, or called done by the company and unchallenged for 14 days.
        """
        if self.denied:
            return None
        if self.confirmed_us is not None:
            return self.confirmed_us
        return self.done_us if self.is_unchallenged(now_us) else None

    def is_unchallenged(self, now_us: int) -> bool:
        """Tell whether it was called done and nobody said anything for 14 days: shown apart, never hidden."""
        if self.denied or self.confirmed_us is not None or self.done_us is None:
            return False
        quiet_until = self.done_us + UNCHALLENGED_US
        return quiet_until <= now_us and (self.heard_us is None or self.heard_us > quiet_until)

    def may_yet_be_done(self, now_us: int) -> bool:
        """Tell whether it was called done so lately that the customer may still say no."""
        return (
            self.done_us is not None
            and self.confirmed_us is None
            and not self.denied
            and now_us < self.done_us + UNCHALLENGED_US
        )

    @property
    def wanted_us(self) -> int | None:
        """By when the customer needed it: as told, or by the time declared for the need."""
        if self.needed_by_us is not None or self.declared_minutes is None:
            return self.needed_by_us
        return self.opened_us + self.declared_minutes * MINUTE_US


@dataclass(frozen=True, slots=True)
class Count:
    """Rows that hold, rows of which it is known, and all rows."""

    k: int
    known: int
    rows: int


def counted(case: CaseFacts, from_us: int, to_us: int, now_us: int) -> dict[Part, Count]:
    """Return what a case counts in a window, from `from_us` on and before `to_us`, as known at a moment.

    Parameters
    ----------
    case : CaseFacts
    from_us, to_us : int
        The window. What falls due in it after now is not due yet.
    now_us : int

    Returns
    -------
    dict[Part, Count]
        Shares the case has no row of are left out.

    Examples
    --------
    >>> day = DAY_US
    >>> late = CaseFacts(0, needed_by_us=3 * day, done_us=5 * day, contacts=1, handovers=0, reopened=0)
    >>> found = counted(late, 0, 90 * day, 90 * day)
    >>> found[Part.DONE_IN_TIME], found[Part.FIRST_TIME]
    (Count(k=0, known=1, rows=1), Count(k=1, known=1, rows=1))
    """
    until_us = min(to_us, now_us)
    found = {
        Part.KEPT: _kept(case, from_us, until_us),
        Part.DONE_IN_TIME: _in_time(case, from_us, until_us, now_us),
        Part.FIRST_TIME: _first_time(case, from_us, until_us, now_us),
        Part.NOT_NEEDLESS: _not_needless(case),
        **_restored(case, from_us, until_us, now_us),
        Part.WITHOUT_PERMISSION: _without_permission(case, from_us, until_us, now_us),
    }
    return {part: count for part, count in found.items() if count.rows}


def _kept(case: CaseFacts, from_us: int, until_us: int) -> Count:
    """Past due and not recorded as kept is broken: there is no unknown."""
    due = [(due_us, kept_us) for due_us, kept_us in case.promises if from_us <= due_us < until_us]
    kept = sum(kept_us is not None and kept_us <= due_us for due_us, kept_us in due)
    return Count(kept, len(due), len(due))


def _not_needless(case: CaseFacts) -> Count:
    failure, known = case.demands
    return Count(known - failure, known, known if case.contacts_there is None else case.contacts_there)


def _in_time(case: CaseFacts, from_us: int, until_us: int, now_us: int) -> Count:
    wanted_us = case.wanted_us
    if wanted_us is None:
        # It falls where it was opened: a case of which nobody knows when it was needed.
        return Count(0, 0, int(from_us <= case.opened_us < until_us))
    if not from_us <= wanted_us < until_us:
        return Count(0, 0, 0)
    done_us = case.done_at(now_us)
    if done_us is None and case.may_yet_be_done(now_us) and (case.done_us or 0) <= wanted_us:
        return Count(0, 0, 1)
    return _one(done_us is not None and done_us <= wanted_us)


def _first_time(case: CaseFacts, from_us: int, until_us: int, now_us: int) -> Count:
    if not from_us <= case.opened_us < min(until_us, now_us - UNCHALLENGED_US + 1):
        return Count(0, 0, 0)
    done = case.done_at(now_us) is not None
    # The 14 days are there for the customer to come back: until they have passed nobody knows.
    not_yet = not done and case.may_yet_be_done(now_us)
    if case.contacts is None or case.handovers is None or case.reopened is None or not_yet:
        # Of some it would be known that they fail, and of none that they hold: the share would be of failures alone.
        return Count(0, 0, 1)
    return _one(done and case.contacts <= 1 and case.handovers == 0 and case.reopened == 0)


def _restored(case: CaseFacts, from_us: int, until_us: int, now_us: int) -> dict[Part, Count]:
    if not case.failed or not from_us <= case.opened_us < until_us:
        return {}
    in_time: bool | None = None
    if case.restore_due_us is not None:
        if case.restored_us is not None:
            in_time = case.restored_us <= case.restore_due_us
        elif case.restore_due_us < now_us:
            in_time = False
    return {
        Part.TOLD_FIRST: _known(case.told_first),
        Part.PUT_BACK: _known(case.put_back),
        Part.RESTORED_IN_TIME: _known(in_time),
    }


def _without_permission(case: CaseFacts, from_us: int, until_us: int, now_us: int) -> Count:
    done_us = case.done_at(now_us)
    if done_us is None or not from_us <= done_us < until_us:
        return Count(0, 0, 0)
    return _known(None if case.permission_asked is None else not case.permission_asked)


def _known(holds: bool | None) -> Count:
    return Count(0, 0, 1) if holds is None else _one(holds)


def _one(holds: bool) -> Count:
    return Count(int(holds), 1, 1)
