"""The two conditions of late deliveries by plain arithmetic on the raw files, beside which the API's answer is held.

A review counts as what was known at the start of the day its survey was sent on: the promised day had passed where that
day lies after the estimated one; the customer was still waiting where the parcel came on no day up to it.
"""

import csv
import gzip
from collections import defaultdict
from datetime import date
from pathlib import Path

Cells = dict[tuple[bool, bool], tuple[float, int]]


def raw_cells(data: Path) -> Cells:
    """Return by (promised day passed, still waiting) the share of failing reviews of delivered orders, and how many."""
    with gzip.open(data / "olist_orders.csv.gz", "rt", encoding="utf-8", newline="") as file:
        orders = {row["order_id"]: row for row in csv.DictReader(file) if row["order_status"] == "delivered"}
    counts: defaultdict[tuple[bool, bool], list[int]] = defaultdict(lambda: [0, 0])
    with gzip.open(data / "olist_reviews.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for review in csv.DictReader(file):
            order = orders.get(review["order_id"])
            if order is None or review["review_creation_date"] < order["order_purchase_timestamp"]:
                continue
            asked, delivered = _day(review["review_creation_date"]), _day(order["order_delivered_customer_date"])
            passed = asked > _day(order["order_estimated_delivery_date"])
            cell = counts[passed, delivered > asked]
            cell[0] += int(review["review_score"]) <= 2
            cell[1] += 1
    return {key: (failed / asked, asked) for key, (failed, asked) in counts.items()}


def _day(moment: str) -> date:
    """Return a moment's day; what never came lies after every day."""
    return date.fromisoformat(moment[:10]) if moment else date.max
