"""Analyses at the command line that cannot be made: a sentence, a code, an exit code, and nothing kept."""

import json

import pytest

from tests.api.cli.desk import WORKSPACE, Desk

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


def table(failures: int) -> str:
    """Give a table of two conditions and four hundred rows, of which so many failed."""
    lines = [f"{number % 2},{number // 2 % 2},{int(number < failures)}" for number in range(400)]
    return "\n".join(["late,rude,failed", *lines])


@pytest.mark.parametrize(
    ("content", "more", "code", "says"),
    [
        (table(5), (), "too_few_failures", "At least 16 are needed"),
        (table(400), (), "outcome_not_binary", "Every row failed"),
        (table(60), ("--strata", "region"), "column_missing", "'region'"),
    ],
)
def test_a_table_that_cannot_be_analysed_is_refused_with_advice(
    desk: Desk, content: str, more: tuple[str, ...], code: str, says: str
) -> None:
    result = desk.run("analyse", "--table", desk.write("t.csv", content), "--outcome", "failed", *more, "--json")
    told = json.loads(result.stdout)
    assert told["code"] == code
    assert says in told["detail"]
    assert result.exit_code in {1, 2}
    assert code in result.stderr


def test_a_workspace_that_cannot_be_analysed_says_why(desk: Desk) -> None:
    result = desk.run("analyse", "--workspace", WORKSPACE, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == "nothing_to_learn_from"
    assert "Report responses" in result.stderr


def test_columns_are_not_named_of_a_workspace(desk: Desk) -> None:
    result = desk.run("analyse", "--workspace", WORKSPACE, "--strata", "team")
    assert (result.exit_code, "of a `--table`" in result.stderr) == (2, True)
