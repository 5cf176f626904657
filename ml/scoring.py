"""Scoring one customer in the API process: a logistic model as plain numbers, no learner imported.

`RiskModel` is what the registry stores: one JSON document with the scorecard's terms, the weights learnt,
their covariance and where they come from. It is sparse: a customer costs only what is known and not zero.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import mul
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

from ml.scorecard import INTERCEPT_SD, Scorecard, Term, base_intercept
from ml.transform import ScorecardRefused, finite_number

FORMAT = 1
KIND = "steadfast.risk"
LEVEL = 0.9
LEARNED_FROM = 300
_NINETY = NormalDist().inv_cdf(0.5 + LEVEL / 2)
_WHOLE = ("horizon_days", "gap_days", "n_customers", "n_departures")
_FIELDS = {"kind", "format", "basis", "threshold", "intercept", "terms", "weights", "covariance", *_WHOLE}

Basis = Literal["prior", "blended", "learned"]
Features = Mapping[str, float | None]

_Compiled = dict[str, tuple[tuple[int, Callable[[float], float]], ...]]


class ArtefactRefused(ValueError):  # noqa: N818 - a refusal
    """A stored model that must not be used: corrupt, foreign, or written by a newer version."""


class Score(NamedTuple):
    """Probability of departure within the horizon and its model-uncertainty interval (90 % unless asked)."""

    risk: float
    low: float
    high: float


def basis_for(n_departures: int) -> Basis:
    """Return ``prior`` with no departure learnt from, ``blended`` under 300, ``learned`` from 300."""
    if n_departures == 0:
        return "prior"
    return "blended" if n_departures < LEARNED_FROM else "learned"


def probability(log_odds: float) -> float:
    """Return 1 / (1 + exp(-log_odds)) without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1.0 + odds)


