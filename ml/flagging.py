"""Who is offered discretionary outreach: arithmetic on a score, a value and a cost.

It orders what the company may do on top. Redress is owed after every failure and never asks here. Standard
library only: the API process flags with it.
"""

from typing import NamedTuple

from ml.scoring import Score

CLEAR_SHARE = 0.8
PRIOR_HELP = 0.2  # mean of Beta(2, 8): the chance that a contact helps, before any was tried


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
