"""What must hold in the transaction that stores answers: the key still opens, and the survey is still the newest.

What never changes - a published version, a version of the settings - is kept in memory by its number. What was found
last is remembered too, and the statement that stores a batch stores it only where all of it still holds.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.dependencies import Caller, Work
from api.errors import NoSuchThing
from api.feedback import surveys
from api.feedback.intake import queries
from api.feedback.schemas import ResponseBody
from api.feedback.surveys import PublishedSurvey
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from models.base import to_us
from models.express import Question
from models.rules.terms import limits_of

MOST_KEPT = 512
MOST_FOUND = 10_000
"""Keys and the surveys answered with them, of which it is remembered what held: some numbers each."""

Value = TypeVar("Value")


class _Kept(Generic[Value]):
    """The values last used, so many of them."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, name: Hashable) -> Value | None:
        found = self._values.get(name)
        if found is not None:
            self._values.move_to_end(name)
        return found

    def put(self, name: Hashable, value: Value) -> Value:
        self._values[name] = value
        if len(self._values) > self._most:
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


@dataclass(frozen=True)
class Recalled:
    """What held when it was last looked for: what is written on it asks in its own transaction whether it still does.

    Parameters
    ----------
    current
        What held.
    found
        By which numbers.
    """

    current: Current
    found: queries.Holding

    def question(self, work: Work, row: ResponseBody, *, naming: bool) -> Question:
        """Return what yields a row where it still holds; `naming` where answers claim whose they are."""
        values = {
            "workspace_id": work.workspace_id,
            "key_id": work.caller.key_id,
            "survey": row.survey,
            "now_us": to_us(work.now),
            "settings": self.found.settings,
            "newest": self.found.newest,
            "nameless": not naming,
        }
        return queries.STILL, values


class Looking:
    """Looks up what holds for answers to one survey, and remembers what cannot change."""

    def __init__(self) -> None:
        self._surveys: _Kept[PublishedSurvey] = _Kept()
        self._settings: _Kept[WorkspaceSettings] = _Kept()
        self._found: _Kept[queries.Holding] = _Kept(MOST_FOUND)

    async def look(self, work: Work, row: ResponseBody) -> Current | None:
        """Return what holds; None where the key opens nothing any more, nothing is asked, or places are counted."""
        found = await queries.what_holds(work.session, work.workspace_id, work.caller.key_id, row.survey)
        if found is None or not found.opens(work.now):
            return None
        self._found.put((work.workspace_id, work.caller.key_id, row.survey), found)
        number = row.version or found.newest
        # What a survey is taken on is its newest version's to say: an older one is remembered beside that.
        name = (work.workspace_id, row.survey, number, found.newest)
        survey = self._surveys.get(name) or await self._read(work, name, row.survey, number)
        settings = self._settings.get((work.workspace_id, found.settings))
        if settings is None:
            settings = self._settings.put((work.workspace_id, found.settings), await workspaces.of(work))
        work.kept[workspaces.KEPT] = settings
        return None if survey is None or limits_of(survey.terms) else Current(settings, survey, found.buried)

    def recall(self, caller: Caller, row: ResponseBody) -> "Recalled | None":
        """Return what was found last, where all of it is remembered and nobody was to be told of what happens."""
        found = self._found.get((caller.workspace_id, caller.key_id, row.survey))
        if found is None or found.hooks:
            return None
        survey = self._surveys.get((caller.workspace_id, row.survey, row.version or found.newest, found.newest))
        settings = self._settings.get((caller.workspace_id, found.settings))
        if survey is None or settings is None or limits_of(survey.terms):
            return None
        return Recalled(Current(settings, survey, found.buried), found)

    async def _read(self, work: Work, name: Hashable, key: str, number: int) -> PublishedSurvey | None:
        try:
            return self._surveys.put(name, await surveys.published(work, key, number))
        except NoSuchThing:
            return None
