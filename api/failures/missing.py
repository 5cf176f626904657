"""What the catalogue lacks: people name it for failures with no known set, and what is named most becomes a condition.

An observation made from such a name counts from when it was named. It says nothing of why the case failed: whoever
named it knew that it had. It is a beginning: from now on the condition can be seen before a case fails.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select

from api import audit
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.failures import analyses, observations, queries, service
from api.failures.missing_schemas import MissingAnswer, MissingBody, MissingCatalogueBody, MissingCatalogued
from api.failures.schemas import ConditionBody, ObservationBody
from api.listing import Asked, part_of
from models.failure import MissingCondition, ObservedState
from models.ids import uuid7
from models.recording import ROWS_A_QUESTION

told = MissingCondition.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


def key_of(name: str) -> str:
    """Return what makes two spellings the same name.

    >>> key_of("No  spare key") == key_of("no spare KEY ")
    True
    """
    return " ".join(name.split()).casefold()


async def name_missing(work: Work, analysis_id: UUID, case: str, body: MissingBody) -> tuple[MissingAnswer, bool]:
    """Keep what somebody names as missing of an unexplained failure; return it, and whether it is told anew.

    The same name for the same case is told once, whoever repeats it.
    """
    shown = await analyses.unexplained(work, analysis_id)
    if case not in {item.case for item in shown.items}:
        raise NoSuchThing(f"The case {case} is not among the failures that the analysis shows as unexplained.")
    table = queries.analyses
    mine = (table.c.workspace_id == work.workspace_id, table.c.id == analysis_id)
    await work.session.execute(select(table.c.id).where(*mine).with_for_update())  # nobody names beside us
    case_id = (await customers.parents(work, [(None, case)])).case(case).id
    key = key_of(body.missing)
    known = any(row["case_id"] == case_id and key_of(row["words"]) == key for row in await _rows(work))
    if not known:
        row = {"workspace_id": work.workspace_id, "id": uuid7(), "analysis_id": analysis_id, "case_id": case_id}
        said = {"words": body.missing, "actor": work.caller.actor, "recorded_at": work.now}
        await work.session.execute(insert(told).values({**row, **said}))
    return next(item for item in await _named(work) if key_of(item.name) == key), not known


async def list_missing(work: Work, asked: Asked) -> tuple[list[MissingAnswer], str | None]:
    """Return a page of the names people gave, those of most cases first."""
    since = asked.updated_since
    return part_of(await _named(work), asked, lambda item: since is None or item.last_at >= since)


async def catalogue_missing(work: Work, body: MissingCatalogueBody) -> MissingCatalogued:
    """Catalogue a condition under a name people gave, and note it in the cases it was named for."""
    rows = [row for row in await _rows(work) if key_of(row["words"]) == key_of(body.name)]
    if not rows:
        raise NoSuchThing("Nobody named this as missing. `GET /v1/missing-conditions` lists what was named.")
    known = {row["reference"] for row in await _catalogue(work) if key_of(row["name"]) != key_of(body.name)}
    if body.code in known:
        raise Conflict(f"The code {body.code} is another condition's. Choose another.", code="code_taken")
    stored = await service.store_condition(work, ConditionBody(code=body.code, name=rows[0]["words"], kind=body.kind))
    names = {row["id"]: row["case"] for row in await _cases(work, [row["case_id"] for row in rows])}
    seen = [_seen(row, names[row["case_id"]], body.code) for row in rows if row["case_id"] in names]
    for start in range(0, len(seen), ROWS_A_QUESTION):
        await observations.store_observations(work, seen[start : start + ROWS_A_QUESTION])
    await audit.note(work, "missing_condition.catalogued", body.code, {"cases": len(seen)})
    return MissingCatalogued(**dict(stored), observed=len(seen))


def _seen(row: RowMapping, case: str, code: str) -> ObservationBody:
    return ObservationBody(
        reference=f"missing:{row['id']}",
        case=case,
        condition=code,
        state=ObservedState.PRESENT,
        source="staff",
        observed_at=row["recorded_at"],
    )


async def _rows(work: Work) -> list[RowMapping]:
    statement = select(told).where(told.c.workspace_id == work.workspace_id).order_by(told.c.recorded_at, told.c.id)
    return list((await work.session.execute(statement)).mappings())


async def _catalogue(work: Work) -> list[RowMapping]:
    return list((await work.session.execute(queries.current_conditions(work.workspace_id))).mappings())


async def _cases(work: Work, case_ids: Sequence[UUID]) -> list[RowMapping]:
    rows = await queries.named_cases(work.session, work.workspace_id, case_ids)
    return [row for row in rows if not row["voided"]]


async def _named(work: Work) -> list[MissingAnswer]:
    """Return the names, those of most cases first; of as many the one that was told first."""
    by_key: dict[str, list[RowMapping]] = {}
    for row in await _rows(work):
        by_key.setdefault(key_of(row["words"]), []).append(row)
    codes = {key_of(row["name"]): row["reference"] for row in await _catalogue(work)}
    found = [_answer(rows, codes.get(key)) for key, rows in by_key.items()]
    return sorted(found, key=lambda item: -item.cases)


def _answer(rows: Sequence[Any], condition: str | None) -> MissingAnswer:
    return MissingAnswer(
        name=rows[0]["words"],
        cases=len(rows),
        first_at=rows[0]["recorded_at"],
        last_at=rows[-1]["recorded_at"],
        condition=condition,
    )
