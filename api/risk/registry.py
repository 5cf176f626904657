"""Model versions: stored whole with their hash, promoted by a person, and the one before kept for going back."""

from json import dumps, loads
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import insert, update

from api import audit
from api.dependencies import Work
from api.risk import queries
from api.risk.serving import fingerprint
from ml.scoring import RiskModel
from models.assessment import ModelState
from models.base import from_us
from models.ids import uuid7

NAME = "prior_logistic"


async def register(
    work: Work,
    model: RiskModel,
    card: dict[str, JsonValue],
    trained_from_us: int,
    trained_to_us: int,
    model_id: UUID | None = None,
) -> UUID:
    """Store a model version as a candidate, under the id of the job that learnt it."""
    model_id = model_id or uuid7()
    text = model.to_json()
    await work.session.execute(
        insert(queries.models).values(
            workspace_id=work.workspace_id,
            id=model_id,
            name=NAME,
            state=ModelState.CANDIDATE,
            basis=model.basis,
            document=loads(text),
            sha256=fingerprint(dumps(loads(text))),
            card=card,
            n_customers=model.n_customers,
            n_departures=model.n_departures,
            trained_from=from_us(trained_from_us),
            trained_to=from_us(trained_to_us),
            created_at=work.now,
        )
    )
    await audit.note(work, "model.registered", str(model_id), {"basis": model.basis})
    return model_id


async def has_champion(work: Work) -> bool:
    """Return whether a model was promoted before."""
    return (await work.session.execute(queries.champion(work.workspace_id))).first() is not None


async def promote(work: Work, model_id: UUID) -> None:
    """Let a model serve from now on; the champion before it is retired and kept."""
    table = queries.models
    mine = table.c.workspace_id == work.workspace_id
    champion = table.c.state == ModelState.CHAMPION
    await work.session.execute(update(table).where(mine, champion).values(state=ModelState.RETIRED))
    await work.session.execute(update(table).where(mine, table.c.id == model_id).values(state=ModelState.CHAMPION))
    await audit.note(work, "model.promoted", str(model_id), {})
