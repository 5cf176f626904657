"""Whether an answer is taken on its survey's terms: in time, and while its quotas have room.

A quota holds exactly: whoever completes an answer to a survey with quotas first takes the rows that count its places,
in one order, and gives them back with the commit. Surveys without quotas pay nothing for this.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.feedback import queries
from api.feedback.surveys import PublishedSurvey, check_for_customers
from models.appending import append_rows
from models.ids import in_order
from models.rules.terms import Standing, full_for_all, limits_of, quotas_met, standing

ENOUGH = "There are enough answers like this one already: it is not taken."

Place = tuple[UUID, str]
"""A survey and the key of its quota."""


class SurveyNotOpen(Conflict):
    """A survey that does not take answers yet."""

    code = "survey_not_open"


class SurveyClosed(Conflict):
    """A survey that takes no more answers."""

    code = "survey_closed"


class QuotaFull(Conflict):
    """An answer that is not needed any more: enough like it have come."""

    code = "quota_full"


def check_standing(survey: PublishedSurvey, moment: datetime, *, begun: bool = False) -> None:
    """Refuse what is answered before a survey opens or after it closes; what was begun before has a day longer.

    What staff are asked is refused whenever it comes: as a response it could be read one by one.
    """
    check_for_customers(survey)
    found = standing(survey.terms, moment, begun=begun)
    if found is Standing.NOT_OPEN:
        raise SurveyNotOpen("This survey does not take answers yet.")
    if found is Standing.CLOSED:
        raise SurveyClosed("This survey takes no more answers.")


@dataclass
class Quotas:
    """The places taken of some surveys' quotas, held so that nobody else takes one meanwhile.

    Attributes
    ----------
    taken
        How many, those taken here included.
    before
        How many when they were held.
    """

    taken: Counter[Place] = field(default_factory=Counter)
    before: Counter[Place] = field(default_factory=Counter)

    def take(self, survey: PublishedSurvey, judged: Mapping[str, Any]) -> Sequence[str]:
        """Take a place of every quota an answer counts for, or refuse it; return their keys. Half of one counts not."""
        met = quotas_met(survey.terms, judged["answers"]) if judged["complete"] else []
        limits = limits_of(survey.terms)
        if any(self.taken[survey.id, key] >= limits[key] for key in met):
            raise QuotaFull(ENOUGH)
        self.taken.update((survey.id, key) for key in met)
        return met


async def hold(work: Work, surveys: Iterable[PublishedSurvey | NoSuchThing]) -> Quotas:
    """Return the places taken of those of these surveys' quotas, which nobody else takes until the transaction ends."""
    known = [survey for survey in surveys if isinstance(survey, PublishedSurvey)]
    places = sorted({(survey.id, key) for survey in known for key in limits_of(survey.terms)})
    if not places:
        return Quotas()
    rows = [{"workspace_id": work.workspace_id, "id": survey, "key": key, "taken": 0} for survey, key in places]
    await append_rows(work.session, queries.survey_quotas, rows, skip_existing=True)
    found = await _taken(work.session, work.workspace_id, {survey for survey, _ in places}, lock=True)
    return Quotas(Counter(found), Counter(found))


async def keep(work: Work, quotas: Quotas, responses: Mapping[UUID, tuple[UUID, Sequence[str]]]) -> None:
    """Write down which responses took which places: of each its survey and the keys of its quotas."""
    rows = [
        {"workspace_id": work.workspace_id, "id": response, "key": key}
        for response, (_, keys) in responses.items()
        for key in keys
    ]
    await append_rows(work.session, queries.quota_places, rows)
    new = Counter((survey, key) for survey, keys in responses.values() for key in keys)
    for place, many in sorted(new.items()):
        await _count(work, place, quotas.before[place] + many)


async def _count(work: Work, place: Place, taken: int) -> None:
    of = queries.survey_quotas.c
    mine = (of.workspace_id == work.workspace_id, of.id == place[0], of.key == place[1])
    await work.session.execute(update(queries.survey_quotas).where(*mine).values(taken=taken))


async def free(work: Work, response_id: UUID) -> None:
    """Give back the places of a response that was withdrawn; the second time there are none."""
    places = await _quotas_of(work.session, work.workspace_id, response_id)
    if not places:
        return
    taken = await _taken(work.session, work.workspace_id, {survey for survey, _ in places}, lock=True)
    for place in places:
        await _count(work, place, max(taken[place] - 1, 0))
    of = queries.quota_places.c
    mine = (of.workspace_id == work.workspace_id, of.id == response_id)
    await work.session.execute(delete(queries.quota_places).where(*mine))


async def check_wanted(work: Work, survey: PublishedSurvey) -> None:
    """Refuse to ask where nobody's answer would be taken any more."""
    if await is_full(work, survey):
        raise QuotaFull(ENOUGH)


async def is_full(work: Work, survey: PublishedSurvey) -> bool:
    """Return whether a quota that everybody counts for is full."""
    if not limits_of(survey.terms):
        return False
    found = await _taken(work.session, work.workspace_id, {survey.id})
    return bool(full_for_all(survey.terms, {key: many for (_, key), many in found.items()}))


async def _taken(
    session: AsyncSession, workspace_id: UUID, survey_ids: Iterable[UUID], *, lock: bool = False
) -> dict[tuple[UUID, str], int]:
    """Return how many places of each quota of some surveys are taken; locked in one order, none waits in a ring."""
    of = queries.survey_quotas.c
    statement = (
        select(of.id, of.key, of.taken)
        .where(of.workspace_id == workspace_id, of.id.in_(in_order(survey_ids)))
        .order_by(of.id, of.key)
    )
    rows = await session.execute(statement.with_for_update() if lock else statement)
    return {(row.id, row.key): row.taken for row in rows}


async def _quotas_of(session: AsyncSession, workspace_id: UUID, response_id: UUID) -> list[tuple[UUID, str]]:
    """Return the quotas a response has taken a place of, each by its survey and key."""
    of = queries.quota_places.c
    same = and_(queries.responses.c.workspace_id == of.workspace_id, queries.responses.c.id == of.id)
    statement = (
        select(queries.responses.c.survey_id, of.key)
        .join(queries.responses, same)
        .where(of.workspace_id == workspace_id, of.id == response_id)
        .order_by(of.key)
    )
    return [(row.survey_id, row.key) for row in await session.execute(statement)]
