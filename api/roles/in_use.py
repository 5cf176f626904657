"""Measures in use: figures the company steers by, each asked whether it matters to the customer."""

from typing import Any

from api import jobs, kinds
from api.dependencies import Work
from api.errors import Malformed
from api.listing import Asked
from api.paging import next_cursor, page_of
from api.roles import queries, telling, weighed
from api.roles.in_use_schemas import MeasureInUseAnswer, MeasureInUseBody, MeasureInUseStored
from api.roles.telling import Row
from models.ids import uuid7
from models.rules.measured_of_cases import FIELDS, is_of_a_case
from models.rules.versions import laid_over

MEASURE = kinds.MEASURE_IN_USE
OWN = ("reference", "name", "used_by", "field", "metric_key", "used_since", "voided")
SOUGHT = ("field", "metric_key")


async def store_measure(work: Work, body: MeasureInUseBody) -> tuple[MeasureInUseStored, bool]:
    """Take a figure the company steers by, or its next state; return it, and whether it is new.

    Where it is said anew what it is, it is asked for that a worker looks.
    """
    identity = uuid7()
    reference = body.reference or str(identity)
    given = body.model_dump(exclude_unset=True, exclude={"occurred_at", "recorded_at", "reference"})
    known = await telling.before(work, MEASURE, reference)
    state = laid_over(known, given)
    _check(state)
    stored = await telling.tell(
        work, MEASURE, reference, given, body, known=known, needed=("name",), happened="used_since", identity=identity
    )
    if any(stored.state[name] is not None and stored.state[name] != known.get(name) for name in SOUGHT):
        await jobs.enqueue(work, jobs.WEIGH, {})
    found = await read_measure(work, reference)
    return MeasureInUseStored(**dict(found), unchanged=stored.unchanged), stored.created


def _check(state: Row) -> None:
    name, metric = (state.get(of) for of in SOUGHT)
    if name is not None and metric is not None:
        raise _refused("metric_key", "one_of_two", "A measure is a field of cases or a metric, not both: clear one.")
    if name is not None and not is_of_a_case(name):
        detail = f"A measure can be of a case: {', '.join(FIELDS)}, or attributes.<name>."
        raise _refused("field", "unknown_field", detail)


def _refused(name: str, code: str, detail: str) -> Malformed:
    return Malformed(detail, errors=[{"pointer": f"/{name}", "code": code, "detail": detail}])


async def read_measure(work: Work, reference: str) -> MeasureInUseAnswer:
    """Return a figure the company steers by, and the newest evidence."""
    row = await telling.find(work, MEASURE, queries.current_measures(work.workspace_id), reference)
    return _shown(row, (await weighed.of(work, [row["id"]])).get(row["id"]))


async def list_measures(work: Work, asked: Asked) -> tuple[list[MeasureInUseAnswer], str | None]:
    """Return a page of the figures the company steers by."""
    statement = queries.current_measures(work.workspace_id)
    page = page_of(statement, MEASURE.head, asked.cursor, asked.limit, asked.updated_since)
    rows = (await work.session.execute(page)).mappings().all()
    found = await weighed.of(work, [row["id"] for row in rows])
    told = [_shown(row, found.get(row["id"])) for row in rows[: asked.limit]]
    return told, next_cursor(rows, asked.limit, "changed_at")


async def void_measure(work: Work, reference: str, reason: str) -> MeasureInUseStored:
    """Withdraw what was told by mistake."""
    unchanged = await telling.withdraw(work, MEASURE, reference, reason)
    return MeasureInUseStored(**dict(await read_measure(work, reference)), unchanged=unchanged)


def _shown(row: Row, found: Row | None) -> MeasureInUseAnswer:
    own: dict[str, Any] = {name: row[name] for name in (*OWN, "id", "occurred_at", "recorded_at")}
    return MeasureInUseAnswer(
        **own,
        version=row["number"],
        evidence=weighed.shown(row, found),
        stored_at=row["changed_at"],
    )
