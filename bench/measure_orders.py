"""KEEP on public data: what the orders of a market place come to by the definition that the service counts with.

A case is an order, its promise the estimated day, which runs to its end where the shop is. Read from the folder of
evaluation data; shares and intervals leave it, and no row does.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.figures import Figure
from models.base import to_us
from models.rules.loyalty.cases import CaseFacts, counted
from models.rules.loyalty.dimensions import Part
from models.rules.statistics import clustered_share
from models.rules.values import day_span

FILE = "olist_orders.csv.gz"
ZONE = "America/Sao_Paulo"
Row = dict[str, str]


def orders_kept(folder: Path | None) -> Iterator[Figure]:
    """Tell the share of promises kept, and how many were asked before their parcel came."""
    if folder is None or not (folder / FILE).exists():
        yield Figure("orders: KEEP", "about .93", "data folder not given", reached=None)
        return
    delivered = [row for row in _read(folder / FILE) if row["order_status"] == "delivered"]
    kept = _kept(delivered)
    found = clustered_share(kept.values())
    assert found.value is not None
    words = f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}] of {found.n} orders of {len(kept)} customers"
    yield Figure("orders delivered: KEEP", "about .93", words, 0.92 <= found.value <= 0.94)
    yield from _asked_early(delivered)


def _kept(orders: list[Row]) -> dict[str, tuple[int, int]]:
    """Count by customer promises kept, of how many."""
    until_us = max(day_span(_moment(row["order_estimated_delivery_date"]).date(), ZONE)[1] for row in orders) + 1
    counts: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in orders:
        due_us = day_span(_moment(row["order_estimated_delivery_date"]).date(), ZONE)[1]
        came = row["order_delivered_customer_date"]
        case = CaseFacts(_us(row["order_purchase_timestamp"]), promises=[(due_us, _us(came) if came else None)])
        one = counted(case, 0, until_us, until_us)[Part.KEPT]
        k, m = counts[row["customer_unique_id"]]
        counts[row["customer_unique_id"]] = k + one.k, m + one.known
    return dict(counts)


def _asked_early(orders: list[Row]) -> Iterator[Figure]:
    """Tell how many answered before their parcel came, of all and of those whose parcel came late."""
    told = [row for row in orders if row["rans"] and row["rdate"] >= row["order_purchase_timestamp"]]
    late = [row for row in told if float(row["delay"] or 0) > 0]
    for name, among, asked in (("all", told, "-"), ("late", late, "about six in ten")):
        share = sum(row["rans"] < row["order_delivered_customer_date"] for row in among) / len(among)
        fine = None if asked == "-" else 0.55 <= share <= 0.65
        yield Figure(f"orders, {name}: answered before arrival", asked, f"{share:.3f} of {len(among)}", fine)


def _read(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


def _us(text: str) -> int:
    return to_us(_moment(text))
