"""Learning a workspace's risk model: one estimator from the scorecard on, its challenger, and a test forward in time.

The rows are those of `ml.snapshots`. Nothing is trained in a request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ml.challenger import Challenger, TooFewDepartures, challenger_scores, fit_challenger
from ml.departed import REPORTED
from ml.design import design_matrix
from ml.forward import (
    ForwardRows,
    Outcomes,
    compare_unseen,
    forward_card,
    reliability_card,
    run_forward,
    whole_customers,
)
from ml.labels import DAY_US, GAP_DAYS, row_weight
from ml.promotion import NOTHING_COMPARED, Comparison
from ml.recency import recency_auc
from ml.risk import PriorLogistic, to_risk_model
from ml.scorecard import Scorecard, base_intercept, scorecard_for
from ml.scoring import RiskModel
from ml.snapshots import NothingToLearn, Snapshots
from ml.terms import FittedTerms, fit_terms

STEP_DAYS = 30
FLAG_AT = 2.0
HIGHEST_THRESHOLD = 0.5
SET = "set:"
MOST_CHALLENGED = 100_000
NO_CHALLENGER: dict[str, Any] = {"kind": None, "reason": TooFewDepartures.reason}

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Champion:
    """The model that serves, and the last snapshot it was learnt from (UTC microseconds)."""

    model: RiskModel
    trained_to_us: int


@dataclass(frozen=True)
class Learned:
    """A model and how it did on snapshots it had not seen.

    Attributes
    ----------
    forward : dict
        Quality of model, scorecard and challenger forward in time, customers whole, with intervals
        (`ml.forward.forward_card`).
    sets : dict of str to list of str
        Ids of the condition sets whose terms were `kept`, of those `dropped` because departures do not bear them out,
        and of those that took part in the forward test (`tested`).
    reliability : dict of str to list of dict
        The reliability table of every arm of the forward test.
    challenger : Challenger or None
        None where too few left to learn one.
    challenger_card : dict
        What the card says of it, or why there is none.
    comparison : Comparison
        With the champion that serves.
    """

    model: RiskModel
    forward: dict[str, Any]
    trained_from_us: int
    trained_to_us: int
    rows: int
    sets: dict[str, list[str]]
    reliability: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    challenger: Challenger | None = None
    challenger_card: dict[str, Any] = field(default_factory=dict)
    comparison: Comparison = NOTHING_COMPARED
    label_kind: str = REPORTED


@dataclass(frozen=True)
class _Task:
    """What a model is learnt for, and from: who leaves within the horizon, where a share leaves in a year."""

    snapshots: Snapshots
    scorecard: Scorecard
    rows: Reals
    sets: Mapping[str, int]
    yearly_loss: float
    horizon_days: int
    challenge: bool

    @property
    def intercept(self) -> float:
        return base_intercept(self.yearly_loss, self.horizon_days)

    @property
    def known_after_us(self) -> int:
        return (GAP_DAYS + self.horizon_days) * DAY_US

    def confirmed(self, cut_us: int) -> tuple[Scorecard, NDArray[np.intp]]:
        """Return the scorecard without the sets first confirmed after a moment, and its terms' columns."""
        late = {f"{SET}{set_id}" for set_id, first_us in self.sets.items() if first_us > cut_us}
        columns = [place for place, term in enumerate(self.scorecard.terms) if term.feature not in late]
        terms = tuple(self.scorecard.terms[place] for place in columns)
        return Scorecard(terms, self.scorecard.protected), np.array(columns, dtype=np.intp)


def learn(
    snapshots: Snapshots,
    *,
    conditions: Sequence[str],
    sets: Mapping[str, int],
    yearly_loss: float,
    horizon_days: int,
    scorecard: Scorecard | None = None,
    champion: Champion | None = None,
    treated: NDArray[np.bool_] | None = None,
    label_kinds: NDArray[np.str_] | None = None,
    challenge: bool = True,
) -> Learned:
    """Learn a model and its challenger from snapshots, and test both forward in time on customers they did not see.

    Parameters
    ----------
    snapshots
        At least one row with and one without a departure is needed to move anything.
    conditions
        Codes the scorecard has terms for.
    sets
        Ids of the condition sets it has terms for, and when each was first confirmed, UTC microseconds.
    yearly_loss
        Share of customers that leaves in a year: the prior's intercept.
    horizon_days
        How far ahead a departure is meant.
    scorecard
        The workspace's own, in place of the default for these conditions and sets.
    champion
        The model that serves, to be compared with.
    treated
        Which rows had a follow-up within the horizon, by default as the snapshots say.
    label_kinds
        How each departure is known, "" where there is none.
    challenge
        Whether a challenger is learnt as well, which takes most of the time.

    Raises
    ------
    NothingToLearn
        No row.

    Notes
    -----
    A set is a product term, learnt from every snapshot whenever it was found, and left out again where its z is not
    above 3 (`ml.terms`). What was found by looking at the cases of the test period must not be praised by that very
    period: in the forward test only those sets take part, in every arm, that were confirmed before the period begins.
    The challenger reads no set at all: it finds for itself what acts together.
    """
    _check(snapshots)
    card = scorecard or scorecard_for(conditions, sets)
    task = _Task(snapshots, card, design_matrix(card, snapshots.columns), sets, yearly_loss, horizon_days, challenge)
    fitted = _fit(card, task.rows, task, np.arange(len(task.rows)))
    base = float(np.average(snapshots.left)) if snapshots.left.any() else None
    threshold = None if base is None else min(FLAG_AT * base, HIGHEST_THRESHOLD)
    tested = _tested(task, snapshots.treated_rows if treated is None else treated, label_kinds)
    challenger = _challenger(task, whole_customers(snapshots.customers, MOST_CHALLENGED, 0)) if challenge else None
    return Learned(
        model=to_risk_model(
            fitted.estimator, fitted.scorecard, horizon_days=horizon_days, gap_days=GAP_DAYS, threshold=threshold
        ),
        forward=_forward(tested, snapshots),
        trained_from_us=int(snapshots.moments.min()),
        trained_to_us=int(snapshots.moments.max()),
        rows=len(snapshots.left),
        sets=_told_of_sets(sets, fitted.scorecard, tested.last_cut_us),
        reliability=reliability_card(tested),
        challenger=challenger,
        challenger_card=NO_CHALLENGER if challenger is None else challenger.card,
        comparison=_compared(tested, task, champion),
        label_kind=snapshots.label_kind,
    )


