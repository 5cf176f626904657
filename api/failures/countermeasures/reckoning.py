"""What if: the failures that countermeasures would be expected to keep away, by what the analysis in force kept."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from api.dependencies import Work
from api.errors import Conflict, Malformed, NoSuchThing
from api.failures.countermeasures import queries
from api.failures.countermeasures.covering import Covering, Row, covering
from api.failures.countermeasures.schemas import (
    AvoidedAnswer,
    LeftOut,
    Supposed,
    WhatIfAnswer,
    WhatIfBody,
)
from models.rules.avoided import Avoided, Cell, Exposures, Measure, expected_failures, what_if
from models.rules.coverage import Standing

OUTCOME = "failure"
LEVEL = 0.95


async def suppose(work: Work, body: WhatIfBody) -> WhatIfAnswer:
    """Return what some countermeasures would be expected to avoid: if all hold, if the best slips, if all slip."""
    kept = await queries.exposures_in_force(work.session, work.workspace_id, OUTCOME)
    if kept is None:
        raise Conflict(
            "No analysis has kept what countermeasures are reckoned from. Ask for one: POST /v1/analyses.",
            code="not_analysed_yet",
            retryable=True,
        )
    exposures = read_exposures(kept["document"])
    found = await covering(work)
    measures, left_out = measures_of(found, _chosen(found, body))
    measures += [Measure(one.reference, frozenset(one.conditions), one.effectiveness) for one in body.proposed]
    _check_once(measures)
    told = await asyncio.to_thread(what_if, exposures, measures)
    concerned = frozenset().union(*exposures.sets)
    return WhatIfAnswer(
        analysis=kept["id"],
        cases=round(exposures.rows),
        expected_failures=expected_failures(exposures),
        all_hold=answer_of(told.all_hold),
        best_slips=answer_of(told.best_slips),
        all_slip=answer_of(told.all_slip),
        best=told.best,
        interval_kind="model",
        level=LEVEL,
        supposed=[
            Supposed(reference=one.reference, conditions=sorted(one.conditions), effectiveness=one.effectiveness)
            for one in measures
        ],
        left_out=left_out,
        unconcerned=sorted(frozenset().union(*(one.conditions for one in measures)) - concerned),
    )


def _chosen(found: Covering, body: WhatIfBody) -> list[Row]:
    """Return the recorded countermeasures that are named; where nothing is named, all that are planned or live."""
    if not body.countermeasures and not body.proposed:
        return [row for row in found.rows if found.standings[row["id"]] is not Standing.RETIRED]
    known = {row["reference"]: row for row in found.rows} | {str(row["id"]): row for row in found.rows}
    for reference in body.countermeasures:
        if reference not in known:
            raise NoSuchThing(f"There is no countermeasure {reference}, or it was withdrawn.")
    return list({known[reference]["id"]: known[reference] for reference in body.countermeasures}.values())


def _check_once(measures: Sequence[Measure]) -> None:
    names = [one.reference for one in measures]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        detail = f"{twice[0]} is named twice."
        raise Malformed(
            f"Name each countermeasure once: {detail}",
            errors=[{"pointer": "/proposed", "code": "named_twice", "detail": detail}],
        )


def measures_of(found: Covering, rows: Sequence[Row]) -> tuple[list[Measure], list[LeftOut]]:
    """Return recorded countermeasures as arithmetic takes them, and those it cannot take."""
    measures, left = [], []
    for row in rows:
        why = _why_not(found, row)
        if why is None:
            measures.append(Measure(row["reference"], frozenset(row["conditions"]), row["effectiveness"]))
        else:
            left.append(LeftOut(reference=row["reference"], why=why))
    return measures, left


def _why_not(found: Covering, row: Row) -> Any:
    if found.standings[row["id"]] is Standing.RETIRED:
        return "retired"
    if row["team"] is not None:
        return "one_team_only"
    return "effectiveness_unknown" if row["effectiveness"] is None else None


def answer_of(told: Avoided) -> AvoidedAnswer:
    """Return a figure as it is answered."""
    return AvoidedAnswer(value=told.value, low=told.low, high=told.high)


def read_exposures(document: Any) -> Exposures:
    """Read what an analysis kept."""
    return Exposures(
        tuple(frozenset(codes) for codes in document["sets"]),
        tuple(document["lengths"]),
        tuple(tuple(row) for row in document["covariance"]),
        tuple(Cell(leak, rows, tuple(places)) for leak, rows, places in document["cells"]),
    )


def document_of(exposures: Exposures) -> dict[str, Any]:
    """Return what an analysis keeps, as it is stored."""
    return {
        "sets": [sorted(codes) for codes in exposures.sets],
        "lengths": list(exposures.lengths),
        "covariance": [list(row) for row in exposures.covariance],
        "cells": [[cell.leak, cell.rows, list(cell.complete)] for cell in exposures.cells],
    }


async def keep_exposures(work: Work, analysis_id: UUID, exposures: Exposures, discovered_until: Any) -> None:
    """Keep what an analysis reckoned, in the transaction of its findings."""
    row = {"workspace_id": work.workspace_id, "id": analysis_id, "document": document_of(exposures)}
    row |= {"discovered_until": discovered_until, "recorded_at": work.now}
    await queries.append_exposures(work.session, row)
