"""`steadfast loyalty` tells the profile, and prints the report as one file."""

import json

import pytest

from tests.api.cli.desk import WORKSPACE, Desk
from tests.api.cli.orders import CASES, CUSTOMERS, ORDERS

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
WINDOW = ("--from", "2026-03-01", "--to", "2026-04-01")
PROMISES = """
[fields]
case = "order"
promise = { constant = "delivery" }
what = { constant = "there by the day" }
made_at = "bought"
due_at = { constant = "2026-03-05T00:00:00Z" }
kept_at = "delivered"
occurred_at = "bought"
recorded_at = "bought"
"""


def test_the_profile_is_told_and_printed(desk: Desk) -> None:
    orders = desk.write("orders.csv", ORDERS)
    for kind, mapped in (("customers", CUSTOMERS), ("cases", CASES), ("promises", PROMISES)):
        desk.take(kind, orders, mapped)
    result = desk.run("loyalty", "--workspace", WORKSPACE, *WINDOW)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "warm-homes, from 2026-03-01 until 2026-04-01."
    assert lines[1].startswith("  Keeps promises: 33.3 [")
    assert lines[1].endswith("], 2 customers, 100 % known")
    assert "  Learns: not measured, 0 customers, nothing to count" in lines
    assert any(
        line.startswith("Report customers: terms_as_new, waiting_as_new for Fair to those who stay:") for line in lines
    )
    assert any(line.startswith("There is no one number: 1 of the eight") for line in lines)
    assert "What customers feel of it is not yet known." in lines
    file = desk.folder / "report.html"
    printed = desk.run("loyalty", "--workspace", WORKSPACE, *WINDOW, "--report", file, "--interval", "month", "--json")
    answer = json.loads(printed.stdout)
    assert (answer["report"], answer["felt"], answer["gap"]) == (str(file), None, [])
    assert [one["key"] for one in answer["facts"]["dimensions"]][:2] == ["keep", "flow"]
    assert [one["early"] for one in answer["early_answers"]] == [0, 0]
    assert "How loyal the company is to its customers" in file.read_text(encoding="utf-8")


@on_sqlite
def test_what_cannot_be_told_or_written_is_said(desk: Desk) -> None:
    wrong = desk.run("loyalty", "--workspace", WORKSPACE, "--from", "March")
    assert (wrong.exit_code, "--from is a day like 2026-03-31, and not March." in wrong.output) == (2, True)
    backwards = desk.run("loyalty", "--workspace", WORKSPACE, "--from", "2026-04-01", "--to", "2026-03-01")
    assert backwards.exit_code == 1
    nowhere = desk.run("loyalty", "--workspace", WORKSPACE, "--report", desk.folder / "none" / "x.html")
    assert (nowhere.exit_code, "cannot be written" in nowhere.output) == (1, True)
    told = desk.run("loyalty", "--workspace", WORKSPACE, "--report", desk.folder / "x.html")
    assert "x.html: the report, as one page to read or to print." in told.stdout
    assert json.loads(desk.run("loyalty", "--workspace", WORKSPACE, "--json").stdout)["report"] is None
