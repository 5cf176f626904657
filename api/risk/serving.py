"""The model that serves a workspace: its champion, else the scorecard itself, from the first day on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from json import dumps, loads
from typing import Any

import structlog

from api.dependencies import Work
from api.failures import service as failures
from api.failures.schemas import ConditionSetAnswer
from api.risk import queries
from api.workspaces import service as workspaces
from ml.explain import ConfirmedSet
from ml.scorecard import scorecard_for
from ml.scoring import ArtefactRefused, RiskModel

log = structlog.get_logger(__name__)
UNDECLARED_LOSS = 0.15
"""The yearly loss taken where a workspace declared none; nobody is flagged by it."""
PRIOR = "prior"
EXPLAINING = frozenset({"confirmed", "amplifier"})
"""A set made of confirmed sets that do more together explains a customer as they do."""
FLAG_AT = 2.0
"""Without a cost of contact declared, a customer is flagged at twice the base risk."""
HIGHEST_THRESHOLD = 0.5


@dataclass(frozen=True)
class Serving:
    """What risk is computed with in one request."""

    model: RiskModel
    model_id: str
    sets: Sequence[ConfirmedSet]
    found: Sequence[ConditionSetAnswer]
    threshold: float | None
    currency: str


async def serving(work: Work) -> Serving:
    """Return the model, the confirmed sets and the threshold that serve a workspace now."""
    settings = await workspaces.of(work)
    found = [item for item in await failures.condition_sets(work) if item.status in EXPLAINING]
    sets = tuple(
        ConfirmedSet(str(item.id), tuple(item.conditions), item.customers, item.rate, item.rate_without_any)
        for item in found
    )
    model, model_id = await _champion(work)
    if model is None:
        codes = tuple(sorted(await failures.condition_codes(work)))
        set_ids = tuple(sorted(item.id for item in sets))
        loss = settings.yearly_loss or UNDECLARED_LOSS
        model, model_id = _prior(codes, set_ids, loss, settings.horizon_days), PRIOR
    learnt = model.n_departures > 0
    threshold = model.threshold if learnt else _threshold(model, declared=settings.yearly_loss is not None)
    return Serving(model, model_id, sets, found, threshold, settings.currency)


async def _champion(work: Work) -> tuple[RiskModel | None, str]:
    """Return the champion, or nothing where there is none or its document cannot be trusted."""
    row = (await work.session.execute(queries.champion(work.workspace_id))).mappings().one_or_none()
    if row is None:
        return None, PRIOR
    try:
        return read_model(row["document"], row["sha256"]), str(row["id"])
    except ValueError as refused:  # ArtefactRefused is one, and so is a number that JSON does not know
        log.exception("model_refused", model=str(row["id"]), reason=str(refused))
        return None, PRIOR


def read_model(document: Any, sha256: str) -> RiskModel:
    """Return a stored model; raises `ValueError` where it is not as it was registered, or not for this program."""
    return _read(dumps(document, allow_nan=False), sha256)


@lru_cache(maxsize=64)
def _read(text: str, expected: str) -> RiskModel:
    if fingerprint(text) != expected:
        raise ArtefactRefused("the document is not the one that was registered")
    return RiskModel.from_json(text)


def fingerprint(text: str) -> str:
    """Return the hash of a model's document, whatever the order and spacing a database gave it back in."""
    return sha256(dumps(loads(text), sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=64)
def _prior(codes: tuple[str, ...], set_ids: tuple[str, ...], loss: float, horizon_days: int) -> RiskModel:
    return RiskModel.prior(scorecard_for(codes, set_ids), loss, horizon_days)


def _threshold(model: RiskModel, *, declared: bool) -> float | None:
    """Return the risk from which a customer is flagged; None until a yearly loss is declared or learnt."""
    if not declared:
        return None
    return min(FLAG_AT * model.score({}).risk, HIGHEST_THRESHOLD)
