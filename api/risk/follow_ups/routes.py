"""What customers are owed after a failure or a flag: told, listed, closed and withdrawn."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Reference, ShortText
from api.dependencies import RecordsReader, RecordsWriter
from api.etags import etag
from api.listing import STREAMED, Asking, Voided, listed
from api.paging import Page
from api.recorded import AGAIN
from api.risk.follow_ups import service
from api.risk.follow_ups.schemas import CloseBody, FollowUpAnswer, FollowUpBody, FollowUpStored
from api.risk.follow_ups.service import Narrowed
from api.routing import StrictRoute
from api.voiding import VoidBody
from models.follow_up import FollowUpKind
from models.rules.follow_ups import FollowUpStatus

router = APIRouter(prefix="/v1", tags=["Follow-ups"], route_class=StrictRoute)


@router.post("/follow-ups", status_code=201, responses=AGAIN)
async def tell_follow_up(work: RecordsWriter, body: FollowUpBody, response: Response) -> FollowUpStored:
    """Owe a customer something by a date, or tell more of it. Scope: records:write."""
    stored, created = await service.store_follow_up(work, body)
    _say(response, stored.version, created=created)
    return stored


@router.get("/follow-ups", response_model=Page[FollowUpAnswer], responses=STREAMED)
async def list_follow_ups(
    work: RecordsReader,
    asked: Asking,
    kind: Annotated[FollowUpKind | None, Query(description="Only redress, or only outreach.")] = None,
    status: Annotated[FollowUpStatus | None, Query(description="Only in this status.")] = None,
    customer: Annotated[Reference | None, Query(description="Only owed to this customer.")] = None,
    case: Annotated[Reference | None, Query(description="Only for this case.")] = None,
    team: Annotated[ShortText | None, Query(description="Only of this team.")] = None,
    owner: Annotated[ShortText | None, Query(description="Only with this owner.")] = None,
    overdue: Annotated[bool | None, Query(description="Only those open past their date, or only the others.")] = None,
    voided: Voided = False,
) -> Page[FollowUpAnswer] | Response:
    """List follow-ups, oldest change first. Scope: records:read."""
    only = Narrowed(kind, status, customer, case, team, owner, overdue)
    return await listed(work, asked, partial(service.list_follow_ups, only=only, voided=voided))


@router.get("/follow-ups/{reference}")
async def read_follow_up(work: RecordsReader, reference: Reference, response: Response) -> FollowUpAnswer:
    """Read one follow-up. Scope: records:read."""
    found = await service.read_follow_up(work, reference)
    _say(response, found.version)
    return found


@router.post("/follow-ups/{reference}/close")
async def close_follow_up(
    work: RecordsWriter, reference: Reference, body: CloseBody, response: Response
) -> FollowUpStored:
    """Say what came of a follow-up. No assessment is altered by it. Scope: records:write."""
    stored = await service.close(work, reference, body)
    _say(response, stored.version)
    return stored


@router.post("/follow-ups/{reference}/void")
async def void_follow_up(
    work: RecordsWriter, reference: Reference, body: VoidBody, response: Response
) -> FollowUpStored:
    """Withdraw a follow-up told by mistake. Scope: records:write."""
    stored = await service.void_follow_up(work, reference, body.reason)
    _say(response, stored.version)
    return stored


def _say(response: Response, version: int, *, created: bool = False) -> None:
    response.status_code = 201 if created else 200
    response.headers["ETag"] = etag(version)
