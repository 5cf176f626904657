"""What was judged of countermeasures, whole histories: since when which conditions were answered, at any moment."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from ml.features.asof import table_of, us
from models.countermeasure import CountermeasureEffect, CountermeasureVersion

versions = table_of(CountermeasureVersion)
effects = table_of(CountermeasureEffect)


def countermeasure_versions_of(workspace_id: UUID) -> Select[Any]:
    """Select every version of every countermeasure, of each the one that holds last; when it was recorded in UTC us."""
    told = versions
    return (
        select(
            told.c.id,
            us(told.c.recorded_at).label("recorded_us"),
            told.c.conditions,
            told.c.team,
            told.c.live_from,
            told.c.retired_at,
            told.c.voided,
        )
        .where(told.c.workspace_id == workspace_id)
        .order_by(told.c.id, told.c.occurred_at, told.c.recorded_at, told.c.number)
    )


def countermeasure_effects_of(workspace_id: UUID) -> Select[Any]:
    """Select everything that was judged of countermeasures, of each the last judging last."""
    judged = effects
    return (
        select(
            judged.c.countermeasure_id,
            us(judged.c.recorded_at).label("recorded_us"),
            judged.c.live_from,
            judged.c.conditions,
            judged.c.verified_at,
            judged.c.confirmed_at,
            judged.c.returned,
        )
        .where(judged.c.workspace_id == workspace_id)
        .order_by(judged.c.countermeasure_id, judged.c.recorded_at, judged.c.id)
    )
