"""A training: the risk model learnt from departures, tested forward in time, and registered."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from api import marks
from api.dependencies import Work, utc_now, writing_as
from api.errors import Conflict
from api.handlers import worker_caller
from api.jobs.leases import Held, Leases
from api.risk import deciding, queries, registry, stale, usual
from api.risk.beliefs import Believed, believed_at
from api.risk.cards import PURPOSE
from api.risk.follow_ups import queries as follow_ups
from api.risk.schemas import PromoteBody
from api.risk.serving import DEPARTED, EXPLAINING, PRIOR, Admitted, admitted, opened
from api.risk.training import AT_ONCE, BECAUSE, FIRST, PROMOTE
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from ml.artefacts import Artefact, pack
from ml.attributes import declared_in
from ml.features import first_confirmed, first_recorded, usual_month
from ml.labels import monthly_snapshots
from ml.scorecard import Scorecard
from ml.scoring import RiskModel, basis_for
from ml.set_departures import departures_by_set
from ml.snapshots import MOST_SNAPSHOTS, Snapshots, read_snapshots
from ml.training import Champion, Learned
from ml.training import learn as learn_risk
from models.base import from_us, to_us
from models.mark import MarkName

log = structlog.get_logger(__name__)
BEGINNING = from_us(0)


@dataclass(frozen=True)
class _Told:
    """What a training begins from: how the workspace works, what it believes, and what serves it."""

    found: WorkspaceSettings
    held: Believed
    scorecard: Scorecard
    kept_out: frozenset[str]
    serving: str
    champion: Champion

    @property
    def attributes(self) -> tuple[str, ...]:
        """What is read of customers' attributes: by what is believed now, and by the model that is compared."""
        features = (*self.scorecard.features, *self.champion.model.scorecard.features)
        return declared_in(features, self.found.fairness_by)

    @property
    def loss(self) -> float:
        return self.held.loss(self.found.yearly_loss)


async def train(leases: Leases, held: Held, tell: Callable[[float, str], None]) -> None:
    """Learn a workspace's risk model, test it forward in time, and register it under the job's id."""
    tell(0.05, "reading")
    await _find_usual(leases, held)
    async with leases.database.read(held.workspace_id) as session:
        reading = Work(session, held.workspace_id, worker_caller(held.workspace_id), utc_now())
        found = await workspaces.of(reading)
        may = await admitted(reading)
        codes, sets = may.codes, {str(item.id): item.conditions for item in may.sets}
        told = await _told(reading, found, may, sets)
        now_us = to_us(reading.now)

        def read(connection: Connection) -> Snapshots:
            return read_snapshots(
                connection,
                found.id,
                now_us=now_us,
                horizon_days=found.horizon_days,
                sets=sets,
                silent_days=found.implicit_departure_days,
                contacts=follow_ups.reached(found.id),
                attributes=told.attributes,
            )

        snapshots = await (await session.connection()).run_sync(read)
        confirmed = {str(row.id): row.first_us for row in await session.execute(first_confirmed(found.id, EXPLAINING))}
    tell(0.4, "learning")
    first_us = {set_id: confirmed[set_id] for set_id in sets}
    learned = await asyncio.to_thread(_learn, snapshots, codes, first_us, told)
    packed = None if learned.challenger is None else await asyncio.to_thread(pack, learned.challenger)
    departed = departures_by_set(snapshots, sorted(sets))
    tell(0.9, "storing")
    await _register(leases, held, learned, packed, told, departed)


async def _find_usual(leases: Leases, held: Held) -> None:
    """Keep what was usual at every snapshot, and is now: anew, for more may have been recorded of the past."""
    now = utc_now()
    async with leases.database.read(held.workspace_id) as session:
        first = await session.scalar(first_recorded(held.workspace_id))
        begun = to_us(now) if first is None else first
        snapshots = monthly_snapshots(begun, to_us(now))[-MOST_SNAPSHOTS:]
        months = usual.months_about(now) | {usual_month(int(moment)) for moment in snapshots}
        found = await usual.find(session, held.workspace_id, months)
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        await usual.keep(work, found)


