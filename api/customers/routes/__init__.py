"""Customers, cases, promises and departures, one by one and in bulk."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Reference, ShortText
from api.customers import cases, departures, merging, service
from api.customers.schemas import (
    CaseAnswer,
    CaseBody,
    CaseRow,
    CustomerAnswer,
    CustomerBody,
    CustomerRow,
    DepartureAnswer,
    DepartureBody,
    MergeAnswer,
    MergeBody,
    PromiseAnswer,
    PromiseBody,
    PromiseRow,
)
from api.dependencies import RecordsReader, RecordsWriter
from api.etags import tagged
from api.listing import STREAMED, Asking, Voided, listed
from api.paging import Page
from api.recorded import AGAIN, BulkAnswer, BulkBody, RecordAnswer, Stub, in_bulk, only, record_answer, say_stored
from api.routing import StrictRoute
from api.voiding import VoidBody
from models.case import Demand
from models.customer import DepartureKind

router = APIRouter(prefix="/v1", tags=["Records"], route_class=StrictRoute)

OfCustomer = Annotated[Reference | None, Query(description="Only of this customer.")]
OfCase = Annotated[Reference | None, Query(description="Only of this case.")]
OfTeam = Annotated[ShortText | None, Query(description="Only of this team.")]
OfChannel = Annotated[ShortText | None, Query(description="Only through this channel.")]
OfDemand = Annotated[Demand | None, Query(description="Only of this demand.")]
OnlyStubs = Annotated[bool | None, Query(description="Only stubs, or with `false` only what was reported itself.")]


@router.put("/customers/{reference}")
async def put_customer(
    work: RecordsWriter, reference: Reference, body: CustomerBody, response: Response
) -> RecordAnswer:
    """Report a customer by the CRM's own reference. Scope: records:write."""
    row = CustomerRow(reference=reference, **body.model_dump(exclude_unset=True))
    return record_answer(response, only(await service.store_customers(work, [row])))


@router.post("/customers/bulk")
async def put_customers(work: RecordsWriter, rows: BulkBody, atomic: bool = False) -> BulkAnswer:
    """Report up to 1 000 customers. Scope: records:write."""
    return await in_bulk(work, rows, CustomerRow, service.store_customers, atomic=atomic)


@router.get("/customers", response_model=Page[CustomerAnswer], responses=STREAMED)
async def list_customers(
    work: RecordsReader,
    asked: Asking,
    segment: Annotated[ShortText | None, Query(description="Only of this segment.")] = None,
    stub: OnlyStubs = None,
) -> Page[CustomerAnswer] | Response:
    """List customers. Scope: records:read."""
    return await listed(work, asked, partial(service.list_customers, segment=segment, stub=stub))


@router.get("/customers/{reference}")
async def read_customer(work: RecordsReader, reference: Reference, response: Response) -> CustomerAnswer:
    """Read one customer. Scope: records:read."""
    return tagged(response, await service.read_customer(work, reference))


@router.post("/customers/{reference}/merge")
async def merge_customer(work: RecordsWriter, reference: Reference, body: MergeBody, response: Response) -> MergeAnswer:
    """Merge a customer into another; its reference stays an alias of the survivor. Scope: records:write."""
    return tagged(response, await merging.merge(work, reference, body.into))


@router.put("/cases/{reference}")
async def put_case(
    work: RecordsWriter, reference: Reference, body: CaseBody, response: Response, stub: Stub = False
) -> RecordAnswer:
    """Report a case by the CRM's own reference. Scope: records:write."""
    row = CaseRow(reference=reference, **body.model_dump(exclude_unset=True))
    return record_answer(response, only(await cases.store_cases(work, [row], stub=stub)))


@router.post("/cases/bulk")
async def put_cases(work: RecordsWriter, rows: BulkBody, atomic: bool = False, stub: Stub = False) -> BulkAnswer:
    """Report up to 1 000 cases. Scope: records:write."""
    return await in_bulk(work, rows, CaseRow, partial(cases.store_cases, stub=stub), atomic=atomic)


@router.get("/cases", response_model=Page[CaseAnswer], responses=STREAMED)
async def list_cases(
    work: RecordsReader,
    asked: Asking,
    voided: Voided = False,
    customer: OfCustomer = None,
    need: Annotated[ShortText | None, Query(description="Only of this need.")] = None,
    channel: OfChannel = None,
    team: OfTeam = None,
    demand: OfDemand = None,
    stub: OnlyStubs = None,
) -> Page[CaseAnswer] | Response:
    """List cases. Scope: records:read."""
    read = partial(cases.list_cases, voided=voided, customer=customer, stub=stub)
    return await listed(work, asked, partial(read, need=need, channel=channel, team=team, demand=demand))


