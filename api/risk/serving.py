"""The model that serves a workspace: its champion, the last good one before it, or the scorecard, from day 0 on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from json import dumps, loads
from typing import Any

import structlog

from api.dependencies import Work, utc_now
from api.failures import service as failures
from api.failures.schemas import ConditionSetAnswer
from api.risk import queries
from api.risk.beliefs import Believed, believed_at
from api.risk.decisions import served_before
from api.risk.stale import refusals
from api.workspaces import service as workspaces
from ml.attributes import declared_in
from ml.explain import ConfirmedSet
from ml.protected import is_protected
from ml.same_events import features_of
from ml.scoring import ArtefactRefused, RiskModel
from models.rules.conditions import Rule

log = structlog.get_logger(__name__)
PRIOR = "prior"
EXPLAINING = frozenset({"confirmed", "amplifier"})
"""A set made of confirmed sets that do more together explains a customer as they do."""
FLAG_AT = 2.0
"""Without a cost of contact declared, a customer is flagged at twice the base risk."""
HIGHEST_THRESHOLD = 0.5
DEPARTED = "departures_by_set"
"""Where a model's card says of each condition set how many customers left."""


@dataclass(frozen=True)
class Serving:
    """What risk is computed with in one request."""

    model: RiskModel
    model_id: str
    sets: Sequence[ConfirmedSet]
    found: Sequence[ConditionSetAnswer]
    threshold: float | None
    currency: str
    departed: Mapping[str, Any]
    """By set's id how many customers left who had it, where the model that serves was learnt with it."""
    kept_out: frozenset[str]
    """Conditions that tell of a protected trait: nothing of a risk or its reason is read from them."""
    linked: Mapping[str, frozenset[str]]
    """By condition the features that go with it where it is taken away: they count the very same events."""
    attributes: tuple[str, ...]
    """Features of the model that read attributes of customers."""


@dataclass(frozen=True)
class Admitted:
    """The conditions, and the sets found of them, that may enter a risk.

    Parameters
    ----------
    codes
        In the order of the alphabet.
    sets
        Those that explain, in the order found, none of whose members is kept out.
    kept_out
        Codes of the conditions that are named for a protected trait, or whose rule reads one.
    linked
        By code the features that count the very events a condition's rule asks for.
    """

    codes: Sequence[str]
    sets: Sequence[ConditionSetAnswer]
    kept_out: frozenset[str]
    linked: Mapping[str, frozenset[str]]


async def admitted(work: Work) -> Admitted:
    """Return what of the catalogue and of the analysis in force may enter a risk."""
    rules = await failures.rules_by_condition(work)
    kept_out = frozenset(code for code, rule in rules.items() if _tells_of_a_trait(code, rule))
    found = [item for item in await failures.condition_sets(work) if item.status in EXPLAINING]
    sets = [item for item in found if kept_out.isdisjoint(item.conditions)]
    linked = {code: features_of(None if rule is None else rule.document) for code, rule in rules.items()}
    return Admitted([code for code in rules if code not in kept_out], sets, kept_out, linked)


def _tells_of_a_trait(code: str, rule: Rule | None) -> bool:
    return any(is_protected(name) for name in {code, *(() if rule is None else rule.reads)})


async def serving(work: Work) -> Serving:
    """Return the model, the confirmed sets and the threshold that serve a workspace now."""
    settings = await workspaces.of(work)
    may = await admitted(work)
    sets = tuple(ConfirmedSet(str(item.id), tuple(item.conditions)) for item in may.sets)
    model, model_id, card = await _champion(work)
    declared = settings.yearly_loss is not None
    if model is None:
        held = await believed_at(work.session, work.workspace_id, work.now)
        codes = tuple(sorted(may.codes))
        set_ids, grouped = tuple(sorted(item.id for item in sets)), tuple(settings.fairness_by)
        model, model_id = _prior(held, codes, set_ids, grouped, settings.yearly_loss, settings.horizon_days), PRIOR
        declared = held.declares(settings.yearly_loss)
    threshold = model.threshold if model.n_departures > 0 else _threshold(model, declared=declared)
    told = card.get(DEPARTED)
    departed = told if isinstance(told, dict) else {}
    return Serving(
        model,
        model_id,
        sets,
        may.sets,
        threshold,
        settings.currency,
        departed,
        may.kept_out,
        may.linked,
        declared_in(model.scorecard.features, settings.fairness_by),
    )


async def _champion(work: Work) -> tuple[RiskModel | None, str, Mapping[str, Any]]:
    """Return the champion and its card; if it cannot be trusted, the last good one that served before, or nothing."""
    row = (await work.session.execute(queries.champion(work.workspace_id))).mappings().one_or_none()
    if row is None:
        refusals.forget(work.workspace_id)
        return None, PRIOR, {}
    model, refused = opened(row)
    if refused is None:
        refusals.forget(work.workspace_id)
        return model, str(row["id"]), row["card"]
    if refusals.note(work.workspace_id, utc_now()):
        log.error("model_refused", model=str(row["id"]), reason=refused)
    for before in await served_before(work, row["id"]):
        model, refused = opened(before)
        if refused is None:
            return model, str(before["id"]), before["card"]
    return None, PRIOR, {}


def opened(row: queries.Row) -> tuple[RiskModel | None, str | None]:
    """Return a stored model, or why it must not be used to answer."""
    if row["apart"]:
        return None, "it scores in a worker alone; it can challenge, and not serve"
    try:
        return read_model(row["document"], row["sha256"]), None
    except ValueError as refused:  # ArtefactRefused is one, and so is a number that JSON does not know
        return None, str(refused)


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
def _prior(
    held: Believed,
    codes: tuple[str, ...],
    set_ids: tuple[str, ...],
    grouped: tuple[str, ...],
    declared: float | None,
    horizon_days: int,
) -> RiskModel:
    return RiskModel.prior(held.scorecard(codes, set_ids, grouped), held.loss(declared), horizon_days)


def _threshold(model: RiskModel, *, declared: bool) -> float | None:
    """Return the risk from which a customer is flagged; None until a yearly loss is declared or learnt."""
    if not declared:
        return None
    return min(FLAG_AT * model.score({}).risk, HIGHEST_THRESHOLD)
