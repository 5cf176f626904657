"""Releasing: by night, what came since is given out where it is enough, and an ended pulse's answers are deleted.

What is to be told is reckoned before the transaction that keeps it: it may take seconds, and answers come meanwhile.
They wait for the next night.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from api import audit
from api.dependencies import Work
from api.roles.pulses import queries
from api.roles.pulses.queries import Row
from api.roles.pulses.service import asked_by
from api.workspaces import service as workspaces
from models.base import JsonObject
from models.rules.anonymity.batches import Answered, release

LATE = timedelta(hours=1)
"""So long after closing what was sent just before it is stored at the latest."""


@dataclass(frozen=True)
class Found:
    """What is to be released of a pulse.

    Parameters
    ----------
    row
        The pulse.
    new
        The answers of the batch; none where too few came.
    day
        Of the workspace's zone.
    figures
        All that is told from then on; None without a batch.
    ended
        Whether nothing more comes.
    """

    row: Row
    new: Sequence[UUID]
    day: str
    figures: JsonObject | None
    ended: bool

    @property
    def number(self) -> int:
        """Of the release."""
        return (self.row["number"] or 0) + 1


async def is_anything_to_release(work: Work, _turn: object) -> bool:
    """Tell whether there is a pulse with answers that wait, or one that is over."""
    return (await work.session.execute(queries.to_release(work.workspace_id, work.now).limit(1))).first() is not None


async def look(work: Work, after: UUID | None) -> Found | None:
    """Return what is to be released of the next pulse, None after the last."""
    statement = queries.to_release(work.workspace_id, work.now).limit(1)
    if after is not None:
        statement = statement.where(queries.pulses.c.id > after)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    asked = await asked_by(work, row)
    said = await queries.said(work.session, work.workspace_id, row["id"])
    new = [one["id"] for one in said if one["batch"] is None]
    day = work.now.astimezone(ZoneInfo((await workspaces.of(work)).zone)).date().isoformat()
    found = Found(row, [], day, None, row["closes_at"] + LATE <= work.now)
    if len(new) < asked.thresholds.step:
        return found
    everybody = [Answered(one["batch"] or found.number, one["team"], one["answers"]) for one in said]
    figures = await asyncio.to_thread(release, row["figures"], everybody, asked, found.number, day)
    return Found(row, new, day, figures, found.ended)


async def keep(work: Work, found: Found | None) -> tuple[UUID | None, dict[str, int]]:
    """Keep what is released of a pulse; return after which to go on, None at the end, and what was done."""
    if found is None:
        return None, {"released": 0, "ended": 0}
    here, pulse_id = (work.session, work.workspace_id), found.row["id"]
    if found.figures is not None:
        await queries.give_batch(*here, found.new, found.number)
        told = {"workspace_id": work.workspace_id, "id": pulse_id, "number": found.number, "released_on": found.day}
        await work.session.execute(insert(queries.releases).values(**told, figures=found.figures))
        await audit.note(work, "pulse.released", found.row["key"], {"number": found.number})
    if found.ended:
        await queries.forget_answers(*here, pulse_id)
    if found.ended or found.figures is not None:
        await queries.note(*here, pulse_id, stored_at=work.now, ended=found.ended)
    return pulse_id, {"released": int(found.figures is not None), "ended": int(found.ended)}
