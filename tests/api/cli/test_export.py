"""Exports: every kind, three forms, nothing a spreadsheet would run, and a line in the audit."""

import csv
import getpass
import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from api.cli.exporting import command
from api.cli.exporting.kinds import EXPORTED, ExportKind
from api.cli.importing.targets import ImportKind
from tests.api.caller import Caller, ago, done
from tests.api.cli.desk import WORKSPACE, Desk
from tests.api.cli.test_backup import calling, fill, said

EVIL = '=HYPERLINK("http://evil.example")'


def export(desk: Desk, kind: str, to: str) -> int:
    """Export a kind; return how many rows were written."""
    return int(said(desk, "export", kind, "--workspace", WORKSPACE, "--to", to)["rows"])


async def fill_and_more(client: Caller) -> None:
    """Put one of everything into the workspace, and a customer with a formula for a name."""
    await fill(client)
    await client.interact("K-1")
    await client.cost("K-1", minutes=5)
    await client.pay("C-1")
    done(await client.put("/v1/needs/repair", {"name": "Repair"}))
    done(await client.put("/v1/teams/north", {"name": "North", "supported_by": ["Mia"]}))
    done(await client.post("/v1/changes", {"what": "Release 7", "at": "2026-03-02T08:00:00Z"}))
    done(await client.post("/v1/heard", {"what": "Stay.", "case": "K-1"}))
    done(await client.post("/v1/follow-ups", {"case": "K-1"}))
    done(await client.post("/v1/measures-in-use", {"name": "Calls an hour"}))
    done(await client.post("/v1/support-requests", {"team": "north", "kind": "tool", "what": "a wrench"}))
    done(await client.post("/v1/invitations", {"survey": "post_interaction", "case": "K-1"}))
    await client.countermeasure("M-1", "rude")
    await client.put_customer("C-2", name=EVIL, value={"amount": -5, "currency": "EUR"})
    done(await client.post("/v1/customers/C-2/risk/feedback", {"verdict": "agree"}))


def test_every_kind_is_written_in_every_form(desk: Desk) -> None:
    calling(desk, fill_and_more)
    assert said(desk, "score", "--workspace", WORKSPACE)["customers"] == 2
    counts = {kind: export(desk, kind, f"{kind}.ndjson") for kind in EXPORTED}
    assert counts == {**dict.fromkeys(EXPORTED, 1), ExportKind.CUSTOMERS: 2, ExportKind.ASSESSMENTS: 2}
    for kind, exported in EXPORTED.items():
        lines = Path(f"{kind}.ndjson").read_text(encoding="utf-8").splitlines()
        export(desk, kind, f"{kind}.csv")
        export(desk, kind, f"{kind}.parquet")
        with Path(f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            cells = list(csv.DictReader(file))
        table = parquet.read_table(f"{kind}.parquet")
        assert len(lines) == len(cells) == table.num_rows == counts[kind]
        assert list(json.loads(lines[0])) == list(cells[0]) == table.column_names == list(exported.shape.model_fields)
    customers = parquet.read_table("customers.parquet").to_pylist()
    assert json.loads(customers[1]["value"]) == {"amount": -5, "currency": "EUR"}
    assert customers[0]["stored_at"].tzinfo is not None
    assert list(Path().glob(".*.unfinished")) == []


def test_a_spreadsheet_runs_nothing_of_it(desk: Desk) -> None:
    calling(desk, fill_and_more)
    export(desk, "customers", "customers.csv")
    with Path("customers.csv").open(encoding="utf-8", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)][1] == f"'{EVIL}"


def test_references_stay_what_they_are_and_with_raw_all_texts_do(desk: Desk) -> None:
    async def abroad(client: Caller) -> None:
        await client.put_customer("+49", name="-Ana")
        await client.put_case("=K", "+49")

    calling(desk, abroad)
    for kind, options in (("customers", []), ("customers", ["--raw"]), ("cases", [])):
        said(desk, "export", kind, "--workspace", WORKSPACE, "--to", "some.csv", *options)
        with Path("some.csv").open(encoding="utf-8", newline="") as file:
            [row] = csv.DictReader(file)
        if kind == "cases":
            assert (row["reference"], row["customer"]) == ("=K", "+49")
        else:
            assert (row["reference"], row["name"]) == ("+49", "-Ana" if options else "'-Ana")


IMPORTED = [kind for kind in ImportKind if kind is not ImportKind.CONDITIONS]
OURS = {"id", "version", "stored_at", "derived_at", "survey_version"}


