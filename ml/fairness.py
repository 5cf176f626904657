"""Whether a risk model says the same of groups as comes true of them, and how often each is flagged.

Groups are those a company declares of its customers. They are never a feature of the model; they are looked at here
so that what it does to them is known. Arrays in, plain data out.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.intervals import mean_by_customer, numbered, share_by_customer
from models.rules.statistics import ShareInterval

LEAST_CUSTOMERS = 50


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval, customers as clusters."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GroupReport:
    """One group.

    Attributes
    ----------
    group : str
    customers, rows, departures : int
        Distinct customers, rows, and distinct customers who left.
    risk : float
        Mean probability given: the share expected to leave.
    left : Share
        Share of rows that were followed by a departure.
    gap : Share
        What came true less what was expected; 0 is calibrated.
    flagged : Share
        Share of rows at or above the threshold.
    """

    group: str
    customers: int
    rows: int
    departures: int
    risk: float
    left: Share
    gap: Share
    flagged: Share


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """Calibration and flag rate by group.

    Attributes
    ----------
    attribute : str
        The declared attribute the groups come from.
    groups : tuple of GroupReport
        Those with at least 50 customers, by name.
    smaller_groups, smaller_customers : int
        How many groups are not shown because they have fewer, and their customers together.
    unknown_customers : int
        Customers for whom the attribute is not known.
    """

    attribute: str
    groups: tuple[GroupReport, ...]
    smaller_groups: int
    smaller_customers: int
    unknown_customers: int

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self)


def fairness_report(
    attribute: str,
    groups: ArrayLike,
    left: ArrayLike,
    risk: ArrayLike,
    flagged: ArrayLike,
    customers: ArrayLike,
    *,
    least: int = LEAST_CUSTOMERS,
) -> FairnessReport:
    """Report calibration and flag rate of every group with enough customers.

    Parameters
    ----------
    attribute : str
        What the groups are of.
    groups : array-like of str or None, shape (n,)
        The group of each row; None or "" is unknown.
    left, risk, flagged : array-like of shape (n,)
        Whether the customer left within the horizon, the probability given, whether outreach was offered by it.
    customers : array-like of shape (n,)
        The customer of each row.
    least : int
        Customers a group must have to be shown.

    Raises
    ------
    ValueError
        Arrays that differ in length.

    Notes
    -----
    Intervals are 95 % and count customers. That groups differ is association: it says neither why, nor that a company
    treats them differently. Calibrated in every group and flagged equally often cannot both hold where groups leave at
    different rates (Kleinberg, Mullainathan and Raghavan 2017, Inherent trade-offs in the fair determination of risk
    scores, ITCS 8:43).

    Examples
    --------
    >>> n = 200
    >>> half = np.arange(n) < 100
    >>> report = fairness_report(
    ...     "segment", np.where(half, "a", "b"), np.arange(n) % 5 == 0, np.full(n, 0.2), half, np.arange(n)
    ... )
    >>> [(group.group, group.left.value, group.flagged.value) for group in report.groups]
    [('a', 0.2, 1.0), ('b', 0.2, 0.0)]
    """
    named = np.array(["" if group is None else str(group) for group in np.asarray(groups, dtype=object)], dtype=str)
    columns = [np.asarray(left) == 1, np.asarray(risk, dtype=np.float64), np.asarray(flagged, dtype=bool)]
    if any(column.shape != named.shape for column in columns):
        raise ValueError("groups, outcomes, risks and flags are arrays of one length")
    owner = numbered(customers, named.size)
    members = {group: np.flatnonzero(named == group) for group in np.unique(named).tolist()}
    sizes = {group: int(np.unique(owner[rows]).size) for group, rows in members.items()}
    shown = [group for group in sizes if group and sizes[group] >= least]
    smaller = [sizes[group] for group in sizes if group and sizes[group] < least]
    return FairnessReport(
        attribute,
        tuple(_group(group, owner[members[group]], *(column[members[group]] for column in columns)) for group in shown),
        len(smaller),
        sum(smaller),
        sizes.get("", 0),
    )


def _group(
    group: str, owner: NDArray[np.intp], left: NDArray[Any], risk: NDArray[Any], flagged: NDArray[Any]
) -> GroupReport:
    return GroupReport(
        group,
        int(np.unique(owner).size),
        owner.size,
        int(np.unique(owner[left]).size),
        float(risk.mean()),
        _share(share_by_customer(left, owner)),
        _share(mean_by_customer(left - risk, owner)),
        _share(share_by_customer(flagged, owner)),
    )


def _share(found: ShareInterval) -> Share:
    return Share(found.value or 0.0, found.low, found.high)
