"""The application: middleware, routers, lifespan. Read this first.

A request passes: its id (`observing`), the route's strict body (`routing`), the caller and the session
(`dependencies`), the service of its topic, the commit, and only then the answer. Every refusal on the way is rendered
in `errors`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy import text

from api import errors
from api.customers import routes as customers
from api.dependencies import Replay, database
from api.errors import Unavailable
from api.failures import routes as failures
from api.feedback import routes as feedback
from api.observing import RequestIds, leave_tracebacks_out, set_up_logs
from api.privacy import routes as privacy
from api.problems import problems_page
from api.risk import routes as risk
from api.roles import routes as roles
from api.settings import settings
from api.worker import running_worker
from api.workspaces import routes as workspaces
from api.workspaces.schemas import HealthAnswer
from models.database import Database, is_unavailable

ROUTERS = (workspaces, customers, feedback, failures, risk, roles, privacy)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the database for as long as the application runs, and do light jobs beside it."""
    leave_tracebacks_out()
    async with running_worker(app.state.database):
        yield
    await app.state.database.close()


def create_app(store: Database | None = None) -> FastAPI:
    """Return the application on a database, by default the one the settings name."""
    set_up_logs()
    app = FastAPI(
        title="Steadfast",
        version=version("steadfast"),
        summary="Measures how loyal a company is to its customers.",
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.database = store or Database(settings().database_url, settings().pool_size)
    app.add_middleware(RequestIds)
    errors.install(app)
    app.add_exception_handler(Replay, _replay)
    for topic in ROUTERS:
        app.include_router(topic.router, responses=errors.DOCUMENTED)
    app.add_api_route("/livez", livez, methods=["GET"], tags=["Health"])
    app.add_api_route("/readyz", readyz, methods=["GET"], tags=["Health"])
    app.add_api_route("/problems", problems, methods=["GET"], include_in_schema=False)
    return app


async def livez() -> HealthAnswer:
    """Say that the process answers."""
    return HealthAnswer(status="ok")


async def readyz(request: Request) -> HealthAnswer:
    """Say that the database answers too; 503 where it does not."""
    try:
        async with database(request).read() as session:
            await session.execute(text("SELECT 1"))
    except Exception as error:
        if not is_unavailable(error):
            raise
        raise Unavailable("The database does not answer. Look at its log.") from error
    return HealthAnswer(status="ok")


async def problems() -> HTMLResponse:
    """Explain every code that an error answer can carry."""
    return HTMLResponse(problems_page())


async def _replay(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Replay)  # noqa: S101 - the handler is registered for this class
    answer = error.answer
    return Response(
        answer.body, answer.status, media_type=JSONResponse.media_type, headers={"Idempotent-Replay": "true"}
    )
