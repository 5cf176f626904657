"""Follow-ups that were owed and did not come in time: told once for each date, whenever it is looked for."""

from api import outbox
from api.dependencies import Work
from api.events import FollowUpOverdue
from api.risk.follow_ups import queries
from models.base import to_us


async def emit_overdue(work: Work) -> int:
    """Tell of each open follow-up whose date has passed; return how many were not told before.

    A date moved is a new promise: passed, it is told of too.
    """
    happened = []
    for row in (await work.session.execute(queries.overdue(work.workspace_id, work.now))).mappings():
        told = {name: row[name] for name in ("kind", "customer", "case", "team", "owed_at", "due_at")}
        event = FollowUpOverdue(follow_up=row["reference"], **told)
        happened.append(event.event(once=f"{row['id'].hex}/{to_us(row['due_at'])}"))
    return await outbox.emit_all(work, happened)
