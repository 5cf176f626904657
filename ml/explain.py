"""The reason for a risk, as conditions and condition sets, computed by removal.

Each condition on record is taken away, every confirmed set it belongs to breaks, and the customer is scored again.
What comes out is the model's risk for a customer like this one without it: an association, not a promise. Because
the model adds log-odds, removal is subtraction and exact. Standard library only: the API process explains with it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ml.scoring import Features, RiskModel, probability


@dataclass(frozen=True, slots=True)
class ConfirmedSet:
    """A confirmed condition set, as the explanation needs it.

    Parameters
    ----------
    id : str
        As in the feature ``set:<id>``.
    conditions : tuple of str
        Its members' codes.
    """

    id: str
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConditionReason:
    """A condition on record and the model's risk for a customer like this one without it."""

    code: str
    risk_without: float


@dataclass(frozen=True, slots=True)
class SetReason:
    """A complete set and the model's risk with none of its members present.

    Attributes
    ----------
    conditions : tuple of str
        The members, the one whose absence lowers the risk most first.
    risk_without : float
        All members absent, and every set that shares a member broken.
    risk_broken : float
        Only the set broken: its own term gone, whatever its members add singly or in other sets still there.
    """

    id: str
    conditions: tuple[str, ...]
    risk_without: float
    risk_broken: float


@dataclass(frozen=True, slots=True)
class NearSet:
    """A set of which one case has all but one member: one more mishap in it completes the set."""

    id: str
    missing: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a raw feature adds to the log-odds."""

    feature: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the model's risk is what it is, in conditions.

    Attributes
    ----------
    risk, low, high : float
        As `ml.scoring.RiskModel.score` gives them.
    base_log_odds : float
        Log-odds of a customer with every term zero; with all contributions they sum to the log-odds of `risk`.
    contributions : tuple of Contribution
        Every feature that adds or takes something, the furthest from zero first.
    conditions : tuple of ConditionReason
        Every condition present, the largest fall in risk first.
    condition_sets : tuple of SetReason
        Every complete confirmed set, the one whose own term adds most first (lowest `risk_broken`).
    near_sets : tuple of NearSet
    top_set : str or None
        Members of the first complete set joined by " + "; ``None`` where no set is complete.
    """

    risk: float
    low: float
    high: float
    base_log_odds: float
    contributions: tuple[Contribution, ...]
    conditions: tuple[ConditionReason, ...]
    condition_sets: tuple[SetReason, ...]
    near_sets: tuple[NearSet, ...]
    top_set: str | None


class _Removal:
    """Scores one customer again with conditions absent."""

    def __init__(
        self,
        intercept: float,
        added: Mapping[str, float],
        sets: Iterable[ConfirmedSet],
        linked: Mapping[str, Collection[str]],
    ) -> None:
        self._added = added
        self._log_odds = intercept + sum(added.values())
        self._linked = linked
        self._sets_of: dict[str, list[str]] = {}
        for confirmed in sets:
            name = f"set:{confirmed.id}"
            # What adds nothing is not missed when it breaks.
            for code in confirmed.conditions if name in added else ():
                self._sets_of.setdefault(code, []).append(name)

    def risk_without(self, codes: Iterable[str]) -> float:
        """Return the risk with every one of `codes` absent and every set holding one of them broken."""
        gone: set[str] = set()
        for code in codes:
            gone.update((f"seen:{code}", f"decayed:{code}", f"verified:{code}"))
            gone.update(self._linked.get(code, ()))
            gone.update(self._sets_of.get(code, ()))
        return self.risk_less(gone)

    def risk_less(self, names: Collection[str]) -> float:
        """Return the risk with these features adding nothing."""
        # Sorted, because a sum of floats depends on its order and a stored assessment must not flicker.
        return probability(self._log_odds - sum(self._added[name] for name in sorted(names) if name in self._added))


