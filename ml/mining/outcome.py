"""The outcome of an analysis: two classes, of which the second is the failure, and enough of it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from ml.mining.bitsets import Flags

_BINARY = 2


class TooFewFailures(ValueError):  # noqa: N818 - a refusal is named for what is the matter
    """The outcome has too few failures to look for sets.

    Attributes
    ----------
    code : str
        "too_few_failures".
    needed, have : int
    """

    code = "too_few_failures"

    def __init__(self, needed: int, have: int) -> None:
        super().__init__(f"{have} failures are too few to look for condition sets: at least {needed} are needed.")
        self.needed = needed
        self.have = have


class Outcome(NamedTuple):
    """The two classes in sorted order, and which rows are of the second."""

    classes: NDArray[Any]
    failed: Flags


def outcome_of(y: NDArray[Any], least: int) -> Outcome:
    """Tell which rows failed.

    Raises
    ------
    TooFewFailures
        Fewer than `least`.
    ValueError
        If there are not exactly two classes.

    Examples
    --------
    >>> outcome_of(np.array(["fine", "lost", "fine"]), 1).failed.tolist()
    [False, True, False]
    """
    check_classification_targets(y)
    y = column_or_1d(y, warn=True)
    classes = np.unique(y)
    if len(classes) > _BINARY:
        raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
    if len(classes) < _BINARY:
        raise ValueError(f"The outcome has {len(classes)} class; condition sets need 2 classes.")
    failed: Flags = y == classes[1]
    have = int(failed.sum())
    if have < least:
        raise TooFewFailures(least, have)
    return Outcome(classes, failed)
