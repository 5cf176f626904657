"""Needs in customers' words, teams and who supports them, and what the company changed."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Reference
from api.company import service
from api.company.schemas import (
    ChangeAnswer,
    ChangeBody,
    ChangeStored,
    NeedAnswer,
    NeedBody,
    NeedStored,
    TeamAnswer,
    TeamBody,
    TeamStored,
)
from api.dependencies import RecordsReader, RecordsWriter
from api.etags import etag
from api.listing import STREAMED, Asking, listed
from api.paging import Page
from api.routing import StrictRoute
from api.voiding import VoidBody

router = APIRouter(prefix="/v1", tags=["Company"], route_class=StrictRoute)

Undescribed = Annotated[
    bool,
    Query(description="Those that records name and nobody described, by name, instead; `updated_since` narrows none."),
]


@router.put("/needs/{key}")
async def put_need(work: RecordsWriter, key: Reference, body: NeedBody, response: Response) -> NeedStored:
    """Describe a need by the name cases call it, in customers' words. Scope: records:write."""
    stored, created = await service.store_need(work, key, body)
    _say(response, stored.version, created=created)
    return stored


@router.get("/needs", response_model=Page[NeedAnswer], responses=STREAMED)
async def list_needs(
    work: RecordsReader, asked: Asking, undescribed: Undescribed = False
) -> Page[NeedAnswer] | Response:
    """List the needs that were described, or those that were not. Scope: records:read."""
    return await listed(work, asked, partial(service.list_needs, undescribed=undescribed))


@router.get("/needs/{key}")
async def read_need(work: RecordsReader, key: Reference, response: Response) -> NeedAnswer:
    """Read one need. Scope: records:read."""
    found = await service.read_need(work, key)
    _say(response, found.version)
    return found


@router.put("/teams/{reference}")
async def put_team(work: RecordsWriter, reference: Reference, body: TeamBody, response: Response) -> TeamStored:
    """Describe a team, and who owes it support. Scope: records:write."""
    stored, created = await service.store_team(work, reference, body)
    _say(response, stored.version, created=created)
    return stored


@router.get("/teams", response_model=Page[TeamAnswer], responses=STREAMED)
async def list_teams(
    work: RecordsReader, asked: Asking, undescribed: Undescribed = False
) -> Page[TeamAnswer] | Response:
    """List the teams that were described, or those that were not. Scope: records:read."""
    return await listed(work, asked, partial(service.list_teams, undescribed=undescribed))


@router.get("/teams/{reference}")
async def read_team(work: RecordsReader, reference: Reference, response: Response) -> TeamAnswer:
    """Read one team. Scope: records:read."""
    found = await service.read_team(work, reference)
    _say(response, found.version)
    return found


@router.post("/changes", status_code=201)
async def post_change(work: RecordsWriter, body: ChangeBody, response: Response) -> ChangeStored:
    """Report a release, a price or a policy that changed. Scope: records:write."""
    stored, created = await service.store_change(work, body)
    _say(response, stored.version, created=created)
    return stored


@router.get("/changes", response_model=Page[ChangeAnswer], responses=STREAMED)
async def list_changes(work: RecordsReader, asked: Asking) -> Page[ChangeAnswer] | Response:
    """List changes, those withdrawn among them. Scope: records:read."""
    return await listed(work, asked, service.list_changes)


@router.get("/changes/{reference}")
async def read_change(work: RecordsReader, reference: Reference, response: Response) -> ChangeAnswer:
    """Read one change. Scope: records:read."""
    found = await service.read_change(work, reference)
    _say(response, found.version)
    return found


@router.post("/changes/{reference}/void")
async def void_change(work: RecordsWriter, reference: Reference, body: VoidBody, response: Response) -> ChangeStored:
    """Withdraw a change reported by mistake; the same again withdraws nothing more. Scope: records:write."""
    stored = await service.void_change(work, reference, body.reason)
    _say(response, stored.version)
    return stored


def _say(response: Response, version: int | None, *, created: bool = False) -> None:
    response.status_code = 201 if created else 200
    response.headers["ETag"] = etag(version or 0)
