"""Which model serves and which is on trial: decided by a person, with the one before kept for going back.

One model serves a workspace at a time, and one challenges it in silence: changes wait for each other, and a unique
index stands behind them. What did worse than the model that serves is promoted only with a reason, which stands on its
card.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import select, update

from api import audit
from api.dependencies import Work
from api.errors import Conflict
from api.risk import decisions, queries, registry, reports
from api.risk.queries import Row
from api.risk.schemas import ModelChanged, PromoteBody
from api.risk.serving import PRIOR, opened
from models.assessment import ModelState
from models.registry import Decision

PLAINLY = PromoteBody()
COMPARED = "compared"
"""Where a card says how the model did beside the one that served when it was learnt."""


async def promote(work: Work, model_id: UUID, body: PromoteBody = PLAINLY) -> ModelChanged:
    """Let a model serve from now on; the champion before it is retired and kept. A retired one: the way back."""
    before, row = await _held(work, model_id)
    _, refused = opened(row)
    if refused is not None:
        raise _unusable(row, refused)
    if row["state"] == ModelState.CHAMPION:
        return _changed(model_id, ModelState.CHAMPION, before, before, unchanged=True)
    worse = await _worse(work, row, before)
    if worse is not None and not body.anyway:
        raise Conflict(
            f"{worse} To let it serve all the same, send `anyway` with a `reason`: both stand on its card.",
            code="worse_than_champion",
        )
    if before != PRIOR:
        await _set_state(work, UUID(before), ModelState.RETIRED)
    await _set_state(work, model_id, ModelState.CHAMPION)
    anyway = worse is not None
    said: dict[str, JsonValue] = {"before": before, "was": str(row["state"])}
    if body.reason is not None:
        said |= {"anyway": anyway, "reason": body.reason}
    await _note(work, row, Decision.PROMOTED, before, anyway=anyway, reason=body.reason)
    await audit.note(work, "model.promoted", str(model_id), said)
    await reports.ask(work)
    return _changed(model_id, ModelState.CHAMPION, str(model_id), before, unchanged=False)


async def retire(work: Work, model_id: UUID) -> ModelChanged:
    """Put a model out of service, or out of question; where it served, the scorecard does from now on."""
    before, row = await _held(work, model_id)
    serves = PRIOR if row["state"] == ModelState.CHAMPION else before
    if row["state"] == ModelState.RETIRED:
        return _changed(model_id, ModelState.RETIRED, serves, before, unchanged=True)
    await _set_state(work, model_id, ModelState.RETIRED)
    await _note(work, row, Decision.RETIRED, before)
    await audit.note(work, "model.retired", str(model_id), {"was": str(row["state"]), "serves": serves})
    return _changed(model_id, ModelState.RETIRED, serves, before, unchanged=False)


async def challenge(work: Work, model_id: UUID) -> ModelChanged:
    """Let a model score in silence beside the champion; one that did so before is a candidate again."""
    before, row = await _held(work, model_id)
    if row["state"] == ModelState.CHAMPION:
        raise Conflict(f"The model {model_id} serves. Name another to challenge it.", code="model_serves")
    if row["state"] == ModelState.CHALLENGER:
        return _changed(model_id, ModelState.CHALLENGER, before, before, unchanged=True)
    if not row["apart"] and (refused := opened(row)[1]) is not None:
        raise _unusable(row, refused)
    table = queries.models
    earlier = select(table.c.id).where(
        table.c.workspace_id == work.workspace_id, table.c.state == ModelState.CHALLENGER
    )
    for one in list(await work.session.scalars(earlier)):
        await _set_state(work, one, ModelState.CANDIDATE)
    await _set_state(work, model_id, ModelState.CHALLENGER)
    await _note(work, row, Decision.CHALLENGED, before)
    await reports.ask(work)
    await audit.note(work, "model.challenged", str(model_id), {"was": str(row["state"]), "serves": before})
    return _changed(model_id, ModelState.CHALLENGER, before, before, unchanged=False)


def _unusable(row: Row, refused: str) -> Conflict:
    instead = "Promote the model it was learnt beside" if row["apart"] else "Promote another, or train a new one"
    return Conflict(f"The model {row['id']} cannot be used: {refused}. {instead}.", code="model_refused")


async def _worse(work: Work, row: Row, before: str) -> str | None:
    """Say how much worse a model did forward in time than what serves; None where it did not, or nobody knows.

    Either was compared when it was learnt, with the one that served then: the new one with the old, or the old one,
    where somebody goes back, with the new.
    """
    told = row["card"].get(COMPARED) or {}
    if told.get("with") == before and told.get("worse"):
        return _said(row["id"], told["difference"], told["low"], told["high"])
    if before == PRIOR:
        return None
    serving = (await work.session.execute(queries.model_of(work.workspace_id, UUID(before)))).mappings().one()
    told = serving["card"].get(COMPARED) or {}
    if told.get("with") == str(row["id"]) and told.get("reason") == "better":
        return _said(row["id"], -told["difference"], -told["high"], -told["low"])
    return None


def _said(model_id: UUID, difference: float, low: float, high: float) -> str:
    return (
        f"In the forward test the model {model_id} did worse than what serves: its log-loss is higher by "
        f"{difference:.4f} [{low:.4f}, {high:.4f}]."
    )


async def _held(work: Work, model_id: UUID) -> tuple[str, Row]:
    """Return what serves, and a model, both kept from whoever else would change them."""
    await queries.hold_models(work.session, work.workspace_id)
    serving = (await work.session.execute(queries.champion(work.workspace_id))).mappings().one_or_none()
    return PRIOR if serving is None else str(serving["id"]), await registry.find(work, model_id)


async def _set_state(work: Work, model_id: UUID, state: ModelState) -> None:
    table = queries.models
    mine = (table.c.workspace_id == work.workspace_id, table.c.id == model_id)
    await work.session.execute(update(table).where(*mine).values(state=state, changed_at=work.now))


async def _note(work: Work, row: Mapping[Any, Any], decision: Decision, before: str, **why: Any) -> None:
    before_id = None if before == PRIOR else UUID(before)
    await decisions.note(work, row["id"], decision, was=str(row["state"]), before_id=before_id, **why)


def _changed(model_id: UUID, state: ModelState, serves: str, before: str, *, unchanged: bool) -> ModelChanged:
    said = "The scorecard serves until a model is promoted." if serves == PRIOR else f"The model {serves} serves."
    if state == ModelState.CHALLENGER:
        said = f"{said} The model {model_id} scores in silence beside it."
    return ModelChanged(id=model_id, state=state, serves=serves, before=before, unchanged=unchanged, detail=said)
