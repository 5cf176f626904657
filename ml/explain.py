"""The reason for a risk, as conditions and condition sets, computed by removal.

Each condition on record is taken away, every confirmed set it belongs to breaks, and the customer is scored again.
What comes out is the model's risk for a customer like this one without it: an association, not a promise. Because
the model adds log-odds, removal is subtraction and exact. Standard library only: the API process explains with it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ml.scoring import Features, RiskModel, probability

SHOWN = 5  # conditions named in the sentence; the answer's lists hold all of them
VISIBLE = 0.005  # a smaller fall would print as the same two digits
_COUNT = {2: "two", 3: "three", 4: "four", 5: "five"}


@dataclass(frozen=True, slots=True)
class ConfirmedSet:
    """A confirmed condition set, as the explanation needs it.

    Parameters
    ----------
    id : str
        As in the feature ``set:<id>``.
    conditions : tuple of str
        Its members' codes.
    customers : int, optional
        Customers who had all of it in the confirmation window.
    rate_with, rate_without_any : float, optional
        Share of cases that failed with the set complete, and with one member missing.
    """

    id: str
    conditions: tuple[str, ...]
    customers: int | None = None
    rate_with: float | None = None
    rate_without_any: float | None = None


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
class Explanation:
    """Why the model's risk is what it is, in conditions.

    Attributes
    ----------
    conditions : tuple of ConditionReason
        Every condition present, the largest fall in risk first.
    condition_sets : tuple of SetReason
        Every complete confirmed set, the one whose own term adds most first (lowest `risk_broken`).
    near_sets : tuple of NearSet
    top_set : str or None
        Members of the first complete set joined by " + "; ``None`` where no set is complete.
    reason_text : str
        One plain English sentence.
    """

    risk: float
    low: float
    high: float
    conditions: tuple[ConditionReason, ...]
    condition_sets: tuple[SetReason, ...]
    near_sets: tuple[NearSet, ...]
    top_set: str | None
    reason_text: str


class _Removal:
    """Scores one customer again with conditions absent."""

    def __init__(
        self,
        model: RiskModel,
        features: Features,
        sets: Iterable[ConfirmedSet],
        linked: Mapping[str, Collection[str]],
    ) -> None:
        self._added = model.contributions(features)
        self._log_odds = model.intercept + sum(self._added.values())
        self._linked = linked
        self._sets_of: dict[str, list[str]] = {}
        for confirmed in sets:
            for code in confirmed.conditions:
                self._sets_of.setdefault(code, []).append(f"set:{confirmed.id}")

    def risk_without(self, codes: Iterable[str]) -> float:
        """Return the risk with every one of `codes` absent and every set holding one of them broken."""
        gone: set[str] = set()
        for code in codes:
            gone.update((f"seen:{code}", f"decayed:{code}"))
            gone.update(self._linked.get(code, ()))
            gone.update(self._sets_of.get(code, ()))
        return self.risk_less(gone)

    def risk_less(self, names: Collection[str]) -> float:
        """Return the risk with these features adding nothing."""
        # Sorted, because a sum of floats depends on its order and a stored assessment must not flicker.
        return probability(self._log_odds - sum(self._added.get(name, 0.0) for name in sorted(names)))


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
    *Condition absent*: its ``seen:`` and ``decayed:`` features are zero, its linked features unknown, every set it
    belongs to is broken. *Set removed* (`SetReason.risk_without`): all of its members absent, because every
    condition of a set is owed a countermeasure, and a set is not broken in life while its members all stay.
    Sets are ranked by `SetReason.risk_broken` instead, what the set adds beyond its parts: removing more members
    always lowers the risk further, so ranking by full removal would favour the longest set; and a single condition
    that is a set by itself would outrank every larger set that it belongs to, because it breaks that too.

    Examples
    --------
    >>> from ml.scorecard import scorecard_for
    >>> model = RiskModel.prior(scorecard_for("ab", ["s"]), yearly_loss=0.2)
    >>> seen = {"seen:a": 1.0, "seen:b": 1.0, "set:s": 1.0}
    >>> explain(model, seen, present="ab", sets=[ConfirmedSet("s", ("a", "b"))]).reason_text
    'Risk .13 [.02, .51] within 90 days; without a .06; without b .06; these two act together.'
    """
    score = model.score(features)
    removal = _Removal(model, features, sets, linked or {})
    without = {code: removal.risk_without([code]) for code in set(present)}
    conditions = tuple(ConditionReason(code, without[code]) for code in _by_risk(without))
    complete = {s.id: s for s in sets if _complete(s, features, without)}
    reasons = [_set_reason(confirmed, removal) for confirmed in complete.values()]
    reasons.sort(key=lambda reason: (round(reason.risk_broken, 12), reason.risk_without, reason.id))
    short = near or {}
    risk = f"Risk {_decimal(score.risk)} [{_decimal(score.low)}, {_decimal(score.high)}]"
    named = [reason for reason in conditions if score.risk - reason.risk_without >= VISIBLE][:SHOWN]
    clauses = [f"{risk} within {model.horizon_days} days", *_condition_clauses(named, any_present=bool(without))]
    if reasons:
        clauses.append(_set_clause(reasons[0], complete[reasons[0].id], named))
    return Explanation(
        *score,
        conditions=conditions,
        condition_sets=tuple(reasons),
        near_sets=tuple(
            NearSet(confirmed.id, short[confirmed.id])
            for confirmed in sets
            if confirmed.id in short and confirmed.id not in complete
        ),
        top_set=" + ".join(reasons[0].conditions) if reasons else None,
        reason_text="; ".join(clauses) + ".",
    )


