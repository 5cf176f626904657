"""Whose answer it is, about which case and of when: what a caller may vouch for, and what an invitation proves.

A key with `feedback:write` alone lies open in a web page: whoever holds it speaks for nobody. What such a caller says
of customer and case is a claim, and when the company knew is not theirs to say.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.customers import service as customers
from api.dependencies import Work
from api.feedback.invitations import Invited
from api.feedback.judging import NOTHING, about_by
from api.feedback.schemas import ResponseBody
from api.recorded import CLOCK_SKEW, impossible
from models.access import Scope
from models.tombstone import Buried


def is_claimant(work: Work) -> bool:
    """Return whether what this caller says of customer and case is only a claim."""
    return not work.caller.may(Scope.RECORDS_WRITE)


def about(
    work: Work,
    row: ResponseBody,
    invited: Invited | None,
    parents: customers.Parents,
    erased: Mapping[Buried, frozenset[str]],
) -> dict[str, Any]:
    """Return what a response is about; a claim where neither the caller nor an invitation can vouch for it."""
    proved = dict(NOTHING) if invited is None else about_by(invited)
    if invited is not None:
        for field, meant in (("customer", invited.customer), ("case", invited.case)):
            if meant is not None and getattr(row, field) not in {None, meant}:
                raise impossible(field, "invitation_mismatch", f"The invitation names another {field}.")
    if proved["case_id"] is not None:
        return proved
    if is_claimant(work):
        customer = None if row.customer in erased[Buried.CUSTOMER] else row.customer
        named = None if row.case in erased[Buried.CASE] else row.case
        claimed = customer if proved["customer_id"] is None else None
        return {**proved, "claimed_customer": claimed, "claimed_case": named or proved["claimed_case"]}
    if row.case is None:
        customer_id = None if row.customer is None else parents.customer(row.customer)
        return {**proved, "customer_id": customer_id or proved["customer_id"]}
    case = parents.case(row.case, row.customer)
    if proved["customer_id"] not in {None, case.customer_id}:
        raise impossible("customer", "customer_mismatch", f"The case {row.case} is another customer's.")
    return {**NOTHING, "customer_id": case.customer_id, "case_id": case.id}


def times(work: Work, row: ResponseBody, invited: Invited | None) -> tuple[datetime | None, datetime, datetime]:
    """Return when it was asked, when it was answered and when the company knew; refuse what cannot be."""
    now = work.now
    if row.recorded_at is not None and is_claimant(work):
        detail = "When the company knew is the company's to say: this needs the scope records:write."
        raise impossible("recorded_at", "not_yours_to_say", detail)
    named = "answered_at" if row.answered_at is not None else "recorded_at"
    answered = row.answered_at or row.recorded_at or now
    recorded = row.recorded_at or now
    for name, moment in (("recorded_at", recorded), ("answered_at", answered), ("asked_at", row.asked_at)):
        if moment is not None and moment > now + CLOCK_SKEW:
            raise impossible(name, "in_the_future", "This has not happened yet.")
    if recorded < answered and row.recorded_at is not None:
        raise impossible("recorded_at", "known_before", "Nothing is known before it was answered.")
    if row.asked_at is not None and row.asked_at > answered:
        raise impossible("asked_at", "after_answered_at", "Nobody answers before being asked.")
    sent = sent_at(invited)
    if sent is not None:
        for name, moment in ((named, answered), ("asked_at", row.asked_at)):
            if moment is not None and moment < sent - CLOCK_SKEW:
                raise impossible(name, "before_invitation", "That is before the invitation was made.")
        # Within the skew a caller's clock may run behind, as it may run ahead.
        answered = max(answered, sent)
    answered = min(answered, now)
    said = row.asked_at if sent is None else max(row.asked_at or sent, sent)
    asked = None if said is None else min(said, answered)
    return asked, answered, min(max(recorded, answered), now)


def sent_at(invited: Invited | None) -> datetime | None:
    """Return when somebody invited was asked; when a signed link was sent is not known."""
    return None if invited is None or invited.link_case is not None else invited.created_at


def check_opened(
    row: ResponseBody, invited: Invited | None, parents: customers.Parents, asked: datetime | None, answered: datetime
) -> None:
    """Refuse a response that says it was asked or given before its case was opened."""
    opened = None if invited is None else invited.opened_at
    if row.case is not None and (known := parents.known(row.case)) is not None:
        opened = known.opened_at
    name, moment = ("asked_at", asked) if row.asked_at is not None else ("answered_at", answered)
    if opened is not None and getattr(row, name) is not None and moment is not None and moment < opened:
        raise impossible(name, "before_opened_at", "That is before its case was opened.")
