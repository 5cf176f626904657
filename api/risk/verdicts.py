"""What people who know a customer say of the assessment: kept beside it, version by version."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from api import audit, kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing, UnknownReference
from api.failures import service as failures
from api.listing import Asked, rows_of
from api.risk import queries
from api.risk.schemas import FeedbackAnswer, FeedbackBody, FeedbackStored
from api.risk.service import ACTIVE, assess, store_assessments
from api.risk.serving import PRIOR
from models.assessment import Verdict
from models.ids import uuid7
from models.recording import Change, current

Row = Mapping[Any, Any]


async def store_feedback(work: Work, customer: str, body: FeedbackBody) -> tuple[FeedbackStored, bool]:
    """Keep what somebody says of a customer's assessment; return it, and whether it is new."""
    known = await customers.customer_ids(work, [customer])
    if customer not in known:
        raise NoSuchThing(f"There is no customer {customer}.")
    await _check_conditions(work, body.conditions)
    identity = uuid7()
    key = (known[customer], body.reference or str(identity))
    before = (await current(work.session, kinds.RISK_FEEDBACK, work.workspace_id, [key])).get(key)
    given = {
        "customer_id": known[customer],
        # A word stays with the assessment it was first said of.
        "assessment_id": before["assessment_id"] if before else await _assessed(work, known[customer], customer),
        "verdict": body.verdict.value,
        "conditions": sorted(set(body.conditions)),
        "note": body.note,
    }
    change = Change(key, given, work.now, work.now, identity=identity)
    stored = (await customers.keep(work, kinds.RISK_FEEDBACK, [change]))[0]
    if not stored.unchanged:
        subject = audit.about(work, "customers", customer)
        await audit.note(work, "risk_feedback.stored", subject, {"verdict": body.verdict.value})
    found = await read_feedback(work, customer, key[1])
    return FeedbackStored(**dict(found), unchanged=stored.unchanged), stored.created


async def _check_conditions(work: Work, codes: Sequence[str]) -> None:
    known = await failures.condition_ids(work, codes)
    for index, code in enumerate(codes):
        if code not in known:
            detail = f"There is no condition {code} in the catalogue."
            errors = [{"pointer": f"/conditions/{index}", "code": UnknownReference.code, "detail": detail}]
            raise UnknownReference(f"{detail} Post it to /v1/conditions first.", errors=errors)


async def _assessed(work: Work, customer_id: UUID, customer: str) -> UUID:
    """Return the assessment that a word said now is about, stored if nobody had stored it yet."""
    answers = await assess(work, {customer_id: customer})
    if answers[0].state != ACTIVE:
        raise Conflict(f"{customer} is {answers[0].state}: nothing is said of their risk.", code="not_assessed")
    await store_assessments(work, {customer_id: answers[0]})
    last = await queries.last_assessments(work.session, work.workspace_id, [customer_id], None)
    found: UUID = last[customer_id]["id"]
    return found


async def read_feedback(work: Work, customer: str, reference: str) -> FeedbackAnswer:
    """Return one word as it stands."""
    statement = queries.current_feedback(work.workspace_id).where(
        kinds.CUSTOMER.head.c.reference == customer, queries.said.c.reference == reference
    )
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"Nothing {reference} was said of the risk of a customer {customer}.")
    return _answer(row)


async def list_feedback(
    work: Work, asked: Asked, *, customer: str | None = None, verdict: Verdict | None = None
) -> tuple[list[FeedbackAnswer], str | None]:
    """Return a page of what was said, of one customer or with one verdict where named."""
    statement = queries.current_feedback(work.workspace_id)
    if customer is not None:
        statement = statement.where(kinds.CUSTOMER.head.c.reference == customer)
    if verdict is not None:
        statement = statement.where(kinds.RISK_FEEDBACK.version.c.verdict == verdict)
    return await rows_of(work, asked, statement, queries.said, _answer)


def _answer(row: Row) -> FeedbackAnswer:
    same = ("id", "reference", "customer", "assessed_at", "verdict", "conditions", "note", "recorded_at")
    return FeedbackAnswer(
        **{name: row[name] for name in same},
        version=row["number"],
        assessment=row["assessment_id"],
        model=PRIOR if row["model_id"] is None else str(row["model_id"]),
        stored_at=row["changed_at"],
    )
