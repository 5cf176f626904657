"""Idempotency-Key: the same request sent again gets the first answer again, and nothing happens twice.

The row that marks a key is written in the transaction of the request's own work, so both happen or neither. A second
request waits on the database for the first; what it then finds is the first's answer. Answers are sealed with a key
only the header itself yields: whoever reads the table learns nothing of them.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict, Malformed
from models.access import IdempotentAnswer
from models.ids import uuid7
from models.turns import hold_name

KEPT_FOR = timedelta(days=7)
LONGEST_KEY = 255
WAIT_MS = 5000
NONCE_BYTES = 12
KEPT_HEADERS = ("etag", "location")
"""What callers go on with from an answer, beside its body."""
WITH_HEADERS = b"\x01"
"""What a sealed answer with headers begins with, and no body does: answers kept before have their body alone."""
LOCK_NOT_AVAILABLE = "55P03"

answers = IdempotentAnswer.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


@dataclass(frozen=True)
class Once:
    """One use of an Idempotency-Key: whose, for which route, with which body."""

    workspace_id: UUID
    api_key_id: UUID
    key: str
    route: str
    body: bytes

    @property
    def key_hash(self) -> str:
        """What is stored of the header."""
        return _hash(b"key", self.key.encode())

    @property
    def route_hash(self) -> str:
        """Method and path."""
        return _hash(b"route", self.route.encode())

    @property
    def body_hash(self) -> str:
        """The body as it came."""
        return _hash(b"body", self.body)


@dataclass(frozen=True)
class FirstAnswer:
    """The answer the first request got."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, body: bytes, headers: Mapping[str, str]) -> "FirstAnswer":
        """Return an answer with those of its headers that callers go on with."""
        return cls(status, body, {name: headers[name] for name in KEPT_HEADERS if name in headers})

    def packed(self) -> bytes:
        """Return what is sealed of it."""
        return WITH_HEADERS + json.dumps(dict(self.headers)).encode() + b"\n" + self.body

    @classmethod
    def unpacked(cls, status: int, packed: bytes) -> "FirstAnswer":
        """Return the answer that was sealed."""
        if not packed.startswith(WITH_HEADERS):
            return cls(status, packed)
        headers, _, body = packed.removeprefix(WITH_HEADERS).partition(b"\n")
        return cls(status, body, json.loads(headers))


def check_key(key: str) -> str:
    """Return the header if it can serve as a key."""
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        errors = [{"pointer": "/header/Idempotency-Key", "code": "key_form", "detail": "1 to 255 visible characters"}]
        raise Malformed("Send an Idempotency-Key of 1 to 255 visible ASCII characters.", errors=errors)
    return key


async def first_answer(session: AsyncSession, once: Once, now: datetime) -> FirstAnswer | None:
    """Return the first answer to this request, or None when this is the first.

    Raises
    ------
    Conflict
        `idempotency_mismatch` when the key came with another body before; `idempotency_in_progress`, retryable,
        when the first request is still running after five seconds.
    """
    await _wait_for_first(session, once)
    row = (
        await session.execute(
            select(answers.c.body_hash, answers.c.status, answers.c.sealed).where(
                answers.c.workspace_id == once.workspace_id,
                answers.c.api_key_id == once.api_key_id,
                answers.c.route_hash == once.route_hash,
                answers.c.key_hash == once.key_hash,
                answers.c.stored_at > now - KEPT_FOR,
            )
        )
    ).one_or_none()
    if row is None:
        return None
    if not hmac.compare_digest(row.body_hash, once.body_hash):
        raise Conflict(
            "This Idempotency-Key came before with another body. Use a new key for a new request.",
            code="idempotency_mismatch",
        )
    return FirstAnswer.unpacked(row.status, unseal(once, row.sealed))


async def keep_answer(session: AsyncSession, once: Once, answer: FirstAnswer, now: datetime) -> None:
    """Store the answer in the transaction of the work it answers."""
    await session.execute(
        delete(answers).where(
            answers.c.workspace_id == once.workspace_id,
            answers.c.api_key_id == once.api_key_id,
            answers.c.route_hash == once.route_hash,
            answers.c.key_hash == once.key_hash,
        )
    )
    await session.execute(
        insert(answers).values(
            workspace_id=once.workspace_id,
            id=uuid7(),
            api_key_id=once.api_key_id,
            route_hash=once.route_hash,
            key_hash=once.key_hash,
            body_hash=once.body_hash,
            status=answer.status,
            sealed=seal(once, answer.packed()),
            stored_at=now,
        )
    )


def seal(once: Once, body: bytes) -> bytes:
    """Encrypt an answer with a key derived from the header itself (AES-256-GCM)."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_sealing_key(once)).encrypt(nonce, body, once.route_hash.encode())


def unseal(once: Once, sealed: bytes) -> bytes:
    """Decrypt an answer."""
    try:
        return AESGCM(_sealing_key(once)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], once.route_hash.encode())
    except InvalidTag:
        raise Conflict("The first answer cannot be read any more. Use a new Idempotency-Key.") from None


async def _wait_for_first(session: AsyncSession, once: Once) -> None:
    """On PostgreSQL, wait for a running request with the same key; SQLite's one writer has waited already."""
    if session.get_bind().dialect.name != "postgresql":
        return
    name = f"{once.workspace_id}/{once.api_key_id}/{once.route_hash}/{once.key_hash}"
    await session.execute(text(f"SET LOCAL lock_timeout = {WAIT_MS}"))
    try:
        await hold_name(session, name)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise Conflict(
            "The first request with this Idempotency-Key is still running. Send the same request again in a moment.",
            code="idempotency_in_progress",
            retryable=True,
        ) from None
    await session.execute(text("SET LOCAL lock_timeout = DEFAULT"))


def _sealing_key(once: Once) -> bytes:
    salt = json.dumps([str(once.workspace_id), str(once.api_key_id)]).encode()
    return hmac.digest(once.key.encode(), b"steadfast/idempotent-answer" + salt, "sha256")


def _hash(purpose: bytes, data: bytes) -> str:
    return hashlib.sha256(purpose + b"\0" + data).hexdigest()
