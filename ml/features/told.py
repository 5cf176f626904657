"""All that was told beside a case's own versions, whole histories: what rules read when derived facts are asked for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from ml.features.asof import table_of, us
from models.case import CaseVersion, PromiseVersion
from models.company import CompanyChange, CompanyChangeVersion
from models.rules.stubs import STUB

case_versions = table_of(CaseVersion)
promise_versions = table_of(PromiseVersion)
changes = table_of(CompanyChange)
change_versions = table_of(CompanyChangeVersion)


def cases_known_from(workspace_id: UUID) -> Select[Any]:
    """Select since when each case is known: `id`, `known_us`, UTC microseconds. A stub is not known yet."""
    told = case_versions
    return (
        select(told.c.id, func.min(us(told.c.recorded_at)).label("known_us"))
        .where(told.c.workspace_id == workspace_id, told.c[STUB].is_not(True))
        .group_by(told.c.id)
    )


def promise_versions_of(workspace_id: UUID) -> Select[Any]:
    """Select every version of every promise, of each the one that holds last; moments as UTC microseconds."""
    made = promise_versions
    moments = {"occurred": made.c.occurred_at, "recorded": made.c.recorded_at, "made": made.c.made_at}
    moments |= {"due": made.c.due_at, "kept": made.c.kept_at}
    named = [us(column).label(f"{name}_us") for name, column in moments.items()]
    return (
        select(made.c.id, made.c.case_id, made.c.moved_by, made.c.voided, *named)
        .where(made.c.workspace_id == workspace_id)
        .order_by(made.c.case_id, made.c.occurred_at, made.c.recorded_at, made.c.number)
    )


def change_versions_of(workspace_id: UUID, references: Sequence[str]) -> Select[Any]:
    """Select every version of some changes of the company, of each the one that holds last."""
    told = change_versions
    same = and_(changes.c.workspace_id == told.c.workspace_id, changes.c.id == told.c.id)
    return (
        select(
            changes.c.reference,
            us(told.c.occurred_at).label("occurred_us"),
            us(told.c.recorded_at).label("recorded_us"),
            us(told.c.came_at).label("came_us"),
            told.c.needs,
            told.c.teams,
            told.c.voided,
        )
        .join(changes, same)
        .where(told.c.workspace_id == workspace_id, changes.c.reference.in_(references))
        .order_by(told.c.occurred_at, told.c.recorded_at, told.c.number)
    )
