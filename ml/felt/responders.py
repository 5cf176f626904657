"""Who answered: responders beside all customers on known facts, and Felt as if all sorts had answered alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.felt.consistency import NOTHING, Estimate
from ml.felt.pairs import PairSums
from ml.felt.scale import mean_of_means
from models.rules.shifts import SharedSums, holm, shift_probability
from models.rules.statistics import ClusterSums, share_interval

Reals = NDArray[np.float64]

LEAST_RESPONDERS = 10
"""In a stratum; smaller ones are taken together."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A share that is known of customers whether they answered or not.

    Attributes
    ----------
    name : str
    of : str or None
        Which value the share is of, where the fact is one of several.
    k, m : array-like of shape (n,)
        Of each customer the rows that hold, of the rows of which it is known; 0 of 0 where nothing is.
    """

    name: str
    of: str | None
    k: ArrayLike
    m: ArrayLike


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact among responders and among all customers.

    Attributes
    ----------
    name, of : str, str or None
        As in the fact.
    responders, everybody : Estimate
        Shares, 0-1.
    responders_n, everybody_n : int
        Customers of whom it is known.
    differs : bool or None
        Whether a test says that responders differ from those who did not answer; None where there is too little to say.
    """

    name: str
    of: str | None
    responders: Estimate
    everybody: Estimate
    responders_n: int
    everybody_n: int
    differs: bool | None


@dataclass(frozen=True, slots=True)
class Strata:
    """How responders are weighed so that they are of the same sorts as all customers.

    Attributes
    ----------
    weights : ndarray of shape (r,)
        Of each responder, in the order given; 1 on the average over responders.
    count : int
        Strata after small ones were taken together.
    joined : int
        How many were taken together.
    largest : float
        The largest weight: how far one answer stands for others.
    """

    weights: Reals
    count: int
    joined: int
    largest: float


def compare_facts(facts: Sequence[Fact], responds: ArrayLike) -> list[Compared]:
    """Compare responders with all customers, fact by fact.

    Parameters
    ----------
    facts : sequence of Fact
    responds : array-like of bool, shape (n,)
        Who answered.

    Returns
    -------
    list of Compared
        In the order of the facts.

    Notes
    -----
    The test is of responders against those who did not answer, who share nobody, and Holm's over all facts together:
    see `models.rules.shifts`.

    Examples
    --------
    >>> answered = np.arange(200) < 80
    >>> kept = Fact("kept", None, np.where(answered, 1, np.arange(200) % 2), np.ones(200))
    >>> found = compare_facts([kept], answered)[0]
    >>> found.responders.value, found.everybody.value, found.differs
    (1.0, 0.7, True)
    """
    answered = np.asarray(responds, dtype=bool)
    sums = [(_sums(fact, answered), _sums(fact, ~answered)) for fact in facts]
    tests = [shift_probability(others, theirs, SharedSums()) for theirs, others in sums]
    tested = [place for place, probability in enumerate(tests) if probability is not None]
    said = dict(zip(tested, holm([probability for probability in tests if probability is not None]), strict=True))
    return [
        Compared(
            fact.name,
            fact.of,
            _share(theirs),
            _share(theirs + others),
            theirs.customers,
            theirs.customers + others.customers,
            said.get(place),
        )
        for place, (fact, (theirs, others)) in enumerate(zip(facts, sums, strict=True))
    ]


def weigh(strata: ArrayLike, responds: ArrayLike, *, least: int = LEAST_RESPONDERS) -> Strata:
    """Weigh responders so that each stratum counts for as much as it is among all customers.

    Parameters
    ----------
    strata : array-like of shape (n,)
        The sort of each customer.
    responds : array-like of bool, shape (n,)
        Who answered; somebody did.
    least : int
        Strata with fewer responders are taken together, and with the next smallest if they are still too few.

    Returns
    -------
    Strata

    Notes
    -----
    w_h = (N_h/N)/(r_h/r): post-stratification. It mends what the strata explain of who answers, and nothing else.

    References
    ----------
    Holt, D. and Smith, T. M. F. (1979), Post stratification, Journal of the Royal Statistical Society A 142:33-46.

    Examples
    --------
    >>> sorts = np.repeat(["new", "old"], 50)
    >>> answered = np.concatenate([np.arange(50) < 10, np.arange(50) < 40])
    >>> found = weigh(sorts, answered)
    >>> found.weights[:1].tolist(), found.weights[-1:].tolist(), found.count
    ([2.5], [0.625], 2)
    """
    answered = np.asarray(responds, dtype=bool)
    number = np.unique(np.asarray(strata), return_inverse=True)[1].reshape(-1)
    theirs = np.bincount(number[answered], minlength=int(number.max()) + 1)
    order = np.argsort(theirs, kind="stable")
    apart = int((theirs >= least).sum())
    together = theirs.size - apart
    if together and theirs[order[:together]].sum() < least:
        together = min(together + 1, theirs.size)
    if together:
        number = np.where(np.isin(number, order[:together]), order[0], number)
    all_of, answered_of = np.bincount(number), np.bincount(number[answered], minlength=int(number.max()) + 1)
    share = np.divide(all_of, answered_of, out=np.zeros(all_of.size), where=answered_of > 0)
    weights = share[number[answered]] * answered.sum() / answered.size
    return Strata(weights, int((answered_of > 0).sum()), together, float(weights.max()))


def poststratified(sums: PairSums, strata: Strata) -> Estimate:
    """Return Felt with each responder weighed.

    Parameters
    ----------
    sums : PairSums
        Of each responder, in the order of the weights.
    strata : Strata

    Returns
    -------
    Estimate
        Without anything where an item was answered by one of them or none. The interval takes the weights as given.
    """
    if not np.einsum("bii->bi", sums.n).sum(axis=0).all():
        return NOTHING
    return mean_of_means(sums, strata.weights)


def _sums(fact: Fact, among: NDArray[np.bool_]) -> ClusterSums:
    k, m = (np.asarray(part, dtype=np.float64)[among].tolist() for part in (fact.k, fact.m))
    return ClusterSums.of((held, int(rows), held) for held, rows in zip(k, m, strict=True))


def _share(sums: ClusterSums) -> Estimate:
    found = share_interval(sums)
    return NOTHING if found.value is None else Estimate(found.value, found.low, found.high)
