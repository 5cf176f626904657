"""What is said and answered about API keys. The text of a key is answered once, where it is made."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from api.bodies import Answer, Body, Moment
from models.access import Scope

MOST_OVERLAP_HOURS = 24 * 90
USUAL_OVERLAP_HOURS = 24 * 7


def _storable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("name_form", "visible characters")
    return text


KeyName = Annotated[str, Field(strict=True, max_length=200), AfterValidator(_storable)]


class KeyBody(Body):
    """A key to be made."""

    name: KeyName = Field(default="", description="What the key is for.")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope), description="What the key may do.")]
    expires_at: Moment | None = Field(default=None, description="When it stops opening anything. Default: never.")


class RotationBody(Body):
    """How a key is taken over from."""

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=MOST_OVERLAP_HOURS)] = Field(
        default=USUAL_OVERLAP_HOURS, description="How long the old key still opens what it opened."
    )


class KeyAnswer(Answer):
    """A key, without its text."""

    id: UUID
    name: str
    scopes: list[str]
    state: Literal["active", "revoked", "expired"]
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_on: date | None
    successor: UUID | None


class NewKeyAnswer(KeyAnswer):
    """A key just made, with its text: it is shown this once."""

    key: str


class RotationAnswer(NewKeyAnswer):
    """The successor of a key, and the key it takes over from."""

    replaces: KeyAnswer
