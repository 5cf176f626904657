"""The support that is owed: proposals that wait for their answer and requests that wait to be met, oldest first."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select

from api.company import service as company
from api.dependencies import Work
from api.listing import Asked
from api.paging import cursor_after
from api.roles import queries
from api.roles.service import OWED, waiting
from api.roles.support_schemas import SupportOwed
from api.roles.telling import Row
from models.base import to_us
from models.rules.supporters import Supporters
from models.rules.values import DAY_US

ALIKE = ("id", "reference", "team", "kind", "due_at")
OF_A_PROPOSAL = ("status", "author", "role", "customer_need", "proposed_change")


async def support_owed(
    work: Work, asked: Asked, *, team: str | None = None, supporter: str | None = None
) -> tuple[list[SupportOwed], str | None]:
    """Return a page of what waits for support, of one team or owed by one supporter where named; oldest due first."""
    owing = await company.supporters(work)
    limit = asked.limit
    proposals = queries.owed(work.workspace_id, OWED, asked)
    requests = queries.requests_owed(work.workspace_id, asked)
    if team is not None:
        proposals = proposals.where(queries.versions.c.team == team)
        requests = requests.where(queries.request_versions.c.team == team)
    if supporter is not None:
        below, above = owing.supported_by(supporter), owing.supported_by(supporter, above=True)
        proposals = proposals.where(queries.owed_by(owing.named(supporter), below, above))
        requests = requests.where(queries.request_versions.c.team.in_(sorted(below)))
    found = [_of_proposal(row, owing, work.now) for row in await _rows(work, proposals)]
    found += [_of_request(row, owing, work.now) for row in await _rows(work, requests)]
    found.sort(key=lambda item: (item.due_at, item.id.hex))
    following = cursor_after(found[limit - 1].due_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


async def _rows(work: Work, statement: Select[Any]) -> list[Row]:
    return list((await work.session.execute(statement)).mappings().all())


def _of_proposal(row: Row, owing: Supporters, now: datetime) -> SupportOwed:
    since = waiting(row, now)
    return SupportOwed(
        **{name: row[name] for name in (*ALIKE, *OF_A_PROPOSAL)},
        **since,
        about="role_proposal",
        what=row["proposed_change"],
        wanted=row["details"]["wanted"],
        owed_by=owing.owing(row["team"], row["status"], row["taken_to"]),
        waiting_days=_days(since["owed_since"], now),
    )


def _of_request(row: Row, owing: Supporters, now: datetime) -> SupportOwed:
    return SupportOwed(
        **{name: row[name] for name in ALIKE},
        about="support_request",
        status="open",
        author=row["asked_by"],
        role=None,
        what=row["what"],
        customer_need=None,
        proposed_change=None,
        wanted=[],
        owed_by=owing.of(row["team"]),
        owed_since=row["asked_at"],
        waiting_days=_days(row["asked_at"], now),
        overdue=now > row["due_at"],
    )


def _days(since: datetime, now: datetime) -> int:
    return max((to_us(now) - to_us(since)) // DAY_US, 0)
