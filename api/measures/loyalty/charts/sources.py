"""What a chart is drawn from: rows that hold of rows that are known, how often something happened, or elapsed times."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sqlalchemy import Select

from api.dependencies import Work
from api.measures.loyalty.asking import Question
from api.measures.loyalty.charts import queries as chart_queries
from api.measures.loyalty.charts.schemas import Plotted
from api.measures.loyalty.counting.sums import by_customer
from api.measures.loyalty.facts import cells, counted_rows
from models.rules.histograms import HALF, quantile_of_counts
from models.rules.loyalty.charting import Series, Stretch, elapsed, rates, shares
from models.rules.loyalty.dimensions import COUNTED, Part
from models.rules.loyalty.profile import FULL, PartSums
from models.rules.periods import SETTLING_US
from models.rules.shifts import SharedSums
from models.rules.statistics import ClusterSums
from models.rules.values import HOUR_US

TAIL = 0.9
FEWEST_CASES = 5
"""Of fewer a median is not told."""
AT_ONCE = frozenset({Part.KEPT, Part.AS_NEW, Part.PROPOSALS_ANSWERED, Part.REQUESTS_MET})
"""Shares that nothing later unsettles once a period is over: no customer is waited for who may still say no."""
HAPPENED = {
    Plotted.CONTACTS: "contacts in them",
    Plotted.HANDOVERS: "hand-overs in them",
    Plotted.REOPENED: "reopenings of them",
}


@dataclass(frozen=True)
class Point:
    """What a period has to show: the figure in the chart's unit, None where too little is known."""

    k: int | None
    n: int
    rows: int
    value: float | None
    tail: float | None = None
    sums: ClusterSums | None = None
    """Over its customers, where a test can be made of them."""


NOTHING = Point(0, 0, 0, None)


class Source(Protocol):
    """Where points come from, and how they are drawn."""

    @property
    def kind(self) -> Literal["p_prime", "u_prime", "xmr_log"]:
        """Which chart it is drawn on."""

    @property
    def unit(self) -> Literal["percent", "per case", "hours"]:
        """What figures are in."""

    @property
    def factor(self) -> float:
        """From what is counted to the unit."""

    @property
    def numerator(self) -> str:
        """What holds, or is counted."""

    @property
    def denominator(self) -> str:
        """Of what."""

    @property
    def settling_us(self) -> int:
        """How long what is known of a period may change after its end."""

    def drawn(self, series: Series, places: Sequence[int]) -> Stretch | None:
        """Draw a stretch."""

    async def points(self, work: Work, asked: Question) -> Sequence[Point]:
        """Return a point for each period that is asked for."""

    async def shared(self, work: Work, asked: Question) -> Mapping[int, SharedSums]:
        """Return by a period's number what its customers share with the period before."""


@dataclass(frozen=True)
class Share:
    """A share (p'): rows that hold, of those of which it is known."""

    part: Part
    group: str | None
    kind: Literal["p_prime"] = "p_prime"
    unit: Literal["percent"] = "percent"
    factor: float = FULL

    @property
    def numerator(self) -> str:
        """What holds."""
        return COUNTED[self.part].numerator

    @property
    def denominator(self) -> str:
        """Of what."""
        return COUNTED[self.part].denominator

    @property
    def settling_us(self) -> int:
        """How long what is known of a period may change after its end."""
        return 0 if self.part in AT_ONCE else SETTLING_US

    def drawn(self, series: Series, places: Sequence[int]) -> Stretch | None:
        """Draw a stretch."""
        return shares(series, places)

    async def points(self, work: Work, asked: Question) -> Sequence[Point]:
        """Return a point for each period that is asked for."""
        found = await cells(work, asked, [self.part])
        told = (found.get((self.group, place), {}).get(self.part) for place in range(len(asked.periods)))
        return [NOTHING if sums is None else _counted(sums, self.factor) for sums in told]

    async def shared(self, work: Work, asked: Question) -> Mapping[int, SharedSums]:
        """Return by a period's number what its customers share with the period before."""
        k, m = f"k_{self.part.value}", f"m_{self.part.value}"
        found: dict[int, SharedSums] = {}
        for rows in await counted_rows(work, asked, [self.part]):
            found |= await _shared(work, chart_queries.shared_by(by_customer(rows), k, m, self.group))
        return found


