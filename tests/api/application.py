"""The application as tests have it: made once a worker, given to each test with a database and a state of its own."""

from functools import cache

from fastapi import FastAPI
from starlette.datastructures import State

from api.logs import set_up_logs
from api.main import create_app, equip
from models.database import Database


def application(database: Database) -> FastAPI:
    """Give the application on a database, and take it from the one before: a test that needs two makes the other.

    The framework works out a route when it is first asked for, which takes longer than a test.
    """
    app = _routed()
    app.state = State()
    set_up_logs()
    equip(app, database)
    return app


@cache
def _routed() -> FastAPI:
    """Make the one whose routes all tests of this process share."""
    return create_app()
