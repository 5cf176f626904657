"""Felt and the Gap: the felt items of a time put together, beside what the company's records say, and kept."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import select

from api.dependencies import Work, utc_now, writing_as
from api.failures import telling as failures
from api.handlers import worker_caller
from api.jobs.leases import Held, Leases
from api.learner.felt_figures import figures, gap
from api.measures.loyalty import facts
from api.measures.loyalty.asking import Question, asked
from api.measures.loyalty.counting.sums import by_customer
from api.measures.loyalty.felt import queries
from api.measures.loyalty.felt import service as felt
from models.base import from_us
from models.ids import in_portions
from models.rules.loyalty.dimensions import PARTS, Part
from models.rules.loyalty.gap import MATCHED
from models.rules.periods import Period

MATCHED_PARTS = frozenset(part for dimension, _ in MATCHED for part in PARTS[dimension])
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Heard:
    """What is known of a window.

    Attributes
    ----------
    forms : sequence of mapping
        See `felt_queries.forms`.
    counts : mapping of UUID to mapping
        Of each customer what was counted by share.
    """

    forms: Sequence[Row]
    counts: Mapping[UUID, Mapping[Part, tuple[int, int, int]]]


@dataclass(frozen=True)
class Served:
    """Who was served, whether they answered or not.

    Attributes
    ----------
    cases : sequence of mapping
        See `felt_queries.served`.
    failed : set of UUID or None
        Those that failed by their facts; None where only customers can say so.
    """

    cases: Sequence[Row]
    failed: frozenset[UUID] | None


async def feel(leases: Leases, held: Held, tell: Callable[[float, str], None]) -> None:
    """Compute a workspace's Felt and Gap, and keep them."""
    tell(0.05, "reading")
    async with leases.database.read(held.workspace_id) as session:
        reading = Work(session, held.workspace_id, worker_caller(held.workspace_id), utc_now())
        question = await _question(reading, held.request)
        now, before = await _heard(reading, question), await _heard(reading, _before(question))
        served = await _served(reading, question)
    tell(0.4, "estimating")
    found = await asyncio.to_thread(figures, now.forms, now.counts, served.cases, served.failed)
    moved = gap(before.forms, before.counts, now.forms, now.counts)
    tell(0.9, "storing")
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        await felt.keep(work, felt.Report(question.start_us, question.end_us, found, moved))
        told: dict[str, JsonValue] = {"forms": found["n"], "published": found["published"]}
        await leases.done(work.session, held, told)


async def _question(work: Work, request: Mapping[str, JsonValue]) -> Question:
    if felt.FROM not in request:
        return await asked(work)
    start, end = (from_us(int(str(request[name]))) for name in (felt.FROM, felt.TO))
    return await asked(work, start=start, end=end)


def _before(question: Question) -> Question:
    """Return the same of the window before, as it is known now."""
    start_us = question.start_us - (question.end_us - question.start_us)
    periods = (Period(start_us, question.start_us),)
    return replace(question, start_us=start_us, end_us=question.start_us, periods=periods)


async def _heard(work: Work, question: Question) -> Heard:
    places = await felt.places(work)
    forms: Sequence[Row] = []
    if places:
        forms = (await work.session.execute(queries.forms(question, places))).mappings().all()
    counts: defaultdict[UUID, dict[Part, tuple[int, int, int]]] = defaultdict(dict)
    for rows in await facts.counted_rows(work, question, MATCHED_PARTS):
        for row in (await work.session.execute(select(by_customer(rows)))).mappings():
            own = {part: _counted(row, part) for part in MATCHED_PARTS if part in rows.parts}
            counts[row["whose"]] |= {part: counted for part, counted in own.items() if counted[-1]}
    return Heard(forms, counts)


def _counted(row: Row, part: Part) -> tuple[int, int, int]:
    k, m, rows = (int(row[f"{name}_{part.value}"]) for name in "kmr")
    return k, m, rows


async def _served(work: Work, question: Question) -> Served:
    cases = (await work.session.execute(queries.served(question))).mappings().all()
    if question.failure.asks_the_customer:
        return Served(cases, None)
    failed: set[UUID] = set()
    for some in in_portions(row["id"] for row in cases if row["in_window"]):
        failed |= await failures.failing_by_facts(work, some)
    return Served(cases, frozenset(failed))
