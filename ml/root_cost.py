"""What failures cost and by whose doing: cases priced, departures compared, the money credited to condition sets.

Root-cost analysis: the cost of a failing case goes to the conditions that conspired in it, so that what is spent on
countermeasures goes where it pays. The arithmetic on one case is in `models.rules.cost`, what is estimated from many
customers in `ml.costing`, what is read in `ml.case_costs`; the document made of it in `ml.cost_report`.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ml.case_costs import CostFacts, CustomerState, Seen, cases_seen, facts_of_failures
from ml.case_matrix import CaseMatrix
from ml.costing.credit import DRAWS, Costs, Credited, credit
from ml.costing.departure import NEVER, Episodes, Excess, Matched
from ml.mining.items import Item
from ml.mining.observed import Observed
from ml.mining.strata import pooled
from models.rules.cost import Part, Rates, Reason, Uncounted, lost_value, priced
from models.rules.cost_kinds import BESIDE, Component

DAY_US = 86_400_000_000
TENURES = (180 * DAY_US, 365 * DAY_US, 3 * 365 * DAY_US)
RECENCIES = (30 * DAY_US, 90 * DAY_US, 365 * DAY_US)
QUINTILES = (0.2, 0.4, 0.6, 0.8)
FEW = 5
"""Customers under whom a need or a team is told together with others: see decision 0045."""
WORTH = "what the customer is worth in a year, times the excess departure, over their failed cases"
REFERRED = "a share of the lost value that the workspace assumes"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a workspace says that costs are reckoned by.

    Attributes
    ----------
    rates : Rates
    within_days : int
        For how many days after a case a contact about the same need is a repeat.
    horizon_days : int
        For how long departures are followed.
    value_years : float or None
        For how many years a departed customer's worth is lost; None is one, as told.
    excess : float or None
        The excess departure assumed where it cannot be measured.
    referrals : float or None
        What a departed customer's referrals are worth, as a share of their own worth; None leaves it out.
    """

    rates: Rates
    within_days: int = 14
    horizon_days: int = 90
    value_years: float | None = None
    excess: float | None = None
    referrals: float | None = None


class Departing(NamedTuple):
    """The excess departure in use, with its interval and its matching where it was measured, and what was seen."""

    excess: float | None
    low: float | None
    high: float | None
    measured: bool
    seen: Excess
    matched: Matched | None


class Failure(NamedTuple):
    """A failing case, priced: what it cost in minor units, None where nothing is known of it."""

    seen: Seen
    amount: int | None
    parts: tuple[Part, ...]
    beside: tuple[Part, ...]
    uncounted: tuple[Uncounted, ...]
    per_excess: float


@dataclass(frozen=True, slots=True)
class RootCost:
    """What the failures of a matrix cost, and by whose doing.

    Attributes
    ----------
    failures : list of Failure
    departing : Departing
    credited : Credited
    groups : dict of str to list of str or None
        By grouping (`need`, `team`) what its groups are called: None is not known, and the last one, `OTHERS`, holds
        those of too few customers.
    group_of : dict of str to ndarray of int, shape (failures,)
        By grouping the group of every failing case.
    """

    failures: list[Failure]
    departing: Departing
    credited: Credited
    groups: dict[str, list[str | None]]
    group_of: dict[str, NDArray[np.intp]]


def root_cost(
    matrix: CaseMatrix,
    sets: Sequence[Sequence[str]],
    facts: CostFacts,
    terms: Terms,
    now_us: int,
    *,
    draws: int = DRAWS,
) -> RootCost:
    """Price the failing cases of a matrix and credit what they cost to condition sets.

    Parameters
    ----------
    matrix : CaseMatrix
    sets : sequence of sequence of str
        The condition sets that were found together, by the codes of their members.
    facts : CostFacts
    terms : Terms
    now_us : int
        The moment of reading, UTC microseconds.
    draws : int
        How many drawings of the customers the intervals rest on.
    """
    seen = cases_seen(matrix.cases, matrix.failed, matrix.customers, matrix.times)
    whose = customers_of(matrix)
    departing = _departing(seen, whose, facts, terms, now_us, draws)
    failures = _priced(seen, facts, terms, departing)
    groups, group_of = {}, {}
    for name in ("need", "team"):
        groups[name], group_of[name] = _grouped(failures, facts, name)
    costs = costs_of(matrix, sets, whose, failures, [group_of["need"], group_of["team"]])
    credited = credit(costs, departing.excess or 0.0, departing.matched, draws=draws)
    return RootCost(failures, departing, credited, groups, group_of)


