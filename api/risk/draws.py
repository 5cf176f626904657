"""Who of those flagged for outreach is held out of it at random, so that its effect can be known.

A draw is stored with the flag, before anything is done, and never changed. It is reckoned by the installation's secret
from the customer and which draw of theirs it is: an answer given before it was stored agrees with it. It holds for one
horizon; after that the customer is drawn anew, so that nobody is held out for good.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select

from api import kinds
from api.dependencies import Work
from api.security import derived_key
from api.settings import settings
from models.follow_up import Arm, OutreachDraw
from models.ids import uuid7
from models.rules.follow_ups import is_held_out

draws = OutreachDraw.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
customers = kinds.CUSTOMER.head


@dataclass(frozen=True)
class Draw:
    """The newest draw of a customer."""

    number: int
    arm: Arm
    until: datetime


NEVER_DRAWN: Mapping[UUID, Draw] = {}


async def newest(work: Work, customer_ids: Collection[UUID]) -> dict[UUID, Draw]:
    """Return the newest draw of each customer, or of whoever was merged into them, by the work's moment."""
    whose = func.coalesce(customers.c.merged_into, customers.c.id)
    statement = (
        select(whose.label("customer_id"), draws.c.number, draws.c.arm, draws.c.drawn_at, draws.c.horizon_days)
        .join(customers, (customers.c.workspace_id == draws.c.workspace_id) & (customers.c.id == draws.c.customer_id))
        .where(draws.c.workspace_id == work.workspace_id, whose.in_(customer_ids), draws.c.drawn_at <= work.now)
        .order_by(draws.c.drawn_at, draws.c.number)
    )
    rows = await work.session.execute(statement)
    return {row.customer_id: Draw(row.number, row.arm, row.drawn_at + timedelta(days=row.horizon_days)) for row in rows}


def arm_of(work: Work, customer_id: UUID, last: Draw | None, share: float) -> Arm:
    """Return the arm a customer is in at a flag: of the draw in force, or of the one that comes next."""
    if last is not None and last.until > work.now:
        return last.arm
    seed = (work.workspace_id.hex, customer_id.hex, str(_next(last)))
    held = is_held_out(derived_key(settings().secret, "outreach-draws"), share, seed)
    return Arm.HELD_OUT if held else Arm.OFFERED


async def store(work: Work, flagged: Collection[UUID], share: float, horizon_days: int) -> int:
    """Append the draw of each customer just flagged who has none in force; return how many."""
    last = await newest(work, flagged) if flagged else {}
    rows = [
        {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "customer_id": customer_id,
            "number": _next(last.get(customer_id)),
            "arm": arm_of(work, customer_id, last.get(customer_id), share),
            "share": share,
            "horizon_days": horizon_days,
            "drawn_at": work.now,
        }
        for customer_id in flagged
        if customer_id not in last or last[customer_id].until <= work.now
    ]
    if rows:
        await work.session.execute(insert(draws), rows)
    return len(rows)


def _next(last: Draw | None) -> int:
    return 1 if last is None else last.number + 1
