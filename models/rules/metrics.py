"""What a question measures: its scale, and what is counted of the answers on it.

Answers on unlike scales are never added up, and none is stretched to fit another: a 4 of 5 and a 4 of 10 say different
things, and a share among three choices is no share among four.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from models.rules.answers import Question, scale_of
from models.rules.statistics import ClusterSums, mean_interval, nps_interval, share_interval

FEWEST_STEPS = 4
"""A scale with fewer steps has no top two that leave anything over."""
PROMOTERS, PASSIVES = frozenset({9, 10}), frozenset({7, 8})
HUNDRED = 100
SIGNIFICANT = ".12g"
"""Databases add in another order: what is shown is what they agree about."""
TRUE, FALSE = ("true", "1"), ("false", "0")
"""As PostgreSQL and as SQLite write what JSON says."""


class Statistic(StrEnum):
    """What a figure is."""

    MEAN = "mean"
    SHARE = "share"
    NPS = "nps"


@dataclass(frozen=True, slots=True)
class Scale:
    """What can be answered.

    Parameters
    ----------
    kind : str
        The question's.
    low, high : int | None
        The ends, where there are any.
    choices : tuple[str, ...]
        The keys, in alphabetical order: another order is the same scale.
    """

    kind: str
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """One figure of the answers on a scale.

    Parameters
    ----------
    statistic : Statistic
    share_of : str | None
        Of a share, whose.
    weights : Mapping[str, int] | None
        What each answer counts, by its text; others count 0. None: what the answer itself is as a number, or of
        `choices` whether `share_of` is among them.
    meaning : str
        In words.
    """

    statistic: Statistic
    share_of: str | None
    weights: Mapping[str, int] | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval.

    Parameters
    ----------
    value : float
    low, high : float | None
        Both None where there is no telling.
    """

    value: float
    low: float | None
    high: float | None


def measured_by(question: Question) -> Iterator[tuple[str, tuple[str, ...], Scale | None]]:
    """Give what a question measures: under which name, where its answer stands, and on which scale.

    Parameters
    ----------
    question : Question
        As a survey keeps it.

    Returns
    -------
    Iterator[tuple[str, tuple[str, ...], Scale | None]]
        A matrix measures one thing a row, and nothing as a whole. None for what is not measured: texts, dates,
        rankings and consents.

    Examples
    --------
    >>> list(measured_by({"key": "q1", "kind": "rating", "metric_key": "satisfaction", "max": 7}))
    [('satisfaction', ('q1',), Scale(kind='rating', low=1, high=7, choices=()))]
    >>> [name for name, *_ in measured_by({"key": "m", "kind": "matrix", "rows": [{"key": "price"}], "choices": []})]
    ['m', 'm.price']
    """
    name, key, kind = question.get("metric_key") or question["key"], question["key"], question["kind"]
    choices = tuple(sorted(choice["key"] for choice in question.get("choices") or ()))
    if kind == "matrix":
        yield name, (key,), None
        for row in question["rows"]:
            yield f"{name}.{row['key']}", (key, row["key"]), Scale(kind, choices=choices)
    elif kind in {"rating", "csat", "ces", "nps"}:
        yield name, (key,), Scale(kind, *scale_of(question))
    elif kind in {"yes_no", "number"}:
        yield name, (key,), Scale(kind)
    elif kind in {"choice", "choices"}:
        yield name, (key,), Scale(kind, choices=choices)
    else:
        yield name, (key,), None


