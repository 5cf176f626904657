"""What is answered about jobs."""

from uuid import UUID

from pydantic import JsonValue

from api.bodies import Answer, Moment


class JobProblem(Answer):
    """Why a job ended without a result, or why it has to be tried again."""

    code: str
    detail: str


class JobAnswer(Answer):
    """Work asked for: how far it is, and what came of it."""

    id: UUID
    kind: str
    state: str
    progress: float
    phase: str | None
    failures: int
    result: dict[str, JsonValue] | None
    problem: JobProblem | None
    created_at: Moment
    finished_at: Moment | None


class Accepted(Answer):
    """Work taken on: ask for it at `Location`."""

    id: UUID
