"""Public data sets as rows to predict, each seen from the moment of prediction and from nothing later.

Every reader returns plain arrays: one row per prediction, columns that were known then, when it was asked and when
its outcome became known. None of the data is part of this repository; README of the data folder says what it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000
SMALLEST_LEVEL = 30
HISTORY_PRIOR = 10.0
INCIDENT_FIELDS = (
    *("ident_state", "contact_type", "location", "category", "category.1", "u_symptom", "cmdb_ci", "impact"),
    *("urgency", "priority", "knowledge", "assignment_group", "assigned_to", "opened_by", "sys_created_by"),
)

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Rows to predict: columns, outcome, when asked, when the outcome was known, whose they are."""

    names: tuple[str, ...]
    X: Reals
    y: NDArray[np.int64]
    asked: NDArray[np.int64]
    known: NDArray[np.int64]
    groups: NDArray[Any]

    def of(self, chosen: NDArray[Any]) -> "Rows":
        """Return the chosen rows."""
        arrays = {name: getattr(self, name)[chosen] for name in ("X", "y", "asked", "known", "groups")}
        return replace(self, **arrays)


def forward_split(rows: Rows, share: float = 0.25, *, known_only: bool = True) -> tuple[Rows, Rows]:
    """Return (train, test): the last `share` of questions asked, and those asked before the first of them.

    With `known_only` the training rows are those whose outcome was known by then.
    """
    cut = np.quantile(rows.asked, 1 - share, method="higher")
    early = (rows.asked < cut) & (rows.known < cut) if known_only else rows.asked < cut
    return rows.of(early), rows.of(rows.asked >= cut)


def standardised(train: Reals, test: Reals) -> tuple[Reals, Reals]:
    """Centre and scale columns by the training rows; 0/1 columns stay, or rare ones would go all but unheld."""
    binary = ((train == 0) | (train == 1)).all(axis=0)
    centre = np.where(binary, 0.0, train.mean(axis=0))
    scale = np.where(binary, 1.0, np.maximum(train.std(axis=0), 1e-9))
    return (train - centre) / scale, (test - centre) / scale


def parts(folders: Sequence[Path], stem: str) -> list[Path]:
    """Return the files of one data set: those named for it, in the folders that are there."""
    found = {path.resolve() for folder in folders for path in folder.glob(f"{stem}*.csv*") if path.is_file()}
    return sorted(found)


def read_table(folders: Sequence[Path], stem: str) -> pa.Table:
    """Read a data set, gzip included: its parts put together. Empty texts stay empty."""
    options = csv.ConvertOptions(strings_can_be_null=False)
    tables = [csv.read_csv(path, convert_options=options) for path in parts(folders, stem)]
    return pa.concat_tables(tables, promote_options="permissive")


def floats(table: pa.Table, name: str) -> Reals:
    """Return a column as floats, missing as NaN."""
    return np.asarray(pc.fill_null(table[name].cast(pa.float64()), float("nan")).to_numpy())


def micros(table: pa.Table, name: str) -> NDArray[np.int64]:
    """Return a moment in microseconds, missing as the largest integer: it has not happened."""
    values = table[name].cast(pa.timestamp("us")).cast(pa.int64())
    return np.asarray(pc.fill_null(values, np.iinfo(np.int64).max).to_numpy())


def texts(table: pa.Table, name: str) -> NDArray[np.str_]:
    """Return a column as texts."""
    return np.array(table[name].cast(pa.string()).to_pylist(), dtype=str)


def known(values: Reals) -> Reals:
    """Return the values with unknown ones at their median, so that they say nothing."""
    return np.where(np.isnan(values), np.nanmedian(values), values)


def past_share(
    key: NDArray[Any], outcome: NDArray[np.int64], answered: NDArray[np.int64], asked: NDArray[np.int64]
) -> tuple[Reals, Reals]:
    """Return the bad share and count of a key's rows answered before each row was asked.

    The share is drawn towards the share of all rows answered by then. A row answered at or after the moment another
    is asked never counts, so no row's own answer does.
    """
    everybody, total = _before(np.zeros(len(asked)), outcome, answered, asked)
    overall = (everybody + 1) / (total + HISTORY_PRIOR)
    bad, count = _before(np.unique(key, return_inverse=True)[1], outcome, answered, asked)
    return (bad + HISTORY_PRIOR * overall) / (count + HISTORY_PRIOR), count


