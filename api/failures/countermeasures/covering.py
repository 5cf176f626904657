"""Where countermeasures stand at a moment, and what that makes of conditions and condition sets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.dependencies import Work
from api.failures.countermeasures import queries
from api.failures.covered import CoveringAnswer
from models.rules.coverage import Cover, Coverage, Standing, coverage_of, covered_by, redundancy, standing_of_condition
from models.rules.verification import standing

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Covering:
    """The countermeasures of a workspace at a moment, those withdrawn left out."""

    rows: Sequence[Row]
    standings: Mapping[UUID, Standing]
    verified: Mapping[UUID, datetime]
    """Since when each is verified, or last was."""
    confirmed: Mapping[UUID, datetime]

    def covers(self, *, everywhere: bool = False) -> list[Cover]:
        """Return them as coverage sees them: all, or those that every team has."""
        return [
            Cover(row["reference"], frozenset(row["conditions"]), self.standings[row["id"]])
            for row in self.rows
            if row["team"] is None or not everywhere
        ]

    def of_set(self, conditions: Collection[str]) -> Coverage:
        """Return how much of a set is covered: what one team has leaves the others exposed."""
        return coverage_of(conditions, covered_by(self.covers(everywhere=True)))

    def redundancy_of(self, conditions: Collection[str]) -> int:
        """Return how many live countermeasures that every team has would have to fail together."""
        return redundancy(conditions, self.covers(everywhere=True))

    def of_condition(self, code: str) -> str:
        """Return the furthest that any countermeasure on a condition has come."""
        return standing_of_condition(code, self.covers())

    def shown(self, conditions: Collection[str]) -> list[CoveringAnswer]:
        """Return the countermeasures on the members of a set, but for those retired."""
        return [
            CoveringAnswer(
                **{name: row[name] for name in ("reference", "title", "owner", "team")},
                status=self.standings[row["id"]].value,
                conditions=sorted(set(row["conditions"]) & set(conditions)),
            )
            for row in self.rows
            if set(row["conditions"]) & set(conditions) and self.standings[row["id"]] is not Standing.RETIRED
        ]

    def verified_by_condition(self) -> dict[str, datetime]:
        """Return since when each condition has a verified countermeasure that every team has; the latest counts."""
        since: dict[str, datetime] = {}
        for row in self.rows:
            if row["team"] is None and self.standings[row["id"]] is Standing.VERIFIED:
                for code in row["conditions"]:
                    since[code] = max(self.verified[row["id"]], since.get(code, self.verified[row["id"]]))
        return since

    def verified_since(self, codes: Collection[str], moment: datetime) -> bool:
        """Tell whether a countermeasure on one of some conditions is verified, and became so after a moment."""
        return any(
            self.standings[row["id"]] is Standing.VERIFIED
            and self.verified[row["id"]] > moment
            and set(row["conditions"]) & set(codes)
            for row in self.rows
        )


@dataclass(frozen=True)
class Told:
    """What was told of countermeasures by a moment, and what was last judged of each."""

    rows: Sequence[Row]
    last: Mapping[UUID, Row]


async def covering(work: Work) -> Covering:
    """Read where the countermeasures of a workspace stand now."""
    return standing_at(await told(work), work.now)


async def told(work: Work) -> Told:
    """Read what the countermeasures of a workspace stand by now."""
    rows = await queries.known_by(work.session, work.workspace_id, work.now)
    return Told(rows, await _last(work, [row["id"] for row in rows]))


def standing_at(told: Told, now: datetime) -> Covering:
    """Return where countermeasures stand at a moment, by all that was told of them until then."""
    rows, last = told.rows, told.last
    judged = {row["id"]: last[row["id"]] for row in rows if row["id"] in last and is_of(last[row["id"]], row)}
    standings = {row["id"]: standing_of(row, judged.get(row["id"]), now) for row in rows}
    verified, confirmed = (
        {key: row[name] for key, row in judged.items() if row[name] is not None}
        for name in ("verified_at", "confirmed_at")
    )
    return Covering(rows, standings, verified, confirmed)


async def _last(work: Work, ids: Sequence[UUID]) -> dict[UUID, Any]:
    return await queries.last_effects(work.session, work.workspace_id, ids, work.now) if ids else {}


def is_of(judged: Row, row: Row) -> bool:
    """Tell whether what was judged is of the countermeasure as it is: live since then, on the same conditions."""
    same: bool = judged["live_from"] == row["live_from"] and judged["conditions"] == row["conditions"]
    return same


def standing_of(row: Row, judged: Row | None, now: datetime) -> Standing:
    """Return where a countermeasure stands, by what was last judged of it as it is."""
    return standing(
        now,
        live_from=row["live_from"],
        retired_at=row["retired_at"],
        confirmed_at=None if judged is None else judged["confirmed_at"],
        returned=judged is not None and judged["returned"],
    )
