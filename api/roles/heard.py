"""What staff heard customers need: kept in the customers' words, the unserved ones above all."""

from sqlalchemy import Select

from api import kinds
from api.customers import service as customers
from api.dependencies import Work
from api.listing import Asked, rows_of
from api.roles import queries, telling
from api.roles.support_schemas import HeardAnswer, HeardBody, HeardStored
from api.roles.telling import Row
from models.ids import uuid7

HEARD = kinds.HEARD
OWN = ("reference", "what", "need", "case", "team", "served", "heard_by", "heard_at", "voided")


async def store_heard(work: Work, body: HeardBody) -> tuple[HeardStored, bool]:
    """Take what a customer needed; return it, and whether it is new."""
    identity = uuid7()
    reference = body.reference or str(identity)
    given = body.model_dump(exclude_unset=True, exclude={"occurred_at", "recorded_at", "reference"})
    if "case" in given:
        case = given.pop("case")
        given["case_id"] = None if case is None else (await customers.parents(work, [(None, case)])).case(case).id
    known = await telling.before(work, HEARD, reference)
    stored = await telling.tell(
        work, HEARD, reference, given, body, known=known, needed=("what",), happened="heard_at", identity=identity
    )
    found = await read_heard(work, reference)
    return HeardStored(**dict(found), unchanged=stored.unchanged), stored.created


async def read_heard(work: Work, reference: str) -> HeardAnswer:
    """Return what was heard, as known now."""
    return _shown(await telling.find(work, HEARD, queries.current_heard(work.workspace_id), reference))


async def list_heard(
    work: Work, asked: Asked, *, served: bool | None = None, need: str | None = None, team: str | None = None
) -> tuple[list[HeardAnswer], str | None]:
    """Return a page of what was heard; what nobody said was served is not served."""
    version = HEARD.version
    statement: Select[tuple[object, ...]] = queries.current_heard(work.workspace_id)
    if served is not None:
        # What was withdrawn was not heard: it is listed only where everything is asked for.
        statement = statement.where(version.c.served.is_(True) if served else version.c.served.is_not(True))
        statement = statement.where(version.c.voided.is_(False))
    if need is not None:
        statement = statement.where(version.c.need == need)
    if team is not None:
        statement = statement.where(version.c.team == team)
    return await rows_of(work, asked, statement, HEARD.head, _shown)


async def void_heard(work: Work, reference: str, reason: str) -> HeardStored:
    """Withdraw what was told by mistake."""
    unchanged = await telling.withdraw(work, HEARD, reference, reason)
    return HeardStored(**dict(await read_heard(work, reference)), unchanged=unchanged)


def _shown(row: Row) -> HeardAnswer:
    return HeardAnswer(
        **{name: row[name] for name in (*OWN, "id", "occurred_at", "recorded_at")},
        version=row["number"],
        stored_at=row["changed_at"],
    )