def _before(
    key: NDArray[Any], outcome: NDArray[np.int64], answered: NDArray[np.int64], asked: NDArray[np.int64]
) -> tuple[Reals, Reals]:
    bad, count = np.zeros(len(key)), np.zeros(len(key))
    order = np.lexsort((answered, key))
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    for member in np.split(order, starts[1:]):
        sums = np.concatenate([[0], np.cumsum(outcome[member])])
        seen = np.searchsorted(answered[member], asked[member], side="left")
        bad[member], count[member] = sums[seen], seen
    return bad, count


def indicators(name: str, values: NDArray[np.str_], least: int = SMALLEST_LEVEL) -> dict[str, Reals]:
    """Return a 0/1 column for each level with at least `least` rows, but the commonest."""
    levels, counts = np.unique(values, return_counts=True)
    common = levels[counts.argmax()]
    return {
        f"{name}={level}": (values == level).astype(float)
        for level, count in zip(levels, counts, strict=True)
        if count >= least and level != common
    }


def stacked(columns: dict[str, Reals]) -> tuple[tuple[str, ...], Reals]:
    """Return names and one matrix."""
    return tuple(columns), np.column_stack([known(values) for values in columns.values()])


def olist(folders: Sequence[Path]) -> Rows:
    """Return delivered orders at the moment their survey was sent; the outcome is a failing review (1 or 2 of 5)."""
    table = read_table(folders, "olist_orders")
    sent, answered, bought = micros(table, "rdate"), micros(table, "rans"), micros(table, "order_purchase_timestamp")
    outcome = floats(table, "bad").astype(np.int64)
    columns = _olist_promise(table, sent) | _olist_order(table)
    columns["days_since_purchase"] = np.log1p(np.maximum(sent - bought, 0) / DAY_US)
    for key in ("seller_id", "category", "customer_state"):
        share, count = past_share(texts(table, key), outcome, answered, sent)
        columns[f"{key}_past_bad"] = np.log(share / (1 - share))
        columns[f"{key}_past_reviews"] = np.log1p(count)
    names, X = stacked(columns)
    rows = Rows(names, X, outcome, sent, answered, texts(table, "customer_unique_id"))
    return rows.of((texts(table, "order_status") == "delivered") & (bought < sent))


