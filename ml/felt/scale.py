"""The felt scale: item means, their mean as Felt, and whether the items are reliable enough to be one figure."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.felt.consistency import DRAWS, NOTHING, Consistency, Estimate, consistency, constant_items
from ml.felt.pairs import PairSums, pair_sums
from ml.intervals import mean_by_customer, numbered
from models.rules.quantiles import student_t_quantile
from models.rules.statistics import UPPER_95

Reals = NDArray[np.float64]

HIGHEST = 4.0
STEPS = np.arange(HIGHEST + 1)
FULL = 100.0
LEAST_FORMS = 100
"""Forms that must answer each two items before their covariance is believed."""
LEAST_OMEGA = 0.7
_NO_SPREAD = 1e-12


class Why(StrEnum):
    """Why there is no published figure."""

    NO_ANSWER = "no_answer"
    ITEM_UNANSWERED = "item_unanswered"
    TOO_FEW_PAIRS = "too_few_pairs"
    CONSTANT_ITEM = "constant_item"
    UNRELIABLE = "unreliable"


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    Attributes
    ----------
    mean : Estimate
        0-4; without a value where one respondent or none answered.
    n, respondents : int
        Answers, and of how many people.
    """

    mean: Estimate
    n: int
    respondents: int


@dataclass(frozen=True, slots=True)
class Scale:
    """What a scale of several items says.

    Attributes
    ----------
    felt : Estimate
        0-100: the mean of the item means, times 25. Without anything where an item has no mean.
    forms, respondents : int
        Forms with an answer to any item, and of how many people.
    items : tuple of Item
    fewest : int
        Forms that answer the two items that fewest answer both.
    fewest_of : tuple of int
        Which two.
    consistency : Consistency
        Empty where a pair has too few forms or an item does not differ.
    why : Why or None
        Why Felt is not published; None where it is.
    about : tuple of int
        The items that this is about.
    """

    felt: Estimate
    forms: int
    respondents: int
    items: tuple[Item, ...]
    fewest: int
    fewest_of: tuple[int, int]
    consistency: Consistency
    why: Why | None
    about: tuple[int, ...]


def felt_scale(
    answers: ArrayLike,
    respondents: ArrayLike | None = None,
    *,
    least_forms: int = LEAST_FORMS,
    draws: int = DRAWS,
    seed: int = 0,
) -> Scale:
    """Put the felt items of some forms together.

    Parameters
    ----------
    answers : array-like of shape (n, k)
        A row a form; 0 (never) to 4 (always), NaN for what was not asked, not answered, or *can't say*.
    respondents : array-like of shape (n,), optional
        Whose each form is; without it each is somebody else's.
    least_forms : int
        Forms that must answer each two items.
    draws, seed : int
        Draws of respondents, kept whole, for the intervals of omega and alpha.

    Returns
    -------
    Scale
        The order of the forms makes no difference.

    Raises
    ------
    ValueError
        Fewer than three items, or an answer that is none of 0, 1, 2, 3 and 4.

    Notes
    -----
    Felt = 25 mean_j(xbar_j): each item weighs alike, however often it was asked. Its variance is N/(N-1) sum_c u_c^2
    over respondents c, u_c = mean_j (k_cj - xbar_j m_cj)/n_j, with k the sum and m the number of their answers;
    Student's t with the fewest degrees of freedom of an item, n^2/sum m^2 - 1. Published from an omega of .7 on.

    References
    ----------
    Graham, J. W. et al. (2006), Planned missing data designs in psychological research, Psychological Methods
    11:323-343.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> said = np.clip(np.rint(2.4 + rng.normal(size=(2000, 1)) + rng.normal(scale=0.8, size=(2000, 7))), 0, 4)
    >>> for row in said:
    ...     row[rng.choice(np.arange(1, 7), 4, replace=False)] = np.nan
    >>> scale = felt_scale(said)
    >>> scale.why is None, round(scale.felt.value), scale.felt.low < scale.felt.value < scale.felt.high
    (True, 58, True)
    >>> felt_scale(said[:200]).why.value
    'too_few_pairs'
    """
    given, owner = _told(answers, respondents)
    sums = pair_sums(given, owner)
    items = _items(given, owner)
    n = sums.all_together().n[0]
    fewest, pair = _fewest(n)
    why, about = _lacking(items, sums, fewest, pair, least_forms)
    found = Consistency() if why is not None else consistency(sums, draws=draws, seed=seed)
    if why is None and (found.omega.value is None or found.omega.value < LEAST_OMEGA):
        why = Why.UNRELIABLE
    return Scale(
        felt=mean_of_means(sums) if all(item.mean.value is not None for item in items) else NOTHING,
        forms=len(given),
        respondents=len(sums.n),
        items=items,
        fewest=fewest,
        fewest_of=pair,
        consistency=found,
        why=why,
        about=about,
    )