def _complete(confirmed: ConfirmedSet, features: Features, present: Collection[str]) -> bool:
    # The stored exposure decides where it is known: the members may belong to different cases.
    exposure = features.get(f"set:{confirmed.id}")
    if exposure is not None:
        return exposure > 0
    return all(code in present for code in confirmed.conditions)


def _set_reason(confirmed: ConfirmedSet, removal: _Removal) -> SetReason:
    one_absent = {code: removal.risk_without([code]) for code in confirmed.conditions}
    members = tuple(_by_risk(one_absent))
    broken = removal.risk_less({f"set:{confirmed.id}"})
    return SetReason(confirmed.id, members, removal.risk_without(members), broken)


def _by_risk(without: Mapping[str, float]) -> list[str]:
    """Sort codes by risk, those alike to the last rounding by name."""
    return sorted(without, key=lambda code: (round(without[code], 12), code))


def _condition_clauses(named: Collection[ConditionReason], *, any_present: bool) -> list[str]:
    if not named:
        return ["no single condition on record lowers it visibly" if any_present else "no condition on record"]
    return [f"without {reason.code} {_decimal(reason.risk_without)}" for reason in named]


def _set_clause(reason: SetReason, confirmed: ConfirmedSet, named: Collection[ConditionReason]) -> str:
    size = len(reason.conditions)
    if size > 1 and {shown.code for shown in named} == set(reason.conditions):
        subject = f"these {_COUNT.get(size, str(size))} act together"
    else:
        subject = " + ".join(reason.conditions) + (" act together" if size > 1 else " is known to act alone")
    return subject + _facts(confirmed)


def _facts(confirmed: ConfirmedSet) -> str:
    parts = []
    if confirmed.customers is not None and confirmed.rate_with is not None:
        parts.append(f"{confirmed.customers} customers, {_percent(confirmed.rate_with)} of their cases failed")
    if confirmed.rate_without_any is not None:
        missing = "when one is missing" if len(confirmed.conditions) > 1 else "without it"
        parts.append(f"{_percent(confirmed.rate_without_any)} {missing}")
    return f" ({'; '.join(parts)})" if parts else ""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _decimal(value: float) -> str:
    """Two decimals in the manner of statistics, never a certainty."""
    if value < VISIBLE:
        return "under .01"
    if value > 1 - VISIBLE:
        return "over .99"
    return f"{value:.2f}".removeprefix("0")