def _olist_promise(table: pa.Table, sent: NDArray[np.int64]) -> dict[str, Reals]:
    """Read the promise as it stood at the end of the survey day: a later delivery is not known yet."""
    due, arrived = micros(table, "order_estimated_delivery_date"), micros(table, "order_delivered_customer_date")
    carrier, limit = micros(table, "order_delivered_carrier_date"), micros(table, "ship_limit")
    end = (sent // DAY_US + 1) * DAY_US
    waiting, broken = arrived >= end, sent // DAY_US > due // DAY_US
    early = np.where(waiting, end, arrived)
    late_to_carrier = np.where(carrier < end, carrier, end) - limit
    unknown = limit == np.iinfo(np.int64).max
    return {
        "promise_broken": broken.astype(float),
        "waiting": waiting.astype(float),
        "broken_and_waiting": (broken & waiting).astype(float),
        "slack_days": np.clip((due - early) / DAY_US, -30, 40),
        "days_late": np.log1p(np.clip((early - due) / DAY_US, 0, 60)),
        "handover_late_days": np.where(unknown, np.nan, np.clip(late_to_carrier / DAY_US, -10, 30)),
        "not_with_carrier": (carrier >= end).astype(float),
        "delivery_days": np.log1p(np.clip((early - micros(table, "order_purchase_timestamp")) / DAY_US, 0, 90)),
    }


def _olist_order(table: pa.Table) -> dict[str, Reals]:
    columns = {name: np.log1p(floats(table, name)) for name in ("price", "freight", "weight", "dist", "photos", "desc")}
    columns |= {name: floats(table, name) for name in ("freight_ratio", "same_state", "promise_days", "inst")}
    items, sellers = floats(table, "n_items"), floats(table, "n_sellers")
    columns |= {"items": np.minimum(items, 5), "several_items": (items > 1).astype(float)}
    columns |= {"several_sellers": (sellers > 1).astype(float)}
    return columns | indicators("paid", texts(table, "pay_type"))


def telco(folders: Sequence[Path]) -> Rows:
    """Return customers of a telephone company; the outcome is churn. No time in it."""
    table = read_table(folders, "telco")
    skip = {"customerID", "Churn", "tenure", "MonthlyCharges", "TotalCharges"}
    tenure, monthly = floats(table, "tenure"), floats(table, "MonthlyCharges")
    total = np.array([float(text or "0") for text in (cell.strip() for cell in texts(table, "TotalCharges"))])
    columns = {"tenure": tenure, "log_tenure": np.log1p(tenure), "monthly": monthly, "total": np.log1p(total)}
    for name in table.schema.names:
        if name not in skip:
            columns |= indicators(name, texts(table, name))
    names, X = stacked(columns)
    outcome = (texts(table, "Churn") == "Yes").astype(np.int64)
    never = np.zeros(len(outcome), dtype=np.int64)
    return Rows(names, X, outcome, never, never, texts(table, "customerID"))


def cdnow(folders: Sequence[Path], weeks: int = 39) -> Rows:
    """Return buyers seen after the first 39 weeks; the outcome is no purchase in the next 39."""
    table = read_table(folders, "cdnow")
    who, amount = texts(table, "id"), floats(table, "amt")
    moment = np.array([f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in texts(table, "date")], dtype="datetime64[D]")
    day = (moment - moment.min()).astype(int)
    customers, owner = np.unique(who, return_inverse=True)
    cut, end = 7 * weeks, 14 * weeks
    past, later = day < cut, (day >= cut) & (day < end)
    size = customers.size
    count = np.bincount(owner[past], minlength=size).astype(float)
    first, last = np.full(size, cut), np.zeros(size)
    np.minimum.at(first, owner[past], day[past])
    np.maximum.at(last, owner[past], day[past])
    spent = np.bincount(owner[past], amount[past], minlength=size)
    columns = _rhythm(count, first.astype(float), last, cut) | {"spent": np.log1p(spent)}
    names, X = stacked(columns)
    outcome = 1 - np.minimum(np.bincount(owner[later], minlength=size), 1)
    moments = np.full(size, cut, dtype=np.int64)
    return Rows(names, X, outcome, moments, moments + end - cut, customers).of(count > 0)


def _rhythm(count: Reals, first: Reals, last: Reals, cut: int) -> dict[str, Reals]:
    silence, age = cut - last, cut - first
    gap = np.where(count > 1, (last - first) / np.maximum(count - 1, 1), age)
    return {
        "purchases": np.log(np.maximum(count, 1)),
        "once": (count == 1).astype(float),
        "silence": np.log(silence),
        "age": np.log(age),
        "recency_ratio": np.log(np.clip(silence / np.maximum(gap, 1), 0.05, 20)),
        "once_silence": (count == 1) * np.log(silence),
    }


def incidents(folders: Sequence[Path]) -> Rows:
    """Return incidents as their first log row has them; the outcome is a broken service promise (made_sla false).

    `resolved_at`, `closed_at`, `resolved_by` and `closed_code` stand in the first rows already (the export wrote
    them back): none is read, and neither are the problem and change numbers.
    """
    table = read_table(folders, "incidents")
    number, version = floats(table, "number"), floats(table, "sys_mod_count")
    updated = _day_first(texts(table, "sys_updated_at"))
    order = np.lexsort((version, updated, number))
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    opening, closing = order[starts], order[np.append(starts[1:], len(order)) - 1]
    first = table.take(pa.array(opening))
    outcome = (texts(table, "made_sla") == "false").astype(np.int64)[closing]
    opened, known_at = _day_first(texts(first, "opened_at")), updated[closing]
    columns = _clock(opened)
    for key in INCIDENT_FIELDS:
        columns |= indicators(key, texts(first, key))
    names, X = stacked(columns)
    return Rows(names, X, outcome, opened, known_at, texts(first, "caller_id"))


def _day_first(values: NDArray[np.str_]) -> NDArray[np.int64]:
    def moment(text: str) -> str:
        date, _, clock = text.partition(" ")
        day, month, year = date.split("/")
        return f"{year}-{int(month):02}-{int(day):02}T{clock}"

    return np.array([moment(text) for text in values], dtype="datetime64[us]").astype(np.int64)


def _clock(opened: NDArray[np.int64]) -> dict[str, Reals]:
    hour = (opened // (60 * MINUTE_US)) % 24
    weekday = (opened // DAY_US + 3) % 7
    columns = {
        "early": (hour < 8).astype(float),
        "evening": (hour >= 17).astype(float),
        "hour": hour.astype(float),
    }
    return columns | {f"weekday={day}": (weekday == day).astype(float) for day in range(1, 7)}
