"""What time alone brings about: rules look at a case again when a promise falls due or a clock passes a bound.

Each derivation keeps when time can next change what it saw (`looks`). A regular pass takes what is due; whoever tells
of a case takes it with that, and whoever reads before the pass reckons it without storing it.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from api import jobs
from api.dependencies import Work
from api.failures import derivation, looks, watching
from models.rules.timeline import Derived

ONLY_OVERDUE = "overdue"
"""What a request to derive holds that is not about all cases."""


async def derive_overdue(work: Work, at_once: int) -> int:
    """Let all rules look at the next cases in which time alone may have changed what they see; return how many."""
    book, ids = await derivation.rule_book(work)
    found = await looks.next_overdue(work.session, work.workspace_id, work.now, at_once)
    await watching.hold_cases(work.session, work.workspace_id, found)
    await looks.take_away(work.session, work.workspace_id, found, work.now)
    if book.rules:
        await derivation.derive_each(work, book, ids, found)
    return len(found)


async def is_any_overdue(work: Work) -> bool:
    """Return whether time may have brought about something that is not derived yet."""
    return await looks.is_any_overdue(work.session, work.workspace_id, work.now)


async def ask_where_overdue(work: Work) -> None:
    """Ask for the rules to look first, for whoever reads what they saw of all cases: such jobs wait for it."""
    if await is_any_overdue(work):
        await ask(work)


async def ask(work: Work) -> UUID:
    """Ask for the rules to look at the cases in which time alone may have changed what they see."""
    return await jobs.enqueue(work, jobs.DERIVE, {ONLY_OVERDUE: True})


async def steps_overdue(
    work: Work, customer_ids: Collection[UUID], opened_after: datetime
) -> list[tuple[UUID, UUID, Derived]]:
    """Return what time alone brought about in some customers' cases and nobody stored yet: customer, case and step."""
    book, _ = await derivation.rule_book(work)
    if not book.timed:
        return []
    waiting = await looks.overdue_of(work.session, work.workspace_id, customer_ids, work.now, opened_after)
    told = await derivation.timelines(work, book, [case_id for _, case_id, _ in waiting])
    return [
        (customer_id, case_id, row)
        for customer_id, case_id, due_us in waiting
        for row in told[case_id].rows
        if row.moment_us >= due_us
    ]
