"""Pulses: launched, read as they are released, and where staff answer."""

from fastapi import APIRouter, Response

from api.bodies import Code
from api.dependencies import SupportReader, SupportWriter
from api.listing import STREAMED, Asking, listed
from api.paging import Page
from api.roles.pulses import service
from api.roles.pulses.schemas import LinksAnswer, PulseAnswer, PulseBody, PulseChange, PulseResults, PulseStored
from api.roles.routes import EITHER, ProposalsReader
from api.routing import StrictRoute

router = APIRouter(prefix="/v1", tags=["Staff"], route_class=StrictRoute)


@router.post("/pulses", status_code=201)
async def launch_pulse(work: SupportWriter, body: PulseBody, response: Response) -> PulseStored:
    """Launch a pulse; nothing of it changes afterwards, its thresholds least of all. Scope: roles:support."""
    stored, created = await service.launch(work, body)
    response.status_code = 201 if created else 200
    return stored


@router.get("/pulses", response_model=Page[PulseAnswer], responses=STREAMED, openapi_extra=EITHER)
async def list_pulses(work: ProposalsReader, asked: Asking) -> Page[PulseAnswer] | Response:
    """List the pulses that were launched. Scope: roles:write or roles:support."""
    return await listed(work, asked, service.list_pulses)


@router.get("/pulses/{key}", openapi_extra=EITHER)
async def read_pulse(work: ProposalsReader, key: Code) -> PulseResults:
    """Read what is released of a pulse, and what is not and why. Scope: roles:write or roles:support."""
    return await service.read_pulse(work, key)


@router.patch("/pulses/{key}")
async def change_pulse(work: SupportWriter, key: Code, body: PulseChange) -> PulseStored:
    """Be told that a launched pulse does not change: `thresholds_fixed`, `pulse_launched`. Scope: roles:support."""
    return await service.change(work, key, body)


@router.get("/pulses/{key}/links")
async def read_links(work: SupportReader, key: Code) -> LinksAnswer:
    """Read the addresses at which staff answer. Scope: roles:support."""
    return await service.read_links(work, key)