def customers_of(matrix: CaseMatrix) -> NDArray[np.intp]:
    """Return a code for the customer of every row of a matrix, in the order of their references."""
    return np.unique(np.array(matrix.customers), return_inverse=True)[1].reshape(-1).astype(np.intp)


def _departing(
    seen: Sequence[Seen], whose: NDArray[np.intp], facts: CostFacts, terms: Terms, now_us: int, draws: int
) -> Departing:
    """Compare the departures of those failed with those of others; where too few left, take what is declared."""
    followed = [case for case in seen if _is_followed(case.case, facts)]
    states = [facts.known_at(facts.cases[case.case].customer, case.moment_us) for case in followed]
    left = [facts.left_us.get(facts.cases[case.case].customer, NEVER) for case in followed]
    episodes = Episodes(
        customer=whose[np.array([case.rows[0] for case in followed], dtype=np.intp)],
        start_us=np.array([case.moment_us for case in followed], dtype=np.int64),
        failed=np.array([case.failed for case in followed], dtype=bool),
        departed_us=np.array(left, dtype=np.int64),
        strata=_strata(followed, states, facts, terms.rates.currency),
    )
    matched = Matched(episodes, terms.horizon_days * DAY_US, now_us)
    found = matched.described()
    if not found.enough:
        return Departing(terms.excess, None, None, False, found, None)
    low, high = matched.interval(int(whose.max()) + 1, draws)
    return Departing(found.value, low, high, True, found, matched)


def _is_followed(case: UUID, facts: CostFacts) -> bool:
    """Tell whether departures of the case's customer are known: not of somebody erased, nor of who objects to it."""
    line = facts.cases.get(case)
    return line is not None and line.customer in facts.history and line.customer not in facts.objecting


def _strata(
    followed: Sequence[Seen], states: Sequence[CustomerState], facts: CostFacts, currency: str
) -> NDArray[np.intp]:
    """Return segment, tenure, value quintile and recency of every episode as known then; 0 is not known.

    A value in another currency is not known: amounts in two currencies have no common order.
    """
    segments = {name: code for code, name in enumerate(sorted({s.segment for s in states if s.segment}), 1)}
    values = [state.value if state.currency == currency else None for state in states]
    known = [value for value in values if value is not None]
    quintiles = np.quantile(known, QUINTILES).tolist() if known else []
    opened = _opened(facts)
    rows = []
    for case, state, value in zip(followed, states, values, strict=True):
        tenure = None if state.since_us is None else case.moment_us - state.since_us
        before = opened.get(facts.cases[case.case].customer, [])
        place = bisect_left(before, (case.moment_us, case.case))
        earlier = [moment for moment, other in before[:place] if other != case.case][-1:]
        recency = case.moment_us - earlier[0] if earlier else None
        rows.append(
            (
                segments.get(state.segment or "", 0),
                _step(tenure, TENURES),
                _step(value, quintiles),
                _step(recency, RECENCIES),
            )
        )
    return np.array(rows, dtype=np.intp).reshape(-1, 4)


def _opened(facts: CostFacts) -> dict[UUID, list[tuple[int, UUID]]]:
    """Return when each customer's cases were opened, in order."""
    opened: defaultdict[UUID, list[tuple[int, UUID]]] = defaultdict(list)
    for case, line in facts.cases.items():
        if line.opened_us is not None:
            opened[line.customer].append((line.opened_us, case))
    return {customer: sorted(moments) for customer, moments in opened.items()}


def _step(value: float | None, steps: Sequence[float]) -> int:
    return 0 if value is None else 1 + bisect_left(steps, value)


