"""Draws of whole customers, because people come in clusters."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.intervals import numbered


def customer_draws(groups: ArrayLike | None, size: int, *, draws: int, seed: int = 0) -> Iterator[NDArray[np.intp]]:
    """Yield row numbers, each time of as many customers as there are, drawn with replacement and kept whole.

    Parameters
    ----------
    groups : array-like of shape (size,) or None
        The customer of each row; without it every row is its own customer.
    size : int
        Rows, at least one.
    draws, seed : int
        How many draws, and the seed of them all.

    References
    ----------
    Field and Welsh (2007), Bootstrapping clustered data, Journal of the Royal Statistical Society B 69:369-390.
    """
    owner = numbered(groups, size)
    rows = np.argsort(owner, kind="stable")
    counts = np.bincount(owner)
    starts = np.cumsum(counts) - counts
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        drawn = rng.integers(counts.size, size=counts.size)
        sizes = counts[drawn]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        yield rows[np.repeat(starts[drawn], sizes) + within]
