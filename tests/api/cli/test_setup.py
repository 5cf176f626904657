"""`setup` asks kindly, makes a workspace and one key, and makes nothing twice."""

import json
from typing import Any

import pytest

from api.cli import setup
from api.settings import settings
from tests.api.cli.desk import Desk

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


def said(desk: Desk, *arguments: str) -> dict[str, Any]:
    """Run `setup` so that it succeeds; return the JSON it printed."""
    result = desk.run("setup", *arguments, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_setup_makes_a_workspace_that_works_as_the_company_does_and_one_key(desk: Desk) -> None:
    told = ("--zone", "europe/LISBON", "--currency", "usd", "--yearly-loss", "12,5 %")
    done = said(desk, "--name", "  Café Norte ", *told, "--public-url", "https://feedback.example.com/")
    found = done["workspace"]
    assert (found["name"], found["slug"], found["zone"]) == ("Café Norte", "cafe-norte", "Europe/Lisbon")
    assert (found["currency"], found["yearly_loss"]) == ("USD", 0.125)
    assert done["created"]
    assert done["key"]["key"].startswith("sfk_live_")
    assert done["public_url"] == "https://feedback.example.com"
    assert len(done["next"]) == 3
    assert "STEADFAST_PUBLIC_URL=https://feedback.example.com" in done["next"][0]


def test_setup_again_changes_what_is_said_and_makes_nothing_twice(desk: Desk) -> None:
    first = said(desk, "--name", "Norte", "--yearly-loss", "0.1")
    again = said(desk, "--name", "NORTE!", "--zone", "Asia/Tokyo")
    assert (again["created"], again["key"]) == (False, None)
    assert (again["workspace"]["id"], again["workspace"]["zone"]) == (first["workspace"]["id"], "Asia/Tokyo")
    assert again["workspace"]["yearly_loss"] == 0.1
    listed = json.loads(desk.run("keys", "list", "--workspace", "norte", "--json").stdout)["items"]
    assert [key["id"] for key in listed] == [first["key"]["id"]]
    assert desk.run("keys", "revoke", "--workspace", "norte", first["key"]["id"]).exit_code == 0
    assert said(desk, "--name", "Norte")["key"]["id"] != first["key"]["id"]
    shown = desk.run("setup", "--name", "Norte")
    assert "It has an admin key" in shown.output
    assert "steadfast doctor" in shown.output


@on_sqlite
@pytest.mark.parametrize(
    ("option", "nonsense", "advice"),
    [
        ("--name", "!!!", "letter or digit"),
        ("--name", "x" * 201, "at most 200"),
        ("--zone", "Berlin", "Europe/Berlin"),
        ("--currency", "euros", "three letters"),
        ("--yearly-loss", "120%", "12% or 0.12"),
        ("--yearly-loss", "some", "12% or 0.12"),
        ("--yearly-loss", "nan", "12% or 0.12"),
        ("--public-url", "feedback.example.com", "https://feedback"),
    ],
)
def test_nonsense_is_refused_with_what_would_do(desk: Desk, option: str, nonsense: str, advice: str) -> None:
    result = desk.run("setup", "--name", "Norte", option, nonsense)
    assert result.exit_code == 2
    assert option in result.output
    assert advice in result.output
    assert desk.run("workspace", "list").output.split() == ["warm-homes"]


@on_sqlite
def test_without_a_terminal_and_a_name_nothing_is_asked(desk: Desk) -> None:
    result = desk.run("setup")
    assert result.exit_code == 2
    assert "--name" in result.output


@on_sqlite
@pytest.mark.usefixtures("desk")
def test_at_a_terminal_each_thing_is_asked_until_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["", "Norte", "Mars", "Europe/Oslo", "", "nobody", "8%", ""])
    asked: list[tuple[str, str | None]] = []

    def prompt(question: str, *, default: str | None, err: bool) -> str:
        assert err
        asked.append((question, default))
        return next(typed) or default or ""

    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": staticmethod(lambda: True)})())
    setup.setup()
    assert len(asked) == 8
    assert next(typed, None) is None
    typed = iter([""] * 5)
    asked.clear()
    with pytest.raises(StopIteration):
        setup.setup()
    typed = iter(["Norte", *[""] * 4])
    asked.clear()
    setup.setup()
    assert [default for _, default in asked] == [None, "Europe/Oslo", "EUR", "8.0%", settings().public_url]
