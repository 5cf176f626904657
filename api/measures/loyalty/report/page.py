"""The report as one file: everything in it, no script, readable on a screen of any width, by ear, and on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.measures.loyalty.charts.schemas import ChartAnswer, ChartInterval, ChartPoint, ChartSignal, Plotted
from api.measures.loyalty.report import words
from api.measures.loyalty.report.drawing import Band, Dot, Row, chart_svg, profile_svg
from api.measures.loyalty.report.gathering import Report
from api.measures.loyalty.schemas import DimensionAnswer
from api.pages.dress import colour_style
from models.rules.loyalty.profile import FULL

HERE = Path(__file__).parent
STYLE = "report.css"
UNITS = {"percent": "%", "per case": "per case", "hours": "hours"}
PLACES = {"percent": 1, "per case": 2, "hours": 1}
SIGNALS = {
    "outside": "outside its limits",
    "jump": "further from the one before than its limit",
    "run": "eight or more in a row on one side of the centre",
}

templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class DrawnChart:
    """A chart as the page shows it."""

    name: str
    title: str
    picture: Markup
    counted: str
    found: Sequence[str]
    points: Sequence[Sequence[str]]
    unit: str
    has_tail: bool


def page(report: Report) -> str:
    """Return the report as HTML."""
    facts, zone = report.loyalty.facts, ZoneInfo(report.loyalty.zone)
    return templates.get_template("report.html").render(
        report=report,
        style=_style(report.colour),
        start=_day(report.loyalty.start, zone),
        end=_day(report.loyalty.end, zone),
        as_of=_day(report.loyalty.as_known_at, zone),
        names=words.NAMES,
        said=words.said,
        counted=words.counted,
        figure=words.figure,
        share=words.share,
        profile=_profile(facts.dimensions),
        missing=[(one, connect) for one in facts.dimensions for connect in one.connect],
        one_number=words.one_number(facts),
        felt=words.felt_words(report.loyalty.felt),
        early=words.early_words(report.early),
        charts=[_chart(chart, zone, place) for place, chart in enumerate(report.charts)],
        too_little=words.TOO_LITTLE,
        validated=[] if report.validation is None else words.validated(report.validation),
    )


def _style(colour: str | None) -> Markup:
    """Return the style sheet, which stands in the page, and after it the company's colour."""
    own = "" if colour is None else colour_style(colour.removeprefix("#").lower())
    return Markup(_sheet() + own)  # noqa: S704 - our own file, and a colour that was checked


@lru_cache(maxsize=1)
def _sheet() -> str:
    return (HERE / "templates" / STYLE).read_text(encoding="utf-8")


def _day(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B %Y}"


def _profile(dimensions: Sequence[DimensionAnswer]) -> Markup:
    rows = [Row(words.NAMES[one.key], one.value, one.low, one.high, words.said(one)) for one in dimensions]
    told = "; ".join(f"{row.name}: {row.said}" for row in rows)
    drawn = profile_svg("The eight dimensions, from 0 to 100, with their 95 % intervals", told, rows)
    return Markup(drawn)  # noqa: S704 - drawn by us from numbers, its texts escaped


def _chart(chart: ChartAnswer, zone: ZoneInfo, place: int) -> DrawnChart:
    name, title = f"chart-{place + 1}", _title(chart)
    dots = [_dot(point, chart.interval, zone) for point in chart.points]
    places = {point.start: at for at, point in enumerate(chart.points)}
    bands = [Band(places[one.start], _after(chart.points, one.end), one.centre) for one in chart.limits]
    found = _found(chart, zone)
    unit = UNITS[chart.unit]
    most = FULL if chart.unit == "percent" else None
    picture = chart_svg(title, " ".join(found), dots, bands, name=name, unit=unit, most=most)
    return DrawnChart(
        name=name,
        title=title,
        picture=Markup(picture),  # noqa: S704 - drawn by us from numbers, its texts escaped
        counted=f"{chart.numerator}, of {chart.denominator}" if chart.unit != "hours" else chart.numerator,
        found=found,
        points=[
            _row(point, dot.when, PLACES[chart.unit])
            for point, dot in zip(chart.points, dots, strict=True)
            if point.value is not None
        ],
        unit=unit,
        has_tail=chart.unit == "hours",
    )


def _title(chart: ChartAnswer) -> str:
    name = words.NAMES[chart.dimension]
    if chart.measure is Plotted.ELAPSED:
        return f"{name}: elapsed time, first contact to done"
    part = "" if chart.part is None or len(chart.parts) == 1 else f": {chart.part.replace('_', ' ')}"
    return f"{name}{part}, by {chart.interval}"


def _after(points: Sequence[ChartPoint], end: datetime) -> int:
    return sum(point.end <= end for point in points)


def _dot(point: ChartPoint, interval: ChartInterval, zone: ZoneInfo) -> Dot:
    local = point.start.astimezone(zone)
    return Dot(
        f"{local:%b %Y}" if interval is ChartInterval.MONTH else f"{local.day} {local:%b %y}",
        point.value,
        point.low,
        point.high,
        outside=point.outside or point.jumped,
        run=point.run,
        settling=point.settling or point.mixed,
    )


def _found(chart: ChartAnswer, zone: ZoneInfo) -> list[str]:
    """Say what the chart shows: its limits, and each signal."""
    unit, places = UNITS[chart.unit], PLACES[chart.unit]
    said = [
        f"Centre {one.centre:.{places}f} {unit}, limits {one.low:.{places}f} to {one.high:.{places}f}, made by "
        f"{one.points} points{_standing(one.provisional, one.frozen)}."
        for one in chart.limits
    ]
    said += [f"{_when(one, chart, zone)}: {SIGNALS[one.kind]}." for one in chart.signals]
    if chart.limits and not chart.signals:
        said.append("Nothing is out of the ordinary.")
    return said or ["Too few settled points for limits."]


def _standing(provisional: bool, frozen: bool) -> str:
    if provisional:
        return ": provisional, fewer than twelve"
    return ", and frozen" if frozen else ""


def _when(signal: ChartSignal, chart: ChartAnswer, zone: ZoneInfo) -> str:
    """Say when a signal is seen: in a week or month, or from one to another."""
    last = next(point.start for point in chart.points if point.end == signal.end)
    days = [signal.start] if last == signal.start else [signal.start, last]
    if chart.interval is ChartInterval.MONTH:
        return " to ".join(f"{day.astimezone(zone):%B %Y}" for day in days)
    return f"{'Week' if len(days) == 1 else 'Weeks'} from {' to '.join(_day(day, zone) for day in days)}"


def _row(point: ChartPoint, when: str, places: int) -> list[str]:
    """Return a point as a line of the table beside the picture."""
    marks = [
        name
        for name, holds in (
            ("outside", point.outside),
            ("jump", point.jumped),
            ("run", point.run),
            ("not settled", point.settling),
        )
        if holds
    ]
    figures = [point.value, point.low, point.high, point.tail]
    value, low, high, tail = ("" if one is None else f"{one:.{places}f}" for one in figures)
    of = str(point.n) if point.k is None else f"{point.k} of {point.n}"
    return [
        when,
        of,
        value,
        *([tail] if tail else []),
        f"{low} to {high}" if low else "none",
        ", ".join(marks) or "none",
    ]