@dataclass(frozen=True)
class Happened:
    """How often something happened a case (u')."""

    column: str
    numerator: str
    group: str | None
    denominator: str = "cases opened in the period"
    kind: Literal["u_prime"] = "u_prime"
    unit: Literal["per case"] = "per case"
    factor: float = 1.0
    settling_us: int = SETTLING_US

    def drawn(self, series: Series, places: Sequence[int]) -> Stretch | None:
        """Draw a stretch."""
        return rates(series, places)

    async def points(self, work: Work, asked: Question) -> Sequence[Point]:
        """Return a point for each period that is asked for."""
        statement = chart_queries.added_up(chart_queries.happened_by_customer(asked, self.column))
        found: dict[int, Point] = {}
        for row in (await work.session.execute(statement)).mappings():
            if row["grp"] == self.group:
                names = ("customers", "n", "total", "total_squared", "total_by_n", "n_squared")
                sums = ClusterSums(*(int(row[name]) for name in names))
                found[row["period"]] = _counted(PartSums(sums, int(row["rows"])), self.factor)
        return [found.get(place, NOTHING) for place in range(len(asked.periods))]

    async def shared(self, work: Work, asked: Question) -> Mapping[int, SharedSums]:
        """Return by a period's number what its customers share with the period before."""
        told = chart_queries.happened_by_customer(asked, self.column)
        return await _shared(work, chart_queries.shared_by(told, "k", "m", self.group))


def _counted(sums: PartSums, factor: float) -> Point:
    value = factor * sums.known.total / sums.known.n if sums.is_measured else None
    return Point(int(sums.known.total), sums.known.n, sums.rows, value, sums=sums.known)


async def _shared(work: Work, statement: Select[Any]) -> dict[int, SharedSums]:
    rows = await work.session.execute(statement)
    return {row[0]: SharedSums(*(int(told) for told in row[1:])) for row in rows}


@dataclass(frozen=True)
class Elapsed:
    """Elapsed time (XmR on its logarithm): the median of each period, and the 90th percentile beside it."""

    group: str | None
    kind: Literal["xmr_log"] = "xmr_log"
    unit: Literal["hours"] = "hours"
    factor: float = 1.0
    numerator: str = "median time from the first contact until done for the customer"
    denominator: str = "cases done for their customer in the period"
    settling_us: int = SETTLING_US

    def drawn(self, series: Series, places: Sequence[int]) -> Stretch | None:
        """Draw a stretch."""
        return elapsed(series, places)

    async def points(self, work: Work, asked: Question) -> Sequence[Point]:
        """Return a point for each period that is asked for."""
        counts: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for row in await work.session.execute(chart_queries.elapsed_counts(asked)):
            if row.grp == self.group:
                counts[row.period][row.bin] = row.n
        return [self._point(counts.get(place, {})) for place in range(len(asked.periods))]

    def _point(self, counts: Mapping[int, int]) -> Point:
        n = sum(counts.values())
        middle, tail = (quantile_of_counts(counts, share) for share in (HALF, TAIL))
        if middle is None or tail is None or n < FEWEST_CASES:
            return Point(None, n, n, None)
        # A case that was done as it was opened took some time, too little to tell: a logarithm needs it.
        return Point(None, n, n, max(middle, 1) / HOUR_US, max(tail, 1) / HOUR_US)

    async def shared(self, work: Work, asked: Question) -> Mapping[int, SharedSums]:
        """Return nothing: medians are not tested."""
        del work, asked
        return {}


def source_of(plotted: Plotted, part: Part | None, group: str | None) -> Source:
    """Return what a chart is drawn from."""
    if part is not None:
        return Share(part, group)
    return Elapsed(group) if plotted is Plotted.ELAPSED else Happened(plotted.value, HAPPENED[plotted], group)
