"""What `doctor` looks at without a database: settings, the secret, addresses, the clock's zones, room on the disk."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sqlalchemy import make_url

from api.health import ROOM_MIB, room_mib
from api.settings import PREFIX, Settings, networks_of
from models.database import is_sqlite

SHORTEST_SECRET = 32
FEWEST_DIFFERENT = 10
FEWEST_ZONES = 300
WIDEST_NETWORK_BITS = 8
LOCAL = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Parameters
    ----------
    name
        What was looked at.
    ok
        Whether it is as it must be.
    found
        What was found.
    remedy
        What to do where it is not.
    warning
        Whether it can be lived with for now.
    """

    name: str
    ok: bool
    found: str
    remedy: str | None
    warning: bool = False


def warn(name: str, found: str, remedy: str) -> Check:
    """Return a check that did not hold and can be lived with."""
    return Check(name, ok=False, found=found, remedy=remedy, warning=True)


def of_settings(settings: Settings) -> Iterator[Check]:
    """Look at everything that can be judged without the database."""
    yield Check("settings", ok=True, found="all known", remedy=None)
    yield _secret(settings)
    yield from _secret_files(settings)
    yield _address(settings)
    yield _proxies(settings)
    yield _metrics(settings)
    yield _zones()
    if is_sqlite(settings.database_url):
        yield _room(settings)


def _secret(settings: Settings) -> Check:
    remedy = "Set STEADFAST_SECRET to the output of `openssl rand -hex 32`, then make every caller a new key."
    length, different = len(settings.secret), len(set(settings.secret))
    if length < SHORTEST_SECRET:
        return Check("secret", ok=False, found=f"only {length} characters", remedy=remedy)
    found = "kept" if different >= FEWEST_DIFFERENT else f"only {different} different characters: it can be guessed"
    return Check("secret", different >= FEWEST_DIFFERENT, found, remedy)


def _secret_files(settings: Settings) -> Iterator[Check]:
    """Look at who else may read the files secrets are kept in."""
    named = [os.environ.get(f"{PREFIX}{name}_FILE", "") for name in ("SECRET", "DATABASE_URL", "METRICS_TOKEN")]
    if is_sqlite(settings.database_url) and f"{PREFIX}SECRET" not in os.environ:
        named.append(f"{make_url(settings.database_url).database}.secret")
    for path in (Path(name) for name in named if name):
        if path.exists():
            open_to_others = stat.S_IMODE(path.stat().st_mode) & 0o077
            found = f"{path} may be read by others" if open_to_others else f"{path} is its owner's alone"
            yield Check("secret file", not open_to_others, found, f"Run `chmod 600 {path}`.")


def _address(settings: Settings) -> Check:
    url = urlsplit(settings.public_url)
    remedy = "Serve over https and set STEADFAST_PUBLIC_URL to that address."
    if url.hostname in LOCAL:
        return warn("public address", f"{settings.public_url} is reached from this machine alone", remedy)
    return Check("public address", url.scheme == "https", settings.public_url, remedy)


def _proxies(settings: Settings) -> Check:
    networks = networks_of(settings.trusted_proxies)
    wide = [str(network) for network in networks if network.prefixlen < WIDEST_NETWORK_BITS]
    if wide:
        remedy = (
            "Name the proxy's own address in STEADFAST_TRUSTED_PROXIES: whoever is named can pretend to be anybody."
        )
        return Check("proxies", ok=False, found=f"{', '.join(wide)} is nearly everybody", remedy=remedy)
    behind = urlsplit(settings.public_url).scheme == "https"
    if behind and not networks:
        remedy = "Name the address of the proxy that speaks TLS in STEADFAST_TRUSTED_PROXIES."
        return warn("proxies", "none is trusted, and the public address is https", remedy)
    return Check("proxies", ok=True, found=", ".join(map(str, networks)) or "none", remedy=None)


def _metrics(settings: Settings) -> Check:
    found = [f"port {settings.metrics_port}"] if settings.metrics_port else []
    found += ["a token"] if settings.metrics_token else []
    if not found:
        remedy = "Set STEADFAST_METRICS_TOKEN or STEADFAST_METRICS_PORT, and let Prometheus scrape /metrics."
        return warn("metrics", "off", remedy)
    return Check("metrics", ok=True, found=" and ".join(found), remedy=None)


def _zones() -> Check:
    known = len(available_timezones())
    try:
        ok = known >= FEWEST_ZONES and ZoneInfo("Europe/Berlin") is not None
    except ZoneInfoNotFoundError:
        ok = False
    return Check("time zones", ok, f"{known} known", "Install the package tzdata.")


def _room(settings: Settings) -> Check:
    folder = Path(make_url(settings.database_url).database or ".").resolve().parent
    free = room_mib(settings.database_url)
    return Check("room", free >= ROOM_MIB, f"{free} MiB free", f"Free at least {ROOM_MIB} MiB in {folder}.")
