"""Who left, seen from which moment: monthly snapshots and the label rules for training.

Times are int64 microseconds since 1970 in UTC, as the tables store them. Arrays in, arrays out.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY_US = 86_400_000_000
NEVER = np.iinfo(np.int64).max
HORIZON_DAYS = 90
GAP_DAYS = 7
MINIMUM_GAPS = 3

Times = NDArray[np.int64]


class LabelledRows(NamedTuple):
    """Labels and which rows may be learnt from.

    `label` is 1 or 0 and means nothing where `kept` is false.
    """

    label: NDArray[np.int8]
    kept: NDArray[np.bool_]


def monthly_snapshots(start_us: int, end_us: int) -> Times:
    """Return the first moments of every month (UTC) within [start, end], ascending.

    Examples
    --------
    >>> monthly_snapshots(0, 60 * DAY_US) // DAY_US
    array([ 0, 31, 59])
    """
    first = np.datetime64(int(start_us), "us").astype("datetime64[M]")
    last = np.datetime64(int(end_us), "us").astype("datetime64[M]")
    months = np.arange(first, last + 1, dtype="datetime64[M]")
    moments = months.astype("datetime64[us]").astype(np.int64)
    return moments[(moments >= start_us) & (moments <= end_us)]


def departure_labels(
    snapshot_us: Times,
    departed_us: Times,
    *,
    now_us: int,
    horizon_days: int = HORIZON_DAYS,
    gap_days: int = GAP_DAYS,
    since_us: Times | None = None,
) -> LabelledRows:
    """Label rows of (snapshot, customer).

    Parameters
    ----------
    snapshot_us : int64 array
        Moment t each row is seen from.
    departed_us : int64 array
        When the row's customer left; `NEVER` if not. Broadcasts against `snapshot_us`: pass ``snapshots[:, None]``
        and one time per customer to label every pair.
    now_us : int
        The moment of training. A snapshot whose t + gap + horizon lies later is censored with all of its rows.
    horizon_days, gap_days : int
        Departure in (t + gap, t + gap + horizon] is 1, later or never is 0. Departure in (t, t + gap] is left out:
        too late to act on, and not a 0 either. Departure at or before t is left out: nobody at risk.
    since_us : int64 array, optional
        When the customer became one; rows before that are left out.

    Returns
    -------
    LabelledRows

    Raises
    ------
    ValueError
        A horizon that is not positive or a negative gap.

    Examples
    --------
    >>> t, left = np.array([0]), np.array([5, 20, 97, 98, NEVER]) * np.array([DAY_US] * 4 + [1])
    >>> departure_labels(t[:, None], left, now_us=400 * DAY_US).label[0].tolist()
    [0, 1, 1, 0, 0]
    >>> departure_labels(t[:, None], left, now_us=400 * DAY_US).kept[0].tolist()
    [False, True, True, True, True]
    """
    if horizon_days <= 0 or gap_days < 0:
        raise ValueError("the horizon is positive and the gap not negative")
    snapshot, departed = np.broadcast_arrays(snapshot_us, departed_us)
    opens = snapshot + gap_days * DAY_US
    closes = opens + horizon_days * DAY_US
    label = (departed > opens) & (departed <= closes)
    kept = (departed > opens) & (closes <= now_us)
    if since_us is not None:
        kept &= snapshot >= since_us
    return LabelledRows(label.astype(np.int8), kept)


def treated_within(
    snapshot_us: Times, customer: NDArray[np.int64], contacted: NDArray[np.int64], contacted_us: Times, *, days: int
) -> NDArray[np.bool_]:
    """Mark rows of (snapshot, customer) whose customer was contacted within so many days after the snapshot.

    What followed them is what followed with the company's help, and is judged apart.

    Parameters
    ----------
    snapshot_us, customer : int64 array, shape (n,)
        The moment of each row, and whose it is.
    contacted, contacted_us : int64 array, shape (m,)
        Who was contacted and when, any order.
    days : int
        How far after the snapshot; a contact at the snapshot itself was before it.

    Examples
    --------
    >>> t = np.array([0, 0, 100]) * DAY_US
    >>> treated_within(t, np.array([1, 2, 1]), np.array([1]), np.array([97 * DAY_US]), days=97).tolist()
    [True, False, False]
    """
    order = np.lexsort((contacted_us, contacted))
    whose, moments = contacted[order], contacted_us[order]
    marked = np.zeros(snapshot_us.shape, dtype=np.bool_)
    first, after = np.searchsorted(whose, customer, "left"), np.searchsorted(whose, customer, "right")
    for row in np.flatnonzero(after > first):
        theirs = moments[first[row] : after[row]]
        marked[row] = bool(((theirs > snapshot_us[row]) & (theirs <= snapshot_us[row] + days * DAY_US)).any())
    return marked


def row_weight(step_days: float, horizon_days: float = HORIZON_DAYS) -> float:
    """Return the weight of one row: snapshots closer than the horizon see the same departure several times.

    Examples
    --------
    >>> row_weight(30, 90)
    0.3333333333333333
    """
    if step_days <= 0 or horizon_days <= 0:
        raise ValueError("step and horizon are positive numbers of days")
    return min(1.0, step_days / horizon_days)


def implicit_departures(
    customer: NDArray[np.int64], event_us: Times, *, floor_days: float, now_us: int
) -> tuple[NDArray[np.int64], Times]:
    """Return when each customer's silence first outgrew what is usual for them (opt-in rule).

    A customer has left once silent for longer than the larger of the 95th percentile of their own earlier gaps
    (from three gaps on) and the workspace's floor; the departure is dated when that limit is crossed. Only gaps
    closed before the silence began count, so the rule at any moment reads nothing later. The first crossing
    stands, also where the customer came back: at that moment they had left by this rule.

    Parameters
    ----------
    customer : int64 array
        Customer of each purchase or use, any order.
    event_us : int64 array
        When it happened.
    floor_days : float
        The workspace's shortest silence that can count as leaving.
    now_us : int
        Silences are followed up to here; later events are not read.

    Returns
    -------
    customers : int64 array
        Distinct customers, ascending.
    departed_us : int64 array
        `NEVER` where no limit was crossed by now.
    """
    known = event_us <= now_us
    order = np.lexsort((event_us[known], customer[known]))
    owner, moment = customer[known][order], event_us[known][order]
    customers, first = np.unique(owner, return_index=True)
    departed = np.full(customers.size, NEVER, dtype=np.int64)
    floor_us = round(floor_days * DAY_US)
    for index, events in enumerate(np.split(moment, first[1:])[: customers.size]):
        departed[index] = _first_crossing(events, floor_us, now_us)
    return customers, departed


def _first_crossing(events: Times, floor_us: int, now_us: int) -> int:
    gaps = np.diff(np.append(events, now_us))
    for index in np.flatnonzero(gaps > floor_us):
        own = np.quantile(gaps[:index], 0.95) if index >= MINIMUM_GAPS else 0.0
        limit = max(float(own), floor_us)
        if gaps[index] > limit:
            return int(events[index] + round(limit))
    return int(NEVER)
