"""API keys, for whoever runs the workspace."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Response

from api.dependencies import Admin, AdminReader
from api.etags import marked
from api.keys import service
from api.keys.schemas import KeyAnswer, KeyBody, NewKeyAnswer, RotationAnswer, RotationBody
from api.listing import STREAMED, Asking, listed
from api.paging import Page
from api.routing import StrictRoute

router = APIRouter(prefix="/v1/keys", tags=["Keys"], route_class=StrictRoute)


@router.post("", status_code=201)
async def make_key(work: Admin, body: KeyBody) -> NewKeyAnswer:
    """Make an API key; its text is in this answer and nowhere else. Scope: admin."""
    return await service.make(work, body)


@router.get("", response_model=Page[KeyAnswer], responses=STREAMED)
async def list_keys(work: AdminReader, asked: Asking) -> Page[KeyAnswer] | Response:
    """List the workspace's keys, oldest first, with the day each was last used. Scope: admin."""
    return await listed(work, asked, service.list_keys)


@router.get("/{key_id}")
async def read_key(work: AdminReader, key_id: UUID, response: Response) -> KeyAnswer:
    """Read one key. Scope: admin."""
    return marked(response, await service.read(work, key_id))


@router.post("/{key_id}/rotate", status_code=201)
async def rotate_key(work: Admin, key_id: UUID, body: RotationBody | None = None) -> RotationAnswer:
    """Make a key's successor, with the same name and scopes; both open until the overlap ends. Scope: admin."""
    overlap = timedelta(hours=(body or RotationBody()).overlap_hours)
    return await service.rotate(work, key_id, overlap)


@router.post("/{key_id}/revoke")
async def revoke_key(work: Admin, key_id: UUID) -> KeyAnswer:
    """Let a key open nothing from now on. Scope: admin."""
    return await service.revoke(work, key_id)
