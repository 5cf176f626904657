"""What a follow-up is about: a customer, and a case, an answer or an assessment of theirs, or it is refused."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, UnknownReference
from api.recorded import impossible, missing
from api.risk.follow_ups import queries
from api.risk.follow_ups.schemas import FollowUpBody


async def links(work: Work, body: FollowUpBody, known: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the ids of what a follow-up is about, or refuse what does not belong together.

    Parameters
    ----------
    known
        What is known of the follow-up; empty for a new one, which takes its team from its case.
    """
    given = await _owed_to(work, body, known)
    owed_to = given.get("customer_id") or known["customer_id"]
    if known and owed_to != known["customer_id"]:
        raise impossible("customer", "customer_mismatch", "This follow-up is owed to another customer.")
    for name in ("response", "assessment"):
        if name in body.model_fields_set:
            given[f"{name}_id"] = await _of_theirs(work, name, getattr(body, name), owed_to)
    return given


async def _owed_to(work: Work, body: FollowUpBody, known: Mapping[Any, Any]) -> dict[str, Any]:
    named = body.model_fields_set
    if not known and body.customer is None and body.case is None:
        raise missing("customer")
    if known and "customer" in named and body.customer is None:
        raise impossible("customer", "cannot_be_cleared", "A follow-up is owed to somebody.")
    parents = await customers.parents(work, [(body.customer, body.case)])
    if body.case is None:
        given = {} if body.customer is None else {"customer_id": parents.customer(body.customer)}
        return {**given, "case_id": None} if "case" in named else given
    case = parents.case(body.case, body.customer)
    found = (await queries.cases_now(work.session, work.workspace_id, [case.id])).get(case.id)
    if found is None:
        raise Conflict(f"The case {body.case} is nobody's, or was withdrawn: nothing is owed for it.")
    given = {"case_id": case.id, "customer_id": found["customer_id"]}
    return given if known or "team" in named else {**given, "team": found["team"]}


async def _of_theirs(work: Work, name: str, identity: UUID | None, customer_id: UUID) -> UUID | None:
    is_theirs = queries.is_answer_of if name == "response" else queries.is_assessment_of
    if identity is not None and not await is_theirs(work.session, work.workspace_id, identity, customer_id):
        detail = f"There is no {name} {identity} of this customer."
        errors = [{"pointer": f"/{name}", "code": UnknownReference.code, "detail": detail}]
        raise UnknownReference(f"{detail} Name one of theirs.", errors=errors)
    return identity
