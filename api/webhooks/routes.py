"""Hooks: where events are told to, what became of each telling, and what an event looks like."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.bodies import ShortText
from api.dependencies import Admin, AdminReader
from api.etags import marked
from api.listing import STREAMED, Asking, listed
from api.paging import Page
from api.routing import StrictRoute
from api.webhooks import service
from api.webhooks.schemas import (
    DeliveryAnswer,
    EventSample,
    HookAnswer,
    HookBody,
    HookMade,
    ReplayAnswer,
    ReplayBody,
    SecretAnswer,
)
from models.hook import DeliveryState

router = APIRouter(prefix="/v1", tags=["Webhooks"], route_class=StrictRoute)


@router.post("/hooks", status_code=201)
async def add_hook(work: Admin, body: HookBody) -> HookMade:
    """Ask for some events to be posted to an address; the secret is shown this once. Scope: admin."""
    return await service.add(work, body)


@router.get("/hooks", response_model=Page[HookAnswer], responses=STREAMED)
async def list_hooks(work: AdminReader, asked: Asking) -> Page[HookAnswer] | Response:
    """List hooks. Scope: admin."""
    return await listed(work, asked, service.list_hooks)


@router.get("/hooks/{hook_id}")
async def read_hook(work: AdminReader, hook_id: UUID, response: Response) -> HookAnswer:
    """Read a hook. Scope: admin."""
    return marked(response, await service.read(work, hook_id))


@router.delete("/hooks/{hook_id}", status_code=204)
async def remove_hook(work: Admin, hook_id: UUID) -> None:
    """Remove a hook: what is not delivered yet is dropped. Scope: admin."""
    await service.remove(work, hook_id, "asked for")


@router.post("/hooks/{hook_id}/rotate")
async def rotate_secret(work: Admin, hook_id: UUID) -> SecretAnswer:
    """Make a new secret, shown this once; for 24 hours the old one signs too. Scope: admin."""
    return await service.rotate(work, hook_id)


@router.post("/hooks/{hook_id}/replay", status_code=202)
async def replay_since(work: Admin, hook_id: UUID, body: ReplayBody) -> ReplayAnswer:
    """Tell a hook again of all it asked for since a moment. Scope: admin."""
    return await service.replay_since(work, hook_id, body)


@router.get("/hooks/{hook_id}/deliveries", response_model=Page[DeliveryAnswer], responses=STREAMED)
async def list_deliveries(
    work: AdminReader,
    hook_id: UUID,
    asked: Asking,
    state: Annotated[DeliveryState | None, Query(description="Only those that stand so.")] = None,
) -> Page[DeliveryAnswer] | Response:
    """List what is or was to be told to a hook, the least recently touched first. Scope: admin."""
    return await listed(work, asked, partial(service.list_deliveries, hook_id=hook_id, state=state))


@router.get("/hooks/{hook_id}/deliveries/{delivery_id}")
async def read_delivery(work: AdminReader, hook_id: UUID, delivery_id: UUID) -> DeliveryAnswer:
    """Read one delivery. Scope: admin."""
    return await service.read_delivery(work, hook_id, delivery_id)


@router.post("/hooks/{hook_id}/deliveries/{delivery_id}/replay", status_code=202)
async def replay_delivery(work: Admin, hook_id: UUID, delivery_id: UUID) -> DeliveryAnswer:
    """Tell one event again, from the first attempt on, under the same id. Scope: admin."""
    return await service.replay_one(work, hook_id, delivery_id)


@router.get("/events/sample")
async def sample_event(
    work: AdminReader, kind: Annotated[ShortText, Query(alias="type", description="The event's type.")]
) -> EventSample:
    """Show an event of a type as it would be posted. Scope: admin."""
    return service.sample(work, kind)
