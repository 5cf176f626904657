"""Connections taken bare from the pool: for statements that are written on the driver itself."""

from typing import Any

from sqlalchemy import PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine


async def bare_connection(engine: AsyncEngine) -> PoolProxiedConnection:
    """Return a connection of the pool; a failure to connect is raised as any other connection of the engine raises it.

    Taken bare, it comes in the adapter's own class, which says neither what it is nor whether asking again is right.
    """
    dialect = engine.dialect
    driver: Any = dialect.dbapi
    try:
        return await engine.raw_connection()
    except driver.Error as error:
        known: Any = DBAPIError.instance(None, None, error, driver.Error, hide_parameters=True, dialect=dialect)
        raise known from error
