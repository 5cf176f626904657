"""Countermeasures over HTTP."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Reference, ShortText
from api.dependencies import Admin, AnalysisReader
from api.etags import IfMatch, etag, marked, tagged
from api.failures.countermeasures import effects, reckoning, service
from api.failures.countermeasures import portfolio as portfolios
from api.failures.countermeasures.effect_schemas import EffectAnswer
from api.failures.countermeasures.schemas import (
    CountermeasureAnswer,
    CountermeasureBody,
    CountermeasureChange,
    CountermeasureStored,
    PortfolioAnswer,
    WhatIfAnswer,
    WhatIfBody,
)
from api.listing import STREAMED, Asking, Voided, listed
from api.paging import Page
from api.recorded import AGAIN
from api.routing import StrictRoute
from api.voiding import VoidBody
from models.countermeasure import CountermeasureKind

router = APIRouter(prefix="/v1/countermeasures", tags=["Countermeasures"], route_class=StrictRoute)


@router.post("", status_code=201, responses=AGAIN)
async def store_countermeasure(work: Admin, body: CountermeasureBody, response: Response) -> CountermeasureStored:
    """Tell what is done about conditions, planned or live; the same reference again is its next state. Scope: admin."""
    stored, created = await service.store(work, body)
    response.status_code = 201 if created else 200
    response.headers["Location"] = f"/v1/countermeasures/{stored.id}"
    return tagged(response, stored)


@router.get("", response_model=Page[CountermeasureAnswer], responses=STREAMED)
async def list_countermeasures(
    work: AnalysisReader,
    asked: Asking,
    voided: Voided = False,
    team: Annotated[ShortText | None, Query(description="Only those that this team alone has.")] = None,
    kind: Annotated[CountermeasureKind | None, Query(description="Only of this kind.")] = None,
) -> Page[CountermeasureAnswer] | Response:
    """List countermeasures, oldest change first. Scope: analysis:read."""
    return await listed(work, asked, partial(service.list_all, voided=voided, team=team, kind=kind))


@router.post("/what-if", status_code=200)
async def suppose(work: AnalysisReader, body: WhatIfBody) -> WhatIfAnswer:
    """Tell what they would be expected to avoid: all hold, the best slips, all slip. Scope: analysis:read."""
    return await reckoning.suppose(work, body)


@router.get("/portfolio")
async def read_portfolio(
    work: AnalysisReader,
    sets: Annotated[int, Query(ge=1, le=20, description="So many of the dearest sets.")] = 8,
) -> PortfolioAnswer:
    """Show every condition of the dearest sets, ranked by what covering them is worth. Scope: analysis:read."""
    return await portfolios.portfolio(work, sets)


@router.get("/{reference}")
async def read_countermeasure(work: AnalysisReader, reference: Reference, response: Response) -> CountermeasureAnswer:
    """Read one countermeasure, by its reference or its id. Scope: analysis:read."""
    return tagged(response, await service.read(work, reference))


@router.patch("/{reference}")
async def change_countermeasure(
    work: Admin, reference: Reference, body: CountermeasureChange, response: Response, if_match: IfMatch = None
) -> CountermeasureStored:
    """Change a countermeasure that was read before: absent keeps, `null` clears. Scope: admin."""
    return tagged(response, await service.change(work, reference, body, if_match))


@router.post("/{reference}/void", status_code=200)
async def void_countermeasure(
    work: Admin, reference: Reference, body: VoidBody, response: Response
) -> CountermeasureStored:
    """Withdraw a countermeasure told by mistake; one that ended has a `retired_at` instead. Scope: admin."""
    found = await service.withdraw(work, reference, body.reason)
    response.headers["ETag"] = etag(found.version)
    return found


@router.get("/{reference}/effect")
async def read_effect(work: AnalysisReader, reference: Reference, response: Response) -> EffectAnswer:
    """Tell what went with a countermeasure since it went live, as last judged. Scope: analysis:read."""
    return marked(response, await effects.effect_of(work, reference))
