"""The cost of failure as a document: money in whole minor units that adds up, with intervals, parts and their sources.

What is credited to the sets and to the leak adds up to the total to the minor unit; so do the shares of the
conditions with the leak, and the needs, and the teams. Null is what is not known.
"""

from collections.abc import Sequence
from math import isnan

import numpy as np
from numpy.typing import NDArray

from ml.case_costs import CostFacts
from ml.cost_parts import (
    ASSUMED,
    MEASURED,
    Document,
    by_category,
    customer_time,
    divided_parts,
    not_counted,
    summed_parts,
)
from ml.costing.credit import Figures
from ml.costing.departure import LEAST_DEPARTURES, LEAST_FAILED
from ml.root_cost import Failure, RootCost, Terms
from models.rules.cost import apportioned


class CostReport:
    """Writes what was found into one document.

    Parameters
    ----------
    found : RootCost
    conditions : sequence of str
        The codes of the matrix's columns.
    sets : sequence of sequence of str
        The sets the money was credited to, by their members.
    facts : CostFacts
    terms : Terms
    """

    def __init__(
        self,
        found: RootCost,
        conditions: Sequence[str],
        sets: Sequence[Sequence[str]],
        facts: CostFacts,
        terms: Terms,
    ) -> None:
        self._found, self._facts, self._terms = found, facts, terms
        self._conditions, self._sets = conditions, sets
        self._failures = found.failures
        self._known = [failure for failure in self._failures if failure.amount is not None]
        self._total = sum(failure.amount or 0 for failure in self._failures)
        # What a case credits to each set and, last, to the leak: the mean over its rows.
        shares = [found.credited.shares[list(failure.seen.rows)].mean(axis=0) for failure in self._failures]
        self._shares = np.array(shares, dtype=float).reshape(len(shares), len(sets) + 1)
        amounts = np.array([failure.amount or 0 for failure in self._failures], dtype=float)
        self._amounts = apportioned(self._total, (amounts @ self._shares).tolist())

    def document(self) -> Document:
        """Return the whole document."""
        sets = [self.of_set(at) for at in range(len(self._sets))]
        return {
            "currency": self._terms.rates.currency,
            **self._counted(self._failures),
            **_money(self._total if self._known else None, self._found.credited.total, 0),
            "components": summed_parts(self._failures),
            "beside": summed_parts(self._failures, beside=True),
            "categories": by_category(self._failures),
            "not_counted": not_counted(self._failures),
            "excess_departure": self._departure(),
            "customer_time": customer_time(self._failures, np.ones(len(self._failures)), self._facts),
            "terms": {
                "repeat_within_days": self._terms.within_days,
                "horizon_days": self._terms.horizon_days,
                "value_years": self._terms.value_years or 1.0,
                "referral_share": self._terms.referrals,
            },
            "condition_sets": sets,
            "leak": self._leak(),
            "conditions": self._by_condition(),
            "needs": self._by_group("need", 0),
            "teams": self._by_group("team", 1),
        }

    def of_set(self, at: int) -> Document:
        """Return the root-cost of one set."""
        credited = self._found.credited
        cases = self._among(self._shares[:, at])
        amount = self._amounts[at] if self._is_known(cases) else None
        avoidable = _money(_whole(credited.avoidable.value[at]), credited.avoidable, at)
        return {
            "conditions": sorted(self._sets[at]),
            "currency": self._terms.rates.currency,
            **self._counted(cases),
            **_money(amount, credited.sets, at),
            "avoidable": avoidable["amount"],
            "avoidable_low": avoidable["low"],
            "avoidable_high": avoidable["high"],
            "components": [] if amount is None else divided_parts(self._failures, self._shares[:, at], amount),
            "customer_time": customer_time(self._failures, self._shares[:, at], self._facts),
        }

    def _among(self, shares: NDArray[np.float64]) -> list[Failure]:
        """Return the failing cases that have a share in something."""
        return [failure for failure, share in zip(self._failures, shares.tolist(), strict=True) if share > 0]

    def _is_known(self, cases: Sequence[Failure]) -> bool:
        """Tell whether a sum over some failing cases is known: of no case at all it is 0, if any cost is known."""
        return any(case.amount is not None for case in cases) or (not cases and bool(self._known))

    def _leak(self) -> Document:
        """Return the cost of failures with no known set."""
        amount = self._amounts[-1] if self._known else None
        return {
            **_money(amount, self._found.credited.leak, 0),
            "components": [] if amount is None else divided_parts(self._failures, self._shares[:, -1], amount),
            "customer_time": customer_time(self._failures, self._shares[:, -1], self._facts),
        }

    def _by_condition(self) -> list[Document]:
        """Return what each condition that is in a set is involved in, and its share of it."""
        used = [code for code in self._conditions if any(code in some for some in self._sets)]
        places = [list(self._conditions).index(code) for code in used]
        credited = self._found.credited
        # What the sets have in whole units, so that shares and leak are the total again.
        even = [
            sum(self._amounts[at] / len(some) for at, some in enumerate(self._sets) if code in some) for code in used
        ]
        shares = apportioned(self._total - self._amounts[-1], even)
        found = []
        for code, place, share in zip(used, places, shares, strict=True):
            own = [at for at, some in enumerate(self._sets) if code in some]
            cases = self._among(self._shares[:, own].sum(axis=1))
            known = self._is_known(cases)
            involved = _money(sum(self._amounts[at] for at in own) if known else None, credited.involved, place)
            shared = _money(share if known else None, credited.shared, place)
            found.append(
                {
                    "condition": code,
                    **self._counted(cases),
                    **involved,
                    "share": shared["amount"],
                    "share_low": shared["low"],
                    "share_high": shared["high"],
                }
            )
        return found

    def _by_group(self, name: str, grouping: int) -> list[Document]:
        """Return the cost by need or team, in the order of their names; those of few customers in one line."""
        figures = self._found.credited.groups[grouping]
        names = [*self._found.groups[name], None]
        found = []
        for place, label in enumerate(names):
            cases = [self._failures[at] for at in np.flatnonzero(self._found.group_of[name] == place)]
            if not cases:
                continue
            known = [case.amount for case in cases if case.amount is not None]
            amount = sum(known) if known else None
            others = place == len(names) - 1
            found.append({name: label, "others": others, **self._counted(cases), **_money(amount, figures, place)})
        return found

    def _counted(self, cases: Sequence[Failure]) -> Document:
        """Count failing cases, their customers, and of how many the cost is known at least in part."""
        known = sum(case.amount is not None for case in cases)
        return {
            "cases": len(cases),
            "customers": len({case.seen.customer for case in cases}),
            "known": known,
            "coverage": known / len(cases) if cases else None,
        }

    def _departure(self) -> Document:
        """Tell the excess departure that lost value was reckoned with, and what it rests on."""
        departing = self._found.departing
        seen = departing.seen
        basis = MEASURED if departing.measured else ASSUMED if departing.excess is not None else None
        return {
            "value": departing.excess,
            "low": departing.low,
            "high": departing.high,
            "basis": basis,
            "failed_customers": seen.failed_customers,
            "controls": seen.controls,
            "departures_failed": seen.departures_failed,
            "departures_ok": seen.departures_ok,
            "unmatched": seen.unmatched,
            "needed": {"failed_customers": LEAST_FAILED, "departures": LEAST_DEPARTURES},
        }


def _whole(value: float) -> int | None:
    return None if isnan(value) else round(value)


def _money(amount: int | None, figures: Figures, at: int) -> Document:
    """Return an amount with its interval; neither where nothing is known."""
    if amount is None or at >= len(figures.value):
        return {"amount": amount, "low": None, "high": None}
    return {"amount": amount, "low": _whole(float(figures.low[at])), "high": _whole(float(figures.high[at]))}
