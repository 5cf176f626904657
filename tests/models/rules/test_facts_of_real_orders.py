"""The calendar-day facts on real orders: what was promised, still awaited, and then said by customers."""

import csv
import gzip
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from models.rules.facts import CaseHistory, CaseState, facts_at
from models.rules.promises import PromiseState
from models.rules.values import micros

ZONE = "America/Sao_Paulo"
FOLDER = Path(os.environ.get("STEADFAST_DATA", Path(__file__).parents[4] / "shared" / "data"))
ORDERS = FOLDER / "olist_orders.csv.gz"

pytestmark = pytest.mark.skipif(not ORDERS.exists(), reason="the evaluation data are not here (STEADFAST_DATA)")


def us(text: str) -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)))


def delivered_orders() -> Iterator[dict[str, str]]:
    with gzip.open(ORDERS, "rt", encoding="utf-8") as lines:
        for order in csv.DictReader(lines):
            if order["order_status"] == "delivered" and order["rdate"] and order["order_delivered_customer_date"]:
                yield order


def facts_when_asked(order: dict[str, str]) -> tuple[bool, bool]:
    bought, delivered = us(order["order_purchase_timestamp"]), us(order["order_delivered_customer_date"])
    promised_day = us(order["order_estimated_delivery_date"])
    told = CaseHistory(
        [CaseState(bought, bought, {"opened_at": bought, "done_at": delivered})],
        [PromiseState("delivery", bought, bought, bought, promised_day, True, None, None, False)],
        [],
        ZONE,
    )
    facts = facts_at(told, us(order["rdate"]))
    assert facts is not None
    return facts["promise_broken"], facts["waiting"]


def days_when_asked(order: dict[str, str]) -> tuple[bool, bool]:
    asked = order["rdate"][:10]
    return asked > order["order_estimated_delivery_date"][:10], order["order_delivered_customer_date"][:10] > asked


def test_backfilled_orders_are_read_by_the_calendar_day() -> None:
    assert [
        order["order_id"] for order in delivered_orders() if facts_when_asked(order) != days_when_asked(order)
    ] == []


def test_a_broken_promise_and_still_waiting_conspire() -> None:
    orders, failures = Counter[tuple[bool, bool]](), Counter[tuple[bool, bool]]()
    for order in delivered_orders():
        state = facts_when_asked(order)
        orders[state] += 1
        failures[state] += int(order["bad"])
    rate = {state: failures[state] / orders[state] for state in orders}
    assert 0.09 <= rate[False, False] <= 0.10
    assert max(rate[True, False], rate[False, True]) < 0.25
    assert 0.78 <= rate[True, True] <= 0.80
