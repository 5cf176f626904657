"""Links that the caller's own mail tool signs: the secret they are signed with, and whether a signature is good.

The secret is derived from the installation's and a salt a turn, so none lies in the database. What is signed is
`survey/case`, and `survey/case/exp` where the link expires: no survey key and no reference holds a `/`.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert

from api import audit
from api.dependencies import Work
from api.errors import Refusal
from api.feedback import queries
from api.feedback.schemas import LinkSecretAnswer, LinkSecretTurn
from api.security import derived_key
from api.settings import settings
from models.base import to_us
from models.ids import uuid7

PURPOSE = "link-secrets"
SIGNS = "sha256"


class BadSignature(Refusal):
    """A signed link that is not as it was signed."""

    status, code, title = 403, "bad_signature", "This link is not as it was signed"


class LinkExpired(Refusal):
    """A link whose time is over."""

    status, code, title = 410, "link_expired", "This link is no longer valid"


@dataclass(frozen=True)
class SignedLink:
    """What a link says of itself."""

    case: str
    signature: str
    expires: str | None = None


async def read_secret(work: Work) -> LinkSecretAnswer:
    """Return the secret links are signed with now."""
    turn = await _turn(work)
    if turn is None:
        return LinkSecretAnswer(secret=_secret(work.workspace_id, ""), created_at=None, previous_until=None)
    secret = _secret(work.workspace_id, turn.salt)
    return LinkSecretAnswer(secret=secret, created_at=turn.created_at, previous_until=turn.previous_until)


async def turn_secret(work: Work, body: LinkSecretTurn) -> LinkSecretAnswer:
    """Begin a new secret; links signed with the one before stay good for as long as the body says."""
    row = {
        "workspace_id": work.workspace_id,
        "id": uuid7(),
        "salt": token_hex(16),
        "created_at": work.now,
        "previous_until": work.now + timedelta(days=body.keep_previous_days),
    }
    await work.session.execute(insert(queries.link_secrets).values(row))
    await audit.note(work, "link_secret.turned", "link-secret", {"keep_previous_days": body.keep_previous_days})
    return await read_secret(work)


async def check(work: Work, survey: str, link: SignedLink) -> None:
    """Refuse a link that was not signed with the workspace's secret, or whose time is over."""
    said = f"{survey}/{link.case}" + ("" if link.expires is None else f"/{link.expires}")
    good = [_is_signed(secret, said, link.signature) for secret in await _secrets(work)]
    # A case with a `/` in it could pass for another one's that expires.
    if "/" in link.case or not any(good):
        raise BadSignature("Open the link exactly as it was sent. Whoever sends it: what is signed is survey/case.")
    if link.expires is not None and not _is_ahead(link.expires, work.now):
        raise LinkExpired("Its time is over. Ask whoever sent it for a new one.")


async def _secrets(work: Work) -> list[str]:
    turns = (await work.session.execute(queries.link_turns(work.workspace_id).limit(2))).all()
    salts = [turn.salt for turn in turns] + [""]
    previous = bool(turns) and work.now < turns[0].previous_until
    return [_secret(work.workspace_id, salt) for salt in salts[: 2 if previous else 1]]


async def _turn(work: Work) -> Row[Any] | None:
    found: Row[Any] | None = (await work.session.execute(queries.link_turns(work.workspace_id).limit(1))).one_or_none()
    return found


def _secret(workspace_id: UUID, salt: str) -> str:
    own = derived_key(settings().secret, PURPOSE)
    return "sfl_" + hmac.digest(own, f"{workspace_id}/{salt}".encode(), SIGNS).hex()


def _is_signed(secret: str, said: str, signature: str) -> bool:
    meant = hmac.digest(secret.encode(), said.encode(), SIGNS).hex()
    return hmac.compare_digest(meant.encode(), signature.lower().encode())


def _is_ahead(expires: str, now: datetime) -> bool:
    return expires.isascii() and expires.isdecimal() and len(expires) < 12 and int(expires) * 1_000_000 > to_us(now)  # noqa: PLR2004
