"""One customer's risk asked quickly: what belongs to the customer read fresh, what belongs to the workspace kept.

Model, sets, countermeasures and settings are kept in memory together with their stamps; each answer reads the stamps
with everything else, so a model that another process promoted a moment ago is seen by the next answer. What is not
plain is left to the ordinary way: somebody unknown or an alias, a key that was revoked, a case that rules must look at
again first, a database that does not answer; and whoever is owed something, or flagged and wants no contact, for which
debt comes first and what is shown of a flag takes more to be known.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.dependencies import Caller, Work
from api.failures import service as failures
from api.failures.countermeasures.covering import Told, standing_at
from api.risk.questions import (
    ANSWER,
    BEFORE,
    CHAMPION,
    COLUMNS,
    EVIDENCE,
    FEATURES,
    KEPT,
    KEY,
    LEFT,
    OVERDUE,
    OWED,
    SEEN,
    UNWILLING,
)
from api.risk.service import ACTIVE, OBJECTED, Known, assessed, unscored
from api.risk.service import LEFT as HAS_LEFT
from api.risk.serving import PRIOR, Serving, serving
from api.workspaces import service as workspaces
from ml.exposures import Sighting
from ml.features import usual_month
from models.base import from_us, to_us
from models.database import Database
from models.quick import Gone, Quick, Rows

MOST_WORKSPACES = 64


@dataclass(frozen=True)
class _Kept:
    """What risk is computed with in a workspace, and the stamps it was read under."""

    stamps: tuple[Any, ...]
    using: Serving
    countermeasures: Told
    reckons: bool
    """Whether a flag here is reckoned by what a contact costs and saves."""

    @property
    def is_plain(self) -> bool:
        """Whether the workspace's one threshold flags, and the model serves that is to serve."""
        champion = self.stamps[CHAMPION]
        return not self.reckons and self.using.model_id == (PRIOR if champion is None else str(_id_of(champion)))


class Unproved(Exception):  # noqa: N818 - a state of things: the ordinary way judges the key itself
    """Nobody knows whether the key is good: it was revoked since it was judged, or the database did not answer."""


class FreshRisk:
    """Risk answered quickly from one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.quick = Quick(database)
        self._kept: OrderedDict[UUID, _Kept] = OrderedDict()

    async def answer(self, caller: Caller, customer: str, language: str) -> dict[str, Any] | None:
        """Return the fields of a customer's `RiskAnswer`, or None where the ordinary way has to answer.

        Raises `Unproved` where it has to judge the key as well.
        """
        now = self.database.clock.now()
        now_us = to_us(now)
        moment = {"now": now_us, "usual": usual_month(now_us)}
        values = {"workspace": caller.workspace_id, "key": caller.key_id, "customer": customer, **moment}
        try:
            found = await self.quick.ask(caller.workspace_id, ANSWER, values)
        except Gone as gone:
            raise Unproved from gone
        if not _is_valid(found[KEY], now_us):
            raise Unproved
        if not found[FEATURES] or found[OVERDUE] or found[OWED]:
            return None
        kept = await self._current(caller, tuple(found[KEPT][0]), now)
        if not kept.is_plain:
            return None
        answer = _answered(found, kept, now, customer, language)
        return None if answer["flagged"] and found[UNWILLING] else answer

    async def _current(self, caller: Caller, stamps: tuple[Any, ...], now: datetime) -> _Kept:
        kept = self._kept.get(caller.workspace_id)
        if kept is not None and kept.stamps == stamps:
            self._kept.move_to_end(caller.workspace_id)
            return kept
        async with self.database.read(caller.workspace_id) as session:
            work = Work(session, caller.workspace_id, caller, now)
            # Read after the stamps: what changed meanwhile is seen too, and read once more for the next answer.
            reckons = (await workspaces.of(work)).outreach.contact_cost is not None
            kept = _Kept(stamps, await serving(work), await failures.told_of_countermeasures(work), reckons)
        self._kept[caller.workspace_id] = kept
        if len(self._kept) > MOST_WORKSPACES:
            self._kept.popitem(last=False)
        return kept


def _is_valid(rows: Rows, now_us: int) -> bool:
    """Return whether a key is neither revoked nor expired."""
    return any(revoked_us is None and (expires_us is None or expires_us > now_us) for revoked_us, expires_us in rows)


def _answered(found: Sequence[Rows], kept: _Kept, now: datetime, customer: str, language: str) -> dict[str, Any]:
    row = dict(zip(COLUMNS[FEATURES], found[FEATURES][0], strict=True))
    state = OBJECTED if row["objects_to_scoring"] else HAS_LEFT if found[LEFT] else ACTIVE
    if state != ACTIVE:
        return unscored(customer, state, kept.using, now)
    seen = [Sighting(case_id, code, since_us) for _, _, case_id, code, since_us in found[SEEN]]
    covers = standing_at(kept.countermeasures, now)
    before = None
    if found[BEFORE]:
        flagged, as_of_us = found[BEFORE][0]
        before = {"flagged": flagged, "as_of": from_us(as_of_us)}
    about = Known(seen, _evidence(found[EVIDENCE]), covers, before, None)
    return assessed(customer, row, kept.using, now, about, language)


def _evidence(rows: Rows) -> dict[Any, list[str]]:
    evidence: dict[Any, list[str]] = {}
    for case_id, reference, response in rows:
        shown = evidence.setdefault(case_id, [f"case:{reference}"])
        if response is not None:
            shown.append(f"response:{_id_of(response)}")
    return evidence


def _id_of(value: Any) -> UUID:
    """Return an id as the driver gives it: PostgreSQL's as it is, SQLite's as text."""
    return value if isinstance(value, UUID) else UUID(value)
