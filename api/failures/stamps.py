"""What changes whenever the catalogue, the analysis in force or a countermeasure does: for whoever keeps what it read.

Each stamp is read by an index and grows with every change, whichever transaction is committed first: a sum of versions,
and not the latest moment, which a change that took longer may lie before.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, func, select, type_coerce

from api import kinds
from api.failures.countermeasures.queries import effects
from api.failures.queries import analyses
from models.recording import RecordKind

LATELY_US = 1_700_000_000_000_000
"""Moments are summed from here on: those of some thousands since 1970 would not fit an integer."""


def stamps(workspace_id: ColumnElement[Any], outcome: str) -> list[ColumnElement[Any]]:
    """Return what changes with the conditions, with the analysis in force for an outcome, and with countermeasures.

    What was judged of a countermeasure is appended by one writer at a time: the latest moment of each is enough.
    """
    heads = kinds.COUNTERMEASURE.head
    latest = (
        select(func.max(type_coerce(effects.c.recorded_at, BigInteger)))
        .where(effects.c.workspace_id == heads.c.workspace_id, effects.c.countermeasure_id == heads.c.id)
        .correlate(heads)
        .scalar_subquery()
    )
    judged = select(func.sum(latest - LATELY_US)).where(heads.c.workspace_id == workspace_id).scalar_subquery()
    in_force = (
        select(analyses.c.id)
        .where(analyses.c.workspace_id == workspace_id, analyses.c.outcome == outcome, analyses.c.state == "done")
        .where(analyses.c.whole.is_(True))
        .order_by(analyses.c.created_at.desc(), analyses.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return [_versions(kinds.CONDITION, workspace_id), in_force, _versions(kinds.COUNTERMEASURE, workspace_id), judged]


def _versions(kind: RecordKind, workspace_id: ColumnElement[Any]) -> ColumnElement[Any]:
    return select(func.sum(kind.head.c.version)).where(kind.head.c.workspace_id == workspace_id).scalar_subquery()
