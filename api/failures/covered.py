"""How the cover of a condition set is answered, wherever a set is shown."""

from typing import Literal

from api.bodies import Answer

CoverageWord = Literal["open", "point", "partial", "covered"]
StandingWord = Literal["planned", "live", "verified", "retired"]


class CoveringAnswer(Answer):
    """A countermeasure on a member of a condition set."""

    reference: str
    title: str
    status: StandingWord
    owner: str
    team: str | None
    conditions: list[str]
