"""Every database comes to the newest schema, whoever starts first, and the way back is walked too."""

import asyncio

import pytest
from alembic import command
from sqlalchemy import Connection, inspect, text

from models.database import owner_engine
from models.migrating import config, differences, migrate
from models.schema import head, is_at_head
from models.tables import metadata

pytestmark = pytest.mark.anyio


async def tables_of(url: str) -> set[str]:
    """Give the names of the tables there are."""
    engine = owner_engine(url)
    try:
        async with engine.connect() as connection:
            return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    finally:
        await engine.dispose()


async def downgrade(url: str) -> None:
    """Walk all the way back."""

    def back(connection: Connection) -> None:
        made = config()
        made.attributes["connection"] = connection
        command.downgrade(made, "base")

    engine = owner_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(back)
    finally:
        await engine.dispose()


async def test_three_that_start_together_migrate_once_and_arrive_at_the_tables_in_code(database_url: str) -> None:
    assert await is_at_head(database_url) is False
    assert await asyncio.gather(*[migrate(database_url) for _ in range(3)]) == [head()] * 3
    assert await is_at_head(database_url) is True
    assert await differences(database_url) == []
    assert await tables_of(database_url) == {*metadata.tables, "alembic_version"}


async def test_the_way_back_leaves_nothing_and_the_way_there_can_be_gone_again(database_url: str) -> None:
    await migrate(database_url)
    await downgrade(database_url)
    assert await tables_of(database_url) == {"alembic_version"}
    await migrate(database_url)
    assert await differences(database_url) == []


async def test_a_schema_that_strayed_is_told_apart(database_url: str) -> None:
    await migrate(database_url)
    engine = owner_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE customers ADD COLUMN mood VARCHAR(20)"))
    await engine.dispose()
    [(kind, _, table, column)] = await differences(database_url)
    assert (kind, table, column.name) == ("remove_column", "customers", "mood")
