"""Conditions, observations, and the condition sets found to conspire."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.bodies import Code, Reference, ShortText
from api.dependencies import Admin, AnalysisReader, RecordsReader, RecordsWriter
from api.etags import IfMatch, etag, marked, tagged
from api.failures import (
    analyses,
    comparing,
    costs,
    exposed,
    measured,
    missing,
    observations,
    proposals,
    root_costs,
    service,
    sets,
)
from api.failures.cost_schemas import CostBy, CostOfFailure
from api.failures.measure_schemas import ComparisonAnswer, ConditionSetDetail
from api.failures.missing_schemas import MissingAnswer, MissingBody, MissingCatalogueBody, MissingCatalogued
from api.failures.rates import failure_rates
from api.failures.schemas import (
    AnalysisAnswer,
    AnalysisBody,
    ConditionAnswer,
    ConditionBody,
    ConditionSetAnswer,
    ConditionSetBody,
    ConditionStored,
    CostAnswer,
    CostBody,
    ExposedCustomer,
    ObservationAnswer,
    ObservationBody,
    RatesAnswer,
    UnexplainedAnswer,
    VerdictAnswer,
    VerdictBody,
)
from api.jobs.schemas import Accepted
from api.listing import STREAMED, Asking, Voided, listed
from api.paging import Page
from api.recorded import AGAIN, BulkAnswer, BulkBody, RecordAnswer, Stub, in_bulk, only, record_answer, say_stored
from api.routing import StrictRoute
from api.voiding import VoidBody
from models.cost import CostBasis
from models.failure import ObservationSource, ObservedState

router = APIRouter(prefix="/v1", route_class=StrictRoute)

TOLD: dict[int | str, dict[str, Any]] = {200: {"description": "This name was told for this case before."}}


@router.post("/conditions", status_code=201, tags=["Conditions"])
async def store_condition(work: Admin, body: ConditionBody) -> ConditionStored:
    """Catalogue a condition; its rule looks at past and coming cases. Scope: admin."""
    return await service.store_condition(work, body)


@router.get("/conditions", tags=["Conditions"], response_model=Page[ConditionAnswer], responses=STREAMED)
async def list_conditions(work: AnalysisReader, asked: Asking) -> Page[ConditionAnswer] | Response:
    """List the catalogue. Scope: analysis:read."""
    return await listed(work, asked, service.list_conditions)


@router.get("/conditions/{code}", tags=["Conditions"])
async def read_condition(work: AnalysisReader, code: Code, response: Response) -> ConditionAnswer:
    """Read one condition. Scope: analysis:read."""
    return tagged(response, await service.read_condition(work, code))


@router.post("/observations", status_code=201, responses=AGAIN, tags=["Records"])
async def store_observation(
    work: RecordsWriter, body: ObservationBody, response: Response, stub: Stub = False
) -> ObservationAnswer:
    """Report a condition seen present, absent or unknown in a case. Scope: records:write."""
    stored = only(await observations.store_observations(work, [body], stub=stub))
    say_stored(response, stored)
    return await observations.read_observation(work, str(stored.key[0]))


@router.post("/observations/bulk", tags=["Records"])
async def store_observations(
    work: RecordsWriter, rows: BulkBody, atomic: bool = False, stub: Stub = False
) -> BulkAnswer:
    """Report up to 1 000 observations. Scope: records:write."""
    return await in_bulk(
        work, rows, ObservationBody, partial(observations.store_observations, stub=stub), atomic=atomic
    )


@router.get("/observations", tags=["Records"], response_model=Page[ObservationAnswer], responses=STREAMED)
async def list_observations(
    work: RecordsReader,
    asked: Asking,
    voided: Voided = False,
    case: Annotated[Reference | None, Query(description="Only of this case.")] = None,
    condition: Annotated[Code | None, Query(description="Only of this condition.")] = None,
    state: Annotated[ObservedState | None, Query(description="Only in this state.")] = None,
    source: Annotated[ObservationSource | None, Query(description="Only from this source.")] = None,
) -> Page[ObservationAnswer] | Response:
    """List observations. Scope: records:read."""
    read = partial(observations.list_observations, voided=voided, case=case, condition=condition)
    return await listed(work, asked, partial(read, state=state, source=source))


@router.get("/observations/{reference}", tags=["Records"])
async def read_observation(work: RecordsReader, reference: Reference, response: Response) -> ObservationAnswer:
    """Read one observation. Scope: records:read."""
    return tagged(response, await observations.read_observation(work, reference))


@router.post("/observations/{reference}/void", tags=["Records"])
async def void_observation(
    work: RecordsWriter, reference: Reference, body: VoidBody, response: Response
) -> RecordAnswer:
    """Withdraw an observation that was reported by mistake; told again it lives again. Scope: records:write."""
    return record_answer(response, await observations.void_observation(work, reference, body.reason))


@router.post("/costs", status_code=201, responses=AGAIN, tags=["Records"])
async def store_cost(work: RecordsWriter, body: CostBody, response: Response, stub: Stub = False) -> CostAnswer:
    """Report one component of what a case cost. Scope: records:write."""
    stored = only(await costs.store_costs(work, [body], stub=stub))
    say_stored(response, stored)
    return await costs.read_cost(work, str(stored.key[0]))


@router.post("/costs/bulk", tags=["Records"])
async def store_costs(work: RecordsWriter, rows: BulkBody, atomic: bool = False, stub: Stub = False) -> BulkAnswer:
    """Report up to 1 000 costs. Scope: records:write."""
    return await in_bulk(work, rows, CostBody, partial(costs.store_costs, stub=stub), atomic=atomic)


@router.get("/costs", tags=["Records"], response_model=Page[CostAnswer], responses=STREAMED)
async def list_costs(
    work: RecordsReader,
    asked: Asking,
    voided: Voided = False,
    case: Annotated[Reference | None, Query(description="Only of this case.")] = None,
    kind: Annotated[ShortText | None, Query(description="Only of this kind.")] = None,
    basis: Annotated[CostBasis | None, Query(description="Only measured, or only assumed.")] = None,
) -> Page[CostAnswer] | Response:
    """List costs. Scope: records:read."""
    return await listed(work, asked, partial(costs.list_costs, voided=voided, case=case, kind=kind, basis=basis))


@router.get("/costs/{reference}", tags=["Records"])
async def read_cost(work: RecordsReader, reference: Reference, response: Response) -> CostAnswer:
    """Read one cost. Scope: records:read."""
    return tagged(response, await costs.read_cost(work, reference))


@router.post("/costs/{reference}/void", tags=["Records"])
async def void_cost(work: RecordsWriter, reference: Reference, body: VoidBody, response: Response) -> RecordAnswer:
    """Withdraw a cost that was reported by mistake; told again it lives again. Scope: records:write."""
    return record_answer(response, await costs.void_cost(work, reference, body.reason))


@router.get("/condition-sets", tags=["Conditions"], response_model=Page[ConditionSetAnswer], responses=STREAMED)
async def list_condition_sets(
    work: AnalysisReader,
    asked: Asking,
    status: Annotated[str | None, Query(max_length=32, description="Only of this status, like `confirmed`.")] = None,
    analysis: Annotated[UUID | None, Query(description="What this analysis says. Default: the one in force.")] = None,
) -> Page[ConditionSetAnswer] | Response:
    """List the condition sets an analysis found, in that order, then those only proposed. Scope: analysis:read."""
    read = partial(sets.list_sets, outcome=service.OUTCOME, status=status, analysis=analysis)
    return await listed(work, asked, read)


@router.post("/condition-sets", status_code=201, tags=["Conditions"])
async def propose_condition_set(work: Admin, body: ConditionSetBody, response: Response) -> ConditionSetAnswer:
    """Draw a set of conditions that belong together; the next analysis says what speaks for it. Scope: admin."""
    found = await proposals.propose(work, body)
    response.headers["Location"] = f"/v1/condition-sets/{found.id}"
    response.headers["ETag"] = etag(found.version)
    return found


@router.get("/condition-sets/{set_id}", tags=["Conditions"])
async def read_condition_set(work: AnalysisReader, set_id: UUID, response: Response) -> ConditionSetDetail:
    """Read one condition set with all that is known of it. Scope: analysis:read."""
    found = await measured.detail(work, set_id)
    response.headers["ETag"] = etag(found.version)
    return found


@router.patch("/condition-sets/{set_id}", tags=["Conditions"])
async def judge_condition_set(
    work: Admin, set_id: UUID, body: VerdictBody, response: Response, if_match: IfMatch = None
) -> ConditionSetAnswer:
    """Say what you think of a condition set; what was said before is kept. Scope: admin."""
    found = await proposals.judge(work, set_id, body, if_match)
    response.headers["ETag"] = etag(found.version)
    return found


@router.get(
    "/condition-sets/{set_id}/verdicts", tags=["Conditions"], response_model=Page[VerdictAnswer], responses=STREAMED
)
async def list_verdicts(work: AnalysisReader, set_id: UUID, asked: Asking) -> Page[VerdictAnswer] | Response:
    """List all that people said of a condition set, the oldest first. Scope: analysis:read."""
    return await listed(work, asked, partial(proposals.history, set_id=set_id))


@router.get(
    "/condition-sets/{set_id}/customers", tags=["Conditions"], response_model=Page[ExposedCustomer], responses=STREAMED
)
async def list_exposed_customers(
    work: AnalysisReader,
    set_id: UUID,
    asked: Asking,
    near: Annotated[
        bool, Query(description="List instead who has a case with all members but one, and name that one.")
    ] = False,
) -> Page[ExposedCustomer] | Response:
    """List the customers with a case in which the whole set is present now. Scope: analysis:read."""
    return await listed(work, asked, partial(exposed.exposed_customers, set_id=set_id, near=near))


@router.post("/analyses", status_code=202, tags=["Analyses"])
async def ask_for_analysis(work: Admin, body: AnalysisBody, response: Response) -> Accepted:
    """Ask for a search for condition sets; a worker does it. Scope: admin."""
    analysis_id = await analyses.ask(work, body)
    response.headers["Location"] = f"/v1/analyses/{analysis_id}"
    return Accepted(id=analysis_id)


@router.get("/analyses", tags=["Analyses"], response_model=Page[AnalysisAnswer], responses=STREAMED)
async def list_analyses(work: AnalysisReader, asked: Asking) -> Page[AnalysisAnswer] | Response:
    """List the analyses, the newest first. Scope: analysis:read."""
    return await listed(work, asked, analyses.list_analyses)


@router.get("/analyses/{analysis_id}", tags=["Analyses"])
async def read_analysis(work: AnalysisReader, analysis_id: UUID, response: Response) -> AnalysisAnswer:
    """Tell how far an analysis is, what it found, or why it found nothing. Scope: analysis:read."""
    return marked(response, await analyses.read(work, analysis_id))


@router.post("/analyses/{analysis_id}/cancel", tags=["Analyses"])
async def cancel_analysis(work: Admin, analysis_id: UUID) -> AnalysisAnswer:
    """Call an analysis off; nothing of it is stored from now on. Scope: admin."""
    return await analyses.cancel(work, analysis_id)


@router.get("/analyses/{analysis_id}/unexplained", tags=["Analyses"])
async def read_unexplained(work: AnalysisReader, analysis_id: UUID) -> UnexplainedAnswer:
    """Show 20 failures with no known set, for people to name what is missing. Scope: analysis:read."""
    return await analyses.unexplained(work, analysis_id)


@router.post("/analyses/{analysis_id}/unexplained/{case}", status_code=201, responses=TOLD, tags=["Analyses"])
async def name_missing_condition(
    work: Admin, analysis_id: UUID, case: Reference, body: MissingBody, response: Response
) -> MissingAnswer:
    """Name what is missing in the catalogue, of a failure shown as unexplained. Scope: admin."""
    found, is_new = await missing.name_missing(work, analysis_id, case, body)
    response.status_code = 201 if is_new else 200
    return found


@router.get("/missing-conditions", tags=["Analyses"], response_model=Page[MissingAnswer], responses=STREAMED)
async def list_missing_conditions(work: AnalysisReader, asked: Asking) -> Page[MissingAnswer] | Response:
    """List what people named as missing, what was named for most failures first. Scope: analysis:read."""
    return await listed(work, asked, missing.list_missing)


@router.post("/missing-conditions/catalogue", status_code=201, tags=["Analyses"])
async def catalogue_missing_condition(work: Admin, body: MissingCatalogueBody) -> MissingCatalogued:
    """Make a condition of a name people gave, observed in the cases it was named for. Scope: admin."""
    return await missing.catalogue_missing(work, body)


@router.get("/analyses/{analysis_id}/comparison", tags=["Analyses"])
async def compare_analyses(
    work: AnalysisReader,
    analysis_id: UUID,
    other: Annotated[
        UUID | None, Query(alias="with", description="The earlier one. Default: the one that was in force before.")
    ] = None,
) -> ComparisonAnswer:
    """Tell which sets are new, gone, stronger, weaker or back since another analysis. Scope: analysis:read."""
    return await comparing.comparison(work, analysis_id, other)


@router.get("/failure-rates", tags=["Conditions"])
async def read_failure_rates(
    work: AnalysisReader,
    condition: Annotated[list[Code], Query(min_length=1, max_length=4, description="One to four conditions.")],
) -> RatesAnswer:
    """Tell how often cases failed under each combination of some conditions. Scope: analysis:read."""
    return await failure_rates(work, condition)


@router.get("/cost-of-failure", tags=["Conditions"])
async def read_cost_of_failure(
    work: AnalysisReader,
    response: Response,
    by: Annotated[CostBy, Query(description="What the cost is told apart by.")] = CostBy.CONDITION_SET,
    analysis: Annotated[UUID | None, Query(description="As this analysis found it. Default: the one in force.")] = None,
) -> CostOfFailure:
    """Tell what failures cost, credited to the conditions that conspired. Scope: analysis:read."""
    return marked(response, await root_costs.cost_of_failure(work, service.OUTCOME, by, analysis))
