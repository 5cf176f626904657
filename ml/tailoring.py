"""A workspace's own beliefs laid over the published scorecard: other weights, other uncertainty, the same features.

The standard library only: the API process answers with it before any customer has left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ml.attributes import BEGINS, parts_of
from ml.protected import is_protected
from ml.scorecard import FEATURE_PREFIXES, FIXED_TERMS, Scorecard, Term
from ml.transform import ScorecardRefused, Transform, finite_number

MOST_WEIGHT = 10.0
"""A weight beyond it turns any risk into a certainty."""
MOST_SD = 10.0
BY_CONDITION = sorted(set(FEATURE_PREFIXES) - {BEGINS})
ATTRIBUTE_WEIGHT, ATTRIBUTE_SD = 0.0, 0.25
"""Nothing is published of an attribute: departures tell, where the workspace does not."""
MOST_SCALES = 10.0
"""So many times its scale a number counts at most, either way."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What differs of one term.

    Parameters
    ----------
    weight : float or None
        Mean of the weight, in log-odds per unit of the transformed feature; None leaves the published one.
    sd : float or None
        Its standard deviation: how far data may move it; None leaves the published one.
    scale : float or None
        Of an attribute that is read by its number how much of it counts as one.

    Raises
    ------
    ScorecardRefused
        Numbers that are not finite, a weight beyond 10 either way, an sd not within (0, 10], a scale not above 0.
    """

    weight: float | None = None
    sd: float | None = None
    scale: float | None = None

    def __post_init__(self) -> None:
        if self.weight is not None and not abs(finite_number("weight", self.weight)) <= MOST_WEIGHT:
            raise ScorecardRefused(f"a weight lies between {-MOST_WEIGHT:g} and {MOST_WEIGHT:g}")
        if self.sd is not None and not 0 < finite_number("sd", self.sd) <= MOST_SD:
            raise ScorecardRefused(f"an sd is above 0 and at most {MOST_SD:g}")
        if self.scale is not None and not finite_number("scale", self.scale) > 0:
            raise ScorecardRefused("a scale is above 0")

    def to_dict(self) -> dict[str, float | None]:
        """Return what differs as plain JSON data."""
        told = {"weight": self.weight, "sd": self.sd}
        return told if self.scale is None else {**told, "scale": self.scale}


Beliefs = Mapping[str, Belief]


def beliefs_of(document: Mapping[str, Any]) -> dict[str, Belief]:
    """Read what a workspace keeps of its beliefs, by feature.

    Raises
    ------
    ScorecardRefused
        Anything but an object of objects with `weight` and `sd`, and `scale` where there is one.
    """
    beliefs = {}
    for feature, told in document.items():
        if not isinstance(told, Mapping) or set(told) - {"scale"} != {"weight", "sd"}:
            raise ScorecardRefused(f"{feature}: a belief has a weight and an sd, and a scale at most")
        beliefs[feature] = Belief(told["weight"], told["sd"], told.get("scale"))
    return beliefs


def tailored(scorecard: Scorecard, beliefs: Beliefs) -> Scorecard:
    """Return a scorecard with a workspace's weights and uncertainties in place of the published ones.

    Parameters
    ----------
    scorecard : Scorecard
        As published for the workspace's conditions and sets.
    beliefs : mapping of str to Belief
        By feature. An attribute gets a term of its own, behind all others. Any other feature that the scorecard has no
        term for is passed over: a condition or set that is gone today may be back tomorrow. What may be believed at
        all is asked with `why_not`, when somebody says it.

    Notes
    -----
    The sign of a term goes with what is known of the feature and not with what is believed of it, so it stays where
    the weight does not contradict it; a weight of the other direction leaves the direction open (0).

    Examples
    --------
    >>> from ml.scorecard import scorecard_for
    >>> card = tailored(scorecard_for(["late"]), {"seen:late": Belief(0.5), "score_last": Belief(sd=0.1)})
    >>> [(term.weight, term.sd) for term in card.terms if term.feature in {"seen:late", "score_last"}]
    [(0.9, 0.1), (0.5, 0.25)]
    >>> card = tailored(scorecard_for(), {"attribute:plan=gold": Belief(-0.4)})
    >>> card.terms[-1].feature, card.terms[-1].weight, card.terms[-1].sd
    ('attribute:plan=gold', -0.4, 0.25)
    """
    declared = (_attribute_term(feature, told) for feature, told in sorted(beliefs.items()) if _is_declared(feature))
    return Scorecard(
        tuple(
            replace(
                term,
                weight=term.weight if belief.weight is None else belief.weight,
                sd=term.sd if belief.sd is None else belief.sd,
                sign=0 if belief.weight is not None and belief.weight * term.sign < 0 else term.sign,
            )
            if (belief := beliefs.get(term.feature)) is not None
            else term
            for term in scorecard.terms
        )
        + tuple(declared),
        scorecard.protected,
    )


def _is_declared(feature: str) -> bool:
    return feature.startswith(BEGINS)


def _attribute_term(feature: str, told: Belief) -> Term:
    by_number = parts_of(feature)[1] is None
    transform = Transform.of("flag")
    if by_number:
        transform = Transform.of("linear", centre=0, scale=told.scale or 1.0, limit=MOST_SCALES)
    weight = ATTRIBUTE_WEIGHT if told.weight is None else told.weight
    return Term(feature, feature, transform, weight, ATTRIBUTE_SD if told.sd is None else told.sd, 0)


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why nothing may be believed of a feature.

    Attributes
    ----------
    code : str
        `protected_feature` or `unknown_feature`.
    detail : str
        What is the matter, and what to do.
    """

    code: str
    detail: str


def why_not(feature: str, scorecard: Scorecard) -> WhyNot | None:
    """Return why nothing may be believed of a feature, None where it may.

    Parameters
    ----------
    feature : str
        Its name, as a scorecard has it.
    scorecard : Scorecard
        As published for the workspace's conditions and sets.

    Examples
    --------
    >>> from ml.scorecard import scorecard_for
    >>> why_not("attribute:gender", scorecard_for()).code, why_not("seen:late", scorecard_for()).code
    ('protected_feature', 'unknown_feature')
    >>> why_not("score_last", scorecard_for())
    """
    prefix, colon, _ = feature.partition(":")
    if is_protected(feature, scorecard.protected):
        return WhyNot(
            "protected_feature",
            f"{feature} is a protected attribute and is never a feature. Leave it out; to see what the model does to "
            "such groups, name the attribute in the workspace's `fairness_by`.",
        )
    if feature in scorecard.features or (_is_declared(feature) and all(part != "" for part in parts_of(feature))):
        return None
    return WhyNot("unknown_feature", f"{feature} is no feature of the scorecard here. {_what_to_do(prefix + colon)}")


def _what_to_do(prefix: str) -> str:
    if prefix in {"seen:", "decayed:", "verified:"}:
        return "Name a code of `GET /v1/conditions`, or catalogue the condition first."
    if prefix == "set:":
        return "Name the id of a confirmed set: `GET /v1/condition-sets?status=confirmed`."
    if prefix == BEGINS:
        return f"Name an attribute of customers, {BEGINS}seats, or one of its levels, {BEGINS}plan=gold."
    known = ", ".join(sorted(term.feature for term in FIXED_TERMS))
    return f"There are: {known}; by condition or set {', '.join(BY_CONDITION)}; and {BEGINS}."
