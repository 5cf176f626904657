"""The application: middleware, routers, lifespan. Read this first.

A request passes: who really called (`proxies`), its id (`observing`), the key and its limit (`dependencies`,
`limits`), the route's strict body (`routing`), the session, the service of its topic, the commit, and only then the
answer. Every refusal on the way is rendered in `errors`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.telemetry import TelemetryConfig

from api import errors, health
from api.beside import written_beside
from api.children import kept_worker
from api.company import routes as company
from api.customers import routes as customers
from api.customers.routes import interactions, revenues
from api.dependencies import Replay
from api.failures import routes as failures
from api.failures.countermeasures import routes as countermeasures
from api.failures.suggestions import routes as suggestions
from api.feedback import routes as feedback
from api.feedback.intake.service import Intake
from api.feedback.intake.way import FastWay
from api.feedback.scanners import Scanners
from api.jobs import routes as jobs
from api.key_uses import KeyUses
from api.keyring import KeyRing
from api.keys import routes as keys
from api.limits import limits_of
from api.logs import set_up_logs
from api.measures import routes as measures
from api.measures.loyalty import routes as loyalty
from api.measures.loyalty.charts import routes as loyalty_charts
from api.measures.loyalty.validation import routes as validation
from api.observing import RequestIds
from api.pages import pulses as pulse_pages
from api.pages import routes as pages
from api.pages import sharing
from api.pages.framing import Frames
from api.privacy import routes as privacy
from api.problems import problems_page
from api.proxies import TrustedProxies
from api.risk import routes as risk
from api.risk.follow_ups import routes as follow_ups
from api.risk.fresh import FreshRisk
from api.risk.way import RiskWay
from api.roles import routes as roles
from api.roles.pulses import routes as pulses
from api.settings import networks_of, settings
from api.webhooks import routes as webhooks
from api.workspaces import routes as workspaces
from models.compacting import LongLog
from models.database import Database
from models.planning import NewTables

# In the order they are looked through for an address: what is asked most comes first.
ROUTERS = (
    feedback,
    risk,
    customers,
    interactions,
    revenues,
    sharing,
    failures,
    countermeasures,
    suggestions,
    measures,
    loyalty_charts,
    loyalty,
    validation,
    follow_ups,
    roles,
    pulses,
    company,
    jobs,
    webhooks,
    privacy,
    workspaces,
    keys,
    pages,
    pulse_pages,
)

NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the database for as long as the application runs, and keep a worker beside it where one is wanted."""
    kept = app.state
    async with kept_worker(), written_beside(kept.database, kept.key_uses, kept.scanners, NewTables(), LongLog()):
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
        # The service tells of itself in its own ways; to ask the framework's own each time costs every request.
        telemetry=NO_TELEMETRY,
    )
    equip(app, store or Database(settings().database_url, settings().pool_size))
    app.add_middleware(FastWay)
    app.add_middleware(RiskWay)
    app.add_middleware(RequestIds)
    app.add_middleware(TrustedProxies, trusted=networks_of(settings().trusted_proxies))
    errors.install(app)
    app.add_exception_handler(Replay, _replay)
    for topic in ROUTERS:
        app.include_router(topic.router, responses=errors.DOCUMENTED)
    health.install(app)
    app.add_api_route("/problems", problems, methods=["GET"], include_in_schema=False)
    return app


def equip(app: FastAPI, store: Database) -> None:
    """Give an application its database, and what it keeps in memory of those who call."""
    app.state.database = store
    app.state.limits = limits_of(settings())
    app.state.key_uses = KeyUses()
    app.state.key_ring = KeyRing()
    app.state.intake = Intake(store)
    app.state.fresh_risk = FreshRisk(store)
    app.state.scanners = Scanners()
    app.state.frames = Frames()


async def problems() -> HTMLResponse:
    """Explain every code that an error answer can carry."""
    return HTMLResponse(problems_page())


async def _replay(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Replay)  # noqa: S101 - the handler is registered for this class
    answer = error.answer
    headers = {**answer.headers, "Idempotent-Replay": "true"}
    return Response(answer.body, answer.status, media_type=JSONResponse.media_type, headers=headers)
