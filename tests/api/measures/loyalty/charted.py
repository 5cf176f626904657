"""Half a year of promises and cases posted as systems post them, for charts to be drawn of."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from models.database import Database
from models.planning import refresh_statistics
from tests.api.caller import Caller, done

MONDAY = datetime(2025, 6, 2, tzinfo=UTC)
"""The first week's; all of it has settled."""
WRITTEN = {"customers", "customer_versions", "cases", "case_versions", "promises", "promise_versions"}
A_WEEK = 10
"""So many cases are opened in each."""


def week(place: int, days: float = 0) -> datetime:
    """Give a moment of a week."""
    return MONDAY + timedelta(weeks=place, days=days)


async def post_weeks(
    client: Caller, database: Database, kept: Sequence[int], *, hours: Sequence[float] = (), **fields: Any
) -> None:
    """Post ten cases a week, each with a promise due that week: so many of them kept; each took so many hours."""
    customers = [{"reference": f"C-{number}"} for number in range(A_WEEK)]
    cases: list[dict[str, Any]] = []
    promises: list[dict[str, Any]] = []
    for place, good in enumerate(kept):
        for number in range(A_WEEK):
            opened = week(place, 1)
            took = timedelta(hours=hours[place] if hours else 20 + number)
            reference = f"K-{place}-{number}"
            own: dict[str, Any] = {"contacts": 1 + (number == 0), "handovers": 0, "reopened": 0}
            at = {"opened_at": opened.isoformat(), "confirmed_at": (opened + took).isoformat()}
            cases.append(
                {
                    "reference": reference,
                    "customer": f"C-{(number + place) % A_WEEK}",
                    "need": "repair",
                    "team": "north",
                    **at,
                    **own,
                }
                | fields
            )
            due = week(place, 3)
            late = timedelta(hours=-1 if number < good else 1)
            promises.append(
                {
                    "case": reference,
                    "promise": "visit",
                    "what": "a visit",
                    "made_at": opened.isoformat(),
                    "due_at": due.isoformat(),
                    "kept_at": (due + late).isoformat(),
                }
            )
    for kind, rows in (("customers", customers), ("cases", cases), ("promises", promises)):
        for start in range(0, len(rows), 1000):
            told = done(await client.post(f"/v1/{kind}/bulk", rows[start : start + 1000]))
            assert told["rejected"] == 0, told
    # As beside a served application: PostgreSQL plans by what it knows of the tables.
    await refresh_statistics(database.url, WRITTEN)


async def chart(client: Caller, dimension: str = "keep", *, weeks: int = 26, **params: Any) -> Any:
    """Read a chart of the weeks posted."""
    named = {"from": week(0).date().isoformat(), "to": week(weeks).date().isoformat(), **params}
    return await client.read(f"/v1/loyalty/{dimension}/chart", **named)
