"""Interactions, costs and revenues come from files as cases do: the same file again changes nothing."""

from tests.api.cli.desk import Desk
from tests.api.cli.orders import CASES, CUSTOMERS, ORDERS

CONTACTS = """order,at,how,minutes,why,passed
o1,2026-03-02 11:00:00,phone,12,failure,S
o1,2026-03-02 12:00:00,chat,,value,N
o9,2026-03-02 12:00:00,chat,,value,N
"""
CONTACT = """
[fields]
case = "order"
channel = "how"
occurred_at = "at"
recorded_at = "at"
handling_minutes = "minutes"
demand = "why"
handed_over = { column = "passed", true = ["S"], false = ["N"] }
"""
COSTS = "order,what,euro,minutes\no1,travel,49.90,\no1,handling,,12\no1,both,1,1\n"
COST = """
[fields]
case = "order"
kind = "what"
amount = { column = "euro", times = 100 }
minutes = "minutes"
basis = { constant = "measured" }
source = { constant = "ledger" }
"""
PAID = "customer,month,euro\nc1,2026-02,120.00\nc1,2026-03,-20.00\nc1,March,1\n"
REVENUE = """
[fields]
customer = "customer"
period = "month"
amount = { column = "euro", times = 100 }
currency = { constant = "BRL" }
kind = { constant = "returning" }
"""


def begin(desk: Desk) -> None:
    """Import the customers and cases that the files are about."""
    file = desk.write("orders.csv", ORDERS)
    desk.take("customers", file, CUSTOMERS)
    desk.take("cases", file, CASES)


def test_interactions_are_imported_once(desk: Desk) -> None:
    begin(desk)
    file = desk.write("contacts.csv", CONTACTS)
    answer = desk.take("interactions", file, CONTACT)
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert [row["code"] for row in desk.rejected(answer)] == ["unknown_reference"]
    assert desk.counts("interactions", file, CONTACT) == (0, 2, 1)


def test_costs_are_imported_once_and_never_as_both(desk: Desk) -> None:
    begin(desk)
    file = desk.write("costs.csv", COSTS)
    answer = desk.take("costs", file, COST)
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert [row["errors"][0]["code"] for row in desk.rejected(answer)] == ["amount_or_minutes"]
    assert desk.counts("costs", file, COST) == (0, 2, 1)


def test_revenues_are_imported_once(desk: Desk) -> None:
    begin(desk)
    file = desk.write("paid.csv", PAID)
    answer = desk.take("revenues", file, REVENUE)
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert [row["errors"][0]["code"] for row in desk.rejected(answer)] == ["period_form"]
    assert desk.counts("revenues", file, REVENUE) == (0, 2, 1)