def item_means(answers: ArrayLike, respondents: ArrayLike | None = None) -> tuple[Item, ...]:
    """Return each item alone.

    Parameters
    ----------
    answers, respondents
        As for `felt_scale`.

    Raises
    ------
    ValueError
        As for `felt_scale`.

    Examples
    --------
    >>> first = item_means([[4, 3, np.nan], [2, 3, 1], [3, 3, np.nan]])[0]
    >>> first.mean.value, first.n
    (3.0, 3)
    """
    return _items(*_told(answers, respondents))


def mean_of_means(sums: PairSums, weights: ArrayLike | None = None) -> Estimate:
    """Return the mean of the item means on 0-100, with its interval by respondent.

    Parameters
    ----------
    sums : PairSums
        Of each respondent; every item answered by somebody of some weight.
    weights : array-like of shape (b,), optional
        How much each respondent counts; taken as given.

    Returns
    -------
    Estimate
        Without anything where one respondent alone answered an item; without an interval where nobody differs.
    """
    weight = np.ones(len(sums.n)) if weights is None else np.asarray(weights, dtype=np.float64)
    n, total = (weight[:, None] * np.einsum("bii->bi", part) for part in (sums.n, sums.total))
    means = total.sum(axis=0) / n.sum(axis=0)
    value = FULL / HIGHEST * float(means.mean())
    freedom = float((n.sum(axis=0) ** 2 / (n**2).sum(axis=0)).min()) - 1
    if freedom <= 0:
        return NOTHING
    moved = ((total - means * n) / n.sum(axis=0)).mean(axis=1)
    size = len(weight)
    variance = size / (size - 1) * float((moved**2).sum())
    if variance <= _NO_SPREAD:
        return Estimate(value, None, None)
    half = FULL / HIGHEST * student_t_quantile(UPPER_95, freedom) * sqrt(variance)
    return Estimate(value, max(0.0, value - half), min(FULL, value + half))


def _told(answers: ArrayLike, respondents: ArrayLike | None) -> tuple[Reals, NDArray[np.intp]]:
    """Return the forms that say anything, and whose each is."""
    given = np.asarray(answers, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] < 3:  # noqa: PLR2004 - of two items nobody can tell what they share
        raise ValueError("answers have a row a form and a column an item, three items at least")
    known = ~np.isnan(given)
    if not np.isin(given[known], STEPS).all():
        raise ValueError("an answer is a whole number from 0, never, to 4, always")
    owner = numbered(respondents, len(given))
    told = known.any(axis=1)
    return given[told], numbered(owner[told], int(told.sum()))


def _items(given: Reals, owner: NDArray[np.intp]) -> tuple[Item, ...]:
    return tuple(_item(given[:, place], owner) for place in range(given.shape[1]))


def _item(values: Reals, owner: NDArray[np.intp]) -> Item:
    known = np.isfinite(values)
    found = mean_by_customer(values[known], owner[known])
    people = len(np.unique(owner[known]))
    if found.value is None or not found.low < found.high < inf:
        # Nobody differs: the mean is what all of them said, and no spread was seen that would tell how surely.
        return Item(Estimate(found.value if people > 1 else None, None, None), found.n, people)
    mean = Estimate(found.value, max(0.0, found.low), min(HIGHEST, found.high))
    return Item(mean, found.n, people)


def _fewest(n: Reals) -> tuple[int, tuple[int, int]]:
    """Return on how many forms the two items stand together that stand on the fewest, and which they are."""
    first, second = np.triu_indices(len(n), k=1)
    place = int(np.argmin(n[first, second]))
    return int(n[first[place], second[place]]), (int(first[place]), int(second[place]))


def _lacking(
    items: tuple[Item, ...], sums: PairSums, fewest: int, pair: tuple[int, int], least: int
) -> tuple[Why | None, tuple[int, ...]]:
    """Return why nothing can be said of reliability, and of which items that is."""
    if not any(item.n for item in items):
        return Why.NO_ANSWER, ()
    unanswered = tuple(place for place, item in enumerate(items) if not item.n)
    if unanswered:
        return Why.ITEM_UNANSWERED, unanswered
    if fewest < max(least, 2):
        return Why.TOO_FEW_PAIRS, pair
    still = constant_items(sums)
    return (Why.CONSTANT_ITEM, still) if still else (None, ())
