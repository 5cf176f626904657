"""Secrets of hooks: made, kept sealed, and used to sign what is sent (Standard Webhooks).

What is signed is `id.timestamp.body`; the header may carry several signatures, so that two secrets are valid while one
replaces the other.
"""

import base64
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.security import derived_key
from api.settings import settings

PREFIX = "whsec_"
SECRET_BYTES = 32
NONCE_BYTES = 12


class SealBrokenError(Exception):
    """What was sealed cannot be read: the installation's secret changed, or the row did."""


def make_secret() -> str:
    """Return a new secret as it is shown, once."""
    return PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def signature(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header that proves who sent this: one signature for each secret.

    >>> signature(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
    ...           b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    keys = (base64.b64decode(secret.removeprefix(PREFIX)) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(hmac.digest(key, content, 'sha256')).decode()}" for key in keys)


def seal(hook_id: UUID, text: str) -> bytes:
    """Encrypt a hook's secret or headers with a key of the installation (AES-256-GCM), bound to the hook."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_key()).encrypt(nonce, text.encode(), hook_id.bytes)


def unseal(hook_id: UUID, sealed: bytes) -> str:
    """Decrypt what `seal` sealed."""
    try:
        return AESGCM(_key()).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], hook_id.bytes).decode()
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError from error


def seal_headers(hook_id: UUID, headers: Mapping[str, str]) -> bytes:
    """Encrypt the headers a hook wants to be sent: they often carry a password."""
    return seal(hook_id, json.dumps(dict(headers)))


def unseal_headers(hook_id: UUID, sealed: bytes) -> dict[str, str]:
    """Decrypt a hook's headers."""
    found: dict[str, str] = json.loads(unseal(hook_id, sealed))
    return found


def _key() -> bytes:
    return derived_key(settings().secret, "hooks")
