"""`steadfast import`: every row is taken or named, the same file again changes nothing, misuse stores nothing."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.customers.cases import list_cases
from api.failures.observations import list_observations
from api.listing import Asked
from tests.api.cli.desk import WORKSPACE, Desk
from tests.api.cli.orders import CASES, CUSTOMERS, ORDERS, asked, case_as_known

CATALOGUE = """
[[conditions]]
code = "several_items"
name = "Several items"
kind = "process"
rule.all = [{ field = "attributes.items", op = "gt", value = 1 }]
"""


def test_rows_of_a_csv_file_become_cases_with_their_attributes(desk: Desk, orders: Path) -> None:
    assert desk.counts("cases", orders, CASES) == (3, 0, 0)
    case = case_as_known("o1")
    assert (case.customer, case.need, case.attributes) == ("c1", "order", {"items": 1})
    assert case.done_at is not None
    assert case.done_at.isoformat() == "2026-03-05T09:00:00+00:00"
    assert case.recorded_at == case.opened_at


def test_the_same_file_again_changes_nothing(desk: Desk, orders: Path) -> None:
    desk.take("cases", orders, CASES)
    assert desk.counts("cases", orders, CASES) == (0, 3, 0)
    assert desk.counts("customers", orders, CUSTOMERS) == (0, 3, 0)


def test_an_import_that_was_stopped_half_way_is_completed_by_the_next(desk: Desk, orders: Path) -> None:
    half = desk.write("half.csv", "\n".join(ORDERS.splitlines()[:3]) + "\n")
    desk.take("cases", half, CASES)
    assert desk.counts("cases", orders, CASES) == (1, 2, 0)


def test_times_without_a_zone_are_the_workspaces(desk: Desk, orders: Path) -> None:
    works = desk.write("workspace.toml", 'zone = "America/Sao_Paulo"\n')
    assert desk.run("workspace", "set", "--workspace", WORKSPACE, "--file", works).exit_code == 0
    desk.take("cases", orders, CASES)
    assert str(case_as_known("o1").opened_at) == "2026-03-02 13:00:00+00:00"


def test_a_row_that_names_an_unknown_customer_is_rejected_with_its_line(desk: Desk, orders: Path) -> None:
    more = desk.write("more.csv", orders.read_text() + "o4,c9,2026-03-05 10:00:00,,1\n")
    answer = desk.take("cases", more, CASES)
    assert (answer["accepted"], answer["rejected"]) == (3, 1)
    assert answer["report"] == str(desk.folder / "more.csv.cases.rejected.ndjson")
    (row,) = desk.rejected(answer)
    assert (row["line"], row["reference"], row["code"]) == (5, "o4", "unknown_reference")


def test_a_value_that_cannot_be_read_is_rejected_with_every_reason(desk: Desk, orders: Path) -> None:
    wrong = desk.write("wrong.csv", orders.read_text() + "o4,c1,yesterday,,many\n")
    (row,) = desk.rejected(desk.take("cases", wrong, CASES))
    assert {error["pointer"] for error in row["errors"]} == {
        "/opened_at",
        "/occurred_at",
        "/recorded_at",
        "/attributes/items",
    }


def test_a_half_written_last_line_is_rejected_and_the_rest_is_taken(desk: Desk, orders: Path) -> None:
    cut = desk.write("cut.csv", orders.read_text() + "o4,c1,2026-03-0")
    answer = desk.take("cases", cut, CASES)
    assert answer["accepted"] == 3
    assert [(row["line"], row["code"]) for row in desk.rejected(answer)] == [(5, "wrong_columns")]


def test_a_gzipped_file_that_breaks_off_fails_after_taking_what_was_there(desk: Desk, orders: Path) -> None:
    whole = gzip.compress(orders.read_bytes() + b"".join(b"o%d,c1,2026-03-05 10:00:00,,1\n" % n for n in range(9, 900)))
    cut = desk.write("cut.csv.gz", whole[: len(whole) // 2])
    mapped = desk.write("cases.toml", CASES)
    result = desk.run("import", "cases", cut, "--workspace", WORKSPACE, "--map", mapped, "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["rejected"] == 1
    assert answer["accepted"] >= 3
    assert [row["code"] for row in desk.rejected(answer)] == ["cut_short"]


def test_a_parquet_file_with_a_damaged_page_fails_after_taking_what_was_there(desk: Desk) -> None:
    file = desk.folder / "customers.parquet"
    table = pa.table({"reference": [f"c{number}" for number in range(4000)]})
    pq.write_table(table, file, row_group_size=1000, use_dictionary=False)
    damaged = bytearray(file.read_bytes())
    group = pq.ParquetFile(file).metadata.row_group(2).column(0)
    damaged[group.data_page_offset : group.data_page_offset + 200] = b"\xff" * 200
    file.write_bytes(damaged)
    mapped = desk.write("customers.toml", '[fields]\nreference = "reference"\n')
    result = desk.run("import", "customers", file, "--workspace", WORKSPACE, "--map", mapped, "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert (answer["accepted"], answer["rejected"]) == (2000, 1)
    assert [row["code"] for row in desk.rejected(answer)] == ["cut_short"]
    assert "breaks off in the middle" in result.stderr


def test_a_report_of_an_earlier_run_is_taken_away_when_nothing_is_rejected(desk: Desk, orders: Path) -> None:
    bad = desk.write("again.csv", orders.read_text() + "o4\n")
    report = Path(desk.take("cases", bad, CASES)["report"])
    assert report.exists()
    desk.write("again.csv", ORDERS)
    assert desk.take("cases", bad, CASES)["report"] is None
    assert not report.exists()


def test_a_map_that_names_a_missing_column_stores_nothing(desk: Desk, orders: Path) -> None:
    mapped = desk.write("cases.toml", CASES.replace('"delivered"', '"arrived"'))
    result = desk.run("import", "cases", orders, "--workspace", WORKSPACE, "--map", mapped)
    assert result.exit_code == 2
    assert "arrived" in result.stderr
    assert "delivered" in result.stderr
    items, _ = asked(lambda work: list_cases(work, Asked()))
    assert items == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "orders", "orders.csv", "--workspace", WORKSPACE), "orders"),
        (("import", "cases", "orders.csv", "--workspace", WORKSPACE), "--map"),
        (("import", "cases", "nowhere.csv", "--workspace", WORKSPACE, "--map", "m.toml"), "nowhere.csv"),
        (("import", "cases", "m.toml", "--workspace", WORKSPACE, "--map", "m.toml"), "overwrite|none of"),
        (("import", "conditions", "orders.csv", "--workspace", WORKSPACE), "TOML"),
    ],
)
def test_misuse_ends_with_two_and_says_what_is_wrong(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    desk.write("orders.csv", ORDERS)
    desk.write("m.toml", CASES)
    result = desk.run(*arguments)
    assert result.exit_code == 2
    assert any(word in result.stderr for word in said.split("|"))


def test_ndjson_in_the_apis_own_fields_needs_no_map(desk: Desk) -> None:
    lines = [{"reference": "c1", "name": "Ada"}, {"reference": "c2", "age": 3}]
    file = desk.write("customers.ndjson", "\n".join(map(json.dumps, lines)) + "\n{half")
    answer = desk.take("customers", file)
    assert (answer["accepted"], answer["rejected"]) == (1, 2)
    assert [(row["line"], row["reference"]) for row in desk.rejected(answer)] == [(2, "c2"), (3, None)]


def test_parquet_keeps_its_types(desk: Desk, orders: Path) -> None:
    columns = {"order": ["p1", "p2"], "customer": ["c1", "c2"], "items": [4, None]}
    moments = pa.array([1_772_445_600_000_000, 1_772_532_000_000_000], pa.timestamp("us"))
    file = desk.folder / "orders.parquet"
    pq.write_table(pa.table({**columns, "bought": moments, "delivered": pa.nulls(2, pa.timestamp("us"))}), file)
    assert orders.exists()
    assert desk.counts("cases", file, CASES) == (2, 0, 0)
    assert case_as_known("p1").attributes == {"items": 4}
    assert case_as_known("p2").attributes == {}


def test_rows_left_out_by_the_map_are_named_too(desk: Desk, orders: Path) -> None:
    only = f'[[where]]\ncolumn = "customer"\nin = ["c1"]\n{CASES}'
    answer = desk.take("cases", orders, only)
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert [row["code"] for row in desk.rejected(answer)] == ["filtered"]


def test_conditions_come_from_a_catalogue_and_look_at_past_cases(desk: Desk, orders: Path) -> None:
    desk.take("cases", orders, CASES)
    catalogue = desk.write(
        "conditions.toml", CATALOGUE + '\n[[conditions]]\ncode = "Bad"\nname = "Bad"\nkind = "tool"\n'
    )
    answer = desk.take("conditions", catalogue)
    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert [(row["line"], row["reference"]) for row in desk.rejected(answer)] == [(2, "Bad")]
    seen, _ = asked(lambda work: list_observations(work, Asked()))
    assert sorted((row.case, row.condition, row.state) for row in seen) == [
        ("o2", "several_items", "present"),
        ("o3", "several_items", "present"),
    ]
    desk.write("conditions.toml", CATALOGUE)
    assert desk.counts("conditions", catalogue) == (0, 1, 0)


def test_promises_responses_observations_and_departures_go_the_same_way(desk: Desk, orders: Path) -> None:
    desk.take("cases", orders, CASES)
    desk.take("conditions", desk.write("conditions.toml", CATALOGUE))
    promise = """
    [fields]
    case = "order"
    promise = { constant = "delivery" }
    what = { constant = "There by then." }
    made_at = "bought"
    due_at = { column = "bought", as = "day" }
    recorded_at = "bought"
    """
    response = """
    [fields]
    survey = { constant = "post_interaction" }
    case = "order"
    answered_at = "bought"
    [answers]
    satisfaction = { column = "items", as = "integer" }
    """
    observation = """
    [fields]
    case = "order"
    condition = { constant = "several_items" }
    state = { column = "items", values = { 1 = "absent" }, otherwise = "present" }
    source = { constant = "staff" }
    observed_at = "bought"
    """
    departure = '[fields]\ncustomer = "customer"\nkind = { constant = "closed" }\nat = "bought"\n'
    kinds = {"promises": promise, "responses": response, "observations": observation, "departures": departure}
    for kind, mapped in kinds.items():
        assert desk.counts(kind, orders, mapped) == (3, 0, 0), kind
        assert desk.counts(kind, orders, mapped) == (0, 3, 0), f"{kind} again"


def test_a_row_the_database_cannot_hold_never_fails_its_neighbours(desk: Desk) -> None:
    file = desk.write("customers.csv", "customer,mail\nc1,a@b.example\nc2,a@b.\0example\nc3,c@d.example\n")
    answer = desk.take("customers", file, '[fields]\nreference = "customer"\nemail = "mail"\n')
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert desk.rejected(answer)[0]["line"] == 3


def test_people_are_told_in_a_sentence(desk: Desk, orders: Path) -> None:
    mapped = desk.write("cases.toml", CASES)
    result = desk.run("import", "cases", orders, "--workspace", WORKSPACE, "--map", mapped)
    assert result.stdout.strip() == "Read 3 rows of orders.csv: 3 accepted, 0 unchanged, 0 rejected."
