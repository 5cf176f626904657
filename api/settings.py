"""Settings, all from `STEADFAST_*` variables or from files that `STEADFAST_*_FILE` names.

A name nobody knows is an error at start: a misspelt setting must not be silently the default.
"""

import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from models.database import driver_url, is_sqlite

PREFIX = "STEADFAST_"


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
        default="http://127.0.0.1:8000", description="The address callers and customers reach this service at."
    )
    trusted_proxies: str = Field(
        default="127.0.0.1", description="Addresses whose `X-Forwarded-*` headers are believed, comma separated."
    )
    environment: Literal["live", "test"] = Field(
        default="live", description="Stands in each API key, so that a test key is seen to be one."
    )
    pool_size: int = Field(default=10, ge=1, le=200, description="Database connections this process keeps.")
    log_format: Literal["json", "text"] = Field(default="json", description="How log lines are written.")

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
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return kept.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsRefusedError(f"the secret cannot be kept at {kept}: {error}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    return kept.read_text(encoding="utf-8").strip()
