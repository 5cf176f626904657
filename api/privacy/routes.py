"""Personal data of one customer, and the audit."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.bodies import Reference, ShortText
from api.dependencies import Admin, AdminReader, database
from api.listing import STREAMED, Asking, listed
from api.paging import Page, UpdatedSince
from api.privacy import service
from api.privacy.schemas import AuditAnswer, ErasureAnswer, ReadmissionAnswer
from api.routing import StrictRoute

router = APIRouter(prefix="/v1", tags=["Privacy"], route_class=StrictRoute)
TOLD = {"description": "Everything stored about the customer.", "content": {"application/json": {"schema": {}}}}


@router.get("/customers/{reference}/personal-data", response_class=StreamingResponse, responses={200: TOLD})
async def tell_personal_data(work: Admin, reference: Reference, request: Request) -> StreamingResponse:
    """Tell everything stored about a customer: every version of every record. Audited. Scope: admin."""
    await service.begin_telling(work, reference)
    pieces = service.told(database(request), work, reference)
    return StreamingResponse(pieces, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.delete("/customers/{reference}/personal-data")
async def erase_personal_data(work: Admin, reference: Reference) -> ErasureAnswer:
    """Erase a customer for good; the reference is refused from now on. Asked again, the same answer. Scope: admin."""
    return await service.erase(work, reference)


@router.post("/customers/{reference}/personal-data/readmit")
async def readmit_customer(work: Admin, reference: Reference) -> ReadmissionAnswer:
    """Let an erased customer be reported again; nothing erased comes back. Scope: admin."""
    return await service.readmit(work, reference)


@router.get("/audit", response_model=Page[AuditAnswer], responses=STREAMED)
async def list_audit(
    work: AdminReader,
    asked: Asking,
    actor: Annotated[ShortText | None, Query(description="Only by this actor, like `key:…` or `cli:ana`.")] = None,
    action: Annotated[ShortText | None, Query(description="Only this action, like `put_customer`.")] = None,
    customer: Annotated[Reference | None, Query(description="Only requests addressed to this customer.")] = None,
    case: Annotated[Reference | None, Query(description="Only requests addressed to this case.")] = None,
    since: Annotated[UpdatedSince, Query(description="The same as `updated_since`.")] = None,
    until: Annotated[UpdatedSince, Query(description="Only what was done before this.")] = None,
) -> Page[AuditAnswer] | Response:
    """List who did what, oldest first. Scope: admin."""
    read = partial(service.list_audit, actor=actor, action=action, customer=customer, case=case)
    return await listed(work, asked, partial(read, since=since, until=until))
