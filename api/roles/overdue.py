"""Support that was owed and did not come in time: told once for each date, whenever it is looked for."""

from api import outbox
from api.dependencies import Work
from api.events import SupportOverdue
from api.roles import queries
from api.roles.service import OWED
from models.base import to_us


async def emit_overdue(work: Work) -> int:
    """Tell of each answer and each request whose date has passed; return how many were not told before.

    A date moved (taken to somebody, a question replied to) is a new promise: passed, it is told of too.
    """
    proposals = queries.overdue(work.workspace_id, OWED, work.now)
    requests = queries.requests_overdue(work.workspace_id, work.now)
    happened = []
    for owed, statement in (("role_proposal", proposals), ("support_request", requests)):
        for row in (await work.session.execute(statement)).mappings():
            told = {name: row[name] for name in ("reference", "team", "kind", "due_at")}
            once = f"{owed}/{row['id'].hex}/{to_us(row['due_at'])}"
            happened.append(SupportOverdue.model_validate({"owed": owed, **told}).event(once=once))
    return await outbox.emit_all(work, happened)
