"""Answers of the past from a CSV file: a column a question, labels in two languages, rows that name nobody."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.cli.desk import WORKSPACE, Desk

EXAMPLE = Path(__file__).parents[3] / "examples" / "past-answers"
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


def exported(desk: Desk) -> list[dict[str, Any]]:
    """Give all responses, oldest answer first."""
    file = desk.folder / "out.ndjson"
    assert desk.run("export", "responses", "--workspace", WORKSPACE, "--to", file).exit_code == 0
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return sorted(rows, key=lambda row: (row["answered_at"], row["customer"] or ""))


def begin(desk: Desk) -> None:
    """Publish the example's survey, and tell of the customers it names."""
    named = desk.write("customers.csv", "reference\nC-1\nC-2\n")
    desk.take("customers", named, '[fields]\nreference = "reference"\n')
    for command in (("import", EXAMPLE / "survey.json"), ("publish", "service_2024")):
        done = desk.run("surveys", *command, "--workspace", WORKSPACE, "--json")
        assert done.exit_code == 0, done.output


def test_the_example_of_past_answers_is_taken_as_its_readme_says(desk: Desk) -> None:
    begin(desk)
    mapped = (EXAMPLE / "map.toml").read_text(encoding="utf-8")
    answer = desk.take("responses", EXAMPLE / "answers.csv", mapped)
    assert (answer["accepted"], answer["rejected"]) == (4, 2)
    wrong = {row["line"]: {error["pointer"] for error in row["errors"]} for row in desk.rejected(answer)}
    assert wrong == {5: {"/answers/recommend"}, 7: {"/answers/outcome", "/answers/channels"}}
    first, second, third, last = exported(desk)
    assert first["answers"] == {
        "recommend": 9,
        "outcome": "fully",
        "channels": ["phone", "mail"],
        "rated": {"speed": "good", "care": "good"},
        "again": True,
        "comment": "Sehr freundlich",
    }
    assert (first["customer"], first["language"], first["survey"]) == ("C-1", "de", "service_2024")
    assert first["answered_at"] == first["recorded_at"] == "2024-02-03T08:30:00Z"
    # Two who answered alike and name nobody are two.
    assert (second["answers"], second["customer"]) == (third["answers"], None)
    assert second["reference"] != third["reference"]
    assert (last["customer"], last["answers"]["recommend"]) == ("C-2", 10)
    assert desk.counts("responses", EXAMPLE / "answers.csv", mapped) == (0, 4, 2)


@on_sqlite
def test_rows_that_name_the_same_customer_and_say_the_same_are_one(desk: Desk) -> None:
    begin(desk)
    file = desk.write("twice.csv", "who,score\nC-1,9\nC-1,9\n,9\n,9\n")
    mapped = """
[fields]
survey = { constant = "service_2024" }
customer = "who"

[answers]
recommend = { column = "score", as = "integer" }
"""
    assert desk.counts("responses", file, mapped) == (3, 1, 0)
    assert desk.counts("responses", file, mapped) == (0, 4, 0)


@on_sqlite
def test_a_split_column_may_hold_keys_numbers_and_nothing(desk: Desk) -> None:
    begin(desk)
    file = desk.write("split.csv", "score,by\n1,phone; shop ;\n2,;\n3,\n4,fax\n")
    mapped = """
[fields]
survey = { constant = "service_2024" }

[answers]
recommend = { column = "score", as = "integer" }
channels = { column = "by", split = ";" }
"""
    answer = desk.take("responses", file, mapped)
    assert [row["line"] for row in desk.rejected(answer)] == [5]
    taken = {row["answers"]["recommend"]: row["answers"].get("channels") for row in exported(desk)}
    assert taken == {1: ["phone", "shop"], 2: [], 3: None}
