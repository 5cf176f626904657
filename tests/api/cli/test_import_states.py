"""Rows and records: several rows of one record, each the next state; one row that tells of several moments."""

from pathlib import Path

from tests.api.cli.desk import Desk
from tests.api.cli.orders import CASES, CUSTOMERS, ORDERS, case_as_known


def test_several_rows_make_one_record_and_each_counts_as_what_became_of_it(desk: Desk) -> None:
    grouped = """
    [group]
    by = "customer"
    [fields]
    reference = "customer"
    since = { column = "bought", take = "min" }
    [attributes]
    orders = { take = "count" }
    items = { column = "items", as = "integer", take = "sum" }
    """
    file = desk.write("orders.csv", ORDERS + ",,2026-03-05 10:00:00,,1\n")
    answer = desk.take("customers", file, grouped)
    assert (answer["read"], answer["accepted"], answer["rejected"]) == (4, 3, 1)
    assert [(row["line"], row["code"]) for row in desk.rejected(answer)] == [(5, "missing")]
    assert desk.counts("customers", file, grouped) == (0, 3, 1)


EVENTS = """case,customer,opened,updated,step,hops,sla
i1,c1,1/3/2026 08:00,1/3/2026 08:00,0,0,true
i1,c1,1/3/2026 08:00,1/3/2026 08:00,1,1,true
i1,c1,1/3/2026 08:00,1/3/2026 09:30,2,1,true
i1,c1,1/3/2026 08:00,2/3/2026 09:00,3,2,false
"""
STATES = """
[formats]
datetime = "%d/%m/%Y %H:%M"
[fields]
reference = "case"
customer = "customer"
need = { constant = "incident" }
opened_at = "opened"
handovers = "hops"
occurred_at = { column = "updated", tie_break = "step" }
recorded_at = { column = "updated", tie_break = "step" }
[attributes]
made_sla = { column = "sla", as = "flag" }
"""


def test_each_row_of_an_event_log_is_the_next_state_of_itscase_as_known(desk: Desk) -> None:
    file = desk.write("events.csv", EVENTS)
    desk.take("customers", file, CUSTOMERS)
    assert desk.counts("cases", file, STATES) == (3, 1, 0)
    case = case_as_known("i1")
    assert (case.version, case.handovers, case.attributes) == (3, 2, {"made_sla": False})
    assert case.recorded_at.isoformat() == "2026-03-02T09:00:00.000003+00:00"
    assert desk.counts("cases", file, STATES) == (0, 4, 0), "told again, an event log says nothing new"


def test_an_event_log_in_any_order_leaves_the_samecase_as_known(desk: Desk) -> None:
    header, *lines = EVENTS.splitlines()
    file = desk.write("events.csv", "\n".join([header, *reversed(lines)]) + "\n")
    desk.take("customers", file, CUSTOMERS)
    desk.take("cases", file, STATES)
    case = case_as_known("i1")
    assert (case.handovers, case.attributes) == (2, {"made_sla": False})
    assert desk.counts("cases", file, STATES) == (0, 4, 0)


def test_a_row_may_tell_of_a_later_moment(desk: Desk, orders: Path) -> None:
    later = (
        CASES
        + 'late = { constant = false }\n[[later]]\nat = "delivered"\n[later.attributes]\nlate = { constant = true }\n'
    )
    later = later.replace("late = {", 'late = { as = "flag",')
    assert desk.counts("cases", orders, later) == (3, 0, 0)
    assert case_as_known("o1").attributes == {"items": 1, "late": True}
    assert case_as_known("o2").attributes == {"items": 2, "late": False}
    assert desk.counts("cases", orders, later) == (0, 3, 0)
