"""The commands around the import: keys, workspaces, doctor, learning, and the synthetic company."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from api.demo import world
from api.settings import SettingsRefusedError, read_settings, settings
from tests.api.cli.desk import WORKSPACE, Desk


def said(desk: Desk, *arguments: str) -> dict[str, Any]:
    """Run a command that succeeds; return the JSON it printed."""
    result = desk.run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_a_key_is_shown_once_and_opens_nothing_when_revoked(desk: Desk) -> None:
    made = said(desk, "keys", "create", "--workspace", WORKSPACE, "--scope", "risk:read", "--expires-in-days", "3")
    assert made["key"].startswith("sfk_live_")
    listed = said(desk, "keys", "list", "--workspace", WORKSPACE)["items"]
    assert [(item["id"], item["scopes"], item["state"]) for item in listed] == [(made["id"], ["risk:read"], "active")]
    assert made["key"] not in desk.run("keys", "list", "--workspace", WORKSPACE).output
    assert said(desk, "keys", "revoke", "--workspace", WORKSPACE, made["id"])["state"] == "revoked"
    assert said(desk, "keys", "list", "--workspace", WORKSPACE)["items"][0]["state"] == "revoked"
    assert desk.run("keys", "revoke", "--workspace", WORKSPACE, "nonsense").exit_code == 2
    assert desk.run("keys", "list", "--workspace", "nobody").exit_code == 1


def test_a_key_is_rotated_with_an_overlap(desk: Desk) -> None:
    made = said(desk, "keys", "create", "--workspace", WORKSPACE, "--scope", "risk:read", "--name", "CRM")
    rotate = ("keys", "rotate", "--workspace", WORKSPACE)
    new = said(desk, *rotate, made["id"], "--overlap", "12h")
    assert (new["name"], new["scopes"], new["replaces"]["id"]) == ("CRM", ["risk:read"], made["id"])
    listed = said(desk, "keys", "list", "--workspace", WORKSPACE)["items"]
    assert [(item["state"], item["successor"], item["last_used_on"]) for item in listed] == [
        ("active", new["id"], None),
        ("active", None, None),
    ]
    shown = desk.run(*rotate, new["id"], "--overlap", "0h")
    assert shown.exit_code == 0
    assert "shown this once" in shown.output
    assert "used never" in desk.run("keys", "list", "--workspace", WORKSPACE).output
    again = desk.run(*rotate, made["id"])
    assert (again.exit_code, "has a successor" in again.output) == (1, True)
    for overlap in ("7", "week", "91d", "-1d", ""):
        assert desk.run(*rotate, made["id"], "--overlap", overlap).exit_code == 2
    named = ("keys", "create", "--workspace", WORKSPACE, "--scope", "admin", "--name")
    assert desk.run(*named, "a\nb").exit_code == 2


def test_an_empty_secret_beside_a_database_is_never_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STEADFAST_SECRET", raising=False)
    monkeypatch.setenv("STEADFAST_DATABASE_URL", f"sqlite:///{tmp_path / 'kept.db'}")
    kept = tmp_path / "kept.db.secret"
    kept.touch()
    settings.cache_clear()
    with pytest.raises(SettingsRefusedError, match="is empty"):
        settings()
    kept.unlink()
    with ThreadPoolExecutor(8) as pool:
        secrets = {read.secret for read in pool.map(lambda _: read_settings(), range(8))}
    assert secrets == {kept.read_text(encoding="utf-8")}
    assert [path.name for path in tmp_path.iterdir()] == ["kept.db.secret"]


def test_workspaces_are_listed_and_made_once(desk: Desk) -> None:
    assert [item["slug"] for item in said(desk, "workspace", "list")["items"]] == [WORKSPACE]
    assert desk.run("workspace", "create", WORKSPACE).exit_code == 1


def test_doctor_finds_a_well_installation_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADFAST_SECRET", "0123456789abcdef" * 3)
    settings.cache_clear()
    answer = said(desk, "doctor")
    assert answer["ok"]
    assert {"secret", "database", "schema", "jobs"} <= {check["name"] for check in answer["checks"]}


def test_doctor_names_the_remedy_of_what_is_not_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADFAST_SECRET", "short")
    monkeypatch.setenv("STEADFAST_PUBLIC_URL", "http://example.com")
    monkeypatch.setenv("STEADFAST_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    result = desk.run("doctor")
    assert result.exit_code == 1
    for remedy in ("openssl rand -hex 32", "over https", "Start the database"):
        assert remedy in result.output


def test_a_setting_nobody_knows_ends_a_command_with_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADFAST_SECRETS", "x")
    settings.cache_clear()
    result = desk.run("workspace", "list")
    assert result.exit_code == 1
    assert "STEADFAST_SECRETS is no setting" in result.output


def test_a_setting_can_stand_in_a_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEADFAST_SECRET", raising=False)
    monkeypatch.setenv("STEADFAST_SECRET_FILE", str(desk.write("secret", "from-a-file-0123456789-0123456789\n")))
    settings.cache_clear()
    assert settings().secret == "from-a-file-0123456789-0123456789"
    monkeypatch.setenv("STEADFAST_SECRET_FILE", "no-such-file")
    settings.cache_clear()
    assert "cannot be read" in desk.run("workspace", "list").output


def test_the_secret_is_made_and_kept_beside_an_sqlite_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEADFAST_SECRET", raising=False)
    monkeypatch.setenv("STEADFAST_DATABASE_URL", f"sqlite:///{tmp_path / 'kept.db'}")
    settings.cache_clear()
    first = settings().secret
    settings.cache_clear()
    assert settings().secret == first == (tmp_path / "kept.db.secret").read_text(encoding="utf-8")
    assert (tmp_path / "kept.db.secret").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("arguments", [(), ("--table", "x.csv"), ("--table", "x.csv", "--workspace", "w")])
def test_analyse_says_what_it_needs(desk: Desk, arguments: tuple[str, ...]) -> None:
    assert desk.run("analyse", *arguments).exit_code == 2


@pytest.mark.slow
def test_the_synthetic_company_is_loaded_learnt_from_and_scored_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "CUSTOMERS", 200)
    result = desk.run("demo", "--exit")
    assert result.exit_code == 0, result.output
    assert "API key: sfk_live_" in result.output
    assert "/risk" in result.output
    slug = "brightwater-repairs-synthetic-demo"
    assert said(desk, "score", "--workspace", slug)["customers"] == 200
    cost = said(desk, "cost", "--workspace", slug, "--by", "need")
    assert sum(item["amount"] or 0 for item in cost["items"]) == (cost["amount"] or 0)
    assert "failing cases" in desk.run("cost", "--workspace", slug).output
    assert desk.run("demo", "--exit").exit_code == 0
    assert [item["slug"] for item in said(desk, "workspace", "list")["items"]] == [WORKSPACE, slug]


def test_a_worker_works_off_what_is_due_and_ends(desk: Desk) -> None:
    assert said(desk, "worker", "--once") == {}
    result = desk.run("worker", "--once")
    assert (result.exit_code, result.stdout.strip()) == (0, "Nothing was due.")


def test_a_file_that_cannot_be_written_is_not_told_as_a_database_that_cannot_be_reached(desk: Desk) -> None:
    result = desk.run("backup", "/proc/kept.zip")
    assert result.exit_code == 1
    assert "kept.zip" in result.stderr
    assert "cannot be read or written: " in result.stderr
    assert "database" not in result.stderr
