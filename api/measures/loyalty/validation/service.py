"""Validation of the facts: whether they go with Felt, departures and Earned Growth, by group and period.

All it stands on are plain sums that the database adds up; what it says, and when it says nothing, is
`models.rules.loyalty.validation`.
"""

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

from api.dependencies import Work
from api.measures import catalogue, queries
from api.measures.answers import Asking, Claims, Grouping
from api.measures.loyalty import facts, judging
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.counting.sums import Cell
from api.measures.loyalty.validation import queries as outcomes
from api.measures.loyalty.validation.schemas import (
    CorrelationAnswer,
    EarnedGrowthAnswer,
    EarnedGrowths,
    ValidationAnswer,
)
from api.workspaces import service as workspaces
from models.base import from_us
from models.rules.loyalty import validation as rule
from models.rules.loyalty.composite import composite
from models.rules.loyalty.dimensions import NEEDED
from models.rules.loyalty.validation import EXPECTED, FEWEST_CELLS, FEWEST_CUSTOMERS, Agreement, Outcome, Revenues
from models.rules.metrics import Scale
from models.rules.periods import Interval
from models.rules.statistics import ClusterSums

FACTS = "facts"
LEVEL = 0.95
SIGNIFICANT = ".12g"
"""Databases add in another order: what is shown is what they agree about."""
ITEMS = tuple(f"felt_{number}" for number in range(1, 8))
HOW_OFTEN = Scale("rating", 0, 4)
FULL = 25
Figures = Mapping[Cell, float]

WORDS = {
    Outcome.FELT: "what customers feel",
    Outcome.DEPARTURES: "how many left afterwards",
    Outcome.EARNED_GROWTH: "Earned Growth",
}
SAYS = {
    Agreement.AS_EXPECTED: "It goes with {}, as it should: an association, not a cause.",
    Agreement.AGAINST: "It goes against {}: look at what it is made of before anything is steered by it.",
    Agreement.NO_SIGN: "No sign that it goes with {}; the interval says how much there may be.",
}


async def validate(work: Work, asked: Question) -> ValidationAnswer:
    """Return how the facts, and each dimension, go with each outcome."""
    settings = await workspaces.of(work)
    served, left = await _departures(work, asked, settings.horizon_days)
    indices = await _indices(work, asked)
    growth = await _growth(work, asked, settings.currency)
    found: Mapping[Outcome, Figures] = {
        Outcome.FELT: await _felt(work, asked),
        Outcome.DEPARTURES: {cell: share for cell, share in left.items() if served[cell] >= FEWEST_CUSTOMERS},
        Outcome.EARNED_GROWTH: _compared(asked, growth),
    }
    return ValidationAnswer(
        **{"from": from_us(asked.start_us), "to": from_us(asked.end_us)},
        zone=asked.zone,
        by=asked.by,
        interval=asked.interval or Interval.MONTH,
        horizon_days=settings.horizon_days,
        fewest_cells=FEWEST_CELLS,
        fewest_customers=FEWEST_CUSTOMERS,
        correlations=[
            _correlation(index, outcome, figures, known)
            for outcome, known in found.items()
            for index, figures in indices.items()
        ],
        earned_growth=growth,
    )


def _correlation(index: str, outcome: Outcome, figures: Figures, known: Figures) -> CorrelationAnswer:
    both = sorted(figures.keys() & known.keys(), key=lambda cell: (cell[0] is None, cell[0] or "", cell[1]))
    found = rule.rank_correlation([rule.Cell(cell[0], figures[cell], known[cell]) for cell in both])
    agreement = found.says(outcome)
    return CorrelationAnswer(
        index=index,
        outcome=outcome,
        rho=found.rho,
        low=found.low,
        high=found.high,
        level=LEVEL,
        cells=found.cells,
        groups=found.groups,
        expected=EXPECTED[outcome],
        agreement=agreement,
        says=_said(agreement, outcome, found.cells),
    )


def _said(agreement: Agreement, outcome: Outcome, cells: int) -> str:
    if agreement is not Agreement.TOO_LITTLE:
        return SAYS[agreement].format(WORDS[outcome])
    if cells >= FEWEST_CELLS:
        return f"Too little to say: it, or {WORDS[outcome]}, is the same wherever both are known."
    return (
        f"Too little to say: it and {WORDS[outcome]} are known together in {cells} groups and periods of "
        f"{FEWEST_CUSTOMERS} customers or more; {FEWEST_CELLS} are needed."
    )


