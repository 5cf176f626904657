"""Work under way: how far each job is."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.dependencies import AdminReader
from api.etags import marked
from api.jobs import service
from api.jobs.schemas import JobAnswer
from api.routing import StrictRoute

router = APIRouter(prefix="/v1", tags=["Jobs"], route_class=StrictRoute)


@router.get("/jobs/{job_id}")
async def read_job(work: AdminReader, job_id: UUID, response: Response) -> JobAnswer:
    """Tell how far a job is and what came of it; those that ended are kept for 90 days. Scope: admin."""
    return marked(response, await service.read(work, job_id))
