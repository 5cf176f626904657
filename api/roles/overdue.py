"""Support that was owed and did not come in time: told once for each date, whenever it is looked for."""

from api import outbox
from api.dependencies import Work
from api.events import SupportOverdue
from api.roles import queries
from api.roles.service import OWED
from models.base import to_us


async def emit_overdue(work: Work) -> int:
    """Tell of each answer owed to a role proposal whose date has passed; return how many were not told before.

    A date moved (taken to somebody, a question replied to) is a new promise: passed, it is told of too.
    """
    statement = queries.overdue(work.workspace_id, OWED, work.now)
    rows = (await work.session.execute(statement)).mappings().all()
    happened = [
        SupportOverdue(
            owed="role_proposal",
            reference=row["reference"],
            team=row["team"],
            kind=row["kind"],
            due_at=row["due_at"],
        ).event(once=f"role_proposal/{row['id'].hex}/{to_us(row['due_at'])}")
        for row in rows
    ]
    return await outbox.emit_all(work, happened)
