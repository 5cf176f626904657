"""Revenues, one by one and in bulk."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Reference
from api.customers import revenues
from api.customers.routes import OfCustomer
from api.customers.schemas import RevenueAnswer, RevenueBody
from api.dependencies import RecordsReader, RecordsWriter
from api.etags import tagged
from api.listing import STREAMED, Asking, Voided, listed
from api.paging import Page
from api.recorded import AGAIN, BulkAnswer, BulkBody, RecordAnswer, Stub, in_bulk, only, record_answer, say_stored
from api.routing import StrictRoute
from api.voiding import VoidBody
from models.revenue import RevenueKind

router = APIRouter(prefix="/v1", tags=["Records"], route_class=StrictRoute)


@router.post("/revenues", status_code=201, responses=AGAIN)
async def store_revenue(
    work: RecordsWriter, body: RevenueBody, response: Response, stub: Stub = False
) -> RevenueAnswer:
    """Report what a customer paid in a period. Scope: records:write."""
    stored = only(await revenues.store_revenues(work, [body], stub=stub))
    say_stored(response, stored)
    return await revenues.read_revenue(work, str(stored.key[0]))


@router.post("/revenues/bulk")
async def store_revenues(work: RecordsWriter, rows: BulkBody, atomic: bool = False, stub: Stub = False) -> BulkAnswer:
    """Report up to 1 000 revenues. Scope: records:write."""
    return await in_bulk(work, rows, RevenueBody, partial(revenues.store_revenues, stub=stub), atomic=atomic)


@router.get("/revenues", response_model=Page[RevenueAnswer], responses=STREAMED)
async def list_revenues(
    work: RecordsReader,
    asked: Asking,
    voided: Voided = False,
    customer: OfCustomer = None,
    kind: Annotated[RevenueKind | None, Query(description="Only of this kind.")] = None,
) -> Page[RevenueAnswer] | Response:
    """List revenues. Scope: records:read."""
    return await listed(work, asked, partial(revenues.list_revenues, voided=voided, customer=customer, kind=kind))


@router.get("/revenues/{reference}")
async def read_revenue(work: RecordsReader, reference: Reference, response: Response) -> RevenueAnswer:
    """Read one revenue. Scope: records:read."""
    return tagged(response, await revenues.read_revenue(work, reference))


@router.post("/revenues/{reference}/void")
async def void_revenue(work: RecordsWriter, reference: Reference, body: VoidBody, response: Response) -> RecordAnswer:
    """Withdraw a revenue that was reported by mistake; told again it lives again. Scope: records:write."""
    return record_answer(response, await revenues.void_revenue(work, reference, body.reason))
