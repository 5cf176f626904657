"""Who is offered discretionary outreach: arithmetic on a score, a value and a cost.

It orders what the company may do on top. Redress is owed after every failure and never asks here. Standard
library only: the API process flags with it.
"""

from enum import StrEnum
from typing import NamedTuple

from ml.scoring import Score

CLEAR_SHARE = 0.8
PRIOR_HELP = 0.2  # mean of Beta(2, 8): the chance that a contact helps, before any was tried


class FlagRule(StrEnum):
    """Which rule said whether a customer is flagged."""

    UNDECLARED = "undeclared"
    """The yearly loss is neither declared nor learnt: nobody is flagged."""
    BASE_RATE = "base_rate"
    """No cost of a contact is declared: flagged from the workspace's one threshold on."""
    COST = "cost"
    """Flagged where what a contact is expected to save is more than it costs."""
    NEVER_PAYS = "never_pays"
    """No risk under 1 would make a contact pay with this customer."""
    VALUE_UNKNOWN = "value_unknown"
    """A cost is declared, and neither this customer's value nor the workspace's median is known."""
    DO_NOT_CONTACT = "do_not_contact"
    """The customer does not want to be contacted."""


class Stake(NamedTuple):
    """What outreach to one customer is reckoned with.

    Parameters
    ----------
    value : int or None
        What is at stake with them, in minor units; null where neither their value nor the median is known.
    contact_cost : int
        Cost of one contact, in minor units.
    helps : float
        Chance that a contact helps.
    """

    value: int | None
    contact_cost: int
    helps: float

    def worth(self, risk: float) -> int | None:
        """Return what a contact is expected to save beyond its cost, p V s - c, in minor units."""
        return None if self.value is None else round(risk * self.value * self.helps - self.contact_cost)


class Stakes(NamedTuple):
    """What a workspace's outreach is reckoned with.

    Parameters
    ----------
    contact_cost : int
        Cost of one contact, in minor units of `currency`.
    currency : str
    helps : float
        Chance that a contact helps.
    median_value : int or None
        The workspace's median value of a customer, minor units of `currency`; null while it is not known.
    """

    contact_cost: int
    currency: str
    helps: float
    median_value: int | None

    def at(self, value: int | None, currency: str | None) -> Stake:
        """Return what is at stake with a customer: their value in our currency, the median where it is unknown.

        Examples
        --------
        >>> Stakes(2000, "EUR", 0.2, 30_000).at(50_000, "USD").value
        30000
        """
        known = value is not None and value >= 0 and currency == self.currency
        return Stake(value if known else self.median_value, self.contact_cost, self.helps)


class Bar(NamedTuple):
    """The risk from which a customer is flagged, and the rule it comes from."""

    threshold: float | None
    rule: FlagRule


class Flag(NamedTuple):
    """Whether to offer discretionary outreach, and whether the interval leaves that open."""

    flagged: bool
    uncertain: bool


def outreach_threshold(value: float, contact_cost: float, *, helps: float = PRIOR_HELP) -> float | None:
    """Return the risk from which discretionary outreach pays: p with p V s = c.

    Parameters
    ----------
    value : float
        What is at stake with this customer (the workspace median where unknown), any one currency unit.
    contact_cost : float
        Cost of one contact, same unit.
    helps : float
        Chance that a contact helps; the mean of Beta(2, 8) until follow-ups say otherwise.

    Returns
    -------
    float or None
        ``None`` where no risk under 1 makes outreach pay. Redress after a failure never asks this question:
        it is owed whatever the customer's value.

    Examples
    --------
    >>> outreach_threshold(500.0, 20.0)
    0.2
    """
    if min(value, contact_cost, helps) < 0 or contact_cost == 0 or helps > 1:
        raise ValueError("value and chance are not negative, the cost of a contact is positive")
    at_stake = value * helps
    return contact_cost / at_stake if at_stake > contact_cost else None


def bar_for(general: float | None, stake: Stake | None) -> Bar:
    """Return where the bar lies for one customer.

    Parameters
    ----------
    general : float or None
        The workspace's one threshold; ``None`` while the yearly loss is neither declared nor learnt.
    stake : Stake or None
        ``None`` where the workspace declares no cost of a contact.

    Returns
    -------
    Bar

    Examples
    --------
    >>> bar_for(0.08, Stake(50_000, 2000, 0.2))
    Bar(threshold=0.2, rule=<FlagRule.COST: 'cost'>)
    """
    if general is None:
        return Bar(None, FlagRule.UNDECLARED)
    if stake is None:
        return Bar(general, FlagRule.BASE_RATE)
    if stake.value is None:
        return Bar(None, FlagRule.VALUE_UNKNOWN)
    threshold = outreach_threshold(stake.value, stake.contact_cost, helps=stake.helps)
    return Bar(threshold, FlagRule.NEVER_PAYS if threshold is None else FlagRule.COST)


def flag(score: Score, threshold: float | None, *, was_flagged: bool = False, verified: bool = False) -> Flag:
    """Raise at the threshold, clear at .8 of it or once a countermeasure is verified.

    Parameters
    ----------
    score : Score
    threshold : float or None
        Probability; ``None`` (loss neither declared nor learnt, or outreach never pays) flags nobody.
    was_flagged : bool
        The customer's present flag: between .8 of the threshold and the threshold it stays as it was.
    verified : bool
        A countermeasure was verified since the flag was raised.

    Returns
    -------
    Flag
        `uncertain` where the interval straddles the threshold.

    Examples
    --------
    >>> flag(Score(0.19, 0.15, 0.24), 0.2, was_flagged=True)
    Flag(flagged=True, uncertain=True)
    """
    if threshold is None:
        return Flag(flagged=False, uncertain=False)
    kept = was_flagged and not verified and score.risk >= CLEAR_SHARE * threshold
    return Flag(score.risk >= threshold or kept, score.low < threshold <= score.high)
