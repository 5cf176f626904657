"""What is asked and answered about hooks and deliveries."""

import re
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError, Url

from api.bodies import Answer, Body, Moment
from api.events import EVENT_TYPES

TOKEN = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")
FORM = re.compile(r"^https?://[^/?#\\\s][^\\\s]*$", re.IGNORECASE)
OURS = frozenset(
    {"host", "content-length", "content-type", "connection", "transfer-encoding", "te", "trailer", "upgrade", "expect"}
)
OURS_FROM = "webhook-"
MOST_HEADERS = 20


def _url(text: str) -> str:
    try:
        url = Url(text)
    except ValueError as error:
        raise PydanticCustomError("url_form", "an address like https://crm.example/hooks") from error
    # A browser reads more as an address than a sender does: the form is asked for as well.
    if not FORM.match(text) or not text.isprintable():
        raise PydanticCustomError("url_form", "an address like https://crm.example/hooks")
    if url.username or url.password:
        raise PydanticCustomError("url_userinfo", "an address without a password; send it as a header instead")
    return text


def _kinds(kinds: list[str]) -> list[str]:
    unknown = sorted(set(kinds) - set(EVENT_TYPES))
    if unknown:
        raise PydanticCustomError(
            "unknown_event", "one of {known}, not {unknown}", {"known": ", ".join(EVENT_TYPES), "unknown": unknown[0]}
        )
    return sorted(set(kinds))


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not TOKEN.match(name) or name.lower() in OURS or name.lower().startswith(OURS_FROM):
            raise PydanticCustomError("header_name", "a header that may be set, not {name}", {"name": repr(name)})
        if not value.isascii() or not value.isprintable():
            raise PydanticCustomError("header_value", "visible ASCII characters as the value of {name}", {"name": name})
    return headers


Address = Annotated[str, Field(strict=True, min_length=1, max_length=2000), AfterValidator(_url)]
Kinds = Annotated[list[str], Field(min_length=1, max_length=50), AfterValidator(_kinds)]
Headers = Annotated[
    dict[str, Annotated[str, Field(strict=True, max_length=2000)]],
    Field(max_length=MOST_HEADERS),
    AfterValidator(_headers),
]


class HookBody(Body):
    """Where to tell, and of what."""

    target_url: Address
    events: Kinds = Field(description="The types to be told of.")
    headers: Headers = Field(default={}, description="Sent with every delivery, for instance `Authorization`.")


class HookAnswer(Answer):
    """A hook; of its headers only the names are shown."""

    id: UUID
    target_url: str
    events: list[str]
    headers: list[str]
    old_secret_until: Moment | None
    created_at: Moment
    stored_at: Moment


class HookMade(HookAnswer):
    """A hook with its secret, shown this once."""

    secret: str


class SecretAnswer(Answer):
    """A hook's new secret, shown this once; until the moment named the old one is used beside it."""

    id: UUID
    secret: str
    old_secret_until: Moment


class DeliveryAnswer(Answer):
    """The telling of one event to one hook, and how the last attempt ended."""

    id: UUID
    hook: UUID
    event: UUID
    type: str | None
    state: str
    attempts: int
    status: int | None
    problem: str | None
    next_at: Moment | None
    attempted_at: Moment | None
    created_at: Moment
    stored_at: Moment


class ReplayBody(Body):
    """From which moment on events are to be told again."""

    since: Moment
    until: Moment | None = Field(default=None, description="Up to here; default: now.")


class ReplayAnswer(Answer):
    """How many events will be told again."""

    replayed: int


class EventSample(Answer):
    """An event as it would be posted."""

    id: UUID
    type: str
    timestamp: Moment
    data: dict[str, JsonValue]


def envelope(identity: UUID, kind: str, timestamp: Any, data: dict[str, Any]) -> EventSample:
    """Return an event as it is posted."""
    return EventSample(id=identity, type=kind, timestamp=timestamp, data=data)
