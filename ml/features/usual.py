"""What medians are read from: how many cases of each need took how long, how many customers are worth how much.

Counts in the bins of `models.rules.histograms`, which add up over tables and shards; by night, and never in a request.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, case, func, literal, select

from ml.features.asof import LOOK_BACK_US, Column, known_at, table_of, us
from models.case import CaseVersion
from models.customer import CustomerVersion
from models.rules.histograms import EDGES

case_versions = table_of(CaseVersion)
customer_versions = table_of(CustomerVersion)


def elapsed_counts(workspace_id: UUID, moment_us: int) -> Select[Any]:
    """Select how many of the cases that had ended in the year before a moment took how long: `key` (need), `bin`, `n`.

    As known then. The clock starts when a case is opened, and stops when the customer says it is done, else when the
    company does.
    """
    known, t = case_versions, literal(moment_us, BigInteger)
    opened = us(known.c.opened_at)
    ended = func.coalesce(*[case((us(at) <= t, us(at))) for at in (known.c.confirmed_at, known.c.done_at)])
    cases = (
        select(known.c.need.label("key"), _bin(ended - opened, 0, len(EDGES)).label("bin"))
        .where(known.c.workspace_id == workspace_id, known_at(known, t), known.c.need.is_not(None))
        .where(opened <= t, ended > t - LOOK_BACK_US)
        .subquery("ended_cases")
    )
    return select(cases.c.key, cases.c.bin, func.count().label("n")).group_by(cases.c.key, cases.c.bin)


def value_counts(workspace_id: UUID, moment_us: int) -> Select[Any]:
    """Select how many customers known at a moment were worth how much: `key` (currency), `bin`, `n`."""
    known, t = customer_versions, literal(moment_us, BigInteger)
    worth = (
        select(known.c.value_currency.label("key"), _bin(known.c.value_amount, 0, len(EDGES)).label("bin"))
        .where(known.c.workspace_id == workspace_id, known_at(known, t))
        .where(known.c.value_amount.is_not(None), known.c.value_currency.is_not(None))
        .subquery("worth")
    )
    return select(worth.c.key, worth.c.bin, func.count().label("n")).group_by(worth.c.key, worth.c.bin)


def _bin(amount: Column, low: int, high: int) -> Column:
    """Return which of the bins from `low` to under `high` an amount is in, or the one before: found by halving."""
    if low == high:
        return literal(low - 1)
    middle = (low + high) // 2
    under, over = _bin(amount, low, middle), _bin(amount, middle + 1, high)
    return case((amount < literal(EDGES[middle], BigInteger), under), else_=over)
