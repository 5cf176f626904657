"""Answers given before the case was done: how many, and how otherwise those customers answered.

Who is asked while still waiting tells of the waiting. Where many are, what a survey says of the work itself is mixed
with when it was sent.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from api.bodies import Answer
from api.dependencies import Work
from api.measures.loyalty.report.early_queries import MOMENTS, SHARED, early_sums
from models.rules.differences import difference
from models.rules.shifts import SharedSums
from models.rules.statistics import ClusterSums, mean_interval, share_interval

SUMS = ("customers", "n", "total", "total_squared", "total_by_n", "n_squared", "row_squares")


class Estimate(Answer):
    """A number with its interval."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    customers: int


class EarlyAnswers(Answer):
    """What was answered before the case was done beside what was answered after."""

    moment: Literal["answered", "asked"] = Field(
        description="Before done was the answer, or already the question (by a day at least)."
    )
    early: int = Field(description="Of the answers about a case, those before it was done, or about one never done.")
    share: Estimate = Field(description="Of all answers of which the moment is known.")
    score_before: Estimate = Field(description="Mean score, 0 to 10, of those before done.")
    score_after: Estimate
    difference: Estimate = Field(description="Before less after. An association: who waits longest is asked first.")


async def early_answers(work: Work, from_us: int, to_us: int) -> list[EarlyAnswers]:
    """Return, for each moment, the share of answers given in a window before the case was done."""
    row = (await work.session.execute(early_sums(work.workspace_id, from_us, to_us))).mappings().one()
    return [_told(row, moment) for moment in MOMENTS]


def _told(row: Mapping[Any, Any], moment: Any) -> EarlyAnswers:
    share, before, after = (_sums(row, f"{moment}_{name}") for name in ("share", "before", "after"))
    shared = SharedSums(*(float(row[f"{moment}_shared_{name}"] or 0) for name, _, _ in SHARED))
    found, apart = share_interval(share), difference(before, after, shared)
    return EarlyAnswers(
        moment=moment,
        early=round(share.total),
        share=Estimate(value=found.value, low=found.low, high=found.high, n=share.n, customers=share.customers),
        score_before=_mean(before),
        score_after=_mean(after),
        difference=Estimate(
            value=apart.value,
            low=apart.low,
            high=apart.high,
            n=before.n + after.n,
            customers=row[f"{moment}_scored"],
        ),
    )


def _mean(sums: ClusterSums) -> Estimate:
    found = mean_interval(sums)
    told = sums.customers > 1
    return Estimate(
        value=found.value,
        low=found.low if told else None,
        high=found.high if told else None,
        n=sums.n,
        customers=sums.customers,
    )


def _sums(row: Mapping[Any, Any], name: str) -> ClusterSums:
    customers, n, total, total_squared, total_by_n, n_squared, row_squares = (row[f"{name}_{one}"] or 0 for one in SUMS)
    return ClusterSums(
        int(customers),
        int(n),
        float(total),
        float(total_squared),
        float(total_by_n),
        int(n_squared),
        float(row_squares),
    )
