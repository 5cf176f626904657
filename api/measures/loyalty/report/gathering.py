"""What the printed report is made of: the profile, its charts, and what was answered before the case was done."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.dependencies import Work
from api.measures.loyalty import asking
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.charts import service as charts
from api.measures.loyalty.charts.schemas import ChartAnswer, ChartInterval, Plotted
from api.measures.loyalty.report.early_answers import EarlyAnswers, early_answers
from api.measures.loyalty.schemas import DimensionAnswer, LoyaltyAnswer
from api.measures.loyalty.service import read_loyalty
from api.measures.loyalty.validation.schemas import ValidationAnswer
from api.measures.loyalty.validation.service import validate
from api.workspaces import service as workspaces
from models.base import from_us
from models.rules.loyalty.dimensions import Dimension, Part
from models.rules.loyalty.profile import COVERAGE_NEEDED
from models.rules.periods import Interval
from models.rules.values import DAY_US

DAYS = {ChartInterval.WEEK: 26 * 7, ChartInterval.MONTH: 730}
"""How far back the charts of a report go from the end of its window: what a page shows and still can be read."""
FEWEST_POINTS = 2
YEAR_US = 365 * DAY_US


@dataclass(frozen=True)
class Report:
    """A company's loyalty at one time, as it is told and as it is printed.

    Parameters
    ----------
    company
        As its pages call it.
    colour
        Its own, like `#0b5fff`, or None.
    logo
        The image itself (`data:`), or None: a report is one file.
    loyalty
    early
    charts
        Empty where nothing is to be drawn.
    validation
        Whether the facts go with their outcomes over the year before the window's end, by segment and month; None where
        nothing is to be drawn.
    """

    company: str
    colour: str | None
    logo: str | None
    loyalty: LoyaltyAnswer
    early: Sequence[EarlyAnswers]
    charts: Sequence[ChartAnswer]
    validation: ValidationAnswer | None


async def gathered(work: Work, asked: Question, interval: ChartInterval | None = None) -> Report:
    """Return what a report is made of; with an interval also its charts."""
    found = await read_loyalty(work, asked)
    settings = await workspaces.of(work)
    logo = settings.branding.logo_url
    return Report(
        company=settings.branding.name or settings.name,
        colour=settings.branding.colour,
        logo=logo if logo is not None and logo.startswith("data:") else None,
        loyalty=found,
        early=await early_answers(work, asked.start_us, asked.end_us),
        charts=[] if interval is None else await _charts(work, asked, interval, found.facts.dimensions),
        validation=None if interval is None else await _validation(work, asked),
    )


async def _validation(work: Work, asked: Question) -> ValidationAnswer:
    start, end = from_us(asked.end_us - YEAR_US), from_us(asked.end_us)
    months = await asking.asked(
        work, start=start, end=end, by=By.SEGMENT, interval=Interval.MONTH, as_known_at=asked.known_at
    )
    return await validate(work, months)


async def _charts(
    work: Work, asked: Question, interval: ChartInterval, dimensions: Sequence[DimensionAnswer]
) -> list[ChartAnswer]:
    """Return a chart of each share of which enough is known in the window, and of the elapsed time."""
    wanted: list[tuple[Dimension, Plotted, Part | None]] = []
    for dimension in dimensions:
        if dimension.key is not Dimension.LEARN:
            known = [part.key for part in dimension.parts if (part.coverage or 0.0) >= COVERAGE_NEEDED]
            wanted += [(dimension.key, Plotted.SHARE, part) for part in known]
        if dimension.key is Dimension.FLOW:
            wanted.append((dimension.key, Plotted.ELAPSED, None))
    start, end = from_us(asked.end_us - DAYS[interval] * DAY_US), from_us(asked.end_us)
    found = [
        await charts.read(
            work,
            charts.Wanted(
                dimension=dimension,
                plotted=plotted,
                part=part,
                by=None,
                group=None,
                interval=interval,
                start=start,
                end=end,
                splits=(),
                as_known_at=asked.known_at,
            ),
        )
        for dimension, plotted, part in wanted
    ]
    return [one for one in found if sum(point.value is not None for point in one.points) >= FEWEST_POINTS]
