"""The server tests stand on is itself what it claims to be."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.postgres.server import PostgresServer


async def _value(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.mark.anyio
async def test_the_server_promises_what_production_promises(postgres_url: str) -> None:
    assert await _value(postgres_url, "SHOW fsync") == "on"
    assert await _value(postgres_url, "SHOW synchronous_commit") == "on"
    assert await _value(postgres_url, "SHOW full_page_writes") == "on"
    assert await _value(postgres_url, "SHOW max_connections") == "200"


@pytest.mark.anyio
async def test_a_test_connects_as_owner_and_not_as_superuser(postgres_url: str) -> None:
    assert await _value(postgres_url, "SELECT current_user") == "steadfast"
    assert await _value(postgres_url, "SHOW is_superuser") == "off"
    assert await _value(postgres_url, "SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user") is True


def test_a_fresh_database_is_empty_on_either_store(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        assert not Path(database_url.removeprefix("sqlite:///")).exists()
    else:
        tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        assert asyncio.run(_value(database_url, tables)) == 0


def test_a_template_is_built_once_and_copied_with_what_it_holds(postgres_server: PostgresServer) -> None:
    built: list[str] = []

    def build(url: str) -> None:
        built.append(url)
        asyncio.run(_value(url, "CREATE TABLE kept AS SELECT 42 AS answer"))

    for _ in range(2):
        postgres_server.create_template("template_of_a_test", build)
    url = postgres_server.create_database("copy_of_a_template", template="template_of_a_test")
    assert asyncio.run(_value(url, "SELECT answer FROM kept")) == 42
    assert len(built) == 1
    postgres_server.drop_database("copy_of_a_template")


def test_a_template_whose_building_failed_is_built_afresh(postgres_server: PostgresServer) -> None:
    def fail(url: str) -> None:
        asyncio.run(_value(url, "CREATE TABLE half AS SELECT 1 AS one"))
        raise LookupError

    with pytest.raises(LookupError):
        postgres_server.create_template("template_that_failed", fail)
    postgres_server.create_template("template_that_failed", lambda _: None)
    url = postgres_server.create_database("copy_after_failure", template="template_that_failed")
    assert asyncio.run(_value(url, "SELECT to_regclass('half') IS NULL")) is True
    postgres_server.drop_database("copy_after_failure")


def test_what_was_committed_before_a_crash_is_there_after_it() -> None:
    with PostgresServer.create() as server:
        url = server.create_database("crashed")
        asyncio.run(_value(url, "CREATE TABLE kept AS SELECT 42 AS answer"))
        server.stop(immediate=True)
        assert not server.running
        with pytest.raises(ConnectionRefusedError):
            asyncio.run(_value(url, "SELECT 1"))
        server.start()
        assert asyncio.run(_value(url, "SELECT answer FROM kept")) == 42
    assert not server.folder.exists()
