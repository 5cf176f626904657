"""`surveys import` and `surveys export` at the command line."""

import json

import pytest

from tests.api.cli.desk import WORKSPACE, Desk

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@on_sqlite
def test_a_survey_goes_out_and_comes_back_under_another_key(desk: Desk) -> None:
    file = desk.folder / "survey.json"
    told = desk.run("surveys", "export", "post_interaction", "--workspace", WORKSPACE, "--to", file, "--json")
    assert json.loads(told.stdout) == {"file": str(file), "key": "post_interaction"}
    printed = desk.run("surveys", "export", "post_interaction", "--workspace", WORKSPACE)
    assert json.loads(printed.stdout) == json.loads(file.read_text(encoding="utf-8"))
    nowhere = ("--to", desk.folder / "none" / "x.json")
    assert desk.run("surveys", "export", "post_interaction", "--workspace", WORKSPACE, *nowhere).exit_code == 1
    made = desk.run("surveys", "import", file, "--workspace", WORKSPACE, "--key", "copy", "--json")
    answer = json.loads(made.stdout)
    assert (answer["survey"]["key"], answer["survey"]["status"], answer["left_out"]) == ("copy", "draft", [])


@on_sqlite
def test_what_is_left_out_is_said_and_what_is_no_document_is_refused(desk: Desk) -> None:
    survey = {
        "name": "One",
        "questions": [{"id": "a", "type": "openText", "headline": {"default": "A"}, "required": False}],
    }
    survey["questions"] += [{"id": "b", "type": "cal", "headline": {"default": "B"}}]  # type: ignore[operator] # a list
    file = desk.write("one.json", json.dumps(survey))
    said = desk.run("surveys", "import", file, "--workspace", WORKSPACE)
    assert (said.exit_code, "Left out at /questions/1: cal" in said.output) == (0, True)
    for text, code in (("[]", 2), ("{", 2), ("{}", 1), (" " * 300_000, 2)):
        assert desk.run("surveys", "import", desk.write("x.json", text), "--workspace", WORKSPACE).exit_code == code
    wrong = {"format": "steadfast.survey", "format_version": 1, "key": "a", "definition": {"questions": []}}
    refused = desk.run("surveys", "import", desk.write("x.json", json.dumps(wrong)), "--workspace", WORKSPACE)
    assert (refused.exit_code, "/definition/questions" in refused.output) == (1, True)
