"""The published expert scorecard: what Steadfast believes about departure before any customer has left.

Plain data: terms with a weight, a standard deviation and a named transformation of one raw feature. The
risk model's prior is centred on it (``ml.risk``) and the API scores with it on day 0 (``ml.scoring``), so
this room imports the standard library only.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ml.protected import PROTECTED_ATTRIBUTES, is_protected
from ml.transform import ScorecardRefused, Transform, finite_number

INTERCEPT_SD = 1.0
DAYS_A_YEAR = 365.0

FIXED_FEATURES = frozenset(
    {
        "contacts_30",
        "contacts_365",
        "elapsed_hours_max_90",
        "elapsed_hours_mean_90",
        "elapsed_hours_last",
        "invitations_365",
        "not_invited",
        "opted_out",
        "recency_days",
        "contacts_90",
        "failure_contacts_90",
        "failure_contacts_30",
        "failure_share_365",
        "repeats_90",
        "not_first_90",
        "promises_broken_90",
        "promises_overdue",
        "promises_open",
        "promises_kept_90",
        "elapsed_ratio_max_90",
        "elapsed_ratio_last",
        "handovers_90",
        "score_last",
        "score_min_90",
        "score_mean_90",
        "score_fall",
        "effort_last",
        "silent_after_invitations",
        "recency_ratio",
        "tenure_days",
        "value_ratio",
    }
)
FEATURE_PREFIXES = ("seen:", "decayed:", "set:", "verified:", "attribute:")


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the scorecard: the prior of one weight.

    Parameters
    ----------
    name : str
        What pages and the model card call it.
    feature : str
        The raw feature column it reads; unknown (``None``) contributes 0.
    transform : Transform
        From the raw feature to the term's value.
    weight, sd : float
        Mean and standard deviation of the Gaussian prior, in log-odds per unit of the transformed value.
    sign : int
        1 or -1 where the direction is known beforehand (a monotone constraint for the challenger), else 0.
    """

    name: str
    feature: str
    transform: Transform
    weight: float
    sd: float
    sign: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and math.isfinite(self.sd) and self.sd > 0):
            raise ScorecardRefused(f"{self.name}: weight must be finite and sd a positive finite number")
        if self.sign not in (-1, 0, 1):
            raise ScorecardRefused(f"{self.name}: sign is -1, 0 or 1")

    def to_dict(self) -> dict[str, Any]:
        """Return the term as plain JSON data."""
        return {
            "name": self.name,
            "feature": self.feature,
            "transform": self.transform.to_dict(),
            "weight": self.weight,
            "sd": self.sd,
            "sign": self.sign,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Term":
        """Read what `to_dict` wrote; raise `ScorecardRefused` for anything else."""
        fields = {"name", "feature", "transform", "weight", "sd", "sign"}
        if not isinstance(document, Mapping) or set(document) != fields:
            raise ScorecardRefused(f"a term has exactly the fields {sorted(fields)}")
        name, feature, transform = document["name"], document["feature"], document["transform"]
        if not (isinstance(name, str) and isinstance(feature, str) and isinstance(transform, Mapping)):
            raise ScorecardRefused("a term's name and feature are texts, its transform an object")
        weight, sd = finite_number("weight", document["weight"]), finite_number("sd", document["sd"])
        sign = finite_number("sign", document["sign"])
        if sign % 1:
            raise ScorecardRefused(f"{name}: sign is -1, 0 or 1")
        return cls(name, feature, Transform.from_dict(transform), weight, sd, int(sign))


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Ordered terms; the order is the order of the weights in every model built on it.

    Parameters
    ----------
    terms : tuple of Term
    protected : frozenset of str
        Names of customer attributes that must not enter (`PROTECTED_ATTRIBUTES`; a workspace may add more).

    Raises
    ------
    ScorecardRefused
        A feature no SQL produces, a protected attribute, or a name used twice.
    """

    terms: tuple[Term, ...]
    protected: frozenset[str] = PROTECTED_ATTRIBUTES

    def __post_init__(self) -> None:
        names = [term.name for term in self.terms]
        if len(names) != len(set(names)):
            raise ScorecardRefused("two terms have the same name")
        for term in self.terms:
            _check_feature(term.feature, self.protected)

    @property
    def features(self) -> tuple[str, ...]:
        """The raw feature of each term, in order."""
        return tuple(term.feature for term in self.terms)

    @property
    def weights(self) -> tuple[float, ...]:
        """The prior mean of each weight, in order."""
        return tuple(term.weight for term in self.terms)

    @property
    def sds(self) -> tuple[float, ...]:
        """The prior standard deviation of each weight, in order."""
        return tuple(term.sd for term in self.terms)

    @property
    def signs(self) -> tuple[int, ...]:
        """The known direction of each term, in order."""
        return tuple(term.sign for term in self.terms)

    def to_json(self) -> str:
        """Return the terms as a JSON array."""
        return json.dumps([term.to_dict() for term in self.terms], allow_nan=False)

    @classmethod
    def from_json(cls, text: str, *, protected: frozenset[str] = PROTECTED_ATTRIBUTES) -> "Scorecard":
        """Read what `to_json` wrote; raise `ScorecardRefused` for anything else."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ScorecardRefused("not a JSON document") from error
        if not isinstance(document, list):
            raise ScorecardRefused("a scorecard is a JSON array of terms")
        return cls(tuple(Term.from_dict(item) for item in document), protected)


def _check_feature(feature: str, protected: frozenset[str]) -> None:
    prefix, colon, rest = feature.partition(":")
    if feature not in FIXED_FEATURES and not (prefix + colon in FEATURE_PREFIXES and rest):
        raise ScorecardRefused(
            f"unknown feature {feature!r}: use {', '.join(sorted(FIXED_FEATURES))}, or a name after one of "
            f"{', '.join(FEATURE_PREFIXES)}",
            "unknown_feature",
        )
    if prefix == "attribute" and is_protected(rest, protected):
        raise ScorecardRefused(
            f"{rest!r} is a protected attribute and is never a feature: leave the term out", "protected_feature"
        )


def _fixed(feature: str, transform: Transform, weight: float, sd: float, sign: int) -> Term:
    return Term(feature, feature, transform, weight, sd, sign)


_ELAPSED = Transform.of("log_clip", offset=0, scale=1, low=1, high=16)
_SHORTFALL = Transform.of("shortfall", below=7)
_FLAG = Transform.of("flag")
_TENURE = Transform.of("log_clip", offset=30, scale=395, low=math.exp(-2.5), high=math.exp(2.5))
_VALUE = Transform.of("log_clip", offset=0, scale=1, low=math.exp(-3), high=math.exp(3))

FIXED_TERMS: tuple[Term, ...] = (
    _fixed("contacts_90", Transform.of("log1p"), 0.0, 0.15, 0),
    _fixed("failure_contacts_90", Transform.of("cap", at=6), 0.12, 0.12, 1),
    _fixed("failure_contacts_30", Transform.of("cap", at=4), 0.15, 0.15, 1),
    _fixed("failure_share_365", Transform.of("share"), 0.3, 0.3, 1),
    _fixed("repeats_90", Transform.of("cap", at=4), 0.25, 0.2, 1),
    _fixed("not_first_90", Transform.of("cap", at=4), 0.10, 0.15, 1),
    _fixed("promises_broken_90", Transform.of("cap", at=4), 0.40, 0.25, 1),
    _fixed("promises_overdue", Transform.of("cap", at=3), 0.45, 0.25, 1),
    _fixed("promises_open", Transform.of("cap", at=3), 0.0, 0.1, 0),
    _fixed("promises_kept_90", Transform.of("cap", at=4), -0.08, 0.1, -1),
    _fixed("elapsed_ratio_max_90", _ELAPSED, 0.20, 0.2, 1),
    _fixed("elapsed_ratio_last", _ELAPSED, 0.15, 0.15, 1),
    _fixed("handovers_90", Transform.of("cap", at=6), 0.08, 0.1, 1),
    _fixed("score_last", _SHORTFALL, 0.9, 0.5, 1),
    _fixed("score_min_90", _SHORTFALL, 0.3, 0.3, 1),
    _fixed("score_mean_90", _SHORTFALL, 0.3, 0.3, 1),
    _fixed("score_fall", Transform.of("linear", centre=0, scale=5, limit=1), 0.3, 0.3, 1),
    _fixed("effort_last", Transform.of("linear", centre=4, scale=3, limit=1), 0.35, 0.25, 1),
    _fixed("silent_after_invitations", _FLAG, 0.15, 0.25, 1),
    _fixed("recency_ratio", Transform.of("log_clip", offset=0, scale=1, low=0.25, high=8), 0.35, 0.25, 1),
    _fixed("tenure_days", _TENURE, -0.25, 0.2, -1),
    _fixed("value_ratio", _VALUE, 0.0, 0.2, 0),
)


def scorecard_for(
    conditions: Iterable[str] = (),
    sets: Iterable[str] = (),
    *,
    protected: frozenset[str] = PROTECTED_ATTRIBUTES,
) -> Scorecard:
    """Return the default scorecard for a workspace's condition codes and confirmed set ids.

    Parameters
    ----------
    conditions : iterable of str
        Condition codes; each adds ``seen:``, ``decayed:`` and ``verified:`` terms. Order does not matter.
    sets : iterable of str
        Ids of confirmed condition sets; each adds one ``set:`` term, 1 where the customer has all of it.
    protected : frozenset of str
        Attribute names that are refused.

    Returns
    -------
    Scorecard
        The fixed terms, then conditions, then sets, each sorted: the same inputs give the same columns.

    Examples
    --------
    >>> card = scorecard_for(["late_engineer"], ["a1"])
    >>> [term.feature for term in card.terms[-4:]]
    ['seen:late_engineer', 'decayed:late_engineer', 'verified:late_engineer', 'set:a1']
    """
    terms = list(FIXED_TERMS)
    for code in sorted(set(conditions)):
        terms.append(_fixed(f"seen:{code}", _FLAG, 0.20, 0.25, 1))
        terms.append(_fixed(f"decayed:{code}", Transform.of("cap", at=3), 0.10, 0.15, 1))
        terms.append(_fixed(f"verified:{code}", _FLAG, -0.15, 0.2, -1))
    terms.extend(_fixed(f"set:{identity}", _FLAG, 0.6, 0.5, 1) for identity in sorted(set(sets)))
    return Scorecard(tuple(terms), protected)


def base_intercept(yearly_loss: float, horizon_days: float) -> float:
    """Return the log-odds of leaving within the horizon for a customer all of whose terms are zero.

    The declared share of customers lost in a year L gives the base rate 1 - (1 - L)^(H / 365); nothing is
    subtracted for the scorecard's own average, so a customer with all terms zero has exactly the base rate.

    Parameters
    ----------
    yearly_loss : float
        Share of customers lost in a year, in (0, 1).
    horizon_days : float
        Horizon H in days.

    Raises
    ------
    ValueError
        Outside those ranges.

    Examples
    --------
    >>> round(1 / (1 + math.exp(-base_intercept(0.2, 365))), 6)
    0.2
    """
    if not 0 < yearly_loss < 1:
        raise ValueError("the yearly loss is a share between 0 and 1, both excluded")
    if not (math.isfinite(horizon_days) and horizon_days > 0):
        raise ValueError("the horizon is a positive number of days")
    kept = (horizon_days / DAYS_A_YEAR) * math.log1p(-yearly_loss)
    return math.log(-math.expm1(kept)) - kept