@router.get("/cases/{reference}")
async def read_case(work: RecordsReader, reference: Reference, response: Response) -> CaseAnswer:
    """Read one case. Scope: records:read."""
    return tagged(response, await cases.read_case(work, reference))


@router.post("/cases/{reference}/void")
async def void_case(work: RecordsWriter, reference: Reference, body: VoidBody, response: Response) -> RecordAnswer:
    """Withdraw a case that was reported by mistake; told again it lives again. Scope: records:write."""
    return record_answer(response, await cases.void_case(work, reference, body.reason))


@router.put("/cases/{case}/promises/{promise}")
async def put_promise(
    work: RecordsWriter, case: Reference, promise: Reference, body: PromiseBody, response: Response, stub: Stub = False
) -> RecordAnswer:
    """Report what was promised in a case. Scope: records:write."""
    row = PromiseRow(case=case, promise=promise, **body.model_dump(exclude_unset=True))
    return record_answer(response, only(await cases.store_promises(work, [row], stub=stub)))


@router.get("/cases/{case}/promises", response_model=Page[PromiseAnswer], responses=STREAMED)
async def list_promises_of_case(
    work: RecordsReader, asked: Asking, case: Reference, voided: Voided = False
) -> Page[PromiseAnswer] | Response:
    """List the promises made in a case. Scope: records:read."""
    return await listed(work, asked, partial(cases.list_promises, voided=voided, case=case))


@router.get("/promises", response_model=Page[PromiseAnswer], responses=STREAMED)
async def list_promises(
    work: RecordsReader, asked: Asking, voided: Voided = False, case: OfCase = None
) -> Page[PromiseAnswer] | Response:
    """List promises. Scope: records:read."""
    return await listed(work, asked, partial(cases.list_promises, voided=voided, case=case))


@router.get("/cases/{case}/promises/{promise}")
async def read_promise(work: RecordsReader, case: Reference, promise: Reference, response: Response) -> PromiseAnswer:
    """Read one promise. Scope: records:read."""
    return tagged(response, await cases.read_promise(work, case, promise))


@router.post("/cases/{case}/promises/{promise}/void")
async def void_promise(
    work: RecordsWriter, case: Reference, promise: Reference, body: VoidBody, response: Response
) -> RecordAnswer:
    """Withdraw a promise that was reported by mistake; told again it lives again. Scope: records:write."""
    return record_answer(response, await cases.void_promise(work, case, promise, body.reason))


@router.post("/promises/bulk")
async def put_promises(work: RecordsWriter, rows: BulkBody, atomic: bool = False, stub: Stub = False) -> BulkAnswer:
    """Report up to 1 000 promises. Scope: records:write."""
    return await in_bulk(work, rows, PromiseRow, partial(cases.store_promises, stub=stub), atomic=atomic)


@router.post("/departures", status_code=201, responses=AGAIN)
async def store_departure(
    work: RecordsWriter, body: DepartureBody, response: Response, stub: Stub = False
) -> DepartureAnswer:
    """Report that a customer left. Scope: records:write."""
    stored = only(await departures.store_departures(work, [body], stub=stub))
    say_stored(response, stored)
    return await departures.read_departure(work, str(stored.key[0]))


@router.post("/departures/bulk")
async def store_departures(work: RecordsWriter, rows: BulkBody, atomic: bool = False, stub: Stub = False) -> BulkAnswer:
    """Report up to 1 000 departures. Scope: records:write."""
    return await in_bulk(work, rows, DepartureBody, partial(departures.store_departures, stub=stub), atomic=atomic)


@router.get("/departures", response_model=Page[DepartureAnswer], responses=STREAMED)
async def list_departures(
    work: RecordsReader,
    asked: Asking,
    voided: Voided = False,
    customer: OfCustomer = None,
    kind: Annotated[DepartureKind | None, Query(description="Only of this kind.")] = None,
) -> Page[DepartureAnswer] | Response:
    """List departures. Scope: records:read."""
    return await listed(work, asked, partial(departures.list_departures, voided=voided, customer=customer, kind=kind))


@router.get("/departures/{reference}")
async def read_departure(work: RecordsReader, reference: Reference, response: Response) -> DepartureAnswer:
    """Read one departure. Scope: records:read."""
    return tagged(response, await departures.read_departure(work, reference))


@router.post("/departures/{reference}/void")
async def void_departure(work: RecordsWriter, reference: Reference, body: VoidBody, response: Response) -> RecordAnswer:
    """Withdraw a departure that was reported by mistake: the customer is there again. Scope: records:write."""
    return record_answer(response, await departures.void_departure(work, reference, body.reason))