def explain(
    model: RiskModel,
    features: Features,
    *,
    present: Collection[str],
    sets: Collection[ConfirmedSet] = (),
    near: Mapping[str, str] | None = None,
    linked: Mapping[str, Collection[str]] | None = None,
) -> Explanation:
    """Explain one customer's risk by removal.

    Parameters
    ----------
    model : RiskModel
    features : mapping of str to float or None
        The raw features that were scored.
    present : collection of str
        Codes of the conditions on record for this customer.
    sets : collection of ConfirmedSet
        All confirmed sets of the workspace.
    near : mapping of str to str, optional
        By id the sets that one case is a single member short of, and that member (`ml.exposures.nearly_complete`).
    linked : mapping of str to collection of str, optional
        Raw features that say the same thing as a condition and go to unknown with it, such as
        ``{"promise_broken": ("promises_broken_90", "promises_overdue")}``.

    Returns
    -------
    Explanation

    Notes
    -----
    *Condition absent*: its ``seen:``, ``decayed:`` and ``verified:`` features are zero, its linked features unknown,
    every set it belongs to is broken. *Set removed* (`SetReason.risk_without`): all of its members absent, because
    every condition of a set is owed a countermeasure, and a set is not broken in life while its members all stay.
    Sets are ranked by `SetReason.risk_broken` instead, what the set adds beyond its parts: removing more members
    always lowers the risk further, so ranking by full removal would favour the longest set; and a single condition
    that is a set by itself would outrank every larger set that it belongs to, because it breaks that too.

    Examples
    --------
    >>> from ml.scorecard import scorecard_for
    >>> model = RiskModel.prior(scorecard_for("ab", ["s"]), yearly_loss=0.2)
    >>> seen = {"seen:a": 1.0, "seen:b": 1.0, "set:s": 1.0}
    >>> why = explain(model, seen, present="ab", sets=[ConfirmedSet("s", ("a", "b"))])
    >>> round(why.risk, 2), [(reason.code, round(reason.risk_without, 2)) for reason in why.conditions], why.top_set
    (0.13, [('a', 0.06), ('b', 0.06)], 'a + b')
    """
    score, added = model.explained(features)
    removal = _Removal(model.intercept, added, sets, linked or {})
    without = {code: removal.risk_without([code]) for code in set(present)}
    conditions = tuple(ConditionReason(code, without[code]) for code in _by_risk(without))
    complete = {s.id: s for s in sets if _complete(s, features, without)}
    reasons = [_set_reason(confirmed, removal, without) for confirmed in complete.values()]
    reasons.sort(key=lambda reason: (round(reason.risk_broken, 12), reason.risk_without, reason.id))
    short = near or {}
    return Explanation(
        *score,
        base_log_odds=model.intercept,
        contributions=_by_size(added),
        conditions=conditions,
        condition_sets=tuple(reasons),
        near_sets=tuple(
            NearSet(confirmed.id, short[confirmed.id])
            for confirmed in sets
            if confirmed.id in short and confirmed.id not in complete
        ),
        top_set=" + ".join(reasons[0].conditions) if reasons else None,
    )


def _by_size(added: Mapping[str, float]) -> tuple[Contribution, ...]:
    ordered = sorted(added.items(), key=lambda item: (-abs(item[1]), item[0]))
    return tuple(Contribution(feature, log_odds) for feature, log_odds in ordered if log_odds)


def _complete(confirmed: ConfirmedSet, features: Features, present: Collection[str]) -> bool:
    # The stored exposure decides where it is known: the members may belong to different cases.
    exposure = features.get(f"set:{confirmed.id}")
    if exposure is not None:
        return exposure > 0
    return all(code in present for code in confirmed.conditions)


def _set_reason(confirmed: ConfirmedSet, removal: _Removal, without: Mapping[str, float]) -> SetReason:
    one_absent = {
        code: without[code] if code in without else removal.risk_without([code]) for code in confirmed.conditions
    }
    members = tuple(_by_risk(one_absent))
    broken = removal.risk_less({f"set:{confirmed.id}"})
    return SetReason(confirmed.id, members, removal.risk_without(members), broken)


def _by_risk(without: Mapping[str, float]) -> list[str]:
    """Sort codes by risk, those alike to the last rounding by name."""
    return sorted(without, key=lambda code: (round(without[code], 12), code))
