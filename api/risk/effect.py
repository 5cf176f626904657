"""What is known of the effect of outreach, and of the value of a customer: reckoned by a worker, read by all."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, Subquery, and_, case, cast, exists, func, insert, literal, select

from api import kinds
from api.dependencies import Work
from api.risk.draws import draws
from api.risk.outreach_schemas import ArmAnswer, EffectAnswer
from api.workspaces import service as workspaces
from ml.features import departures, objectors
from ml.features.asof import DAY_US, us
from ml.outreach import Help, Known, Uplift, learnt_help, uplift
from models.base import to_us
from models.follow_up import Arm, FollowUpKind, OutreachEffect
from models.ids import uuid7
from models.recording import current_rows
from models.rules.statistics import ClusterSums, ShareInterval

effects = OutreachEffect.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
customers = kinds.CUSTOMER.head
LEVEL = 0.95


@dataclass(frozen=True)
class Learnt:
    """What outreach is reckoned with; the prior, and no median, until a worker has reckoned."""

    help: Help
    median_value: int | None
    currency: str | None
    figures: Mapping[str, Any] | None
    computed_at: datetime | None


async def newest(work: Work) -> Learnt:
    """Return what was last reckoned, by the work's moment."""
    statement = (
        select(effects)
        .where(effects.c.workspace_id == work.workspace_id, effects.c.computed_at <= work.now)
        .order_by(effects.c.computed_at.desc(), effects.c.id.desc())
        .limit(1)
    )
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        return Learnt(Help(), None, None, None, None)
    figures = row["figures"]
    chance = Help(row["help_alpha"], row["help_beta"])
    return Learnt(chance, figures["median_value"], figures["currency"], figures, row["computed_at"])


async def read_effect(work: Work) -> EffectAnswer:
    """Return what is known of the effect of outreach; its figures stand there from the first whole horizon on."""
    learnt = await newest(work)
    said = learnt.figures or {}
    arms = {arm.value: said.get(arm.value) for arm in Arm}
    return EffectAnswer(
        known=said.get("known", Known.NOT_YET.value),
        uplift=said.get("uplift"),
        low=said.get("low"),
        high=said.get("high"),
        level=LEVEL,
        **{name: None if arm is None else ArmAnswer(**arm) for name, arm in arms.items()},
        helps=learnt.help.mean,
        helps_alpha=learnt.help.alpha,
        helps_beta=learnt.help.beta,
        median_value=learnt.median_value,
        currency=learnt.currency,
        computed_at=learnt.computed_at,
    )


async def reckon(work: Work) -> bool:
    """Reckon what can be known by now, and append it where it says something new; return whether it does."""
    currency = (await workspaces.of(work)).currency
    sums = await _sums(work)
    found = uplift(sums[Arm.OFFERED][0], sums[Arm.HELD_OUT][0])
    chance = learnt_help(found)
    figures = {
        **_told(found),
        "offered": _arm(found.offered, *sums[Arm.OFFERED]),
        "held_out": _arm(found.held_out, *sums[Arm.HELD_OUT]),
        "median_value": await _median_value(work, currency),
        "currency": currency,
    }
    digest = hashlib.sha256(json.dumps(figures, sort_keys=True).encode()).hexdigest()
    last = await work.session.scalar(
        select(effects.c.sha256)
        .where(effects.c.workspace_id == work.workspace_id)
        .order_by(effects.c.computed_at.desc(), effects.c.id.desc())
        .limit(1)
    )
    if last == digest:
        return False
    row = {"workspace_id": work.workspace_id, "id": uuid7(), "computed_at": work.now, "sha256": digest}
    chances = {"help_alpha": chance.alpha, "help_beta": chance.beta}
    await work.session.execute(insert(effects).values(**row, **chances, figures=figures))
    return True


def _told(found: Uplift) -> dict[str, Any]:
    empty = found.value is None
    ends = {"low": None, "high": None} if empty else {"low": found.low, "high": found.high}
    return {"known": found.known.value, "uplift": found.value, **ends}


def _arm(share: ShareInterval, sums: ClusterSums, contacted: int) -> dict[str, Any]:
    counts = {"customers": sums.customers, "draws": sums.n, "departures": int(sums.total), "contacted": contacted}
    return {**counts, "share": share.value, "low": share.low, "high": share.high}


