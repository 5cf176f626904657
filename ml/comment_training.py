"""Learning which conditions comments speak of: the vocabulary from all comments, the weights from confirmed ones.

One condition against the rest: a logistic regression once 30 of its suggestions were confirmed, before that the
likeness to how the workspace describes it. Arrays and texts in, a `ml.text.CommentModel` out; only the learner's
process imports this room.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from threadpoolctl import threadpool_limits

from ml.scoring import probability
from ml.text import LEARNT_FROM, CommentModel, Tag, Vector, terms_of

FEWEST = 5
"""A term is kept that comments of so many customers hold: in fewer it could be somebody's name."""
MOST_TERMS = 10_000
LIKE = 0.12
"""A comment this like a condition's description is shown to people."""
LOWEST, HIGHEST = 0.05, 0.95
"""Between these lies the probability from which a condition is suggested."""
ABOVE = 0.1
"""So much likelier than a comment that says nothing known it must be: people decide on more of what speaks for it."""
STRENGTH = 3.0
"""How far weights may move (the inverse of the penalty)."""
FOLDS = 3
BETA = 0.5
"""Finding one more is worth half as much as not asking in vain (van Rijsbergen's F)."""
DIGITS = 5


@dataclass(frozen=True)
class Comment:
    """A comment as training sees it.

    Parameters
    ----------
    text : str
    customer : str
        Whose it is: comments of one customer are no two witnesses.
    confirmed, declined, open : frozenset of str
        Codes of the conditions that people confirmed of it, declined, and have not decided on.
    """

    text: str
    customer: str
    confirmed: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()

    @property
    def decided(self) -> bool:
        """Whether a person looked at it."""
        return bool(self.confirmed or self.declined)


@dataclass(frozen=True)
class Described:
    """A condition as the workspace describes it: name, description and phrases are texts alike."""

    code: str
    texts: Sequence[str] = field(default_factory=tuple)


def learn_comments(comments: Sequence[Comment], conditions: Sequence[Described]) -> CommentModel:
    """Learn a vocabulary and the weights of each condition.

    Parameters
    ----------
    comments
        All that may be learnt from, decided on or not.
    conditions
        What comments may speak of.

    Returns
    -------
    CommentModel
        The same for the same input, in whatever order it is given.

    Notes
    -----
    Only what people decided teaches a condition: confirmed comments for it, declined ones against it. Against it speak
    also those they looked at for another condition and in which this one was neither found by its phrases nor by
    likeness: the *rest* of one against the rest. What is still open for it says nothing.
    """
    ordered = sorted(comments, key=lambda one: (one.text, one.customer))
    terms, idf = _vocabulary(ordered)
    bare = CommentModel(terms, idf, (), len(ordered), len({one.customer for one in ordered}))
    decided = [one for one in ordered if one.decided]
    vectors = [bare.vector(one.text) for one in decided]
    tags = [_tag(bare, decided, vectors, found) for found in sorted(conditions, key=lambda one: one.code)]
    kept = tuple(tag for tag in tags if tag is not None)
    return CommentModel(terms, idf, kept, bare.n_comments, bare.n_customers)


def _vocabulary(comments: Sequence[Comment]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the terms that enough comments of enough customers hold, and how much each weighs."""
    held, holders = Counter[str](), Counter[str]()
    for _, theirs in groupby(sorted(comments, key=lambda one: one.customer), key=lambda one: one.customer):
        said = Counter(term for comment in theirs for term in terms_of(comment.text))
        held.update(said)
        holders.update(said.keys())
    known = [term for term, number in holders.items() if number >= FEWEST]
    terms = tuple(sorted(sorted(known, key=lambda term: (-held[term], term))[:MOST_TERMS]))
    return terms, tuple(round(log((1 + len(comments)) / (1 + held[term])) + 1.0, DIGITS) for term in terms)


def _tag(bare: CommentModel, decided: Sequence[Comment], vectors: Sequence[Vector], found: Described) -> Tag | None:
    """Return what is known of one condition; None where nothing that is said of it is in any comment."""
    code = found.code
    confirmed = sum(1 for one in decided if code in one.confirmed)
    declined = sum(1 for one in decided if code in one.declined)
    # What is still open for it says nothing, for it or against it.
    told = [place for place, one in enumerate(decided) if code not in one.open]
    is_so = np.array([code in decided[place].confirmed for place in told], dtype=int)
    if confirmed >= LEARNT_FROM and not is_so.all():
        rows = as_matrix((vectors[place] for place in told), len(bare.terms))
        fitted = _fitted(rows, is_so)
        weights = {place: round(float(weight), DIGITS) for place, weight in enumerate(fitted.coef_[0])}
        weights = {place: weight for place, weight in weights.items() if weight}
        intercept = round(float(fitted.intercept_[0]), DIGITS)
        best = _threshold(rows, is_so, [decided[place].customer for place in told])
        threshold = round(min(max(best, LOWEST, probability(intercept) + ABOVE), HIGHEST), DIGITS)
        return Tag(code, "learnt", weights, intercept, threshold, confirmed, declined)
    likeness = bare.vector("\n".join(found.texts))
    if not likeness:
        return None
    rounded = {place: round(value, DIGITS) for place, value in likeness.items()}
    return Tag(code, "similarity", rounded, 0.0, LIKE, confirmed, declined)


def _fitted(rows: csr_array, is_so: NDArray[np.int_]) -> LogisticRegression:
    model = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=500, random_state=0)
    with threadpool_limits(limits=1):
        return model.fit(rows, is_so)


def _threshold(rows: csr_array, is_so: NDArray[np.int_], customers: Sequence[str]) -> float:
    """Return the probability from which suggesting finds most for the least in vain: the best F0.5.

    Judged on comments of customers the weights were not learnt from, a third at a time.
    """
    folds = np.array([int(sha256(customer.encode()).hexdigest(), 16) % FOLDS for customer in customers])
    unseen = np.full(len(is_so), np.nan)
    for fold in range(FOLDS):
        learnt, judged = folds != fold, folds == fold
        if judged.any() and len(np.unique(is_so[learnt])) > 1:
            unseen[judged] = _fitted(rows[learnt], is_so[learnt]).predict_proba(rows[judged])[:, 1]
    known = ~np.isnan(unseen)
    if not is_so[known].any():  # all of one customer: nobody knows how others say it
        return HIGHEST
    precision, recall, thresholds = precision_recall_curve(is_so[known], unseen[known])
    weighed = BETA**2 * precision + recall
    reached = precision * recall / np.maximum(weighed, np.finfo(float).tiny)
    return float(thresholds[int(np.argmax(reached[:-1]))])


def as_matrix(vectors: Iterable[Mapping[int, float]], n_terms: int) -> csr_array:
    """Return comments' vectors as rows of a sparse matrix of float64."""
    values: list[float] = []
    places: list[int] = []
    starts = [0]
    for vector in vectors:
        values += vector.values()
        places += vector
        starts.append(len(places))
    shape = (len(starts) - 1, n_terms)
    return csr_array(
        (np.array(values), np.array(places, dtype=np.int32), np.array(starts, dtype=np.int32)), shape=shape
    )