def _forward(tested: ForwardRows, snapshots: Snapshots) -> dict[str, Any]:
    """Tell how the forward test went, and how far silence alone would have told the same."""
    card = forward_card(tested)
    if tested.both:
        card["recency_auc"] = recency_auc(snapshots.columns, tested.outcomes.left, tested.rows)
    return card


def _told_of_sets(sets: Mapping[str, int], kept: Scorecard, last_cut_us: int | None) -> dict[str, list[str]]:
    """Tell which sets' terms were kept, which dropped, and which were confirmed in time for a tested period."""
    names = [term.feature.removeprefix(SET) for term in kept.terms if term.feature.startswith(SET)]
    tested = [set_id for set_id, first_us in sets.items() if last_cut_us is not None and first_us <= last_cut_us]
    return {"kept": names, "dropped": sorted(set(sets) - set(names)), "tested": sorted(tested)}


def _check(snapshots: Snapshots) -> None:
    if not snapshots.left.size:
        raise NothingToLearn("There is no snapshot of any customer. Report customers, cases and departures first.")


def _fit(scorecard: Scorecard, rows: Reals, task: _Task, chosen: NDArray[np.intp]) -> FittedTerms:
    """Fit the rows given, which are those chosen of the snapshots."""
    snapshots = task.snapshots
    return fit_terms(
        scorecard,
        rows,
        snapshots.left[chosen],
        intercept_mean=task.intercept,
        embargo=float(task.known_after_us),
        sample_weight=np.full(len(rows), row_weight(STEP_DAYS, task.horizon_days)),
        groups=snapshots.customers[chosen],
        time=snapshots.moments[chosen],
    )


def _challenger(task: _Task, chosen: NDArray[np.intp]) -> Challenger | None:
    """Learn the challenger from the rows chosen, None where they are too few."""
    terms = tuple(term for term in task.scorecard.terms if not term.feature.startswith(SET))
    try:
        return fit_challenger(
            Scorecard(terms, task.scorecard.protected),
            _columns(task.snapshots, chosen),
            task.snapshots.left[chosen],
            task.snapshots.customers[chosen],
            horizon_days=task.horizon_days,
            gap_days=GAP_DAYS,
        )
    except TooFewDepartures:
        return None


def _columns(snapshots: Snapshots, chosen: NDArray[np.intp]) -> dict[str, NDArray[np.float32]]:
    return {name: column[chosen] for name, column in snapshots.columns.items()}


def _tested(task: _Task, treated: NDArray[np.bool_] | None, label_kinds: NDArray[np.str_] | None) -> ForwardRows:
    """Test model, scorecard and challenger forward in time."""
    snapshots = task.snapshots

    def arms(train: NDArray[np.intp], test: NDArray[np.intp], cut_us: int) -> dict[str, Reals | None]:
        card, columns = task.confirmed(cut_us)
        model = _fit(card, task.rows[np.ix_(train, columns)], task, train)
        prior = PriorLogistic.from_prior(card.weights, card.sds, intercept_mean=task.intercept)
        rows = task.rows[np.ix_(test, columns)]
        challenger = _challenger(task, train) if task.challenge else None
        return {
            "model": model.estimator.predict_proba(rows[:, model.columns])[:, 1],
            "scorecard": prior.predict_proba(rows)[:, 1],
            "challenger": None if challenger is None else challenger_scores(challenger, _columns(snapshots, test)),
        }

    outcomes = Outcomes(
        snapshots.left, snapshots.customers, snapshots.moments, task.known_after_us, treated, label_kinds
    )
    return run_forward(outcomes, arms)


def _compared(tested: ForwardRows, task: _Task, champion: Champion | None) -> Comparison:
    if champion is None or not tested.rows.size:
        return NOTHING_COMPARED
    return compare_unseen(
        tested, model_scores(champion.model, _columns(task.snapshots, tested.rows)), champion.trained_to_us
    )


def model_scores(model: RiskModel, columns: Mapping[str, NDArray[Any]]) -> Reals:
    """Return a stored model's probability for many customers, shape (n,): what it says of each one by itself.

    Parameters
    ----------
    model : RiskModel
    columns : mapping of str to array of shape (n,)
        Raw features by name; NaN and an absent column are unknown.
    """
    rows = design_matrix(model.scorecard, columns)
    return np.asarray(expit(model.intercept + rows @ np.array(model.weights)))
