"""What was seen of conditions in cases: told by systems, customers and staff, and derived by rules, in one list."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_, union_all

from api import kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing, UnknownReference
from api.failures import queries
from api.failures import service as failures
from api.failures.schemas import ObservationAnswer, ObservationBody
from api.failures.suggestions.service import SEEN_IN_A_COMMENT
from api.listing import Asked, narrowed
from api.paging import next_cursor, page_of
from api.recorded import Stored, by_row, impossible, in_time, when
from api.voiding import void
from models.failure import ObservationSource
from models.ids import uuid7
from models.recording import Change, Recorded

WATCH = "rule:"
"""How the reference of an observation begins that a rule made."""


async def store_observations(work: Work, rows: Sequence[ObservationBody], *, stub: bool = False) -> list[Stored]:
    """Record what systems, customers and staff saw in cases."""
    known = await customers.parents(work, ((row.customer, row.case) for row in rows), stub=stub)
    conditions = await failures.condition_ids(work, [row.condition for row in rows])

    def prepare(row: ObservationBody) -> Change:
        _check_reference(row.reference)
        case = known.case(row.case, row.customer)
        if row.condition not in conditions:
            detail = f"There is no condition {row.condition} in the catalogue."
            errors = [{"pointer": "/condition", "code": UnknownReference.code, "detail": detail}]
            raise UnknownReference(f"{detail} Post it to /v1/conditions first.", errors=errors)
        if case.opened_at is not None and row.observed_at < case.opened_at:
            raise impossible("observed_at", "before_opened_at", "The observation lies before its case was opened.")
        occurred, recorded = when(row, work.now, happened=("observed_at", row.observed_at))
        identity = uuid7()
        given = {
            "case_id": case.id,
            "condition_id": conditions[row.condition],
            "state": row.state.value,
            "source": row.source,
            "observed_at": min(row.observed_at, work.now),
        }
        return Change((row.reference or str(identity),), given, occurred, recorded, identity=identity)

    return await by_row(rows, prepare, lambda changes: known.keep(work, kinds.OBSERVATION, changes), in_time(work.now))


def _check_reference(reference: str | None) -> None:
    """Let nobody speak for a rule or a comment: what they say follows from what is read, or decided."""
    if reference is not None and reference.startswith(WATCH):
        raise impossible("reference", "seen_by_a_rule", "A rule saw this. Correct or withdraw what the rule reads.")
    if reference is not None and reference.startswith(SEEN_IN_A_COMMENT):
        raise impossible("reference", "seen_in_a_comment", "Somebody read this in a comment. Decline the suggestion.")


async def void_observation(work: Work, reference: str, reason: str) -> Recorded:
    """Withdraw what somebody saw."""
    _check_reference(reference)
    return await void(work, kinds.OBSERVATION, (reference,), reason)


async def read_observation(work: Work, reference: str) -> ObservationAnswer:
    """Return an observation as it stands."""
    watch = read_watch(reference)
    if watch is None:
        statement = queries.told_observations(work.workspace_id).where(queries.observations.c.reference == reference)
    else:
        steps = queries.rule_observations
        statement = queries.derived_observations(work.workspace_id)
        statement = statement.where(tuple_(steps.c.case_id, steps.c.condition_id) == watch)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no observation {reference}.")
    return _observation_answer(row)


async def list_observations(
    work: Work,
    asked: Asked,
    *,
    voided: bool = False,
    case: str | None = None,
    condition: str | None = None,
    source: ObservationSource | None = None,
    **own: Any,
) -> tuple[list[ObservationAnswer], str | None]:
    """Return a page of observations, told and derived alike, oldest change first.

    `own` names columns that both have, and what must stand there.
    """
    told, steps = kinds.OBSERVATION.version, queries.rule_observations
    pages = []
    for statement, version, head in (
        (queries.told_observations(work.workspace_id), told, queries.observations),
        (queries.derived_observations(work.workspace_id), steps, steps),
    ):
        derived = version is steps
        if source is not None and derived is not (source == ObservationSource.RULE):
            continue
        narrow = [(kinds.CASE.head.c.reference, case), (queries.conditions.c.reference, condition)]
        narrow += [(version.c[name], value) for name, value in own.items()]
        if not derived:
            narrow.append((version.c.source, source))
        wanted = narrowed(statement, version, narrow, voided=voided or derived)
        pages.append(page_of(wanted, head, asked.cursor, asked.limit, asked.updated_since).subquery())
    both = union_all(*(select(page) for page in pages)).subquery("observed")
    page = select(both).order_by(both.c.changed_at, both.c.id).limit(asked.limit + 1)
    rows = (await work.session.execute(page)).mappings().all()
    return [_observation_answer(row) for row in rows[: asked.limit]], next_cursor(rows, asked.limit)


def watch_reference(case_id: UUID, condition_id: UUID) -> str:
    """Return what the one watch a rule keeps on a condition in a case is known by."""
    return f"{WATCH}{case_id.hex}:{condition_id.hex}"


def read_watch(reference: str) -> tuple[UUID, UUID] | None:
    """Return the case and condition of a rule's watch, None where the reference is another's."""
    if not reference.startswith(WATCH):
        return None
    case, _, condition = reference.removeprefix(WATCH).partition(":")
    try:
        return UUID(case), UUID(condition)
    except ValueError:
        return None


def _observation_answer(row: Mapping[Any, Any]) -> ObservationAnswer:
    derived = row["source"] == ObservationSource.RULE
    reference = watch_reference(row["case_id"], row["condition_id"]) if derived else row["reference"]
    return ObservationAnswer(
        id=row["id"],
        reference=reference,
        version=row["number"],
        case=row["case"],
        condition=row["condition"],
        state=row["state"],
        source=row["source"],
        observed_at=row["observed_at"],
        voided=row["voided"],
        recorded_at=row["recorded_at"],
        derived_at=row["changed_at"] if derived else None,
        stored_at=row["changed_at"],
    )