@dataclass(frozen=True)
class RiskModel:
    """A logistic risk model with its uncertainty, ready to score raw features.

    Parameters
    ----------
    scorecard : Scorecard
        The terms, in the order of `weights`.
    weights : tuple of float
        Log-odds per unit of each transformed feature.
    intercept : float
        Log-odds of a customer with every term zero.
    covariance : tuple of tuple of float
        Lower triangle (row i holds columns 0…i) of the covariance of (intercept, *weights).
    horizon_days, gap_days : int
        Departure is meant within (gap, gap + horizon] days.
    n_customers, n_departures : int
        Distinct customers learnt from, and how many of them left.
    threshold : float or None
        Risk from which outreach is offered; ``None`` flags nobody.

    Raises
    ------
    ArtefactRefused
        Sizes that disagree, numbers that are not finite, a matrix that is no covariance.

    Notes
    -----
    The interval is p(eta ± z sqrt(x' V x)), x led by a 1: model uncertainty, not the customer's fate.

    Examples
    --------
    >>> from ml.scorecard import scorecard_for
    >>> model = RiskModel.prior(scorecard_for(["late_engineer"]), yearly_loss=0.2, horizon_days=90)
    >>> round(model.score({}).risk, 4)
    0.0535
    >>> model.score({"seen:late_engineer": 1.0, "score_last": 2.0}).risk > model.score({}).risk
    True
    """

    scorecard: Scorecard
    weights: tuple[float, ...]
    intercept: float
    covariance: tuple[tuple[float, ...], ...]
    horizon_days: int
    gap_days: int
    n_customers: int
    n_departures: int
    threshold: float | None
    _compiled: _Compiled = field(init=False, repr=False, compare=False)
    _rows: list[list[float]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_model(self)
        compiled: dict[str, list[tuple[int, Callable[[float], float]]]] = {}
        for index, term in enumerate(self.scorecard.terms):
            compiled.setdefault(term.feature, []).append((index, term.transform.compile()))
        object.__setattr__(self, "_compiled", {name: tuple(terms) for name, terms in compiled.items()})
        size = len(self.covariance)
        rows = [[self.covariance[max(i, j)][min(i, j)] for j in range(size)] for i in range(size)]
        object.__setattr__(self, "_rows", rows)

    @property
    def basis(self) -> Basis:
        """Where the numbers come from: ``prior``, ``blended`` or ``learned``."""
        return basis_for(self.n_departures)

    @classmethod
    def prior(
        cls,
        scorecard: Scorecard,
        yearly_loss: float,
        horizon_days: int = 90,
        *,
        gap_days: int = 7,
        threshold: float | None = None,
    ) -> "RiskModel":
        """Build the model of day 0: exactly the scorecard, with the declared yearly loss as its base rate."""
        sds = (INTERCEPT_SD, *scorecard.sds)
        triangle = tuple((0.0,) * index + (sd * sd,) for index, sd in enumerate(sds))
        intercept = base_intercept(yearly_loss, horizon_days)
        return cls(scorecard, scorecard.weights, intercept, triangle, horizon_days, gap_days, 0, 0, threshold)

    def score(self, features: Features, *, level: float = LEVEL) -> Score:
        """Return the risk of one customer with its interval.

        Parameters
        ----------
        features : mapping of str to float or None
            Raw features by name; unknown is ``None`` or absent. Names the model has no term for are passed
            over (a condition catalogued after training is one).
        level : float
            Coverage of the interval, in (0, 1).

        Raises
        ------
        ValueError
            A feature is NaN: unknown has to be said as ``None``.
        """
        return self._scored(self._present(features), level)

    def explained(self, features: Features) -> tuple[Score, dict[str, float]]:
        """Return what `score` and `contributions` do, from one pass over the features."""
        present = self._present(features)
        return self._scored(present, LEVEL), self._added(present)

    def contributions(self, features: Features) -> dict[str, float]:
        """Return the log-odds each raw feature adds; with the intercept they sum to the score."""
        return self._added(self._present(features))

    def _scored(self, present: list[tuple[int, float]], level: float) -> Score:
        eta, variance = self.intercept, self._rows[0][0]
        # The intercept is the first of those whose covariance with the next counts twice.
        places, values = [0], [1.0]
        for index, value in present:
            eta += self.weights[index] * value
            row = self._rows[index + 1]
            cross = sum(map(mul, values, map(row.__getitem__, places)))
            variance += value * (2.0 * cross + value * row[index + 1])
            places.append(index + 1)
            values.append(value)
        _check_number(eta)
        reach = reach_of(level) * math.sqrt(max(variance, 0.0))
        return Score(probability(eta), probability(eta - reach), probability(eta + reach))

    def _added(self, present: list[tuple[int, float]]) -> dict[str, float]:
        added: dict[str, float] = {}
        for index, value in present:
            name = self.scorecard.terms[index].feature
            added[name] = added.get(name, 0.0) + self.weights[index] * value
        _check_number(sum(added.values()))
        return added

    def _present(self, features: Features) -> list[tuple[int, float]]:
        """Term values that are not zero, in term order: sums must not depend on the caller's order."""
        present = []
        compiled = self._compiled
        for name, x in features.items():
            if x is None or name not in compiled:
                continue
            for index, apply in compiled[name]:
                value = apply(x)
                if value != 0.0:
                    present.append((index, value))
        present.sort()
        return present

    def to_json(self) -> str:
        """Return the model as one JSON document; floats survive the round trip exactly."""
        document = {
            "kind": KIND,
            "format": FORMAT,
            "basis": self.basis,
            "horizon_days": self.horizon_days,
            "gap_days": self.gap_days,
            "n_customers": self.n_customers,
            "n_departures": self.n_departures,
            "threshold": self.threshold,
            "intercept": self.intercept,
            "terms": [term.to_dict() for term in self.scorecard.terms],
            "weights": list(self.weights),
            "covariance": [list(row) for row in self.covariance],
        }
        return json.dumps(document, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "RiskModel":
        """Read what `to_json` wrote.

        Raises
        ------
        ArtefactRefused
            Anything else: not JSON, another kind of document, a newer format, missing or unknown fields,
            NaN or infinity, sizes that disagree, a refused scorecard.
        """
        try:
            return _read(json.loads(text, parse_constant=_refuse_constant))
        except ArtefactRefused:
            raise
        except ScorecardRefused as error:
            raise ArtefactRefused(f"the model's scorecard was refused: {error}") from error
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise ArtefactRefused("the model is corrupt") from error


def reach_of(level: float) -> float:
    """Return how many standard deviations an interval of some coverage reaches to either side."""
    if not 0 < level < 1:
        raise ValueError("the level of an interval lies between 0 and 1")
    return _NINETY if level == LEVEL else NormalDist().inv_cdf(0.5 + level / 2)


def _check_number(total: float) -> None:
    if not math.isfinite(total):
        raise ValueError("a feature is not a number; say None where it is unknown")


def _check_model(model: RiskModel) -> None:
    size = len(model.scorecard.terms)
    if len(model.weights) != size or len(model.covariance) != size + 1:
        raise ArtefactRefused("terms, weights and covariance differ in size")
    if any(len(row) != index + 1 for index, row in enumerate(model.covariance)):
        raise ArtefactRefused("the covariance is not a lower triangle")
    numbers = (model.intercept, *model.weights, *(value for row in model.covariance for value in row))
    if not all(math.isfinite(number) for number in numbers):
        raise ArtefactRefused("a weight or covariance is not a finite number")
    spread = [row[-1] for row in model.covariance]
    for i, row in enumerate(model.covariance):
        if spread[i] < 0 or any(c * c > spread[i] * spread[j] * (1 + 1e-6) for j, c in enumerate(row)):
            raise ArtefactRefused("the covariance is not one: a correlation lies beyond 1")
    if model.horizon_days <= 0 or model.gap_days < 0:
        raise ArtefactRefused("the horizon is positive and the gap not negative")
    if not 0 <= model.n_departures <= model.n_customers:
        raise ArtefactRefused("more departures than customers")
    if model.threshold is not None and not 0 < model.threshold < 1:
        raise ArtefactRefused("the threshold is a probability")


def _refuse_constant(name: str) -> float:
    raise ArtefactRefused(f"{name} is not a number")


def _read(document: Any) -> RiskModel:
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise ArtefactRefused("not a risk model")
    version = _whole(document, "format")
    if version > FORMAT:
        raise ArtefactRefused(f"format {version} is newer than this program reads ({FORMAT})")
    if version != FORMAT or set(document) != _FIELDS:
        raise ArtefactRefused(f"format {FORMAT} has exactly the fields {sorted(_FIELDS)}")
    threshold = document["threshold"]
    model = RiskModel(
        scorecard=Scorecard(tuple(Term.from_dict(item) for item in document["terms"])),
        weights=tuple(finite_number("weights", value) for value in document["weights"]),
        intercept=finite_number("intercept", document["intercept"]),
        covariance=tuple(tuple(finite_number("covariance", value) for value in row) for row in document["covariance"]),
        threshold=None if threshold is None else finite_number("threshold", threshold),
        **{name: _whole(document, name) for name in _WHOLE},
    )
    if document["basis"] != model.basis:
        raise ArtefactRefused("the basis does not follow from the departures learnt from")
    return model


def _whole(document: Mapping[str, Any], name: str) -> int:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArtefactRefused(f"{name} is a whole number")
    return value
