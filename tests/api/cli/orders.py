"""A few orders to import, and what is stored of them afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from api.cli.console import transaction
from api.customers.cases import read_case
from api.customers.schemas import CaseAnswer
from api.dependencies import Work
from api.settings import settings
from api.workspaces.service import find
from models.database import Database
from tests.api.cli.desk import WORKSPACE

ORDERS = """order,customer,bought,delivered,items
o1,c1,2026-03-02 10:00:00,2026-03-05 09:00:00,1
o2,c2,2026-03-03 10:00:00,,2
o3,c1,2026-03-04 10:00:00,2026-03-04 18:00:00,3
"""
CUSTOMERS = '[fields]\nreference = "customer"\n'
CASES = """
[fields]
reference = "order"
customer = "customer"
need = { constant = "order" }
opened_at = "bought"
done_at = "delivered"
occurred_at = "bought"
recorded_at = "bought"
[attributes]
items = { column = "items", as = "integer" }
"""


def asked(ask: Callable[[Work], Awaitable[Any]]) -> Any:
    """Ask a service of the workspace, as whoever runs the command line."""
    return asyncio.run(_asked(ask))


async def _asked(ask: Callable[[Work], Awaitable[Any]]) -> Any:
    database = Database(settings().database_url)
    try:
        async with database.read() as session:
            found = await find(session, WORKSPACE)
        async with transaction(database, found.id) as work:
            return await ask(work)
    finally:
        await database.close()


def case_as_known(reference: str) -> CaseAnswer:
    """Return a case as known now."""
    found: CaseAnswer = asked(lambda work: read_case(work, reference))
    return found
