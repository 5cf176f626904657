"""How many customers left who had a whole condition set, beside those who lacked one of its members.

Failure rates are of cases, from the analysis; these are of customers, from the snapshots a risk model is learnt from.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ml.snapshots import Snapshots
from models.rules.statistics import ShareInterval, clustered_share

Departed = dict[str, float | int | None]


def departures_by_set(snapshots: Snapshots, sets: Iterable[str]) -> dict[str, Departed]:
    """Return by set how many customers had it, which share of them left, and the same where one member was missing.

    Parameters
    ----------
    snapshots : Snapshots
        With the columns `set:<id>` and `near:<id>`.
    sets : iterable of str
        Ids of condition sets.

    Returns
    -------
    dict of str to dict
        `customers`, `rate`, `low`, `high`: who had all members in one case within 90 days before some snapshot, and
        the share of them with a departure within the horizon after such a snapshot, with its 95 % Wilson interval.
        `customers_without_one`, `rate_without_one`, …: who had all but one in one case, and never the whole set. A rate
        is None where there is nobody.

    Notes
    -----
    A customer counts once in each group. An association: who met a set may differ in other ways too.
    """
    return {set_id: _departed(snapshots, set_id) for set_id in sets}


def _departed(snapshots: Snapshots, set_id: str) -> Departed:
    whole, near = (_there(snapshots, f"{kind}:{set_id}") for kind in ("set", "near"))
    had = np.unique(snapshots.customers[whole])
    lacked = near & ~np.isin(snapshots.customers, had)
    with_all, without_one = _share(snapshots, whole), _share(snapshots, lacked)
    return {
        "customers": with_all.n,
        "rate": with_all.value,
        "low": with_all.low,
        "high": with_all.high,
        "customers_without_one": without_one.n,
        "rate_without_one": without_one.value,
        "low_without_one": without_one.low,
        "high_without_one": without_one.high,
    }


def _there(snapshots: Snapshots, name: str) -> NDArray[np.bool_]:
    column = snapshots.columns.get(name)
    return np.zeros(len(snapshots.left), dtype=bool) if column is None else np.asarray(column > 0)


def _share(snapshots: Snapshots, rows: NDArray[np.bool_]) -> ShareInterval:
    """Return which share of the customers of some rows left after one of them."""
    customers = np.unique(snapshots.customers[rows])
    left = np.isin(customers, snapshots.customers[rows & (snapshots.left == 1)])
    return clustered_share((int(one), 1) for one in left)
