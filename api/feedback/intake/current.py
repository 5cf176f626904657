"""What must hold in the transaction that stores answers: the key still opens, and the survey is still the newest.

A batch asks all of it in one question. What never changes - a published version, a version of the settings -
is kept in memory by its number.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.dependencies import Caller, Work, utc_now
from api.errors import NoSuchThing
from api.feedback import surveys
from api.feedback.intake import queries
from api.feedback.schemas import ResponseBody
from api.feedback.surveys import PublishedSurvey
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from models.express import Transaction
from models.rules.terms import limits_of

MOST_KEPT = 512

Value = TypeVar("Value")


class _Kept(Generic[Value]):
    """The values last used, so many of them."""

    def __init__(self) -> None:
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, name: Hashable) -> Value | None:
        found = self._values.get(name)
        if found is not None:
            self._values.move_to_end(name)
        return found

    def put(self, name: Hashable, value: Value) -> Value:
        self._values[name] = value
        if len(self._values) > MOST_KEPT:
            self._values.popitem(last=False)
        return value


@dataclass(frozen=True)
class Current:
    """What holds now.

    Parameters
    ----------
    settings
        How the workspace works.
    survey
        The published version that is answered.
    buried
        Whether anybody was ever erased, so that names have to be looked up.
    """

    settings: WorkspaceSettings
    survey: PublishedSurvey
    buried: bool


class Looking:
    """Looks up what holds for answers to one survey, and remembers what cannot change."""

    def __init__(self) -> None:
        self._surveys: _Kept[PublishedSurvey] = _Kept()
        self._settings: _Kept[WorkspaceSettings] = _Kept()

    async def look(self, work: Work, row: ResponseBody) -> Current | None:
        """Return what holds; None where the key opens nothing any more, nothing is asked, or places are counted."""
        found = await queries.what_holds(work.session, work.workspace_id, work.caller.key_id, row.survey)
        if found is None or not found.opens(work.now):
            return None
        number = row.version or found.newest
        # What a survey is taken on is its newest version's to say: an older one is remembered beside that.
        name = (work.workspace_id, row.survey, number, found.newest)
        survey = self._surveys.get(name) or await self._read(work, name, row.survey, number)
        settings = self._settings.get((work.workspace_id, found.settings))
        if settings is None:
            settings = self._settings.put((work.workspace_id, found.settings), await workspaces.of(work))
        work.kept[workspaces.KEPT] = settings
        return None if survey is None or limits_of(survey.terms) else Current(settings, survey, found.buried)

    async def look_quickly(self, transaction: Transaction, caller: Caller, row: ResponseBody) -> Current | None:
        """Return what holds where all of it is remembered and nobody is to be told; None where it has to be read."""
        values = {"workspace_id": caller.workspace_id, "key_id": caller.key_id, "survey": row.survey}
        found = queries.holding_of(await transaction.ask(queries.HOLDING, values))
        if found is None or found.hooks or not found.opens(utc_now()):
            return None
        survey = self._surveys.get((caller.workspace_id, row.survey, row.version or found.newest, found.newest))
        settings = self._settings.get((caller.workspace_id, found.settings))
        if survey is None or settings is None or limits_of(survey.terms):
            return None
        return Current(settings, survey, found.buried)

    async def _read(self, work: Work, name: Hashable, key: str, number: int) -> PublishedSurvey | None:
        try:
            return self._surveys.put(name, await surveys.published(work, key, number))
        except NoSuchThing:
            return None