async def _told(work: Work, found: WorkspaceSettings, may: Admitted, sets: Mapping[str, Any]) -> _Told:
    held = await believed_at(work.session, work.workspace_id, work.now)
    scorecard = held.scorecard(may.codes, sets, found.fairness_by)
    # Where no model serves the scorecard does: it has seen nothing of what it is compared on.
    prior = RiskModel.prior(scorecard, held.loss(found.yearly_loss), found.horizon_days)
    row = (await work.session.execute(queries.champion(work.workspace_id))).mappings().one_or_none()
    model, refused = (None, None) if row is None else opened(row)
    if row is None or model is None:
        if refused is not None:
            log.warning("champion_not_compared", reason=refused)
        return _Told(found, held, scorecard, may.kept_out, PRIOR, Champion(prior, 0))
    champion = Champion(model, to_us(row["trained_to"] or BEGINNING))
    return _Told(found, held, scorecard, may.kept_out, str(row["id"]), champion)


def _learn(snapshots: Snapshots, codes: Sequence[str], sets: dict[str, int], told: _Told) -> Learned:
    return learn_risk(
        snapshots,
        conditions=codes,
        sets=sets,
        yearly_loss=told.loss,
        horizon_days=told.found.horizon_days,
        scorecard=told.scorecard,
        champion=told.champion,
    )


async def _register(
    leases: Leases,
    held: Held,
    learned: Learned,
    packed: Artefact | None,
    told: _Told,
    departed: Mapping[str, Any],
) -> None:
    """Store what was learnt, and who serves, in the transaction that ends the job: all of it or nothing."""
    summary: dict[str, Any] = {
        "rows": learned.rows,
        "customers": learned.model.n_customers,
        "departures": learned.model.n_departures,
        "basis": learned.model.basis,
        "forward": learned.forward,
        "sets": learned.sets,
        "label_kind": learned.label_kind,
    }
    card = {**summary, **_card(learned, told), DEPARTED: departed}
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        model_id = await registry.register(
            work, learned.model, card, learned.trained_from_us, learned.trained_to_us, held.id
        )
        if packed is not None:
            await _register_challenger(work, learned, packed, str(model_id))
        # Where nothing was promoted before, nobody's decision is overruled.
        first = held.request.get(PROMOTE) == FIRST and not await registry.has_champion(work)
        serves = held.request.get(PROMOTE) == AT_ONCE or (first and learned.forward.get("gain", -1.0) >= 0)
        if serves:
            try:
                await deciding.promote(work, model_id, PromoteBody.model_validate(held.request.get(BECAUSE) or {}))
            except Conflict as refused:
                serves, summary["not_promoted"] = False, refused.detail
        await stale.trained(work.session, held.workspace_id)
        state = "champion" if serves else "candidate"
        await leases.done(work.session, held, {"model": str(model_id), "state": state, **summary})
    await marks.keep(leases.database, MarkName.TRAINING, utc_now())


def _card(learned: Learned, told: _Told) -> dict[str, Any]:
    declared = told.held.declares(told.found.yearly_loss)
    return {
        "reliability": learned.reliability,
        "challenger": learned.challenger_card,
        "purpose": PURPOSE,
        "label_kind": "reported",
        "yearly_loss": told.loss,
        "yearly_loss_declared": declared,
        "scorecard": None if told.held.id is None else str(told.held.id),
        "kept_out": [*sorted(told.kept_out)],
        deciding.COMPARED: {**learned.comparison.to_dict(), "with": told.serving},
    }


async def _register_challenger(work: Work, learned: Learned, packed: Artefact, beside: str) -> None:
    """Store the challenger learnt beside a model, for somebody to let it score in silence."""
    forward = learned.forward
    figures: dict[str, Any] = {name: forward[name] for name in ("rows", "customers", "departures") if name in forward}
    intervals = forward.get("intervals", {})
    if "challenger" in forward:
        figures |= {"model": forward["challenger"], "intervals": {"model": intervals.get("challenger", {})}}
    card: dict[str, Any] = {
        **learned.challenger_card,
        "purpose": PURPOSE,
        "label_kind": "reported",
        "learnt_beside": beside,
        "forward": figures,
        "reliability": {"model": learned.reliability.get("challenger", [])},
        "libraries": packed.libraries,
    }
    await registry.register_artefact(
        work,
        packed.content,
        card,
        basis=basis_for(learned.model.n_departures),
        learnt={
            "n_customers": learned.model.n_customers,
            "n_departures": learned.model.n_departures,
            "trained_from": from_us(learned.trained_from_us),
            "trained_to": from_us(learned.trained_to_us),
        },
    )
