"""Condition sets that people draw, and what people think of any set."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from api import audit
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NotAboutThis, UnknownReference
from api.etags import check_if_match
from api.failures import queries, sets
from api.failures.rates import catalogue
from api.failures.schemas import (
    ConditionSetAnswer,
    ConditionSetBody,
    VerdictAnswer,
    VerdictBody,
)
from api.listing import Asked, part_of
from api.workspaces import service as workspaces
from models.failure import Verdict
from models.ids import condition_set_id
from models.rules.failure import defines_outcome


async def propose(work: Work, body: ConditionSetBody) -> ConditionSetAnswer:
    """Keep a set that somebody drew: the same conditions are the same set, whoever names them."""
    codes = sorted(set(body.conditions))
    await _check_conditions(work, codes)
    known = await customers.parents(work, ((None, case) for case in body.cases))
    for reference in body.cases:
        known.case(reference)
    set_id = condition_set_id(work.workspace_id, body.outcome, frozenset(codes))
    row = {"workspace_id": work.workspace_id, "id": set_id, "outcome": body.outcome, "conditions": codes}
    dialect = work.session.get_bind().dialect.name
    into = postgresql.insert(queries.sets) if dialect == "postgresql" else sqlite.insert(queries.sets)
    await work.session.execute(into.on_conflict_do_nothing(), {**row, "stored_at": work.now})
    said = await _lock(work, set_id)
    given = (Verdict.PROPOSED.value, body.note, sorted(set(body.cases)))
    if not any((item["verdict"], item["note"], item["cases"]) == given for item in said):
        await _append(work, set_id, len(said) + 1, *given)
        await audit.note(work, "condition_set.proposed", str(set_id), {"conditions": " + ".join(codes)})
    return await sets.read_set(work, set_id)


async def _check_conditions(work: Work, codes: Sequence[str]) -> None:
    """Refuse conditions nobody catalogued, and those that would explain the outcome by themselves."""
    known = {condition.code: condition for condition in await catalogue(work)}
    definition = (await workspaces.of(work)).failure
    for place, code in enumerate(codes):
        if code not in known:
            detail = f"There is no condition {code} in the catalogue."
            errors = [{"pointer": f"/conditions/{place}", "code": UnknownReference.code, "detail": detail}]
            raise UnknownReference(f"{detail} Post it to /v1/conditions first.", errors=errors)
        rule = known[code].rule
        if rule is not None and (shared := defines_outcome(rule, definition.rule)):
            raise NotAboutThis(
                f"The condition {code} reads {', '.join(sorted(shared))}, which the failure definition reads too.",
                code="condition_defines_outcome",
            )


async def judge(work: Work, set_id: UUID, body: VerdictBody, if_match: str | None) -> ConditionSetAnswer:
    """Append what somebody thinks of a set; the latest counts."""
    await sets.read_set(work, set_id)
    said = await _lock(work, set_id)
    check_if_match(if_match, len(said))
    now = next((item for item in reversed(said) if item["verdict"] != Verdict.PROPOSED), None)
    if now is None or (now["verdict"], now["note"]) != (body.verdict, body.note):
        await _append(work, set_id, len(said) + 1, body.verdict, body.note, [])
        await audit.note(work, "condition_set.judged", str(set_id), {"verdict": body.verdict})
    return await sets.read_set(work, set_id)


async def history(work: Work, asked: Asked, *, set_id: UUID) -> tuple[list[VerdictAnswer], str | None]:
    """Return a page of all that people said of a set, the oldest first."""
    await sets.read_set(work, set_id)
    said = (await queries.said_of_sets(work.session, work.workspace_id, [set_id])).get(set_id, [])
    items = [VerdictAnswer(**{name: row[name] for name in VerdictAnswer.model_fields}) for row in said]
    since = asked.updated_since
    return part_of(items, asked, lambda item: since is None or item.recorded_at >= since)


async def _lock(work: Work, set_id: UUID) -> list[Any]:
    """Return what was said of a set, and let nobody else say anything of it until this work is done."""
    table = queries.sets
    mine = and_(table.c.workspace_id == work.workspace_id, table.c.id == set_id)
    await work.session.execute(select(table.c.id).where(mine).with_for_update())
    return list((await queries.said_of_sets(work.session, work.workspace_id, [set_id])).get(set_id, []))


async def _append(work: Work, set_id: UUID, number: int, verdict: str, note: str | None, cases: Sequence[str]) -> None:
    row = {"workspace_id": work.workspace_id, "id": set_id, "number": number, "verdict": verdict, "note": note}
    said = {**row, "cases": list(cases), "actor": work.caller.actor, "recorded_at": work.now}
    await work.session.execute(insert(queries.verdicts).values(said))
