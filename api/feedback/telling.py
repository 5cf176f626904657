"""What others are told when an answer comes in: that it did, and which case it made a failure."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from api import outbox
from api.dependencies import Work
from api.events import ResponseReceived, is_news
from api.failures import telling as failures
from api.feedback import queries
from models.recording import ROWS_A_QUESTION, Recorded


async def tell_received(work: Work, stored: Sequence[Recorded]) -> None:
    """Tell of responses just stored, or just completed by a later step, and of the cases they made failures."""
    ids = [item.id for item in stored if is_news(item.recorded_at, work.now)]
    rows: dict[UUID, Mapping[Any, Any]] = {}
    for start in range(0, len(ids), ROWS_A_QUESTION):
        statement = queries.current_responses(work.workspace_id)
        statement = statement.where(queries.responses.c.id.in_(ids[start : start + ROWS_A_QUESTION]))
        rows |= {row["id"]: row for row in (await work.session.execute(statement)).mappings()}
    await outbox.emit_all(work, [_received(rows[identity]).event() for identity in ids])
    # Of several answers about a case, the first to make it a failure is named.
    failing = {rows[identity]["case_id"]: identity for identity in reversed(ids) if _makes_a_failure(rows[identity])}
    await failures.tell_failed(work, failing)


def _makes_a_failure(row: Mapping[Any, Any]) -> bool:
    return bool(row["failure"]) and row["case_id"] is not None


def _received(row: Mapping[Any, Any]) -> ResponseReceived:
    return ResponseReceived(
        response=str(row["id"]),
        survey=row["survey"],
        customer=row["customer"],
        case=row["case"],
        status="complete" if row["complete"] else "partial",
        claimed=row["claimed_customer"] is not None or row["claimed_case"] is not None,
        failure=row["failure"],
    )
