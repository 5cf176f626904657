"""What can be said of conditions and observations, one or many at a time."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from api import audit, jobs, kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Malformed, NoSuchThing
from api.failures import derivation, queries, sets
from api.failures.countermeasures import covering as covers
from api.failures.countermeasures.covering import Covering, covering
from api.failures.schemas import (
    ConditionAnswer,
    ConditionBody,
    ConditionSetAnswer,
    ConditionStored,
)
from api.failures.suggestions import asking
from api.listing import Asked, rows_of
from api.recorded import when
from api.workspaces import service as workspaces
from models.recording import Change
from models.rules.conditions import Rule, RuleRefused, parse_rule

CASES_IN_A_REQUEST = 500
"""So many past cases a new rule looks at before the answer; more are a job's work."""
OUTCOME = "failure"


async def store_condition(work: Work, body: ConditionBody) -> ConditionStored:
    """Catalogue a condition, and let its rule look at the past cases; what the body leaves out stays as it was."""
    zone = (await workspaces.of(work)).zone
    _check_rule(body.rule, zone)
    occurred, recorded = when(body, work.now)
    given = body.model_dump(exclude={"code", "occurred_at", "recorded_at"}, exclude_unset=True)
    before = await _current_condition(work, body.code)
    stored = (await customers.keep(work, kinds.CONDITION, [Change((body.code,), given, occurred, recorded)]))[0]
    if not stored.unchanged:
        await audit.note(work, "condition.stored", body.code, {"version": stored.version})
    derivation.forget(work)
    found = await read_condition(work, body.code)
    if found.phrases != ((before and before["phrases"]) or []):
        await asking.look_back(work)
    if found.rule == (None if before is None else before["rule"]):
        past = "no_rule" if found.rule is None else "evaluated"
    else:
        # A rule that was taken away leaves what it saw until now, and sees nothing any more.
        past = await _look_back(work)
    return ConditionStored(**found.model_dump(), unchanged=stored.unchanged, past_cases=past)


async def look_back_at_change(work: Work, reference: str) -> Any:
    """Let the rules that ask about a change of the company look at the past cases again."""
    derivation.forget(work)
    return await _look_back(work) if await derivation.reads_change(work, reference) else "no_rule"


async def _look_back(work: Work) -> Any:
    if await queries.count_cases(work.session, work.workspace_id) > CASES_IN_A_REQUEST:
        await jobs.enqueue(work, jobs.DERIVE, {})
        return "queued"
    await derivation.derive_all(work)
    return "evaluated"


def _check_rule(rule: Mapping[str, JsonValue] | None, zone: str) -> None:
    if rule is None:
        return
    try:
        parse_rule(rule, zone=zone)
    except RuleRefused as refused:
        pointer = f"/rule{refused.pointer}"
        errors = [{"pointer": pointer, "code": refused.code, "detail": refused.detail}]
        raise Malformed(f"Correct {pointer}: {refused.detail}", code="rule_refused", errors=errors) from None


async def read_condition(work: Work, code: str) -> ConditionAnswer:
    """Return a condition of the catalogue."""
    row = await _current_condition(work, code)
    if row is None:
        raise NoSuchThing(f"There is no condition {code}.")
    return _condition_answer(row)


async def _current_condition(work: Work, code: str) -> Mapping[Any, Any] | None:
    statement = queries.current_conditions(work.workspace_id).where(queries.conditions.c.reference == code)
    row: Mapping[Any, Any] | None = (await work.session.execute(statement)).mappings().one_or_none()
    return row


async def list_conditions(work: Work, asked: Asked) -> tuple[list[ConditionAnswer], str | None]:
    """Return a page of the catalogue."""
    statement = queries.current_conditions(work.workspace_id)
    return await rows_of(work, asked, statement, kinds.CONDITION.head, _condition_answer)


async def condition_ids(work: Work, codes: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of those conditions that are catalogued."""
    return await customers.ids_of(work, kinds.CONDITION, codes)


async def rules_by_condition(work: Work) -> dict[str, Rule | None]:
    """Return each condition's rule, by code in the order of the alphabet; None where it has none."""
    book, _ = await derivation.rule_book(work)
    codes = await queries.codes(work.session, work.workspace_id)
    return {code: book.rules.get(code) for code in codes}


async def condition_sets(work: Work, status: str | None = None) -> list[ConditionSetAnswer]:
    """Return what the analysis in force says of condition sets, in the order found."""
    found = await sets.looked_at(work, OUTCOME)
    return [item for item in found if status is None or item.status == status]


async def countermeasures(work: Work) -> Covering:
    """Return where the countermeasures stand, and what that makes of conditions and sets."""
    return await covering(work)


async def told_of_countermeasures(work: Work) -> covers.Told:
    """Return what countermeasures stand by, for whoever asks at several moments: `standing_at` says where."""
    return await covers.told(work)


def _condition_answer(row: Mapping[Any, Any]) -> ConditionAnswer:
    return ConditionAnswer(
        id=row["id"],
        code=row["reference"],
        version=row["number"],
        name=row["name"],
        kind=row["kind"],
        rule=row["rule"],
        description=row["description"],
        phrases=row["phrases"] or [],
        stored_at=row["changed_at"],
    )
