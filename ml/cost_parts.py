"""Parts of what failing cases cost, added up: by component and basis, by category, what is in no sum, and own time."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.case_costs import CostFacts
from ml.root_cost import FEW, REFERRED, WORTH, Failure
from models.rules.cost import BY_CONTACT, COUNTED, RECORDED, Part, apportioned
from models.rules.cost_kinds import CATEGORIES, Category, Component

MEASURED, ASSUMED = "measured", "assumed"
HOUR_MINUTES = 60
HOUR_US = 3_600_000_000
MOST_SOURCES = 10
OUR_WORDS = frozenset({RECORDED, BY_CONTACT, COUNTED, WORTH, REFERRED})
Document = dict[str, Any]


def summed_parts(cases: Sequence[Failure], *, beside: bool = False) -> list[Document]:
    """Add up the parts by component and basis, with where they come from; those beside the cost of failure apart."""
    amounts: Counter[tuple[Component, bool]] = Counter()
    places: defaultdict[tuple[Component, bool], set[int]] = defaultdict(set)
    told: defaultdict[tuple[Component, bool], defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for at, case in enumerate(cases):
        for part in case.beside if beside else case.parts:
            amounts[_key(part)] += part.amount
            places[_key(part)].add(at)
            told[_key(part)][part.source].add(case.seen.customer)
    return [
        {**_named(*key), "amount": amounts[key], "cases": len(places[key]), "sources": _sources(told[key])}
        for key in sorted(places)
    ]


def divided_parts(cases: Sequence[Failure], shares: NDArray[np.float64], amount: int) -> list[Document]:
    """Divide what is credited to a set, or the leak, into its components: they add up to it."""
    sums: defaultdict[tuple[Component, bool], float] = defaultdict(float)
    for share, case in zip(shares.tolist(), cases, strict=True):
        for part in case.parts if share > 0 else ():
            sums[_key(part)] += part.amount * share
    keys = sorted(sums)
    whole = apportioned(amount, [sums[key] for key in keys])
    return [{**_named(*key), "amount": each} for key, each in zip(keys, whole, strict=True)]


def by_category(cases: Sequence[Failure]) -> dict[str, int | None]:
    """Add up the parts by category of the prevention-appraisal-failure model; null where nothing was told."""
    found: dict[str, int | None] = dict.fromkeys(map(str, Category), None)
    for part in (part for case in cases for part in (*case.parts, *case.beside)):
        name = CATEGORIES[part.component].value
        found[name] = (found[name] or 0) + part.amount
    return found


def not_counted(cases: Sequence[Failure]) -> list[Document]:
    """List what was told of and is in no sum, by reason and currency."""
    entries: Counter[tuple[str, str]] = Counter()
    amounts: dict[tuple[str, str], int] = {}
    for item in (item for case in cases for item in case.uncounted):
        key = (item.reason.value, item.currency or "")
        entries[key] += 1
        if item.amount is not None:
            amounts[key] = amounts.get(key, 0) + item.amount
    return [
        {"reason": key[0], "currency": key[1] or None, "entries": entries[key], "amount": amounts.get(key)}
        for key in sorted(entries)
    ]


def customer_time(cases: Sequence[Failure], shares: NDArray[np.float64], facts: CostFacts) -> Document:
    """Add up the customers' own time in hours: what they say they spent, and how long they were without."""
    spent: list[float] = []
    elapsed: list[float] = []
    for share, case in zip(shares.tolist(), cases, strict=True):
        if share <= 0:
            continue
        minutes, line = facts.minutes_spent.get(case.seen.case), facts.cases.get(case.seen.case)
        ended = None if line is None else line.confirmed_us or line.done_us
        if minutes is not None:
            spent.append(share * minutes / HOUR_MINUTES)
        if line is not None and line.opened_us is not None and ended is not None:
            elapsed.append(share * max(ended - line.opened_us, 0) / HOUR_US)
    return {
        "spent_hours": sum(spent) if spent else None,
        "spent_cases": len(spent),
        "elapsed_hours": sum(elapsed) if elapsed else None,
        "elapsed_cases": len(elapsed),
    }


def _key(part: Part) -> tuple[Component, bool]:
    return part.component, part.measured


def _named(component: Component, measured: bool) -> Document:
    basis = MEASURED if measured else ASSUMED
    return {"component": component.value, "category": CATEGORIES[component].value, "basis": basis}


def _sources(told: Mapping[str, set[str]]) -> list[str]:
    """Return where parts come from, the commonest first; what is said of few customers only may name somebody."""
    often = [source for source, customers in told.items() if len(customers) >= FEW or source in OUR_WORDS]
    return sorted(often, key=lambda source: (-len(told[source]), source))[:MOST_SOURCES]
