"""What the service counts about itself for Prometheus: requests by route template, events, and what waits.

Every label has a bounded set of values: route templates and never addresses, the methods HTTP knows, status classes,
the types of events. Nothing is counted by workspace, key or customer.
"""

import collections
import platform
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

REGISTRY = CollectorRegistry()
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
RESPONSE_RECEIVED = "response.received"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# When a series began is known to whoever scrapes it; told, it would double what is told.
disable_created_metrics()  # type: ignore[no-untyped-call] # the library does not say
ProcessCollector(registry=REGISTRY)
build = Gauge("steadfast_build_info", "The version that runs; always 1.", ["version", "python"], registry=REGISTRY)
build.labels(version("steadfast"), platform.python_version()).set(1)

requests = Counter(
    "steadfast_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)  # the name's `_total` is added where it is told
seconds = Histogram(
    "steadfast_request_seconds",
    "From the first byte of a request to the last of its answer.",
    ["method", "route"],
    buckets=SECONDS,
    registry=REGISTRY,
)
under_way = Gauge("steadfast_requests_under_way", "Requests being worked on.", registry=REGISTRY)
events = Counter("steadfast_events", "Events committed by this process, by type.", ["type"], registry=REGISTRY)
responses = Counter("steadfast_responses_stored", "Responses committed by this process.", registry=REGISTRY)

database_up = Gauge("steadfast_database_up", "Whether the database answered this scrape.", registry=REGISTRY)
connections = Gauge(
    "steadfast_database_connections",
    "Connections of this process, by pool: those in use, and the most there can be.",
    ["pool", "count"],
    registry=REGISTRY,
)
wal_bytes = Gauge("steadfast_sqlite_wal_bytes", "Size of SQLite's write-ahead log.", registry=REGISTRY)
jobs = Gauge(
    "steadfast_jobs", "Jobs not yet done: waiting, running, and lost by their worker.", ["state"], registry=REGISTRY
)
jobs_overdue = Gauge("steadfast_jobs_overdue_seconds", "How long the longest waiting job is due.", registry=REGISTRY)
outbox = Gauge("steadfast_outbox_waiting", "Events still to be delivered.", registry=REGISTRY)
outbox_overdue = Gauge(
    "steadfast_outbox_overdue_seconds", "How long the longest waiting delivery is due.", registry=REGISTRY
)
since = Gauge(
    "steadfast_seconds_since",
    "Seconds since the last sign of life of a worker, and the last training, analysis and backup that succeeded.",
    ["what"],
    registry=REGISTRY,
)


def count_request(method: str, route: str | None, status: int, took: float) -> None:
    """Count one request that was answered."""
    count, times = _series(method if method in METHODS else "other", route or UNMATCHED, status // 100)
    count.inc()
    times.observe(took)


@lru_cache(maxsize=4096)
def _series(method: str, template: str, status_class: int) -> tuple[Counter, Histogram]:
    """Return where requests of one kind are counted: to look it up takes longer than to count."""
    return requests.labels(method, template, f"{status_class}xx"), seconds.labels(method, template)


def count_events(types: Iterable[str]) -> None:
    """Count events that are committed."""
    for kind, many in collections.Counter(types).items():
        events.labels(kind).inc(many)
        if kind == RESPONSE_RECEIVED:
            responses.inc(many)


def since_when(ages: Mapping[str, float]) -> None:
    """Tell how long ago what was last done; what never was is left out."""
    since.clear()
    for what, age in ages.items():
        since.labels(what).set(age)


def told(accept: str) -> tuple[bytes, str]:
    """Return everything counted, in the form a scraper asks for, and that form's name."""
    encode, kind = choose_encoder(accept)
    return encode(REGISTRY), kind
