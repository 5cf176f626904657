"""Discretionary outreach that is begun by itself: for those flagged, where it is expected to save most beyond its cost.

Only where the workspace declares the cost of a contact, and never more than its capacity allows in seven days. Whoever
waits for a follow-up, was contacted or asked lately, or does not want to be contacted, is left alone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from api import kinds
from api.customers import service as customers
from api.dependencies import Work
from api.feedback import contacts
from api.recorded import impossible
from api.risk import effect, queries
from api.risk.follow_ups import queries as owed
from api.risk.follow_ups.service import due_after
from api.workspaces import service as workspaces
from models.base import to_us
from models.follow_up import FollowUpKind, FollowUpOrigin
from models.recording import Change

WEEK = timedelta(days=7)
WORTH = "worth"
OFFERED_AT_ONCE = 100
LOOKED_AT = 500
"""So many of those worth most are looked at in one portion; the rest is for the next round."""


async def is_wanted(work: Work) -> bool:
    """Return whether the workspace declares what a contact costs: then outreach is begun by itself."""
    return (await workspaces.of(work)).outreach.contact_cost is not None


async def is_any(work: Work, since: datetime, until: datetime) -> bool:
    """Return whether a flag was stored between two moments, or nothing was ever reckoned, in a workspace that asks."""
    if not await is_wanted(work):
        return False
    if (await effect.newest(work)).computed_at is None:
        return True
    return await queries.is_any_flagged(work.session, work.workspace_id, since, until)


async def by_worth(work: Work, *, order: str, within_capacity: bool) -> queries.ByWorth | None:
    """Return how those flagged are listed by worth: all, or those with whom outreach can still be begun this week.

    None where they are listed in another order, which knows no capacity.
    """
    if order != WORTH:
        if within_capacity:
            raise impossible("within_capacity", "needs_worth", "Only with `order=worth` is there a capacity.")
        return None
    if not within_capacity:
        return queries.ByWorth()
    return queries.ByWorth(await room(work), await _rested_since(work))


async def _rested_since(work: Work) -> datetime:
    return work.now - timedelta(days=(await workspaces.of(work)).contact_rest_days)


async def room(work: Work) -> int | None:
    """Return how many contacts can still be begun in these seven days; None where there is no limit."""
    capacity = (await workspaces.of(work)).outreach.capacity_a_week
    if capacity is None:
        return None
    return max(capacity - await owed.begun_since(work.session, work.workspace_id, work.now - WEEK), 0)


async def offer(work: Work) -> int:
    """Begin outreach for those worth most among the customers flagged; return how many."""
    if not await is_wanted(work):
        return 0
    await owed.hold(work.session, work.workspace_id)
    left = await room(work)
    most = OFFERED_AT_ONCE if left is None else min(left, OFFERED_AT_ONCE)
    since = await _rested_since(work)
    rows = await owed.most_worth(work.session, work.workspace_id, since, LOOKED_AT) if most else []
    asked = await contacts.invited_since(work.session, work.workspace_id, [row["customer_id"] for row in rows], since)
    chosen = [row for row in rows if row["customer_id"] not in asked][:most]
    made = await customers.keep(work, kinds.FOLLOW_UP, [await _outreach(work, row) for row in chosen])
    return sum(one.created for one in made)


async def _outreach(work: Work, row: Mapping[Any, Any]) -> Change:
    given = {
        "kind": FollowUpKind.OUTREACH,
        "origin": FollowUpOrigin.FLAG,
        "customer_id": row["customer_id"],
        "assessment_id": row["id"],
        "team": row["team"],
        "owed_at": work.now,
        "due_at": await due_after(work, work.now),
    }
    # Named anew each time: of one assessment outreach may be begun again after a rest.
    name = f"outreach-{row['id'].hex}-{to_us(work.now)}"
    return Change((name,), given, work.now, work.now, once=True)
