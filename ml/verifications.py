"""Since when which conditions had a verified countermeasure, as known at any moment: the scorecard's `verified:` terms.

Standard library and SQLAlchemy only. What serves reads where countermeasures stand now; a training asks for every
snapshot, and gets the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ml.features import countermeasure_effects_of, countermeasure_versions_of
from models.base import from_us, to_us
from models.rules.coverage import Standing
from models.rules.verification import standing


@dataclass(frozen=True)
class Verifications:
    """Everything told and judged of a workspace's countermeasures.

    Attributes
    ----------
    versions : dict of UUID to list of row
        By countermeasure what was told of it, what holds last at the end.
    effects : dict of UUID to list of row
        By countermeasure what was judged of it, the last judging at the end.
    """

    versions: Mapping[UUID, Sequence[Any]]
    effects: Mapping[UUID, Sequence[Any]]

    def at(self, moment_us: int) -> dict[str, int]:
        """Return by condition since when a countermeasure on it was verified, as known at a moment.

        Both in UTC microseconds. One that a single team has says nothing of other teams' customers and is left out; of
        several on a condition the one verified last counts.
        """
        found: dict[str, int] = {}
        for identity, versions in self.versions.items():
            row = _last(versions, moment_us)
            if row is None or row.voided or row.team is not None:
                continue
            judged = _last(self.effects.get(identity, ()), moment_us)
            since = None if judged is None else _verified_us(row, judged, moment_us)
            if since is not None:
                found |= {code: max(since, found.get(code, since)) for code in row.conditions}
        return found


def _last(rows: Sequence[Any], moment_us: int) -> Any:
    return next((row for row in reversed(rows) if row.recorded_us <= moment_us), None)


def _verified_us(row: Any, judged: Any, moment_us: int) -> int | None:
    """Return since when a countermeasure is verified; None where it is not, or was judged when it was another."""
    if (judged.live_from, judged.conditions) != (row.live_from, row.conditions) or judged.verified_at is None:
        return None
    stands = standing(
        from_us(moment_us),
        live_from=row.live_from,
        retired_at=row.retired_at,
        confirmed_at=judged.confirmed_at,
        returned=judged.returned,
    )
    return to_us(judged.verified_at) if stands is Standing.VERIFIED else None


def read_verifications(connection: Connection, workspace_id: UUID) -> Verifications:
    """Read all that was told and judged of a workspace's countermeasures."""
    versions: dict[UUID, list[Any]] = {}
    effects: dict[UUID, list[Any]] = {}
    for row in connection.execute(countermeasure_versions_of(workspace_id)):
        versions.setdefault(row.id, []).append(row)
    for row in connection.execute(countermeasure_effects_of(workspace_id)):
        effects.setdefault(row.countermeasure_id, []).append(row)
    return Verifications(versions, effects)
