"""Whether measures in use matter to the customer: what a worker found and kept, and how it is said."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from api import kinds
from api.dependencies import Work
from api.roles import queries
from api.roles.in_use_schemas import AssociationAnswer, EvidenceAnswer
from models.ids import uuid7
from models.rules.bearing import FEWEST_A_SIDE, FEWEST_CUSTOMERS, Matters
from models.rules.measured_of_cases import FIELDS

Row = Mapping[Any, Any]
WAYS = {"needs_met": "needs met in full", "departures": "customers who left"}
GIVE = (
    f"Not known: nothing says what it is. Give `field` ({', '.join(FIELDS)}, or attributes.<name>), or `metric_key`, "
    "and it is looked at."
)
SOON = "Not known yet: it is looked at soon after it is told, and every night."
NOT_ASKED = "Not known: no answers about cases are numbers on this metric. Read /v1/metrics/keys, or give `field`."
CAUSE = "This is an association, not a cause."


async def measures(work: Work) -> Sequence[Row]:
    """Return the measures in use that say what they are, and were not withdrawn."""
    version = kinds.MEASURE_IN_USE.version
    said = version.c.field.is_not(None) | version.c.metric_key.is_not(None)
    statement = queries.current_measures(work.workspace_id).where(said, version.c.voided.is_(False))
    rows: Sequence[Row] = (await work.session.execute(statement.order_by(version.c.id))).mappings().all()
    return rows


async def is_anything_to_weigh(work: Work, _turn: object) -> bool:
    """Tell whether there is a measure of which it can be asked whether it matters."""
    return bool(await measures(work))


async def keep(work: Work, found: Sequence[tuple[Row, Matters, dict[str, Any]]]) -> int:
    """Append what was found of measures where it says something new; return of how many it does."""
    last = await of(work, [row["id"] for row, *_ in found])
    rows = [
        {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "measure_id": row["id"],
            "field": row["field"],
            "metric_key": row["metric_key"],
            "matters": matters,
            "figures": figures,
            "computed_at": work.now,
        }
        for row, matters, figures in found
        if not _is_same(last.get(row["id"]), row, matters, figures)
    ]
    if rows:
        await queries.append_evidence(work.session, rows)
    return len(rows)


async def of(work: Work, ids: Sequence[UUID]) -> Mapping[UUID, Row]:
    """Return what was last found of each of some measures."""
    return await queries.newest_evidence(work.session, work.workspace_id, ids, work.now)


def _is_same(last: Row | None, row: Row, matters: Matters, figures: Mapping[str, Any]) -> bool:
    return last is not None and _is_of(last, row) and (last["matters"], last["figures"]) == (matters, figures)


def _is_of(found: Row, row: Row) -> bool:
    return (found["field"], found["metric_key"]) == (row["field"], row["metric_key"])


def shown(row: Row, found: Row | None) -> EvidenceAnswer:
    """Return the evidence of a measure as it is now; what was found of another field says nothing of it."""
    known = found if found is not None and _is_of(found, row) else None
    if known is None:
        told = SOON if row["field"] is not None or row["metric_key"] is not None else GIVE
        nothing = dict.fromkeys(("computed_at", "horizon_days", *WAYS))
        return EvidenceAnswer(matters=Matters.NOT_KNOWN, says=told, **nothing)
    figures = known["figures"]
    ways = {way: None if figures[way] is None else AssociationAnswer(**figures[way]) for way in WAYS}
    return EvidenceAnswer(
        matters=known["matters"],
        says=_said(known["matters"], ways, asked=figures["asked"]),
        computed_at=known["computed_at"],
        horizon_days=figures["horizon_days"],
        **ways,
    )


def _said(matters: Matters, ways: Mapping[str, AssociationAnswer | None], *, asked: bool) -> str:
    if not asked:
        return NOT_ASKED
    parts = [_of_way(WAYS[way], found) for way, found in ways.items() if found is not None]
    return f"{BEGINS[matters]} {' '.join(parts)}{f' {CAUSE}' if matters is Matters.YES else ''}"


BEGINS = {
    Matters.YES: "It goes with what happens to customers.",
    Matters.NO_SIGN: "No sign that it matters to the customer.",
    Matters.NOT_KNOWN: "Not known: there is too little to say.",
}


def _of_way(words: str, found: AssociationAnswer) -> str:
    if found.when_low is None or found.when_high is None or found.difference is None or found.rank is None:
        return (
            f"{words.capitalize()}: {found.customers} customers, it happened to {found.happened} and did not to "
            f"{found.did_not_happen}; {FEWEST_CUSTOMERS}, and {FEWEST_A_SIDE} of either, are needed, and values "
            "that differ."
        )
    return (
        f"{words.capitalize()}: {found.when_low.value:.0%} where it is low, {found.when_high.value:.0%} where it is "
        f"high, {_points(found.difference.value)} points [{_points(found.difference.low)}, "
        f"{_points(found.difference.high)}] more; rank {found.rank.value:.2f} [{found.rank.low:.2f}, "
        f"{found.rank.high:.2f}], chance being 0.50."
    )


def _points(share: float) -> str:
    return f"{share * 100:.0f}"
