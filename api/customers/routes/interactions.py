"""Interactions, one by one and in bulk."""

from functools import partial

from fastapi import APIRouter, Response

from api.bodies import Reference
from api.customers import interactions
from api.customers.routes import OfCase, OfChannel, OfCustomer, OfDemand
from api.customers.schemas import InteractionAnswer, InteractionBody
from api.dependencies import RecordsReader, RecordsWriter
from api.etags import tagged
from api.listing import STREAMED, Asking, Voided, listed
from api.paging import Page
from api.recorded import AGAIN, BulkAnswer, BulkBody, RecordAnswer, Stub, in_bulk, only, record_answer, say_stored
from api.routing import StrictRoute
from api.voiding import VoidBody

router = APIRouter(prefix="/v1", tags=["Records"], route_class=StrictRoute)


@router.post("/interactions", status_code=201, responses=AGAIN)
async def store_interaction(
    work: RecordsWriter, body: InteractionBody, response: Response, stub: Stub = False
) -> InteractionAnswer:
    """Report one contact within a case. Scope: records:write."""
    stored = only(await interactions.store_interactions(work, [body], stub=stub))
    say_stored(response, stored)
    return await interactions.read_interaction(work, str(stored.key[0]))


@router.post("/interactions/bulk")
async def store_interactions(
    work: RecordsWriter, rows: BulkBody, atomic: bool = False, stub: Stub = False
) -> BulkAnswer:
    """Report up to 1 000 interactions. Scope: records:write."""
    store = partial(interactions.store_interactions, stub=stub)
    return await in_bulk(work, rows, InteractionBody, store, atomic=atomic)


@router.get("/interactions", response_model=Page[InteractionAnswer], responses=STREAMED)
async def list_interactions(
    work: RecordsReader,
    asked: Asking,
    voided: Voided = False,
    case: OfCase = None,
    customer: OfCustomer = None,
    channel: OfChannel = None,
    demand: OfDemand = None,
) -> Page[InteractionAnswer] | Response:
    """List interactions; not by team, as handling minutes are never shown by team. Scope: records:read."""
    read = partial(interactions.list_interactions, voided=voided, case=case, customer=customer)
    return await listed(work, asked, partial(read, channel=channel, demand=demand))


@router.get("/interactions/{reference}")
async def read_interaction(work: RecordsReader, reference: Reference, response: Response) -> InteractionAnswer:
    """Read one interaction. Scope: records:read."""
    return tagged(response, await interactions.read_interaction(work, reference))


@router.post("/interactions/{reference}/void")
async def void_interaction(
    work: RecordsWriter, reference: Reference, body: VoidBody, response: Response
) -> RecordAnswer:
    """Withdraw an interaction that was reported by mistake; told again it lives again. Scope: records:write."""
    return record_answer(response, await interactions.void_interaction(work, reference, body.reason))
