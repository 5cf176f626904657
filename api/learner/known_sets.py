"""The condition sets a countermeasure is judged by: since when known, whether back, since when covered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.failures.countermeasures.covering import Covering
from ml.effects.cases import KnownSet
from models.base import to_us
from models.failure import Verdict
from models.rules.coverage import WORKING

CONFIRMED = frozenset({"confirmed", "amplifier"})
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class SetHistory:
    """A set as the analyses saw it one after the other.

    Parameters
    ----------
    found_until
        The end of the period it was first found in: cases up to then singled it out. None where people drew it.
    returned_at
        When an analysis confirmed it again that the one before it had not; None once one no longer does.
    """

    id: UUID
    members: frozenset[str]
    found_until: datetime | None
    returned_at: datetime | None


def histories(
    analyses: Sequence[UUID], told: Sequence[Row], drawn: Sequence[Row], said: Mapping[UUID, Sequence[Row]]
) -> list[SetHistory]:
    """Return the sets that were confirmed at some time, and those that people drew, but for those set aside.

    Parameters
    ----------
    analyses
        All whole analyses, the oldest first; one that found nothing at all is among them.
    told
        What whole analyses said of each set, the oldest first.
    drawn
        Sets that people drew.
    said
        What people said of each set, the oldest first.
    """
    by_set: dict[UUID, dict[UUID, Row]] = {}
    for row in told:
        if row["status"] in CONFIRMED:
            by_set.setdefault(row["id"], {})[row["analysis_id"]] = row
    found = [_history(set_id, confirmed, analyses) for set_id, confirmed in by_set.items()]
    found += [
        SetHistory(row["id"], frozenset(row["conditions"]), None, None) for row in drawn if row["id"] not in by_set
    ]
    return [one for one in found if _verdict(said.get(one.id, ())) != Verdict.SET_ASIDE]


def _verdict(said: Sequence[Row]) -> Any:
    judged = [row["verdict"] for row in said if row["verdict"] != Verdict.PROPOSED]
    return judged[-1] if judged else None


def _history(set_id: UUID, confirmed: Mapping[UUID, Row], analyses: Sequence[UUID]) -> SetHistory:
    first = next(iter(confirmed.values()))
    returned, missed = None, False
    for analysis in analyses[analyses.index(first["analysis_id"]) :]:
        if analysis not in confirmed:
            returned, missed = None, True
        elif missed:
            returned, missed = confirmed[analysis]["created_at"], False
    # An analysis that kept no such moment looked at all that was known then.
    until = first["discovered_until"] or first["created_at"]
    return SetHistory(set_id, frozenset(first["conditions"]), until, returned)


def known_set(one: SetHistory, found: Covering, team: str | None) -> KnownSet:
    """Return a set as judging takes it: each condition covered by a countermeasure of all teams, or of this one."""
    since = [_covered_since(code, found, team) for code in one.members]
    known = [moment for moment in since if moment is not None]
    return KnownSet(
        id=str(one.id),
        members=tuple(sorted(one.members)),
        found_until_us=None if one.found_until is None else to_us(one.found_until),
        covered_since_us=to_us(max(known)) if len(known) == len(since) else None,
    )


def _covered_since(code: str, found: Covering, team: str | None) -> datetime | None:
    live: Collection[datetime] = [
        row["live_from"]
        for row in found.rows
        if found.standings[row["id"]] in WORKING and code in row["conditions"] and row["team"] in {None, team}
    ]
    return min(live, default=None)
