"""What the cost of failure is reckoned from: costs, contacts, cases and customers, as stored now or as known before."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from ml.features.asof import known_now, table_of, us
from models.case import CaseVersion
from models.cost import CostEntryVersion
from models.customer import CustomerVersion
from models.feedback import ResponseVersion
from models.interaction import InteractionVersion

case_versions = table_of(CaseVersion)
cost_versions = table_of(CostEntryVersion)
customer_versions = table_of(CustomerVersion)
interaction_versions = table_of(InteractionVersion)
response_versions = table_of(ResponseVersion)


def cases_to_cost(workspace_id: UUID) -> Select[Any]:
    """Select every case as it stands, whose it is now, and its moments in UTC microseconds."""
    told = case_versions
    moments = {"opened": told.c.opened_at, "done": told.c.done_at, "confirmed": told.c.confirmed_at}
    return select(
        told.c.id,
        told.c.customer_id,
        told.c.need,
        told.c.team,
        told.c.contacts,
        told.c.demand,
        *[us(column).label(f"{name}_us") for name, column in moments.items()],
    ).where(told.c.workspace_id == workspace_id, known_now(told))


def costs_now(workspace_id: UUID) -> Select[Any]:
    """Select every cost entry as it stands; not those withdrawn."""
    told = cost_versions
    columns = (told.c.kind, told.c.amount, told.c.currency, told.c.minutes, told.c.basis, told.c.source)
    return select(told.c.id, told.c.case_id, *columns).where(told.c.workspace_id == workspace_id, known_now(told))


def contacts_now(workspace_id: UUID) -> Select[Any]:
    """Select every interaction as it stands, with when it took place in UTC microseconds."""
    told = interaction_versions
    happened = us(told.c.happened_at).label("happened_us")
    return select(told.c.id, told.c.case_id, happened, told.c.handling_minutes, told.c.demand, told.c.team).where(
        told.c.workspace_id == workspace_id, known_now(told)
    )


def customer_history(workspace_id: UUID) -> Select[Any]:
    """Select every version of every customer, of each the one that holds last; moments in UTC microseconds."""
    told = customer_versions
    return (
        select(
            told.c.id,
            us(told.c.recorded_at).label("recorded_us"),
            told.c.voided,
            told.c.segment,
            told.c.value_amount,
            told.c.value_currency,
            us(told.c.since).label("since_us"),
        )
        .where(told.c.workspace_id == workspace_id)
        .order_by(told.c.id, told.c.occurred_at, told.c.recorded_at, told.c.number)
    )


def answers_about_cases(workspace_id: UUID) -> Select[Any]:
    """Select every whole answer about a case as it stands, the latest last."""
    said = response_versions
    return (
        select(said.c.case_id, said.c.answers)
        .where(said.c.workspace_id == workspace_id, known_now(said), said.c.complete.is_(True))
        .where(said.c.case_id.is_not(None))
        .order_by(said.c.answered_at, said.c.id)
    )
