"""Model versions: stored whole with their hash, as candidates. `api.risk.deciding` says what becomes of them."""

from hashlib import sha256
from importlib.metadata import version
from json import loads
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import audit
from api.dependencies import Work
from api.errors import NoSuchThing
from api.listing import Asked, answers_of
from api.risk import queries
from api.risk.queries import Row
from api.risk.schemas import ModelAnswer
from api.risk.serving import fingerprint, opened
from ml.scoring import RiskModel
from models.assessment import ModelState
from models.base import from_us
from models.ids import uuid7

NAME = "prior_logistic"
CHALLENGER = "gradient_boosting"
DECIDED = (ModelState.CHAMPION, ModelState.RETIRED)
LIBRARIES = ("steadfast", "numpy", "scipy", "scikit-learn")


async def register(
    work: Work,
    model: RiskModel,
    card: dict[str, JsonValue],
    trained_from_us: int,
    trained_to_us: int,
    model_id: UUID | None = None,
) -> UUID:
    """Store a model version as a candidate, under the id of the job that learnt it."""
    text = model.to_json()
    kept = {"document": loads(text), "sha256": fingerprint(text), "basis": model.basis, "name": NAME}
    numbers = {"n_customers": model.n_customers, "n_departures": model.n_departures}
    learnt = {"trained_from": from_us(trained_from_us), "trained_to": from_us(trained_to_us)}
    return await _insert(work, model_id or uuid7(), {**kept, **numbers, **learnt, "card": card})


async def register_artefact(
    work: Work, content: bytes, card: dict[str, JsonValue], *, basis: str, learnt: dict[str, Any]
) -> UUID:
    """Store a model that only a worker can score with, as a candidate: its bytes, their hash, what it was learnt from.

    Parameters
    ----------
    learnt
        `n_customers`, `n_departures`, `trained_from` and `trained_to`.
    """
    kept = {"document": {}, "artefact": content, "sha256": sha256(content).hexdigest(), "basis": basis}
    return await _insert(work, uuid7(), {**kept, **learnt, "name": CHALLENGER, "card": card})


async def _insert(work: Work, model_id: UUID, values: dict[str, Any]) -> UUID:
    card = {"libraries": {name: version(name) for name in LIBRARIES}, **values["card"]}
    where = {"workspace_id": work.workspace_id, "id": model_id, "state": ModelState.CANDIDATE, "created_at": work.now}
    await work.session.execute(insert(queries.models).values({**values, **where, "card": card}))
    await audit.note(work, "model.registered", str(model_id), {"basis": values["basis"], "name": values["name"]})
    return model_id


async def has_champion(work: Work) -> bool:
    """Return whether it was decided before what serves: a model does, or one was retired."""
    table = queries.models
    decided = select(table.c.id).where(table.c.workspace_id == work.workspace_id, table.c.state.in_(DECIDED))
    return await work.session.scalar(decided.limit(1)) is not None


async def champion_refused(session: AsyncSession, workspace_id: UUID) -> str | None:
    """Return why the model that is to serve must not be used; None where it may, or where the scorecard serves."""
    row = (await session.execute(queries.champion(workspace_id))).mappings().one_or_none()
    return None if row is None else opened(row)[1]


async def find(work: Work, model_id: UUID) -> Row:
    """Return a model version as it is stored."""
    statement = queries.model_of(work.workspace_id, model_id)
    row: Row | None = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no model {model_id}.")
    return row


async def list_models(work: Work, asked: Asked) -> tuple[list[ModelAnswer], str | None]:
    """Return a page of model versions, newest first."""
    return await answers_of(work, asked, queries.page_of_models(work.workspace_id, asked), answer, "created_at")


async def read(work: Work, model_id: UUID) -> ModelAnswer:
    """Return a model version."""
    return answer(await find(work, model_id))


def answer(row: Row) -> ModelAnswer:
    """Return a model version as it is shown."""
    return ModelAnswer(**{name: row[name] for name in ModelAnswer.model_fields})
