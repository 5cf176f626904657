"""What is asked of some customers at one moment, again and again: each statement is built once, and compiled once.

To build one takes twenty times as long as to run it, and however many customers are asked for, it is the same.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, bindparam, select

from ml.features.asof import Moments, table_of, usual_month
from ml.features.customers import customer_conditions, customer_departures, customer_features
from models.customer import Customer


def served(workspace_id: UUID, customer_ids: Sequence[UUID], moment_us: int) -> dict[str, Any]:
    """Return what these statements are asked with: some known customers, at one moment."""
    moment = {"moment_us": moment_us, "usual_us": usual_month(moment_us)}
    return {"workspace_id": workspace_id, "customer_ids": customer_ids, **moment}


@cache
def served_features() -> Select[Any]:
    """Select `customer_features` of those it is asked with, their attributes too."""
    return customer_features(_moments(), attributes=True)


@cache
def served_departures() -> Select[Any]:
    """Select `customer_departures` of those it is asked with."""
    return customer_departures(_moments())


@cache
def served_conditions() -> Select[Any]:
    """Select `customer_conditions` of those it is asked with."""
    return customer_conditions(_moments())


def _moments() -> Moments:
    known = table_of(Customer)
    workspace_id = bindparam("workspace_id", type_=known.c.workspace_id.type)
    once = bindparam("moment_us", type_=BigInteger), bindparam("usual_us", type_=BigInteger)
    theirs = known.c.id.in_(bindparam("customer_ids", expanding=True, type_=known.c.id.type))
    rows = select(known.c.id.label("customer_id"), once[0].label("moment_us"), once[1].label("usual_us"))
    rows = rows.where(known.c.workspace_id == workspace_id, theirs)
    return Moments(workspace_id, rows.cte("moments"), once)  # type: ignore[arg-type] # a place for one
