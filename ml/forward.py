"""A risk model's test forward in time: what each arm said of customers it had not seen, and how that came true.

Arrays in, plain data for the model card out; no table and no session. Which models the arms are, `ml.training` says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.drawn_figures import FIGURES, drawn_figures
from ml.evaluation import expected_calibration_error, forward_folds, judge, mean_log_loss
from ml.intervals import share_by_customer
from ml.promotion import Comparison, compare
from ml.reliability import reliability_table

PERIODS = 4
FIRST_TESTED = 2
CUSTOMER_FOLDS = 2
MOST_ROWS = 60_000
CAPACITY = 0.1
DIGITS = 6

Reals = NDArray[np.float64]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]
Arms = Callable[[Rows, Rows, int], Mapping[str, Reals | None]]


@dataclass(frozen=True)
class Outcomes:
    """What followed each row: whose it is, when, whether they left, and when that was known.

    Attributes
    ----------
    left : array of shape (n,)
        1 where the customer left within the horizon.
    customers, moments : array of int, shape (n,)
        The customer of each row, and its snapshot, UTC microseconds.
    known_after_us : int
        How long after a snapshot its outcome is known.
    treated : array of bool, shape (n,), optional
        A follow-up fell within the horizon: what the model expected may have been averted.
    label_kinds : array of str, shape (n,), optional
        How the departure of a row that left is known ("crm", "implicit", …); "" where the customer did not leave.
    """

    left: NDArray[Any]
    customers: NDArray[Any]
    moments: NDArray[np.int64]
    known_after_us: int
    treated: Flags | None = None
    label_kinds: NDArray[np.str_] | None = None

    def of(self, rows: Rows) -> "Outcomes":
        """Return the chosen rows."""
        treated = None if self.treated is None else self.treated[rows]
        kinds = None if self.label_kinds is None else self.label_kinds[rows]
        return Outcomes(self.left[rows], self.customers[rows], self.moments[rows], self.known_after_us, treated, kinds)


@dataclass(frozen=True)
class ForwardRows:
    """Rows tested, and what each arm said of them without having seen them.

    Attributes
    ----------
    rows : array of int
        Their numbers; empty where nothing could be tested.
    outcomes : Outcomes
        Of these rows.
    said : dict of str to array
        Probabilities by arm; an arm that could not be learnt everywhere is absent.
    last_cut_us : int or None
        The snapshot the last tested period begins with.
    """

    rows: Rows
    outcomes: Outcomes
    said: dict[str, Reals]
    last_cut_us: int | None = None

    @property
    def both(self) -> bool:
        """Whether some left and some stayed, so that there is something to judge by."""
        return 0 < int(self.outcomes.left.sum()) < self.outcomes.left.size


def run_forward(outcomes: Outcomes, arms: Arms, *, seed: int = 0) -> ForwardRows:
    """Test arms forward in time, customers whole.

    Parameters
    ----------
    outcomes : Outcomes
    arms : callable
        ``arms(train, test, cut_us)`` gives the probabilities of the test rows by arm, learnt from the train rows alone,
        None where an arm cannot be learnt from them.
    seed : int

    Notes
    -----
    The snapshots are cut into four periods; the third and the fourth are tested, each by what was known before it
    begins, in two halves of customers, each by the other half's past. Every row is tested once. Of more than 60 000
    rows whole customers are drawn.
    """
    drawn = whole_customers(outcomes.customers, MOST_ROWS, seed)
    there = outcomes.of(drawn)
    rows: list[Rows] = []
    said: dict[str, list[Reals]] = {}
    absent: set[str] = set()
    folds = forward_folds(
        there.moments,
        there.customers,
        periods=PERIODS,
        first=FIRST_TESTED,
        embargo=there.known_after_us,
        customer_folds=CUSTOMER_FOLDS,
        seed=seed,
    )
    cut_us = None
    for train, test in folds:
        rows.append(drawn[test])
        cut_us = int(there.moments[test].min())
        for arm, risk in arms(drawn[train], drawn[test], cut_us).items():
            if risk is None:
                absent.add(arm)
            else:
                said.setdefault(arm, []).append(risk)
    tested = np.concatenate([np.empty(0, dtype=np.intp), *rows])
    pooled = {arm: np.concatenate(parts) for arm, parts in said.items() if arm not in absent}
    return ForwardRows(tested, outcomes.of(tested), pooled, cut_us)


def whole_customers(customers: NDArray[Any], most: int, seed: int) -> Rows:
    """Return all row numbers, or those of whole customers drawn at random until `most` rows are reached."""
    if customers.size <= most:
        return np.arange(customers.size)
    owner = np.unique(customers, return_inverse=True)[1]
    counts = np.bincount(owner)
    order = np.random.default_rng(seed).permutation(counts.size)
    chosen = np.zeros(counts.size, dtype=np.bool_)
    chosen[order[np.cumsum(counts[order]) <= most]] = True
    return np.flatnonzero(chosen[owner])


def forward_card(tested: ForwardRows, against: str = "scorecard") -> dict[str, Any]:
    """Return what the model card says of a forward test.

    Parameters
    ----------
    tested : ForwardRows
        With the arm "model" and the arm it is held against.
    against : str

    Returns
    -------
    dict
        `rows`, `customers`, `departures`; of each arm its figures (`intervals` holds their 95 % intervals by customer);
        `gain`: the other arm's log-loss less the model's; `apart`: calibration of treated and untreated rows, and by
        kind of label, each apart. Only ``{"rows": 0}`` where nothing could be tested.
    """
    if not tested.both:
        return {"rows": 0}
    outcomes = tested.outcomes
    figures = {arm: _figures(outcomes, risk) for arm, risk in tested.said.items()}
    losses = {arm: mean_log_loss(outcomes.left, tested.said[arm]) for arm in (against, "model")}
    return {
        "rows": outcomes.left.size,
        "customers": int(np.unique(outcomes.customers).size),
        "departures": int(outcomes.left.sum()),
        **{arm: said for arm, (said, _) in figures.items()},
        "intervals": {arm: interval for arm, (_, interval) in figures.items()},
        "gain": losses[against] - losses["model"],
        "apart": calibration_apart(outcomes, tested.said["model"]),
    }


def _figures(outcomes: Outcomes, risk: Reals) -> tuple[dict[str, float], dict[str, list[float]]]:
    quality = judge(outcomes.left, risk, capacity=CAPACITY)
    intervals = drawn_figures(outcomes.left, risk, outcomes.customers, capacity=CAPACITY)
    said = {name: round(float(getattr(quality, name)), DIGITS) for name in FIGURES}
    return said, {name: [round(low, DIGITS), round(high, DIGITS)] for name, (low, high) in intervals.items()}


def reliability_card(tested: ForwardRows) -> dict[str, list[dict[str, Any]]]:
    """Return the reliability table of every arm, ten rows of equal count each; nothing where nothing was tested."""
    if not tested.rows.size:
        return {}
    outcomes = tested.outcomes
    return {
        arm: [row.to_dict() for row in reliability_table(outcomes.left, risk, outcomes.customers)]
        for arm, risk in tested.said.items()
    }


def calibration_apart(outcomes: Outcomes, risk: Reals) -> dict[str, dict[str, Any]]:
    """Return calibration in the large of treated and untreated rows, and by kind of label, each apart.

    Notes
    -----
    A follow-up that helps makes fewer leave than was expected, so treated rows say nothing against a model that expects
    too much of them. Kinds of label are not mixed: beside the departures of one kind stand all rows without any.
    """
    parts: dict[str, Flags] = {}
    if outcomes.treated is not None:
        parts |= {"treated": outcomes.treated, "untreated": ~outcomes.treated}
    if outcomes.label_kinds is not None:
        stayed = outcomes.left == 0
        kinds = np.unique(outcomes.label_kinds[~stayed]).tolist()
        parts |= {f"label:{kind}": stayed | (outcomes.label_kinds == kind) for kind in kinds}
    return {name: _calibrated(outcomes, risk, rows) for name, rows in parts.items() if rows.any()}


def _calibrated(outcomes: Outcomes, risk: Reals, rows: Flags) -> dict[str, Any]:
    left, said, customers = outcomes.left[rows], risk[rows], outcomes.customers[rows]
    share = share_by_customer(left == 1, customers)
    return {
        "rows": int(left.size),
        "customers": int(np.unique(customers).size),
        "departures": int(left.sum()),
        "expected": round(float(said.mean()), DIGITS),
        "left": round(float(left.mean()), DIGITS),
        "interval": [round(share.low, DIGITS), round(share.high, DIGITS)],
        "ece": round(expected_calibration_error(left, said), DIGITS),
    }


def compare_unseen(tested: ForwardRows, champion: Reals, trained_to_us: int, candidate: str = "model") -> Comparison:
    """Compare a candidate with the champion that serves, where there is enough on what the champion has not seen.

    Parameters
    ----------
    tested : ForwardRows
    champion : array
        The champion's probability of every tested row.
    trained_to_us : int
        The last snapshot the champion was learnt from.
    candidate : str
        Its arm.

    Notes
    -----
    The champion was learnt from everything known when it was trained, so it has seen most tested rows. Where too few
    lie after its training to say anything, all are taken: that flatters the champion, so it can ask for a reason where
    none was needed, and never lets a worse candidate pass for a better one.
    """
    outcomes = tested.outcomes
    later = outcomes.moments > trained_to_us
    arrays = (outcomes.left, champion, tested.said[candidate], outcomes.customers)
    unseen = compare(*(array[later] for array in arrays))
    return compare(*arrays) if unseen.reason == "too_few" else unseen


def came_true(
    left: Sequence[int] | NDArray[Any], said: Mapping[str, NDArray[Any]], customers: NDArray[Any]
) -> dict[str, Any]:
    """Say how a champion and a challenger that scored the same customers in silence came true.

    Parameters
    ----------
    left : array-like of shape (n,)
        1 where the customer left within the horizon of the score.
    said : mapping with the arrays "champion" and "challenger" of shape (n,)
        What each said at that moment.
    customers : array of shape (n,)

    Returns
    -------
    dict
        `rows`, `customers`, `departures`, of each arm its figures, `intervals`, `reliability`, and `comparison`, in
        which the challenger is the candidate. Figures are left out while all or none have left.
    """
    outcome = np.asarray(left, dtype=np.int8)
    outcomes = Outcomes(outcome, customers, np.zeros(outcome.size, dtype=np.int64), 0)
    tested = ForwardRows(
        np.arange(outcome.size), outcomes, {arm: np.asarray(risk, float) for arm, risk in said.items()}
    )
    figures = {arm: _figures(outcomes, risk) for arm, risk in tested.said.items()} if tested.both else {}
    return {
        "rows": outcome.size,
        "customers": int(np.unique(customers).size),
        "departures": int(outcome.sum()),
        **{arm: figure for arm, (figure, _) in figures.items()},
        "intervals": {arm: interval for arm, (_, interval) in figures.items()},
        "reliability": reliability_card(tested),
        "comparison": compare(outcome, tested.said["champion"], tested.said["challenger"], customers).to_dict(),
    }
