"""ETags: the version of a single resource, and changes that say which version they were made from."""

from hashlib import sha256
from typing import Annotated, Protocol, TypeVar

from fastapi import Header, Response

from api.bodies import Answer
from api.errors import Conflict

IfMatch = Annotated[str | None, Header(description="The ETag this change was made from; `*` for whichever is there.")]


class Versioned(Protocol):
    """What has a version of its own."""

    @property
    def version(self) -> int:
        """The version."""


V = TypeVar("V", bound=Versioned)
A = TypeVar("A", bound=Answer)
SHOWN_DIGITS = 32


class PreconditionFailed(Conflict):
    """The thing changed since the caller read it."""

    status, code, title = 412, "precondition_failed", "This changed since it was read"


class PreconditionRequired(Conflict):
    """A change has to say what it was made from."""

    status, code, title = 428, "precondition_required", "If-Match is needed"


def etag(version: int | str) -> str:
    """Return a version as an ETag.

    >>> etag(3)
    '"3"'
    """
    return f'"{version}"'


def tagged(response: Response, found: V) -> V:
    """Say an answer's version in its ETag."""
    response.headers["ETag"] = etag(found.version)
    return found


def marked(response: Response, found: A) -> A:
    """Say in its ETag what an answer without a version of its own says: it is the same as long as the answer is."""
    response.headers["ETag"] = etag(sha256(found.model_dump_json().encode()).hexdigest()[:SHOWN_DIGITS])
    return found


def check_if_match(if_match: str | None, version: int | str) -> None:
    """Refuse a change that does not say what it was made from (428), or was made from another version (412)."""
    if if_match is None:
        raise PreconditionRequired("Read the thing, then send its ETag as If-Match.")
    given = {part.strip().removeprefix("W/") for part in if_match.split(",")}
    if not given & {etag(version), "*"}:
        raise PreconditionFailed("This changed since you read it. Read it again, then change it.")
