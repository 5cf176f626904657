"""What is usual in a workspace, found by night and before a training: medians that single customers are set against.

Found while reading, which may take a while, and kept in a transaction that is short.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import Work
from ml.features import elapsed_counts, usual_month, value_counts
from models.appending import append_rows
from models.base import from_us, to_us
from models.median import Median, MedianKind
from models.rules.histograms import median_of_counts

medians = Median.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
LEAST = 5
COUNTS = {MedianKind.ELAPSED: elapsed_counts, MedianKind.VALUE: value_counts}

Found = Mapping[int, Sequence[Mapping[str, Any]]]
"""By month, its first moment in UTC microseconds, what was found of it."""


def months_about(moment: datetime) -> set[int]:
    """Return the months whose medians count now or from tomorrow on."""
    first = datetime(moment.year, moment.month, 1, tzinfo=UTC)
    return {usual_month(to_us(moment)), to_us(first)}


async def find_missing(work: Work) -> Found:
    """Find the medians that count now or from tomorrow on, where nobody has yet."""
    asked = months_about(work.now)
    there = select(medians.c.as_of).where(medians.c.workspace_id == work.workspace_id)
    known = await work.session.scalars(there.where(medians.c.as_of.in_([from_us(month) for month in asked])).distinct())
    return await find(work.session, work.workspace_id, asked - {to_us(month) for month in known})


async def find(session: AsyncSession, workspace_id: UUID, months: Collection[int]) -> Found:
    """Find the medians of some months, from what was known when each began."""
    found: dict[int, list[Mapping[str, Any]]] = {month: [] for month in sorted(months)}
    for month, rows in found.items():
        for kind, counts in COUNTS.items():
            by_key: defaultdict[str, dict[int, int]] = defaultdict(dict)
            for row in await session.execute(counts(workspace_id, month)):
                by_key[row.key][row.bin] = row.n
            rows += [
                {"kind": kind, "key": key, "n": sum(bins.values()), "median": median_of_counts(bins)}
                for key, bins in sorted(by_key.items())
                if sum(bins.values()) >= LEAST
            ]
    return found


async def keep(work: Work, found: Found) -> None:
    """Keep the medians of some months, in place of what was found of them before."""
    if not found:
        return
    mine = medians.c.workspace_id == work.workspace_id
    await work.session.execute(delete(medians).where(mine, medians.c.as_of.in_([from_us(month) for month in found])))
    stamp = {"workspace_id": work.workspace_id, "recorded_at": work.now}
    rows = [{**row, **stamp, "as_of": from_us(month)} for month, some in found.items() for row in some]
    # Another process may have found the same a moment ago.
    await append_rows(work.session, medians, rows, skip_existing=True)
