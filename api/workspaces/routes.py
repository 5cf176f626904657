"""The workspace a key belongs to, and who the key is."""

from typing import Annotated

from fastapi import APIRouter, Response

from api.dependencies import Admin, AdminReader, Caller, Work, may_read
from api.etags import IfMatch, etag
from api.routing import StrictRoute
from api.workspaces import changing, service
from api.workspaces.schemas import MeAnswer, WorkspaceAnswer, WorkspacePatch

router = APIRouter(prefix="/v1", tags=["Workspace"], route_class=StrictRoute)


@router.get("/me")
async def who_am_i(work: Annotated[Work, may_read()]) -> MeAnswer:
    """Say whose key this is: the connection test of integrations. Any valid key."""
    found = await service.of(work)
    caller: Caller = work.caller
    return MeAnswer(workspace=found.name, workspace_id=found.id, key_id=caller.key_id, scopes=sorted(caller.scopes))


@router.get("/workspace")
async def read_workspace(work: AdminReader, response: Response) -> WorkspaceAnswer:
    """Say how the workspace works now. Scope: admin."""
    found = await service.of(work)
    response.headers["ETag"] = etag(found.version)
    return service.answer(found)


@router.patch("/workspace")
async def change_workspace(
    work: Admin,
    patch: WorkspacePatch,
    response: Response,
    if_match: IfMatch = None,
) -> WorkspaceAnswer:
    """Change what is named; a version is appended. Scope: admin."""
    found = await changing.change(work, patch, if_match)
    response.headers["ETag"] = etag(found.version)
    return service.answer(found)
