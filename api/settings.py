"""Settings, all from `STEADFAST_*` variables or from files that `STEADFAST_*_FILE` names.

A name nobody knows is an error at start: a misspelt setting must not be silently the default.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from models.database import driver_url, is_sqlite

PREFIX = "STEADFAST_"
SHORTEST_TOKEN = 16


class SettingsRefusedError(Exception):
    """A setting is wrong; the message says which and what to do."""


class Settings(BaseSettings):
    """What an installation may set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    database_url: str = Field(
        default="sqlite:///./steadfast.db",
        description="Where the data is kept: `sqlite:///…` or `postgresql://…`.",
    )
    secret: str = Field(
        default="", description="The one secret to keep. Made and kept beside an SQLite database when absent."
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="The address callers and customers reach this service at; where `serve` listens when absent.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1, ::1",
        description="Addresses and networks whose `X-Forwarded-*` headers are believed, comma separated.",
    )
    environment: Literal["live", "test"] = Field(
        default="live", description="Stands in each API key, so that a test key is seen to be one."
    )
    pool_size: int = Field(default=10, ge=1, le=200, description="Database connections this process keeps.")
    allow_private_hooks: bool = Field(
        default=False, description="Let webhooks reach private and loopback addresses. Only where every admin may."
    )
    hook_attempts: str = Field(
        default="0,5,300,1800,7200,18000,36000,36000",
        description="Seconds from each attempt of a delivery to the next; after the last it is given up.",
    )
    hook_timeout: float = Field(default=15, ge=0.1, le=30, description="Seconds a receiver of webhooks has to answer.")
    worker: Literal["auto", "none"] = Field(
        default="auto", description="`auto`: `serve` keeps a worker beside itself. `none`: workers run elsewhere."
    )
    lease_seconds: int = Field(
        default=60,
        ge=2,
        le=3600,
        description="After so long a dead worker's job is taken over. The same for all workers.",
    )
    log_format: Literal["json", "text"] = Field(default="json", description="How log lines are written.")
    limit_key: int = Field(default=60_000, ge=0, description="Requests a minute of one API key; 0 for no limit.")
    limit_token: int = Field(default=300, ge=0, description="Requests a minute with one invitation; 0 for no limit.")
    limit_address: int = Field(
        default=1_200, ge=0, description="Requests a minute of one address to open forms; 0 for no limit."
    )
    limit_failures: int = Field(
        default=3_000,
        ge=0,
        description="Wrong keys and invitations a minute of one address; 0 for no limit.",
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65_535, description="A port of its own for `/metrics`, without a token; 0 for none."
    )
    metrics_token: str = Field(
        default="", description="What `/metrics` on the service's own port wants as bearer token; off without one."
    )

    @field_validator("hook_attempts")
    @classmethod
    def _whole_seconds(cls, text: str) -> str:
        if not all(part.strip().isdecimal() for part in text.split(",")):
            raise ValueError("whole seconds, comma separated, like 0,5,300")
        return text

    @property
    def hook_delays(self) -> tuple[int, ...]:
        """Seconds from each attempt of a delivery to the next."""
        return tuple(int(part) for part in self.hook_attempts.split(","))

    tombstones: str = Field(
        default="",
        description="The file where each erasure is noted outside the database, as a keyed hash, for the day a backup "
        "is restored. Beside an SQLite database when absent.",
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        driver_url(url)
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, given: str) -> str:
        networks_of(given)
        return given

    @field_validator("public_url")
    @classmethod
    def _address(cls, given: str) -> str:
        parsed = urlsplit(given)
        if parsed.scheme not in {"http", "https"} or not parsed.hostname or parsed.query or parsed.fragment:
            raise ValueError("an address like https://feedback.example.com")
        return given.rstrip("/")

    @field_validator("metrics_token")
    @classmethod
    def _long_enough(cls, given: str) -> str:
        if given and len(given) < SHORTEST_TOKEN:
            raise ValueError(f"a token of at least {SHORTEST_TOKEN} characters")
        return given


def networks_of(given: str) -> list[IPv4Network | IPv6Network]:
    """Return the addresses and networks of a comma-separated list; raise `ValueError` for what is neither."""
    return [ip_network(item.strip()) for item in given.split(",") if item.strip()]


def read_settings() -> Settings:
    """Read the settings from the environment, refusing names nobody knows."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given: dict[str, str] = {}
    for name in os.environ:
        if not name.upper().startswith(PREFIX):
            continue
        plain = name.upper().removesuffix("_FILE")
        if plain not in known:
            raise SettingsRefusedError(f"{name} is no setting of Steadfast; known are {', '.join(sorted(known))}")
        if name.upper() != plain:
            given[plain.removeprefix(PREFIX).lower()] = _from_file(name)
    try:
        settings = Settings(**given)  # type: ignore[arg-type] # pydantic converts text as for the environment
    except ValidationError as error:
        wrong = [f"{PREFIX}{item['loc'][0]!s}".upper() + f": {item['msg']}" for item in error.errors()]
        raise SettingsRefusedError("; ".join(wrong)) from error
    return settings.model_copy(update={"secret": settings.secret or _kept_secret(settings.database_url)})


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return read_settings()


def _from_file(name: str) -> str:
    try:
        return Path(os.environ[name]).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsRefusedError(f"{name} names a file that cannot be read: {error}") from error


def _kept_secret(database_url: str) -> str:
    """Return the secret kept beside an SQLite database, made at first need."""
    if not is_sqlite(database_url):
        raise SettingsRefusedError(
            "STEADFAST_SECRET is not set. Make one with `openssl rand -hex 32` and keep it: "
            "API keys and invitations depend on it"
        )
    database = make_url(database_url).database
    if not database or database == ":memory:":
        return secrets.token_hex(32)
    kept = Path(f"{database}.secret")
    try:
        secret = kept.read_text(encoding="utf-8").strip() if kept.exists() else _new_secret(kept)
    except OSError as error:
        raise SettingsRefusedError(f"the secret cannot be kept at {kept}: {error}") from error
    if not secret:
        raise SettingsRefusedError(f"{kept} is empty; put the secret of your backup back into it")
    return secret


def _new_secret(kept: Path) -> str:
    """Make the secret; of several that start together one makes it and all read the same."""
    with tempfile.NamedTemporaryFile("w", dir=kept.parent, prefix=".", suffix=".secret", encoding="utf-8") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            Path(kept).hardlink_to(file.name)
    return kept.read_text(encoding="utf-8").strip()
