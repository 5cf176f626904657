"""Conditions, observations, and the condition sets found to conspire."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.bodies import Code, Reference
from api.dependencies import Admin, AnalysisReader, RecordsReader, RecordsWriter
from api.failures import service
from api.failures.rates import failure_rates
from api.failures.schemas import (
    ConditionAnswer,
    ConditionBody,
    ConditionSetAnswer,
    ConditionStored,
    ObservationAnswer,
    ObservationBody,
    RatesAnswer,
)
from api.paging import Cursor, Limit, Page, UpdatedSince
from api.recorded import BulkAnswer, BulkBody, in_bulk, only
from api.routing import StrictRoute

router = APIRouter(prefix="/v1", route_class=StrictRoute)


@router.post("/conditions", status_code=201, tags=["Conditions"])
async def store_condition(work: Admin, body: ConditionBody) -> ConditionStored:
    """Catalogue a condition; its rule looks at past and coming cases. Scope: admin."""
    return await service.store_condition(work, body)


@router.get("/conditions", tags=["Conditions"])
async def list_conditions(
    work: AnalysisReader, limit: Limit = 100, cursor: Cursor = None, updated_since: UpdatedSince = None
) -> Page[ConditionAnswer]:
    """List the catalogue. Scope: analysis:read."""
    items, following = await service.list_conditions(work, limit, cursor, updated_since)
    return Page(items=items, next_cursor=following)


@router.get("/conditions/{code}", tags=["Conditions"])
async def read_condition(work: AnalysisReader, code: Code) -> ConditionAnswer:
    """Read one condition. Scope: analysis:read."""
    return await service.read_condition(work, code)


@router.post("/observations", status_code=201, tags=["Records"])
async def store_observation(work: RecordsWriter, body: ObservationBody) -> ObservationAnswer:
    """Report a condition seen present, absent or unknown in a case. Scope: records:write."""
    stored = only(await service.store_observations(work, [body]))
    return await service.read_observation(work, str(stored.key[0]))


@router.post("/observations/bulk", tags=["Records"])
async def store_observations(work: RecordsWriter, rows: BulkBody, atomic: bool = False) -> BulkAnswer:
    """Report up to 1 000 observations. Scope: records:write."""
    return await in_bulk(work, rows, ObservationBody, service.store_observations, atomic=atomic)


@router.get("/observations", tags=["Records"])
async def list_observations(
    work: RecordsReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    updated_since: UpdatedSince = None,
    case: Annotated[Reference | None, Query(description="Only of this case.")] = None,
    condition: Annotated[Code | None, Query(description="Only of this condition.")] = None,
) -> Page[ObservationAnswer]:
    """List observations. Scope: records:read."""
    items, following = await service.list_observations(
        work, limit, cursor, updated_since, case=case, condition=condition
    )
    return Page(items=items, next_cursor=following)


@router.get("/observations/{reference}", tags=["Records"])
async def read_observation(work: RecordsReader, reference: Reference) -> ObservationAnswer:
    """Read one observation. Scope: records:read."""
    return await service.read_observation(work, reference)


@router.get("/condition-sets", tags=["Conditions"])
async def list_condition_sets(
    work: AnalysisReader,
    status: Annotated[str | None, Query(max_length=32, description="Only of this status, like `confirmed`.")] = None,
) -> Page[ConditionSetAnswer]:
    """List the condition sets of the newest analysis, in the order found. Scope: analysis:read."""
    return Page(items=await service.condition_sets(work, status), next_cursor=None)


@router.get("/condition-sets/{set_id}", tags=["Conditions"])
async def read_condition_set(work: AnalysisReader, set_id: UUID) -> ConditionSetAnswer:
    """Read one condition set. Scope: analysis:read."""
    return await service.read_condition_set(work, set_id)


@router.get("/failure-rates", tags=["Conditions"])
async def read_failure_rates(
    work: AnalysisReader,
    condition: Annotated[list[Code], Query(min_length=1, max_length=4, description="One to four conditions.")],
) -> RatesAnswer:
    """Tell how often cases failed under each combination of some conditions. Scope: analysis:read."""
    return await failure_rates(work, condition)
