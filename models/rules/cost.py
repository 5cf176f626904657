"""What a failing case cost, part by part: handling, repeat contacts, rework, refunds, credits, penalties.

The parts are those of the prevention-appraisal-failure model (Feigenbaum 1956; Juran's Quality Control Handbook).
Money is whole minor units of one currency. What nobody told of is no part: unknown is never 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import floor, fsum
from typing import NamedTuple

from models.rules.cost_kinds import Component, component_of
from models.rules.repeat_contacts import Contact


class Entry(NamedTuple):
    """A cost entry: an amount in minor units of a currency, or minutes of work; measured or assumed."""

    kind: str
    amount: int | None
    currency: str | None
    minutes: int | None
    measured: bool
    source: str


@dataclass(frozen=True, slots=True)
class Rates:
    """What a workspace says work costs, in minor units of its currency; None where it does not say."""

    currency: str
    minute: int | None = None
    minute_by_team: Mapping[str, int] = field(default_factory=dict)
    contact: int | None = None
    kinds: Mapping[str, Component] = field(default_factory=dict)

    def of_minutes(self, minutes: int, team: str | None) -> int | None:
        """Price minutes of work by the team's rate, or by that of all."""
        rate = self.minute_by_team.get(team or "", self.minute)
        return None if rate is None else minutes * rate


class Part(NamedTuple):
    """One part of what a case cost, with where the figure comes from."""

    component: Component
    measured: bool
    amount: int
    source: str


class Reason(StrEnum):
    """Why something told of is not counted."""

    OTHER_CURRENCY = "other_currency"
    NO_RATE = "no_rate"
    TOLD_TWICE = "told_twice"
    LOST_VALUE_COUNTED = "lost_value_counted"


class Uncounted(NamedTuple):
    """Something told of that is in no sum; the amount where it is one in a currency."""

    reason: Reason
    currency: str | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known of the cost of one failing case.

    Parameters
    ----------
    team : str or None
        Whose rate entries in minutes are priced by.
    contacts_told : int or None
        How many contacts the case says it took.
    contacts : sequence of Contact
        Those that are recorded one by one.
    entries : sequence of Entry
    repeats : sequence of Contact
        Contacts in other cases that are attributed to this one: see `models.rules.repeat_contacts`.
    """

    team: str | None = None
    contacts_told: int | None = None
    contacts: Sequence[Contact] = ()
    entries: Sequence[Entry] = ()
    repeats: Sequence[Contact] = ()


class Priced(NamedTuple):
    """The parts of a case's cost that are known, and what could not be counted."""

    parts: tuple[Part, ...]
    uncounted: tuple[Uncounted, ...]


RECORDED = "interactions, minutes at the workspace's rate"
BY_CONTACT = "interactions without minutes, at the workspace's price of a contact"
COUNTED = "contacts the case counts and nobody recorded, at the workspace's price of a contact"


def priced(facts: CaseFacts, rates: Rates, *, loses_value: bool = False) -> Priced:
    """Price what is known of one case.

    Parameters
    ----------
    facts : CaseFacts
    rates : Rates
    loses_value : bool
        Whether the customer's lost value is counted for the case: what it costs to win another customer in their
        place is then left out, because that would be the same loss twice.

    Returns
    -------
    Priced

    Notes
    -----
    Work is never counted twice: where the case's contacts and its entries of handling both tell of it, the larger of
    the two counts. Each can leave work out, neither makes any up.

    Examples
    --------
    >>> rates = Rates("EUR", minute=100, contact=500)
    >>> seen = [Contact("K", 0, 12, None), Contact("K", 1, None, None)]
    >>> told = [Entry("refund", 2000, "EUR", None, True, "ERP"), Entry("handling", None, None, 5, True, "guess")]
    >>> [(p.component.value, p.measured, p.amount) for p in priced(CaseFacts(None, 2, seen, told), rates).parts]
    [('handling', True, 1200), ('handling', False, 500), ('refunds', True, 2000)]
    """
    uncounted: list[Uncounted] = []
    own = _contacts(Component.HANDLING, facts.contacts, rates, uncounted)
    if facts.contacts_told is not None:
        unrecorded = facts.contacts_told - max(len(facts.contacts), 1)
        own += _unrecorded(max(unrecorded, 0), rates, uncounted)
    parts, handling = _entries(facts, rates, uncounted, loses_value=loses_value)
    if own and handling:
        larger, smaller = sorted([own, handling], key=lambda some: fsum(p.amount for p in some), reverse=True)
        uncounted += [Uncounted(Reason.TOLD_TWICE, rates.currency, part.amount) for part in smaller]
        own, handling = larger, []
    repeats = _contacts(Component.REPEAT_CONTACTS, facts.repeats, rates, uncounted)
    return Priced((*own, *handling, *repeats, *parts), tuple(uncounted))