async def _sums(work: Work) -> dict[Arm, tuple[ClusterSums, int]]:
    """Return by arm the sums over customers of draws and of departures that followed, and how many were contacted."""
    each = _by_customer(work).subquery("each_customer")
    k, m = cast(each.c.left, BigInteger), cast(each.c.drawn, BigInteger)
    totals = [func.sum(column) for column in (m, k, k * k, k * m, m * m, each.c.contacted)]
    statement = select(each.c.arm, func.count(), *totals).group_by(each.c.arm)
    found: dict[Arm, tuple[ClusterSums, int]] = {arm: (ClusterSums(), 0) for arm in Arm}
    for arm, *counted in await work.session.execute(statement):
        # PostgreSQL's sums of whole numbers come as decimals.
        customers_, n, total, squared, by_n, n_squared, contacted = map(int, counted)
        found[arm] = ClusterSums(customers_, n, total, squared, by_n, n_squared, total), contacted
    return found


def _by_customer(work: Work) -> Select[Any]:
    """Select by customer and arm how many draws have their whole horizon behind them, and what followed of them."""
    drawn = _over(work)
    gone = departures(work.workspace_id).subquery("gone")
    within = and_(gone.c.departed_us > drawn.c.from_us, gone.c.departed_us <= drawn.c.until_us)
    left = exists().where(gone.c.customer_id == drawn.c.customer_id, within)
    said = kinds.FOLLOW_UP.version
    head = kinds.FOLLOW_UP.head
    is_current = and_(
        head.c.workspace_id == said.c.workspace_id, head.c.id == said.c.id, head.c.version == said.c.number
    )
    reached = (
        select(literal(1))
        .select_from(said.join(head, is_current))
        .where(said.c.workspace_id == work.workspace_id, said.c.customer_id == drawn.c.survivor_id)
        .where(said.c.kind == FollowUpKind.OUTREACH, said.c.voided.is_(False))
        .where(us(said.c.contacted_at) > drawn.c.from_us, us(said.c.contacted_at) <= drawn.c.until_us)
        .exists()
    )
    each = select(
        drawn.c.survivor_id,
        drawn.c.arm,
        case((left, 1), else_=0).label("left"),
        case((reached, 1), else_=0).label("contacted"),
    ).subquery("each_draw")
    return select(
        each.c.survivor_id,
        each.c.arm,
        func.count().label("drawn"),
        func.sum(each.c.left).label("left"),
        func.sum(each.c.contacted).label("contacted"),
    ).group_by(each.c.survivor_id, each.c.arm)


def _over(work: Work) -> Subquery:
    """Select the draws whose whole horizon lies behind, of customers who do not object to scoring."""
    from_us = us(draws.c.drawn_at)
    until_us = from_us + cast(draws.c.horizon_days, BigInteger) * DAY_US
    survivor = func.coalesce(customers.c.merged_into, customers.c.id).label("survivor_id")
    return (
        select(draws.c.customer_id, survivor, draws.c.arm, from_us.label("from_us"), until_us.label("until_us"))
        .join(customers, and_(customers.c.workspace_id == draws.c.workspace_id, customers.c.id == draws.c.customer_id))
        .where(draws.c.workspace_id == work.workspace_id, until_us <= to_us(work.now))
        .where(func.coalesce(customers.c.merged_into, customers.c.id).not_in(objectors(work.workspace_id)))
        .subquery("drawn")
    )


async def _median_value(work: Work, currency: str) -> int | None:
    """Return the median value of those customers whose value is known in a currency; of two middles, the lower."""
    said = kinds.CUSTOMER.version
    known = current_rows(kinds.CUSTOMER, work.workspace_id).where(
        said.c.voided.is_(False), said.c.value_amount >= 0, said.c.value_currency == currency
    )
    count = await work.session.scalar(known.with_only_columns(func.count())) or 0
    if not count:
        return None
    middle = (
        known.with_only_columns(said.c.value_amount).order_by(said.c.value_amount).offset((count - 1) // 2).limit(1)
    )
    found: int | None = await work.session.scalar(middle)
    return found