async def _indices(work: Work, asked: Question) -> Mapping[str, Figures]:
    """Return the one number and each dimension, by group and period, of those that customers enough are counted in."""
    weights = (await workspaces.of(work)).loyalty_weights
    found: dict[str, dict[Cell, float]] = {FACTS: {}}
    for cell, parts in (await facts.cells(work, asked)).items():
        profile = judging.profile_of(parts)
        whole = composite(profile, weights)
        if whole is not None and min(profile[needed].n for needed in NEEDED) >= FEWEST_CUSTOMERS:
            found[FACTS][cell] = _rounded(whole.value)
        for dimension, measured in profile.items():
            if measured.value is not None and measured.n >= FEWEST_CUSTOMERS:
                found.setdefault(dimension.value, {})[cell] = _rounded(measured.value)
    return found


async def _departures(work: Work, asked: Question, horizon_days: int) -> tuple[Mapping[Cell, int], Figures]:
    rows = (await work.session.execute(outcomes.departed(asked, horizon_days))).all()
    served = {(row.grp, row.period): int(row.customers) for row in rows}
    return served, {(row.grp, row.period): int(row.departed) / int(row.customers) for row in rows}


async def _felt(work: Work, asked: Question) -> Figures:
    """Return the mean of the seven items' means, where all are answered: raw, of who answered."""
    metrics = await catalogue.metrics(work)
    grouping = None if asked.by is None else Grouping(asked.by.value)
    asking = Asking(work.workspace_id, asked.periods, grouping, Claims.EXCLUDE, asked.known_at)
    means: dict[Cell, list[float]] = {}
    customers: dict[Cell, int] = {}
    for key in ITEMS:
        measure = metrics[key].measures.get(HOW_OFTEN) if key in metrics else None
        if measure is None:
            return {}
        for row in await work.session.execute(queries.sums(asking, measure.places, HOW_OFTEN, facts.MOST_CELLS)):
            cell = (row.grp, row.period)
            means.setdefault(cell, []).append(row.total_0 / row.n)
            customers[cell] = max(customers.get(cell, 0), row.customers)
    return {
        cell: _rounded(fmean(each) * FULL)
        for cell, each in means.items()
        if len(each) == len(ITEMS) and customers[cell] >= FEWEST_CUSTOMERS
    }


async def _growth(work: Work, asked: Question, currency: str) -> EarnedGrowths:
    """Return Earned Growth of each period that is over and has one before; of segments where they are told apart."""
    own = asked if asked.by is By.SEGMENT else asked.together
    out = (await work.session.execute(outcomes.left_out(own, currency))).one()
    rows = (await work.session.execute(outcomes.earned(own, currency))).mappings().all()
    ordered = sorted(rows, key=lambda row: (row["grp"] is None, row["grp"] or "", row["period"]))
    return EarnedGrowths(
        currency=currency,
        over_a_bound=out.over_a_bound,
        other_currency=out.other_currency,
        points=list(_points(own, ordered)),
    )


def _points(asked: Question, rows: list[Any]) -> Iterator[EarnedGrowthAnswer]:
    for row in rows:
        period = asked.periods[row["period"]]
        if period.end_us > asked.now_us:
            continue
        paid = _paid(row)
        found = rule.earned_growth(paid)
        yield EarnedGrowthAnswer(
            **{"from": from_us(period.start_us), "to": from_us(period.end_us)},
            group=row["grp"],
            value=found.growth,
            low=None if found.low is None else _rounded(found.low),
            high=None if found.high is None else _rounded(found.high),
            net_revenue_retention=found.net_revenue_retention,
            earned_new=found.earned_new,
            **{name: round(getattr(paid, name)) for name in ("before", "retained", "referred", "new")},
            customers=found.customers,
            coverage=int(row["known"]) / int(row["pays"]) if row["pays"] else None,
        )


def _paid(row: Mapping[str, Any]) -> Revenues:
    before, retained, referred, new = (float(row[name]) for name in ("before", "retained", "referred", "new"))
    squares = [_rounded(float(row[name])) for name in ("total_squared", "total_by_n", "n_squared")]
    clusters = ClusterSums(
        int(row["customers"]), round(before), retained + referred, squares[0], squares[1], round(squares[2])
    )
    return Revenues(before, retained, referred, new, clusters)


def _compared(asked: Question, growth: EarnedGrowths) -> Figures:
    """Return Earned Growth by group and period; it is no need's and no team's."""
    if asked.by not in {None, By.SEGMENT}:
        return {}
    numbers = {from_us(period.start_us): place for place, period in enumerate(asked.periods)}
    return {
        (point.group, numbers[point.start]): point.value
        for point in growth.points
        if point.value is not None and point.customers >= FEWEST_CUSTOMERS
    }


def _rounded(value: float) -> float:
    return float(format(value, SIGNIFICANT))