def exported(desk: Desk, kind: str, workspace: str) -> list[dict[str, Any]]:
    """Export a kind; give its rows without what each installation says for itself."""
    said(desk, "export", kind, "--workspace", workspace, "--to", f"{workspace}.{kind}.ndjson")
    rows = map(json.loads, Path(f"{workspace}.{kind}.ndjson").read_text(encoding="utf-8").splitlines())
    told = [{name: value for name, value in row.items() if name not in OURS} for row in rows]
    return sorted(told, key=lambda row: json.dumps(row, sort_keys=True))


def test_what_was_exported_is_imported_into_another_workspace_and_is_the_same(desk: Desk) -> None:
    async def and_more(client: Caller) -> None:
        await fill_and_more(client)
        await client.put_customer("+49", name="Ana", since=ago(days=900))
        await client.put_case("K-2", "+49", opened_at=ago(days=9), recorded_at=ago(days=9), done_at=ago(days=2))
        await client.respond("K-2", reference="r-2", satisfaction=5, asked_at=ago(days=1))

    calling(desk, and_more)
    assert desk.run("workspace", "create", "second").exit_code == 0
    catalogue = desk.write("some.toml", '[[conditions]]\ncode = "rude"\nname = "Rude"\nkind = "process"\n')
    said(desk, "import", "conditions", catalogue, "--workspace", "second")
    for kind in IMPORTED:
        before = exported(desk, kind, WORKSPACE)
        file = Path(f"{WORKSPACE}.{kind}.ndjson")
        taken = said(desk, "import", kind, file, "--workspace", "second")
        assert (taken["accepted"], taken["rejected"]) == (len(before), 0), (kind, taken)
        assert before
        assert exported(desk, kind, "second") == before, kind
        again = said(desk, "import", kind, file, "--workspace", "second")
        assert (again["unchanged"], again["rejected"]) == (len(before), 0), kind


def test_what_was_withdrawn_and_what_rules_saw_is_not_told_anew(desk: Desk) -> None:
    async def some(client: Caller) -> None:
        await client.catalogue("handed", rule={"all": [{"field": "handovers", "op": "ge", "value": 2}]})
        await client.put_customer("C-1")
        await client.put_case("K-1", "C-1", handovers=3)
        await client.put_case("K-2", "C-1")
        await client.void("/v1/cases/K-2")

    calling(desk, some)
    for kind, codes in (("cases", {"withdrawn"}), ("observations", {"seen_by_a_rule"})):
        export(desk, kind, f"{kind}.ndjson")
        answer = desk.take(kind, Path(f"{kind}.ndjson"))
        assert {row["code"] for row in desk.rejected(answer)} == codes


def test_a_field_that_no_export_has_is_still_refused(desk: Desk) -> None:
    calling(desk, fill)
    export(desk, "customers", "customers.ndjson")
    [line] = Path("customers.ndjson").read_text(encoding="utf-8").splitlines()
    wrong = desk.write("wrong.ndjson", json.dumps({**json.loads(line), "nmae": "Ana"}) + "\n")
    assert desk.counts("customers", wrong) == (0, 0, 1)


def test_an_export_goes_on_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def many(client: Caller) -> None:
        await client.post("/v1/customers/bulk", [{"reference": f"C-{number}"} for number in range(7)])

    calling(desk, many)
    monkeypatch.setattr(command, "ROWS_A_PAGE", 3)
    assert export(desk, "customers", "customers.ndjson") == 7
    names = [json.loads(line)["reference"] for line in Path("customers.ndjson").read_text().splitlines()]
    assert sorted(names) == [f"C-{number}" for number in range(7)]


def test_what_is_done_at_the_command_line_is_in_the_audit_by_who_did_it(desk: Desk) -> None:
    async def deeds(client: Caller) -> list[tuple[Any, Any]]:
        return [(row["action"], row["actor"]) for row in await client.read_all("/v1/audit")]

    calling(desk, lambda client: client.put_customer("C-1"))
    export(desk, "customers", "customers.csv")
    result = desk.run("erase", "C-1", "--workspace", WORKSPACE)
    assert (result.exit_code, "Erase C-1" in result.output) == (1, True)
    assert said(desk, "erase", "C-1", "--workspace", WORKSPACE, "--yes")["removed"]["customers"] == 1
    assert said(desk, "retention", "--workspace", WORKSPACE, "--dry-run") == {"dry_run": True, "counts": {}}
    me = f"cli:{getpass.getuser()}"
    found = [deed for deed in calling(desk, deeds) if deed[1] == me]
    assert found == [
        ("workspaces.create", me),
        ("key.made", me),
        ("exported", me),
        ("personal_data.erased", me),
        ("key.made", me),
    ]


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(desk: Desk) -> None:
    for to in ("customers.xls", "nowhere/customers.csv"):
        assert desk.run("export", "customers", "--workspace", WORKSPACE, "--to", to).exit_code == 2