def _contacts(
    component: Component, contacts: Iterable[Contact], rates: Rates, uncounted: list[Uncounted]
) -> list[Part]:
    parts = []
    for contact in contacts:
        measured = contact.minutes is not None
        amount = rates.contact if contact.minutes is None else rates.of_minutes(contact.minutes, contact.team)
        if amount is None:
            uncounted.append(Uncounted(Reason.NO_RATE, None, None))
        else:
            parts.append(Part(component, measured, amount, RECORDED if measured else BY_CONTACT))
    return parts


def _unrecorded(contacts: int, rates: Rates, uncounted: list[Uncounted]) -> list[Part]:
    """Price the contacts a case counts beyond its first and beyond those recorded."""
    if contacts and rates.contact is None:
        uncounted.append(Uncounted(Reason.NO_RATE, None, None))
    if not contacts or rates.contact is None:
        return []
    return [Part(Component.REPEAT_CONTACTS, False, contacts * rates.contact, COUNTED)]


def _entries(
    facts: CaseFacts, rates: Rates, uncounted: list[Uncounted], *, loses_value: bool
) -> tuple[list[Part], list[Part]]:
    """Price the entries; those of handling apart."""
    parts: list[Part] = []
    handling: list[Part] = []
    for entry in facts.entries:
        component = component_of(entry.kind, rates.kinds)
        amount = entry.amount if entry.minutes is None else rates.of_minutes(entry.minutes, facts.team)
        if amount is None:
            uncounted.append(Uncounted(Reason.NO_RATE, None, None))
        elif entry.minutes is None and entry.currency != rates.currency:
            uncounted.append(Uncounted(Reason.OTHER_CURRENCY, entry.currency, amount))
        elif component is Component.ACQUISITION and loses_value:
            uncounted.append(Uncounted(Reason.LOST_VALUE_COUNTED, rates.currency, amount))
        else:
            part = Part(component, entry.measured, amount, entry.source)
            (handling if component is Component.HANDLING else parts).append(part)
    return parts, handling


LOST = 1e-9
"""What floating point may lose of a sum, at most, as a share of it."""


def apportioned(total: int, shares: Sequence[float]) -> list[int]:
    """Round shares of a total to whole units that add up to it exactly, by the largest remainders (Hamilton).

    Parameters
    ----------
    total : int
        Minor units.
    shares : sequence of float
        What adds up to the total but for the rounding of floating point.

    Returns
    -------
    list of int
        Each less than one unit from its share, where the shares add up to within one unit. Of a total beyond the 15
        digits that floating point keeps, the largest share takes what was lost.

    Raises
    ------
    ValueError
        Where the shares miss the total by more than one unit each, and by more than a billionth of it.

    Examples
    --------
    >>> apportioned(100, [100 / 3, 100 / 3, 100 / 3])
    [34, 33, 33]
    >>> apportioned(-5, [-2.5, -2.5])
    [-2, -3]
    """
    whole = [floor(share) for share in shares]
    missing = total - sum(whole)
    if not 0 <= missing <= len(whole):
        return _corrected(total, shares, whole)
    order = sorted(range(len(whole)), key=lambda at: whole[at] - shares[at])
    for at in order[:missing]:
        whole[at] += 1
    return whole


def _corrected(total: int, shares: Sequence[float], whole: list[int]) -> list[int]:
    """Give the largest share what floating point lost of a total beyond its 15 digits."""
    if not shares or abs(total - fsum(shares)) > LOST * fsum(map(abs, shares)):
        raise ValueError(f"the shares add up to {fsum(shares)} and not to {total}")
    largest = max(range(len(whole)), key=lambda at: abs(shares[at]))
    whole[largest] += total - sum(whole)
    return whole


def lost_value(value: int, years: float, excess: float, cases: int) -> int:
    """Return what a customer's departure takes from the company, per failed case, in minor units.

    Parameters
    ----------
    value : int
        What the customer is worth in a year.
    years : float
        For how many years that is lost.
    excess : float
        How much likelier the customer leaves for having been failed, h_fail - h_ok; negative ones are kept.
    cases : int
        The customer's failed cases, over which it is divided.

    Examples
    --------
    >>> lost_value(30_000, 2.0, 0.1, 3)
    2000
    """
    return round(value * years * excess / cases)
