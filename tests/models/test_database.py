"""A serving connection is durable on SQLite; on PostgreSQL it is nobody until it names a workspace."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import APP_ROLE, Database, bind_workspace, driver_url, is_unavailable, owner_engine
from models.ids import uuid7
from models.tables import DIRECTORY_TABLES, metadata
from models.workspace import WorkspaceVersion
from tests.api.conftest import MakeWorkspace

pytestmark = pytest.mark.anyio

only_postgres = pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
BEHIND_SECURITY = sorted(set(metadata.tables) - DIRECTORY_TABLES)


async def rows(session: AsyncSession) -> dict[str, int]:
    """Count what a session sees of every table that is not in the directory."""
    return {
        name: int(await session.scalar(select(func.count()).select_from(metadata.tables[name])) or 0)
        for name in BEHIND_SECURITY
    }


async def add(database: Database, workspace_id: UUID, table: Table, row: Mapping[str, Any]) -> None:
    """Add a row in a transaction of a workspace."""
    async with database.write(workspace_id) as session:
        await session.execute(insert(table).values(dict(row)))


@only_postgres
async def test_every_table_outside_the_directory_has_forced_security_with_a_policy(database: Database) -> None:
    statement = """
        SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.cmd, p.qual, p.roles::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
        LEFT JOIN pg_policies p ON p.tablename = c.relname
        WHERE c.relkind = 'r' AND c.relname <> 'alembic_version'
    """
    async with database.read() as session:
        found = {row.relname: row for row in await session.execute(text(statement))}
    assert set(found) == set(metadata.tables)
    for name in BEHIND_SECURITY:
        row = found[name]
        assert (row.relrowsecurity, row.relforcerowsecurity, row.cmd, row.roles) == (True, True, "ALL", "{public}"), (
            name
        )
        assert "workspace_id = (NULLIF(current_setting('app.workspace'::text, true), ''::text))::uuid" in row.qual


@only_postgres
async def test_two_who_waited_for_each_other_may_ask_again(database: Database) -> None:
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(database.read()) for _ in range(2)]
        await one.execute(text("SELECT pg_advisory_xact_lock(1)"))
        await two.execute(text("SELECT pg_advisory_xact_lock(2)"))
        asked = [
            one.execute(text("SELECT pg_advisory_xact_lock(2)")),
            two.execute(text("SELECT pg_advisory_xact_lock(1)")),
        ]
        answers = await asyncio.gather(*asked, return_exceptions=True)
    [refused] = [answer for answer in answers if isinstance(answer, DBAPIError)]
    assert is_unavailable(refused)
    assert not is_unavailable(ValueError("a question that was wrong"))


@only_postgres
async def test_no_number_is_drawn_from_a_sequence_all_workspaces_share(database: Database) -> None:
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM pg_sequences")) == 0


@only_postgres
async def test_a_serving_connection_is_the_role_that_security_binds(database: Database) -> None:
    async with database.read() as reading, database.write() as writing:
        for session in (reading, writing):
            role = (
                await session.execute(
                    text(
                        "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = current_user"
                    )
                )
            ).one()
            assert tuple(role) == (APP_ROLE, False, False, False)


@only_postgres
async def test_rows_are_seen_by_their_own_workspace_alone(database: Database, make_workspace: MakeWorkspace) -> None:
    one, other = await make_workspace("One"), await make_workspace("Other")
    nothing = dict.fromkeys(BEHIND_SECURITY, 0)
    async with database.read() as session:
        assert await rows(session) == nothing
    async with database.read(uuid4()) as session:
        assert await rows(session) == nothing
    own = {**nothing, "workspace_versions": 1, "surveys": 1, "survey_versions": 1}
    version = WorkspaceVersion.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
    for workspace in (one, other):
        async with database.read(workspace.id) as session:
            assert await rows(session) == own
            assert await session.scalar(select(version.c.name)) == workspace.name


@only_postgres
async def test_a_workspace_bound_in_one_transaction_is_forgotten_in_the_next(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    one = await make_workspace("One")
    single = Database(database.url, pool_size=1)
    try:
        async with single.read() as session:
            await bind_workspace(session, one.id)
            assert (await rows(session))["surveys"] == 1
        async with single.read() as session:
            assert (await rows(session))["surveys"] == 0
    finally:
        await single.close()


@only_postgres
async def test_no_row_can_be_written_into_another_workspace(database: Database, make_workspace: MakeWorkspace) -> None:
    one, other = await make_workspace("One"), await make_workspace("Other")
    survey = metadata.tables["surveys"]
    row = {"workspace_id": other.id, "id": uuid7(), "key": "theirs", "created_at": one.updated_at}
    with pytest.raises(DBAPIError, match="row-level security"):
        await add(database, one.id, survey, row)
    async with database.write(one.id) as session:
        assert (await session.execute(survey.update().values(key="mine"))).rowcount == 1  # type: ignore[attr-defined]
    async with database.read(other.id) as session:
        assert await session.scalar(select(survey.c.key)) == "post_interaction"


@only_sqlite
async def test_every_serving_connection_is_durable_and_holds_its_foreign_keys(database: Database) -> None:
    meant = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000}
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(database.read()) for _ in range(4)]
        sessions.append(await stack.enter_async_context(database.write()))
        for session in sessions:
            found = {name: await session.scalar(text(f"PRAGMA {name}")) for name in meant}
            assert found == meant
    engine = owner_engine(database.url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("PRAGMA synchronous")) == 2
    await engine.dispose()


async def test_a_row_cannot_point_at_what_is_not_there(database: Database, make_workspace: MakeWorkspace) -> None:
    one = await make_workspace("One")
    answers = metadata.tables["idempotent_answers"]
    row = {"api_key_id": uuid7(), "route_hash": "r", "key_hash": "k", "body_hash": "b", "status": 200, "sealed": b"s"}
    stamp = {"workspace_id": one.id, "id": uuid7(), "stored_at": one.updated_at}
    with pytest.raises(IntegrityError):
        await add(database, one.id, answers, {**row, **stamp})


async def test_a_row_cannot_point_into_another_workspace(database: Database, make_workspace: MakeWorkspace) -> None:
    one, other = await make_workspace("One"), await make_workspace("Other")
    surveys, versions = metadata.tables["surveys"], metadata.tables["survey_versions"]
    async with database.read(other.id) as session:
        theirs = await session.scalar(select(surveys.c.id).where(surveys.c.workspace_id == other.id))
    row: dict[str, Any] = {
        "workspace_id": one.id,
        "id": theirs,
        "number": 1,
        "questions": [],
        "created_at": one.updated_at,
    }
    with pytest.raises(IntegrityError):
        await add(database, one.id, versions, row)


async def test_work_that_fails_leaves_nothing(database: Database, make_workspace: MakeWorkspace) -> None:
    one = await make_workspace("One")
    surveys = metadata.tables["surveys"]

    async def spoil() -> None:
        async with database.write(one.id) as session:
            row = {"workspace_id": one.id, "id": uuid7(), "key": "half", "created_at": one.updated_at}
            await session.execute(insert(surveys).values(row))
            raise KeyError

    with pytest.raises(KeyError):
        await spoil()
    async with database.read(one.id) as session:
        assert list(await session.scalars(select(surveys.c.key))) == ["post_interaction"]


def test_an_address_of_another_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="mysql"):
        driver_url("mysql://somewhere/else")
    with pytest.raises(ValueError, match="an address like"):
        driver_url("nowhere")


@only_postgres
async def test_of_two_that_wait_for_each_other_one_is_told_to_ask_again(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    made = [await make_workspace(name) for name in ("One", "Two")]
    workspaces = metadata.tables["workspaces"]
    first_held = [asyncio.Event(), asyncio.Event()]

    async def cross(place: int) -> bool:
        try:
            async with database.write() as session:
                for step, number in enumerate((place, 1 - place)):
                    row = select(workspaces.c.id).where(workspaces.c.id == made[number].id)
                    await session.execute(row.with_for_update())
                    if step == 0:
                        first_held[place].set()
                        await first_held[1 - place].wait()
        except DBAPIError as error:
            return is_unavailable(error)
        return False

    assert sorted(await asyncio.gather(cross(0), cross(1))) == [False, True]


def test_a_wrong_question_is_not_a_database_that_cannot_be_asked() -> None:
    assert is_unavailable(IntegrityError("INSERT", {}, Exception("duplicate"))) is False
    assert is_unavailable(ValueError("no")) is False
