"""What others are told of failures: a case that failed its customer, a condition set confirmed or back again.

A case is told of once, however it came to fail and however often that is found again. Topics that change cases call
this in the transaction of the change, as they call `derivation`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from uuid import UUID

from api import outbox
from api.dependencies import Work
from api.events import NEWS, CaseFailed, ConditionSetConfirmed, ConditionSetReturned
from api.failures import derivation, queries
from api.workspaces import service as workspaces
from models.base import to_us
from models.ids import in_order
from models.rules.facts import AsOf
from models.rules.failure import failed
from models.rules.outcome import FailureDefinition

CONFIRMED = "confirmed"


async def tell_failed(work: Work, by_response: Mapping[UUID, UUID]) -> int:
    """Tell of cases that an answer made failures, each with that response; return how many were not told before."""
    return await _tell(work, by_response, "answer")


async def tell_failing(work: Work, case_ids: Iterable[UUID]) -> int:
    """Tell of those cases whose facts came to make them failures, where the failure definition asks no customer."""
    definition = (await workspaces.of(work)).failure
    wanted = in_order(case_ids)
    if definition.asks_the_customer or not wanted:
        return 0
    now_us, before_us = to_us(work.now), to_us(work.now - NEWS)
    told = await derivation.histories(work, wanted, definition.rule.reads)
    failing = [
        case_id
        for case_id, history in told.items()
        if _fails(definition, AsOf(history), now_us) and not _fails(definition, AsOf(history), before_us)
    ]
    return await _tell(work, dict.fromkeys(failing), "facts")


async def failing_by_facts(work: Work, case_ids: Iterable[UUID], moment_us: int | None = None) -> frozenset[UUID]:
    """Return which cases fail by their facts, now or as known at a moment; none where the definition asks customers."""
    definition = (await workspaces.of(work)).failure
    wanted = in_order(case_ids)
    if definition.asks_the_customer or not wanted:
        return frozenset()
    told = await derivation.histories(work, wanted, definition.rule.reads)
    at_us = to_us(work.now) if moment_us is None else moment_us
    return frozenset(id_ for id_, history in told.items() if _fails(definition, AsOf(history), at_us))


def _fails(definition: FailureDefinition, case: AsOf, moment_us: int) -> bool:
    facts = case.facts(moment_us)
    return facts is not None and failed(definition.rule, {}, facts) is True


async def tell_all_failing(work: Work, after: UUID | None = None) -> UUID | None:
    """Tell of the next portion of cases that fail as time passes; return where to go on, None at the end."""
    at_once = derivation.CASES_AT_ONCE
    ids = await queries.case_ids_after(work.session, work.workspace_id, after, at_once)
    await tell_failing(work, ids)
    return ids[-1] if len(ids) == at_once else None


async def _tell(work: Work, cases: Mapping[UUID, UUID | None], by: Literal["answer", "facts"]) -> int:
    happened = []
    for row in await queries.named_cases(work.session, work.workspace_id, list(cases)):
        response = cases[row["id"]]
        fields = {name: row[name] for name in ("case", "customer", "need", "team", "channel", "opened_at")}
        told = CaseFailed(**fields, by=by, response=None if response is None else str(response))
        happened.append(told.event(once=row["id"].hex))
    return await outbox.emit_all(work, happened)


async def tell_confirmed(
    work: Work, outcome: str, analysis_id: UUID, found: Sequence[tuple[UUID, ConditionSetConfirmed]]
) -> int:
    """Tell of the confirmed sets of a whole analysis just stored that the whole one before it had not confirmed.

    Parameters
    ----------
    found
        Of each confirmed set its id, and what would be told if it were confirmed for the first time.
    """
    before = await queries.confirmed_before(work.session, work.workspace_id, outcome, analysis_id)
    happened = []
    for set_id, told in found:
        if set_id not in before:
            happened.append(told.event())
        elif not before[set_id]:
            happened.append(ConditionSetReturned(**told.model_dump()).event())
    return await outbox.emit_all(work, happened)
