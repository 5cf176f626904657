"""Model versions: stored whole with their hash, promoted by a person, and the one before kept for going back.

One model serves a workspace at a time: changes wait for each other, and a unique index stands behind them.
"""

from collections.abc import Mapping
from json import dumps, loads
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import insert, select, update

from api import audit
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.listing import Asked, answers_of
from api.risk import queries
from api.risk.schemas import CardAnswer, ModelAnswer, ModelChanged, WeightAnswer
from api.risk.serving import PRIOR, fingerprint, read_model
from ml.scoring import RiskModel
from models.assessment import ModelState
from models.base import from_us
from models.ids import uuid7

NAME = "prior_logistic"
DECIDED = (ModelState.CHAMPION, ModelState.RETIRED)
Row = Mapping[Any, Any]


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
    """Return whether it was decided before what serves: a model does, or one was retired."""
    table = queries.models
    decided = select(table.c.id).where(table.c.workspace_id == work.workspace_id, table.c.state.in_(DECIDED))
    return await work.session.scalar(decided.limit(1)) is not None


async def promote(work: Work, model_id: UUID) -> ModelChanged:
    """Let a model serve from now on; the champion before it is retired and kept. A retired one: the way back."""
    before, row = await _held(work, model_id)
    if row["state"] == ModelState.CHAMPION:
        return _changed(model_id, ModelState.CHAMPION, before, before, unchanged=True)
    _, refused = _opened(row)
    if refused is not None:
        raise Conflict(f"The model {model_id} cannot be used: {refused}. Train a new one.", code="model_refused")
    if before != PRIOR:
        await _set_state(work, UUID(before), ModelState.RETIRED)
    await _set_state(work, model_id, ModelState.CHAMPION)
    await audit.note(work, "model.promoted", str(model_id), {"before": before, "was": str(row["state"])})
    return _changed(model_id, ModelState.CHAMPION, str(model_id), before, unchanged=False)


async def retire(work: Work, model_id: UUID) -> ModelChanged:
    """Put a model out of service, or out of question; where it served, the scorecard does from now on."""
    before, row = await _held(work, model_id)
    serves = PRIOR if row["state"] == ModelState.CHAMPION else before
    if row["state"] == ModelState.RETIRED:
        return _changed(model_id, ModelState.RETIRED, serves, before, unchanged=True)
    await _set_state(work, model_id, ModelState.RETIRED)
    await audit.note(work, "model.retired", str(model_id), {"was": str(row["state"]), "serves": serves})
    return _changed(model_id, ModelState.RETIRED, serves, before, unchanged=False)


async def _held(work: Work, model_id: UUID) -> tuple[str, Row]:
    """Return what serves, and a model, both kept from whoever else would change them."""
    await queries.hold_models(work.session, work.workspace_id)
    serving = (await work.session.execute(queries.champion(work.workspace_id))).mappings().one_or_none()
    return PRIOR if serving is None else str(serving["id"]), await _find(work, model_id)


async def _find(work: Work, model_id: UUID) -> Row:
    statement = queries.all_models(work.workspace_id).where(queries.models.c.id == model_id)
    row: Row | None = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no model {model_id}.")
    return row


async def _set_state(work: Work, model_id: UUID, state: ModelState) -> None:
    table = queries.models
    mine = (table.c.workspace_id == work.workspace_id, table.c.id == model_id)
    await work.session.execute(update(table).where(*mine).values(state=state, changed_at=work.now))


def _changed(model_id: UUID, state: ModelState, serves: str, before: str, *, unchanged: bool) -> ModelChanged:
    said = "The scorecard serves until a model is promoted." if serves == PRIOR else f"The model {serves} serves."
    return ModelChanged(id=model_id, state=state, serves=serves, before=before, unchanged=unchanged, detail=said)


def _opened(row: Row) -> tuple[RiskModel | None, str | None]:
    """Return a stored model, or why it must not be used."""
    try:
        return read_model(row["document"], row["sha256"]), None
    except ValueError as refused:  # ArtefactRefused is one, and so is a number that JSON does not know
        return None, str(refused)


async def list_models(work: Work, asked: Asked) -> tuple[list[ModelAnswer], str | None]:
    """Return a page of model versions, newest first."""
    return await answers_of(work, asked, queries.page_of_models(work.workspace_id, asked), _answer, "created_at")


async def read(work: Work, model_id: UUID) -> ModelAnswer:
    """Return a model version."""
    return _answer(await _find(work, model_id))


def _answer(row: Row) -> ModelAnswer:
    return ModelAnswer(**{name: row[name] for name in ModelAnswer.model_fields})


async def read_card(work: Work, model_id: UUID) -> CardAnswer:
    """Return a model's card; what a document that must not be used says is not repeated."""
    row = await _find(work, model_id)
    model, refused = _opened(row)
    weights = [] if model is None else zip(model.scorecard.terms, model.weights, strict=True)
    return CardAnswer(
        **dict(_answer(row)),
        usable=model is not None,
        refused=refused,
        horizon_days=None if model is None else model.horizon_days,
        threshold=None if model is None else model.threshold,
        intercept=None if model is None else model.intercept,
        weights=[WeightAnswer(feature=term.feature, weight=weight) for term, weight in weights],
    )
