"""A log line says who asked what and how it went, and never what somebody sent or stored."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy.exc
import structlog
from fastapi import FastAPI

from api.logs import in_few_words, request_lines, set_up_logs, take_over_logs, without_values
from api.settings import settings
from tests.api.caller import Caller, done

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Give the loggers of libraries back as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Give the log lines written since the last look."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


@pytest.fixture
def fresh_logs(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    """Let log lines go where this test can read them."""
    structlog.configure(cache_logger_on_first_use=False)
    return capsys


def observed(fresh: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loggers of the service write where this test reads."""
    set_up_logs()
    structlog.configure(cache_logger_on_first_use=False)
    for place in ("api.logs.log", "api.errors.log"):
        monkeypatch.setattr(place, structlog.get_logger("steadfast.request"))
    fresh.readouterr()


@on_sqlite
@pytest.mark.anyio
async def test_one_line_a_request_says_who_asked_what_and_how_it_went(
    app: FastAPI, client: Caller, fresh_logs: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app.state.limits
    me = await client.read("/v1/me")
    observed(fresh_logs, monkeypatch)
    body = {"name": "Theodora Plumber", "email": "theodora@example.com"}
    done(await client.ask("PUT", "/v1/customers/C-77?secret=hunter2", {"X-Request-ID": "crm-1"}, json=body))
    await Caller(client.http, "sfk_live_wrong").get("/v1/customers/C-77")
    await client.get("/nowhere/C-77")
    said = fresh_logs.readouterr().err
    found = [json.loads(line) for line in said.splitlines()]
    assert [(line["route"], line["status"]) for line in found] == [
        ("/v1/customers/{reference}", 201),
        ("/v1/customers/{reference}", 401),
        (None, 404),
    ]
    assert (found[0]["request_id"], found[0]["key"], found[0]["workspace"]) == (
        "crm-1",
        me["key_id"],
        me["workspace_id"],
    )
    assert "key" not in found[1]
    for private in ("Theodora", "theodora@", "C-77", "hunter2", (client.key or "")[-20:], "sfk_"):
        assert private not in said


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_requests_line_is_the_one_that_any_way_of_logging_writes(
    fresh_logs: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log_format: str
) -> None:
    monkeypatch.setenv("STEADFAST_LOG_FORMAT", log_format)
    settings.cache_clear()
    observed(fresh_logs, monkeypatch)
    line = {"method": "POST", "route": None, "status": 201, "ms": 1.25, "key": 'a "quoted" one\n'}
    with structlog.contextvars.bound_contextvars(request_id="crm-1"):
        structlog.get_logger("steadfast.request").info("request", **line)
        request_lines.tell("crm-1", line)
    one, other = fresh_logs.readouterr().err.splitlines()
    if log_format == "text":
        assert one.partition("Z")[2] == other.partition("Z")[2]
        return
    one, other = json.loads(one), json.loads(other)
    assert {**one, "timestamp": ""} == {**other, "timestamp": ""}
    assert [len(stamp["timestamp"]) for stamp in (one, other)] == [27, 27]


@on_sqlite
@pytest.mark.anyio
async def test_a_fault_of_ours_is_told_with_its_way_and_without_values(
    app: FastAPI, client: Caller, fresh_logs: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(*_: object) -> None:
        try:
            int("Theodora")
        except ValueError as error:
            raise RuntimeError("her password is hunter2") from error

    monkeypatch.setattr("api.customers.service.read_customer", break_down)
    observed(fresh_logs, monkeypatch)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        await Caller(http, client.key).ask("GET", "/v1/customers/C-1", {"X-Request-ID": "mine"})
    request, fault = lines(fresh_logs)
    assert (request["status"], fault["event"], fault["request_id"]) == (500, "unexpected", "mine")
    told = fault["exception"]
    assert "builtins.ValueError" in told
    assert told.endswith("builtins.RuntimeError")
    assert "in break_down" in told
    for value in ("Theodora'", "hunter2 "):
        assert value not in told


def lost(name: str) -> None:
    """Fail with somebody's name in the message."""
    raise KeyError(name)


def test_errors_are_told_however_they_are_given() -> None:
    try:
        lost("Ana")
    except KeyError as error:
        for given in (error, True, (type(error), error, error.__traceback__)):
            told = without_values(None, "error", {"exc_info": given})
            assert told["exception"].endswith("builtins.KeyError")
    assert without_values(None, "error", {"exc_info": (None, None, None), "a": 1}) == {"a": 1}
    assert without_values(None, "error", {"exc_info": ValueError("Ana")}) == {"exception": "builtins.ValueError"}


def test_the_words_of_an_error_are_told_where_they_are_the_databases_own() -> None:
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
    assert in_few_words(sqlalchemy.exc.OperationalError("INSERT", {"name": "Ana"}, locked)) == (
        "OperationalError: database is locked"
    )
    unique = sqlite3.IntegrityError("UNIQUE constraint failed: Ana")
    assert in_few_words(sqlalchemy.exc.IntegrityError("INSERT", None, unique)) == "IntegrityError"
    assert in_few_words(TimeoutError()) == "TimeoutError"
    assert len(in_few_words(OSError("x" * 5000))) < 400


@pytest.mark.usefixtures("own_logging")
def test_what_libraries_log_has_the_same_form(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    take_over_logs()
    library = logging.getLogger("uvicorn.error")
    library.info("Waiting")
    library.warning("Invalid HTTP request received.")
    try:
        lost("Theodora")
    except KeyError:
        library.exception("Exception in ASGI application\n")
        library.exception("a task broke")
    warned, broke = lines(capsys)
    assert (warned["event"], warned["level"], warned["logger"]) == (
        "Invalid HTTP request received.",
        "warning",
        "uvicorn.error",
    )
    assert broke["exception"].endswith("builtins.KeyError")
    assert "exc_info" not in broke
    monkeypatch.setenv("STEADFAST_LOG_FORMAT", "text")
    settings.cache_clear()
    take_over_logs()
    library.warning("for people")
    assert "for people" in capsys.readouterr().err
