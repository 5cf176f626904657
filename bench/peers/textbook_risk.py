"""The textbook for reading: FastAPI and SQLModel with an asynchronous session, one stored assessment a request by key.

`BENCH_DATABASE_URL` names the database. Beside it a route that answers the same constant and asks nobody.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

URL = os.environ["BENCH_DATABASE_URL"]
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


class AssessmentBase(SQLModel):
    """What is told of a customer."""

    customer: str = Field(primary_key=True)
    risk: float
    low: float
    high: float
    flagged: bool
    basis: str
    top_set: str
    reason_text: str


class StoredAssessment(AssessmentBase, table=True):
    """What is stored."""


scheme, _, rest = URL.partition("://")
engine = create_async_engine(f"{DRIVERS[scheme]}://{rest}")
CONSTANT = {
    "risk": 0.41,
    "low": 0.33,
    "high": 0.5,
    "flagged": True,
    "basis": "learned",
    "top_set": "late_engineer + wrong_part + no_callback",
    "reason_text": "Risk .41 [.33, .50] within 90 days; these three act together.",
}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Make the table and its rows."""
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    async with AsyncSession(engine) as session:
        session.add_all([StoredAssessment(customer=f"C-{number}", **CONSTANT) for number in range(500)])
        await session.commit()
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Yield a session."""
    async with AsyncSession(engine) as session:
        yield session


@app.get("/risk/{customer}")
async def read_risk(customer: str, session: Annotated[AsyncSession, Depends(get_session)]) -> AssessmentBase:
    """Tell what is stored of a customer."""
    found = await session.get(StoredAssessment, customer)
    if found is None:
        raise HTTPException(404, "There is no such customer.")
    return found


@app.get("/constant/{customer}")
async def read_constant(customer: str) -> AssessmentBase:
    """Tell the same of everybody."""
    return AssessmentBase(customer=customer, **CONSTANT)
