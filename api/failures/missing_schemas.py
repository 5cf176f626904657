"""What is said and answered about conditions that the catalogue lacks."""

from pydantic import Field

from api.bodies import Answer, Body, Code, Moment, ShortText, Words
from api.failures.schemas import ConditionStored
from models.failure import ConditionKind


class MissingBody(Body):
    """What somebody names as missing of a failure with no known set."""

    missing: Words = Field(description="A circumstance, in a few words. Write no names of people.")


class MissingAnswer(Answer):
    """A name that people gave to what is missing, and in how many failures they did."""

    name: str = Field(description="As it was told first; spellings that differ only in case or spaces are one name.")
    cases: int
    first_at: Moment
    last_at: Moment
    condition: str | None = Field(description="The catalogued condition that bears this name, where there is one.")


class MissingCatalogueBody(Body):
    """A name that people gave is to become a condition of the catalogue."""

    name: ShortText = Field(description="As `GET /v1/missing-conditions` tells it.")
    code: Code
    kind: ConditionKind


class MissingCatalogued(ConditionStored):
    """The condition as it is catalogued now, and in how many of the cases it was named for it is observed."""

    observed: int
