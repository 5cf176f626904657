"""Redress that is owed because a case failed: begun by the worker for each failure that was told, once a case.

Neither the customer's value nor a wish not to be contacted is asked: it is owed all the same.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from api import kinds
from api.customers import service as customers
from api.dependencies import Work
from api.events import NEWS
from api.risk.follow_ups import queries
from api.risk.follow_ups.service import due_after
from models.follow_up import FollowUpKind, FollowUpOrigin
from models.recording import Change

FAILURES_AT_ONCE = 100


async def is_any(work: Work, since: datetime, until: datetime) -> bool:
    """Return whether a case was told to have failed after one moment and up to another."""
    return await queries.is_any_failure(work.session, work.workspace_id, _news(work, since), until)


async def owe_redress(work: Work, since: datetime, until: datetime, after: UUID | None) -> tuple[UUID | None, int]:
    """Owe redress for the next failures that were told between two moments.

    Returns
    -------
    tuple
        After which event to go on, None at the end; and how many follow-ups were begun.
    """
    session, workspace_id = work.session, work.workspace_id
    await queries.hold(session, workspace_id)
    told = await queries.failures_after(session, workspace_id, _news(work, since), until, after, FAILURES_AT_ONCE)
    failed = {UUID(row["once"].rpartition("/")[2]): row for row in told}
    standing = await queries.cases_now(session, workspace_id, list(failed))
    there = await queries.redress_for(session, workspace_id, list(failed))
    changes = [
        await _redress(work, failed[case_id], case) for case_id, case in standing.items() if case_id not in there
    ]
    made = await customers.keep(work, kinds.FOLLOW_UP, changes)
    further = told[-1]["id"] if len(told) == FAILURES_AT_ONCE else None
    return further, sum(one.created for one in made)


async def _redress(work: Work, failure: Mapping[Any, Any], case: Mapping[Any, Any]) -> Change:
    response = failure["payload"].get("response")
    owed_at = failure["recorded_at"]
    if response is not None and not await queries.is_answer_of(
        work.session, work.workspace_id, UUID(response), case["customer_id"]
    ):
        response = None
    given = {
        "kind": FollowUpKind.REDRESS,
        "origin": FollowUpOrigin.FAILURE,
        "customer_id": case["customer_id"],
        "case_id": case["id"],
        "response_id": None if response is None else UUID(response),
        "team": case["team"],
        "owed_at": owed_at,
        "due_at": await due_after(work, owed_at),
    }
    return Change((f"redress-{case['id'].hex}",), given, owed_at, max(work.now, owed_at), once=True)


def _news(work: Work, since: datetime) -> datetime:
    """Return from when on failures are looked at: a workspace begins with what is news, not with its past."""
    return max(since, work.now - NEWS)
