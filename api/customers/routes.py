"""Customers, cases, promises and departures, one by one and in bulk."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Reference
from api.customers import cases, merging, service
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
    RecordAnswer,
)
from api.dependencies import RecordsReader, RecordsWriter
from api.etags import etag
from api.paging import Cursor, Limit, Page, UpdatedSince
from api.recorded import BulkAnswer, BulkBody, in_bulk, only
from api.routing import StrictRoute
from models.recording import Recorded

router = APIRouter(prefix="/v1", tags=["Records"], route_class=StrictRoute)


@router.put("/customers/{reference}")
async def put_customer(
    work: RecordsWriter, reference: Reference, body: CustomerBody, response: Response
) -> RecordAnswer:
    """Report a customer by the CRM's own reference. Scope: records:write."""
    row = CustomerRow(reference=reference, **body.model_dump(exclude_unset=True))
    return _answer(only(await service.store_customers(work, [row])), response)


@router.post("/customers/bulk")
async def put_customers(work: RecordsWriter, rows: BulkBody, atomic: bool = False) -> BulkAnswer:
    """Report up to 1 000 customers. Scope: records:write."""
    return await in_bulk(work, rows, CustomerRow, service.store_customers, atomic=atomic)


@router.get("/customers")
async def list_customers(
    work: RecordsReader, limit: Limit = 100, cursor: Cursor = None, updated_since: UpdatedSince = None
) -> Page[CustomerAnswer]:
    """List customers. Scope: records:read."""
    items, following = await service.list_customers(work, limit, cursor, updated_since)
    return Page(items=items, next_cursor=following)


@router.get("/customers/{reference}")
async def read_customer(work: RecordsReader, reference: Reference) -> CustomerAnswer:
    """Read one customer. Scope: records:read."""
    return await service.read_customer(work, reference)


@router.post("/customers/{reference}/merge")
async def merge_customer(work: RecordsWriter, reference: Reference, body: MergeBody, response: Response) -> MergeAnswer:
    """Merge a customer into another; its reference stays an alias of the survivor. Scope: records:write."""
    merged = await merging.merge(work, reference, body.into)
    response.headers["ETag"] = etag(merged.version)
    return merged


@router.put("/cases/{reference}")
async def put_case(work: RecordsWriter, reference: Reference, body: CaseBody, response: Response) -> RecordAnswer:
    """Report a case by the CRM's own reference. Scope: records:write."""
    row = CaseRow(reference=reference, **body.model_dump(exclude_unset=True))
    return _answer(only(await cases.store_cases(work, [row])), response)


@router.post("/cases/bulk")
async def put_cases(work: RecordsWriter, rows: BulkBody, atomic: bool = False) -> BulkAnswer:
    """Report up to 1 000 cases. Scope: records:write."""
    return await in_bulk(work, rows, CaseRow, cases.store_cases, atomic=atomic)


@router.get("/cases")
async def list_cases(
    work: RecordsReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    updated_since: UpdatedSince = None,
    customer: Annotated[Reference | None, Query(description="Only of this customer.")] = None,
) -> Page[CaseAnswer]:
    """List cases. Scope: records:read."""
    items, following = await cases.list_cases(work, limit, cursor, updated_since, customer=customer)
    return Page(items=items, next_cursor=following)


@router.get("/cases/{reference}")
async def read_case(work: RecordsReader, reference: Reference) -> CaseAnswer:
    """Read one case. Scope: records:read."""
    return await cases.read_case(work, reference)


@router.put("/cases/{case}/promises/{promise}")
async def put_promise(
    work: RecordsWriter, case: Reference, promise: Reference, body: PromiseBody, response: Response
) -> RecordAnswer:
    """Report what was promised in a case. Scope: records:write."""
    row = PromiseRow(case=case, promise=promise, **body.model_dump(exclude_unset=True))
    return _answer(only(await cases.store_promises(work, [row])), response)


@router.get("/cases/{case}/promises")
async def list_promises(work: RecordsReader, case: Reference) -> Page[PromiseAnswer]:
    """List the promises made in a case. Scope: records:read."""
    return Page(items=await cases.list_promises(work, case), next_cursor=None)


@router.get("/cases/{case}/promises/{promise}")
async def read_promise(work: RecordsReader, case: Reference, promise: Reference) -> PromiseAnswer:
    """Read one promise. Scope: records:read."""
    return await cases.read_promise(work, case, promise)


@router.post("/promises/bulk")
async def put_promises(work: RecordsWriter, rows: BulkBody, atomic: bool = False) -> BulkAnswer:
    """Report up to 1 000 promises. Scope: records:write."""
    return await in_bulk(work, rows, PromiseRow, cases.store_promises, atomic=atomic)


@router.post("/departures", status_code=201)
async def store_departure(work: RecordsWriter, body: DepartureBody) -> DepartureAnswer:
    """Report that a customer left. Scope: records:write."""
    stored = only(await service.store_departures(work, [body]))
    return await service.read_departure(work, str(stored.key[0]))


@router.post("/departures/bulk")
async def store_departures(work: RecordsWriter, rows: BulkBody, atomic: bool = False) -> BulkAnswer:
    """Report up to 1 000 departures. Scope: records:write."""
    return await in_bulk(work, rows, DepartureBody, service.store_departures, atomic=atomic)


@router.get("/departures")
async def list_departures(
    work: RecordsReader, limit: Limit = 100, cursor: Cursor = None, updated_since: UpdatedSince = None
) -> Page[DepartureAnswer]:
    """List departures. Scope: records:read."""
    items, following = await service.list_departures(work, limit, cursor, updated_since)
    return Page(items=items, next_cursor=following)


@router.get("/departures/{reference}")
async def read_departure(work: RecordsReader, reference: Reference) -> DepartureAnswer:
    """Read one departure. Scope: records:read."""
    return await service.read_departure(work, reference)


def _answer(stored: Recorded, response: Response) -> RecordAnswer:
    response.status_code = 201 if stored.created else 200
    response.headers["ETag"] = f'"{stored.version}"'
    return RecordAnswer(
        id=stored.id,
        reference=str(stored.key[-1]),
        version=stored.version,
        unchanged=stored.unchanged,
        occurred_at=stored.occurred_at,
        recorded_at=stored.recorded_at,
    )