def _priced(seen: Sequence[Seen], facts: CostFacts, terms: Terms, departing: Departing) -> list[Failure]:
    """Price every failing case."""
    known = facts_of_failures(seen, facts, terms.within_days)
    failing = [case for case in seen if case.failed]
    lines = [facts.cases.get(case.case) for case in failing]
    failed_cases = Counter(line.customer for line in lines if line is not None)
    found = []
    for case, line in zip(failing, lines, strict=True):
        worth = None if line is None else facts.worth(line.customer, case.moment_us)
        counts = worth is not None and worth[1] == terms.rates.currency
        lost: tuple[Part, ...] = ()
        per_excess = 0.0
        if line is not None and worth is not None and counts and departing.excess is not None:
            lost = _lost(worth[0], failed_cases[line.customer], departing, terms)
            per_excess = worth[0] * _years_lost(terms) / failed_cases[line.customer]
        parts, uncounted = priced(known[case.case], terms.rates, loses_value=bool(lost))
        if worth is not None and not counts:
            uncounted += (Uncounted(Reason.OTHER_CURRENCY, worth[1], None),)
        counted = tuple(part for part in (*parts, *lost) if part.component not in BESIDE)
        amount = sum(part.amount for part in counted) if counted else None
        beside = tuple(part for part in parts if part.component in BESIDE)
        found.append(Failure(case, amount, counted, beside, uncounted, per_excess))
    return found


def _years_lost(terms: Terms) -> float:
    """Return how many years of a customer's worth are lost when they leave, what they would have referred included."""
    return (terms.value_years or 1.0) * (1 + (terms.referrals or 0.0))


def _lost(value: int, cases: int, departing: Departing, terms: Terms) -> tuple[Part, ...]:
    years, excess = terms.value_years or 1.0, departing.excess or 0.0
    measured = departing.measured and terms.value_years is None
    lost = Part(Component.LOST_VALUE, measured, lost_value(value, years, excess, cases), WORTH)
    if terms.referrals is None:
        return (lost,)
    referred = lost_value(value, years * terms.referrals, excess, cases)
    return (lost, Part(Component.REFERRALS, False, referred, REFERRED))


def _grouped(failures: Sequence[Failure], facts: CostFacts, name: str) -> tuple[list[str | None], NDArray[np.intp]]:
    """Name the groups of the failing cases: those of enough customers, then not known, then the others together."""
    values = [getattr(facts.cases.get(failure.seen.case), name, None) for failure in failures]
    customers: defaultdict[str, set[str]] = defaultdict(set)
    for value, failure in zip(values, failures, strict=True):
        if value is not None:
            customers[value].add(failure.seen.customer)
    large = sorted(value for value, theirs in customers.items() if len(theirs) >= FEW)
    place: dict[str | None, int] = {value: at for at, value in enumerate(large)}
    place[None] = len(large)
    codes = [place.get(value, len(large) + 1) for value in values]
    return [*large, None], np.array(codes, dtype=np.intp)


def costs_of(
    matrix: CaseMatrix,
    sets: Sequence[Sequence[str]],
    whose: NDArray[np.intp],
    failures: Sequence[Failure],
    groups: Sequence[NDArray[np.intp]],
) -> Costs:
    """Put the failing cases back into the matrix's rows, each row an even part of its case."""
    n = len(matrix.failed)
    cost, per_excess, known = np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    group_rows = [np.zeros(n, dtype=np.intp) for _ in groups]
    for at, failure in enumerate(failures):
        rows = list(failure.seen.rows)
        cost[rows] = (failure.amount or 0) / len(rows)
        per_excess[rows] = failure.per_excess / len(rows)
        known[rows] = failure.amount is not None
        for group, place in zip(group_rows, groups, strict=True):
            group[rows] = place[at]
    members = np.array([[code in some for some in sets] for code in matrix.conditions], dtype=bool)
    items = [tuple(Item(matrix.conditions.index(code), "eq", 1.0) for code in some) for some in sets]
    strata = np.array(matrix.strata or [""] * n)
    return Costs(
        states=Observed(np.array(matrix.states, dtype=float).reshape(n, len(matrix.conditions))).matrix(items),
        failed=np.array(matrix.failed, dtype=bool),
        stratum=pooled(np.unique(strata, return_inverse=True)[1].reshape(-1))[0],
        customer=whose,
        cost=cost,
        per_excess=per_excess,
        known=known,
        groups=group_rows,
        members=members.reshape(len(matrix.conditions), len(sets)),
    )
