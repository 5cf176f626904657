"""What was judged of countermeasures: kept and told by the job that judges, read by whoever asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from api import audit, jobs, outbox
from api.dependencies import Work
from api.events import ConditionSetReturned, CountermeasureVerified
from api.failures.countermeasures import queries, service
from api.failures.countermeasures.covering import Row, covering, is_of, standing_of
from api.failures.countermeasures.effect_schemas import EffectAnswer, EffectFigures
from models.base import from_us
from models.ids import uuid7
from models.rules.coverage import WORKING, Standing

OUTCOME = "failure"
MOMENTS = ("followed_to_us", "covered_since_us", "baseline_from_us")


@dataclass(frozen=True)
class Judged:
    """What came of judging one countermeasure: its figures, and the sets it is verified for or that came back."""

    row: Row
    figures: dict[str, JsonValue]
    verified_for: tuple[str, ...]
    returned: tuple[str, ...]
    told_by_analysis: bool = False
    """An analysis found a set of it again, and told so."""


async def is_any_live(work: Work) -> bool:
    """Tell whether there is anything to judge."""
    return any(standing in WORKING for standing in (await covering(work)).standings.values())


async def ask_where_any_live(work: Work) -> UUID | None:
    """Ask for live countermeasures to be judged, where there are any."""
    return await jobs.enqueue(work, jobs.JUDGE, {}) if await is_any_live(work) else None


async def keep(work: Work, judged: Judged, analysis_id: UUID | None) -> bool:
    """Append what was judged where it says something new, and tell what came about; return whether it did."""
    row = judged.row
    last = (await queries.last_effects(work.session, work.workspace_id, [row["id"]], work.now, figures=True)).get(
        row["id"]
    )
    before = last if last is not None and is_of(last, row) else None
    rises = bool(judged.returned) or judged.told_by_analysis
    confirmed = bool(judged.verified_for) and not rises
    was = before is not None and standing_of(row, before, work.now) is Standing.VERIFIED
    carried = None if before is None else before["confirmed_at"]
    returned = not confirmed and ((before is not None and before["returned"]) or (rises and carried is not None))
    if before is not None and (before["figures"], before["returned"]) == (judged.figures, returned):
        return False
    await queries.append_effect(
        work.session,
        {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "countermeasure_id": row["id"],
            "live_from": row["live_from"],
            "conditions": row["conditions"],
            "verified_at": work.now if confirmed and not was else None if before is None else before["verified_at"],
            "confirmed_at": work.now if confirmed else carried,
            "returned": returned,
            "figures": judged.figures,
            "recorded_at": work.now,
        },
    )
    if confirmed and not was:
        await _tell_verified(work, judged)
    if was and judged.returned and analysis_id is not None:
        await _tell_returned(work, judged, analysis_id)
    return True


async def _tell_verified(work: Work, judged: Judged) -> None:
    row = judged.row
    told = CountermeasureVerified(
        countermeasure=row["reference"],
        kind=str(row["kind"]),
        conditions=" + ".join(row["conditions"]),
        condition_sets=list(judged.verified_for),
        team=row["team"],
        live_from=row["live_from"],
    )
    await audit.note(work, "countermeasure.verified", f"/v1/countermeasures/{row['reference']}", {})
    await outbox.emit_all(work, [told.event()])


async def _tell_returned(work: Work, judged: Judged, analysis_id: UUID) -> None:
    """Raise the alarm: a set that a verified countermeasure had kept away comes together again."""
    told = []
    figures: Any = judged.figures
    for one in figures["sets"]:
        if one["id"] not in judged.returned:
            continue
        event = ConditionSetReturned(
            condition_set=one["id"],
            outcome=OUTCOME,
            conditions=" + ".join(one["conditions"]),
            customers=one["together"]["after"]["customers"],
            rate=one["completion_after"]["value"],
            rate_without_any=None,
            analysis=str(analysis_id),
        )
        # Several countermeasures may have kept the same set away: that it came back is told once.
        told.append(event.event(once=f"{one['id']}/{work.now.isoformat()}"))
    await outbox.emit_all(work, told)


async def effect_of(work: Work, reference: str) -> EffectAnswer:
    """Return what was last judged of a countermeasure as it is."""
    found = await service.read(work, reference)
    last = await queries.last_effects(work.session, work.workspace_id, [found.id], work.now, figures=True)
    row = {"live_from": found.live_from, "conditions": found.conditions}
    judged = last.get(found.id)
    judged = judged if judged is not None and is_of(judged, row) else None
    figures = None if judged is None else EffectFigures.model_validate(_moments(judged["figures"]))
    return EffectAnswer(
        countermeasure=found.reference,
        status=found.status,
        live_from=found.live_from,
        judged_at=None if judged is None else judged["recorded_at"],
        verified_at=None if judged is None else judged["verified_at"],
        confirmed_at=None if judged is None else judged["confirmed_at"],
        returned=judged is not None and judged["returned"],
        says=_said(found.live_from, figures, work.now),
        figures=figures,
    )


def _moments(figures: Any) -> Any:
    """Return figures with their moments as moments."""
    if isinstance(figures, dict):
        plain = {name: _moments(value) for name, value in figures.items() if name not in MOMENTS}
        moments = {name: figures[name] for name in MOMENTS if name in figures}
        return plain | {name.removesuffix("_us"): None if us is None else from_us(us) for name, us in moments.items()}
    return [_moments(item) for item in figures] if isinstance(figures, list) else figures


def _said(live_from: datetime | None, figures: EffectFigures | None, now: datetime) -> str:
    """Say in a sentence what went with the countermeasure."""
    if live_from is None or live_from > now:
        return "Not live yet: there is no after to compare with."
    since = f"Since it went live on {live_from.date().isoformat()}"
    if figures is None:
        return f"{since} nothing was judged yet: that is done in the night, and after each analysis."
    parts = []
    for one in figures.conditions:
        before, after = one.before, one.after
        if before.value is None or after.value is None:
            parts.append(f"too little was seen of {one.code}")
            continue
        parts.append(
            f"{one.code} was present in {after.value:.0%} [{after.low:.0%}, {after.high:.0%}] of {after.n} cases, "
            f"before in {before.value:.0%} [{before.low:.0%}, {before.high:.0%}] of {before.n}"
        )
    return f"{since} {'; '.join(parts) or 'none of its conditions was looked at'}."
