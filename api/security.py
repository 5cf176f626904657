"""API keys: how one is made, read and checked.

`sfk_<env>_<id>_<secret>_<checksum>`: the checksum lets a scanner and a form see a mistyped key without a database;
only an HMAC-SHA256 of the whole key, under a key derived from the installation's secret, is stored.
"""

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass
from functools import lru_cache

ALPHABET = string.ascii_lowercase + string.digits
PREFIX = "sfk"
PARTS = 5


@dataclass(frozen=True)
class ParsedKey:
    """A key whose checksum holds."""

    lookup: str
    text: str


@lru_cache(maxsize=64)
def derived_key(secret: str, purpose: str) -> bytes:
    """Return the key for one purpose, so that no two uses share one."""
    return hmac.digest(secret.encode(), f"steadfast/{purpose}".encode(), "sha256")


def keyed_digest(key: bytes, text: str) -> str:
    """Return the HMAC-SHA256 of a text under a key of one purpose."""
    return hmac.digest(key, text.encode(), "sha256").hex()


def digest(secret: str, key: str) -> str:
    """Return what is stored of an API key."""
    return hmac.digest(derived_key(secret, "api-keys"), key.encode(), "sha256").hex()


def make_key(environment: str) -> ParsedKey:
    """Return a new key with 160 bits of secret."""
    lookup = _letters(12)
    body = f"{PREFIX}_{environment}_{lookup}_{_letters(32)}"
    return ParsedKey(lookup, f"{body}_{_checksum(body)}")


def parse_key(text: str) -> ParsedKey | None:
    """Return the key if it is of our making by its checksum, else None."""
    parts = text.split("_")
    if len(parts) != PARTS or parts[0] != PREFIX or not text.isascii():
        return None
    body, _, checksum = text.rpartition("_")
    if not hmac.compare_digest(checksum, _checksum(body)):
        return None
    return ParsedKey(parts[2], text)


def is_digest_of(secret: str, key: ParsedKey, stored: str) -> bool:
    """Return whether `stored` is this key's digest, in constant time."""
    return hmac.compare_digest(digest(secret, key.text), stored)


def _letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:6]