def counted_on(scale: Scale) -> Sequence[Counted]:
    """Give the figures of the answers on a scale.

    Parameters
    ----------
    scale : Scale

    Examples
    --------
    >>> [(found.statistic.value, found.share_of, found.meaning) for found in counted_on(Scale("csat", 1, 5))][1]
    ('share', 'top_two', 'The share of answers of 4 or 5.')
    """
    if scale.kind == "number":
        return [Counted(Statistic.MEAN, None, None, "The mean of the numbers answered.")]
    if scale.kind == "yes_no":
        return [Counted(Statistic.SHARE, "yes", dict.fromkeys(TRUE, 1), "The share of those who answered yes.")]
    if scale.kind == "choices":
        words = "The share of answers with {} among them."
        return [Counted(Statistic.SHARE, key, None, words.format(key)) for key in scale.choices]
    if scale.low is None or scale.high is None:
        return [Counted(Statistic.SHARE, key, {key: 1}, f"The share of answers of {key}.") for key in scale.choices]
    steps = range(scale.low, scale.high + 1)
    if scale.kind == "nps":
        weights = {str(step): (step in PROMOTERS) - (step not in PROMOTERS | PASSIVES) for step in steps}
        meaning = "The percentage of answers of 9 or 10 less that of answers of 0 to 6: -100 to 100."
        return [Counted(Statistic.NPS, None, weights, meaning)]
    words = f"The mean of the answers, {scale.low} to {scale.high}."
    mean = Counted(Statistic.MEAN, None, {str(step): step for step in steps}, words)
    return [mean, *_share_on(scale, steps)]


def answers_on(scale: Scale) -> Sequence[str] | None:
    """Give the texts that are an answer on a scale; None where they cannot be listed.

    Parameters
    ----------
    scale : Scale
    """
    if scale.kind in {"number", "choices"}:
        return None
    if scale.kind == "yes_no":
        return [*TRUE, *FALSE]
    if scale.low is None or scale.high is None:
        return scale.choices
    return [str(step) for step in range(scale.low, scale.high + 1)]


def estimated(counted: Counted, scale: Scale, sums: ClusterSums) -> Estimate:
    """Give a figure with its 95 % interval, customers as clusters.

    Parameters
    ----------
    counted : Counted
        Which of the scale's figures.
    scale : Scale
    sums : ClusterSums
        Of at least one answer.

    Returns
    -------
    Estimate
        Of one customer a share may be anything and a mean has no interval; nor has one where nobody differs, which
        no spread was seen of. A net promoter score is told from -100 to 100.

    Examples
    --------
    >>> easy = counted_on(Scale("yes_no"))[0]
    >>> estimated(easy, Scale("yes_no"), ClusterSums.of([(1, 1, 1)]))
    Estimate(value=1.0, low=0.0, high=1.0)
    """
    if counted.statistic is Statistic.SHARE:
        share = share_interval(sums)
        return _shown(sums.total / sums.n, share.low, share.high)
    if counted.statistic is Statistic.NPS:
        score = nps_interval(sums)
        value = sums.total / sums.n
        # Its interval is about the adjusted score: where answers are few the raw one may lie beyond its end.
        low, high = (min(score.low, value), max(score.high, value)) if sums.customers > 1 else (-1.0, 1.0)
        return _shown(value * HUNDRED, low * HUNDRED, high * HUNDRED)
    mean = mean_interval(sums)
    if not mean.low < mean.high < inf:
        return _shown(sums.total / sums.n, None, None)
    ends = (-inf if scale.low is None else scale.low), (inf if scale.high is None else scale.high)
    return _shown(sums.total / sums.n, max(mean.low, ends[0]), min(mean.high, ends[1]))


def _shown(*figures: float | None) -> Estimate:
    return Estimate(*(None if figure is None else float(format(figure, SIGNIFICANT)) for figure in figures))  # type: ignore[arg-type] # the value is there


def _share_on(scale: Scale, steps: Sequence[int]) -> Iterator[Counted]:
    if scale.kind == "ces":
        # The higher the harder: easy is what lies below the middle.
        easy = [step for step in steps if 2 * step < steps[0] + steps[-1]]
        words = f"The share of answers of {easy[0]} to {easy[-1]}, {steps[-1]} being the hardest."
        yield Counted(Statistic.SHARE, "easy", {str(step): 1 for step in easy}, words)
    elif len(steps) >= FEWEST_STEPS:
        words = f"The share of answers of {steps[-2]} or {steps[-1]}."
        yield Counted(Statistic.SHARE, "top_two", {str(step): 1 for step in steps[-2:]}, words)
