"""Worlds of respondents with a known factor, asked as the felt items are: the first item, and two of the others."""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
ITEMS = 7


def answered(rng: np.random.Generator, forms: int, *, common: float = 1.0, middle: float = 2.4) -> Reals:
    """Return what people would have said to all items, 0 to 4."""
    feeling = common * rng.normal(size=(forms, 1))
    return np.clip(np.rint(middle + feeling + rng.normal(scale=0.8, size=(forms, ITEMS))), 0, 4)


def asked(rng: np.random.Generator, said: Reals) -> Reals:
    """Return it with the four items missing that each form does not ask."""
    hidden = 1 + rng.random((len(said), ITEMS - 1)).argsort(axis=1)[:, : ITEMS - 3]
    told = said.copy()
    np.put_along_axis(told, hidden, np.nan, axis=1)
    return told
