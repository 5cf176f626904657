"""The textbook: FastAPI and SQLModel as their tutorials show them, storing one response a request.

`BENCH_DATABASE_URL` names the database; on SQLite it is set to lose nothing, as ours is.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI
from sqlalchemy import JSON, Engine, event
from sqlmodel import Field, Session, SQLModel, create_engine

URL = os.environ["BENCH_DATABASE_URL"]


class ResponseBase(SQLModel):
    """What is sent."""

    survey: str
    customer: str | None = None
    case: str | None = None
    answers: dict[str, Any] = Field(sa_type=JSON)
    complete: bool = True


class StoredResponse(ResponseBase, table=True):
    """What is stored."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    stored_at: datetime = Field(default_factory=lambda: datetime.now(UTC), index=True)


class ResponseCreate(ResponseBase):
    """What a caller may say."""

    id: UUID


class ResponsePublic(SQLModel):
    """What a caller is told."""

    id: UUID
    complete: bool


def _engine() -> Engine:
    if not URL.startswith("sqlite"):
        return create_engine(URL.replace("postgresql://", "postgresql+psycopg://"))
    made = create_engine(URL, connect_args={"check_same_thread": False, "timeout": 30})

    @event.listens_for(made, "connect")
    def _durable(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return made


engine = _engine()
SQLModel.metadata.create_all(engine)
app = FastAPI()


def get_session() -> Iterator[Session]:
    """Yield a session."""
    with Session(engine) as session:
        yield session


@app.post("/responses", response_model=ResponsePublic, status_code=201)
def create_response(body: ResponseCreate, session: Annotated[Session, Depends(get_session)]) -> StoredResponse:
    """Store a response."""
    stored = StoredResponse.model_validate(body)
    session.add(stored)
    session.commit()
    session.refresh(stored)
    return stored
