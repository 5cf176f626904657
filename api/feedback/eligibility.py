"""Whether to ask somebody now: the one reason against it that comes first, and nothing is recorded.

The order is fixed. First what the customer wants, then what the company owes them, then how often they were asked, then
what the survey wants, and last the draw: so a reason further down never hides one that weighs more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing, Refusal
from api.failures import telling as failures
from api.feedback import contacts, queries, taking
from api.feedback.schemas import EligibilityAnswer, EligibilityBody, Reason
from api.feedback.surveys import PublishedSurvey, check_for_customers, published
from api.recorded import impossible
from api.risk.follow_ups import service as follow_ups
from api.workspaces import service as workspaces
from models.rules.terms import Standing, is_drawn, standing

UNKNOWN = frozenset({"unknown_reference", "erased"})
OWED_DAYS = 90
"""For how long after a case was opened a failure in it keeps its customer from being asked."""


@dataclass(frozen=True)
class _Who:
    """Who would be asked, and about which case."""

    customer_id: UUID | None
    case_id: UUID | None


@dataclass(frozen=True)
class Against:
    """A reason not to ask, and what is known of it."""

    reason: Reason
    details: Mapping[str, Any]


async def judge(work: Work, body: EligibilityBody) -> EligibilityAnswer:
    """Return whether to ask, and why or why not."""
    try:
        survey = await published(work, body.survey)
    except NoSuchThing as missing:
        raise impossible("survey", "unknown_survey", missing.detail) from None
    check_for_customers(survey)
    found = await _against(work, body, survey)
    if found is None:
        return EligibilityAnswer(ask=True, reason="ask", details={})
    shown = {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in found.details.items()
    }
    return EligibilityAnswer(ask=False, reason=found.reason, details=shown)


async def _against(work: Work, body: EligibilityBody, survey: PublishedSurvey) -> Against | None:
    who = await _who(work, body)
    if isinstance(who, Against):
        return who
    if who.customer_id is not None:
        found = (
            await _wishes(work, who.customer_id)
            or await _owed(work, who.customer_id)
            or await _rest(work, who.customer_id)
        )
        if found is not None:
            return found
    return await _invited(work, survey, who) or await _wanted(work, survey) or await _drawn(work, survey, body)


async def _who(work: Work, body: EligibilityBody) -> _Who | Against:
    parents = await customers.parents(work, [(body.customer, body.case)])
    try:
        if body.case is not None:
            case = parents.case(body.case, body.customer)
            return _Who(case.customer_id, case.id)
        return _Who(None if body.customer is None else parents.customer(body.customer), None)
    except Refusal as refused:
        if refused.code not in UNKNOWN:
            raise
        return Against(_unknown(refused), {})


def _unknown(refused: Refusal) -> Reason:
    return "unknown_case" if refused.errors[0]["pointer"] == "/case" else "unknown_customer"


async def _wishes(work: Work, customer_id: UUID) -> Against | None:
    wishes = (await queries.wishes_of(work.session, work.workspace_id, [customer_id])).get(customer_id)
    for wish in ("do_not_contact", "survey_opt_out"):
        if getattr(wishes, wish, None):
            return Against("opted_out", {"wish": wish})
    return None


async def _owed(work: Work, customer_id: UUID) -> Against | None:
    """Return the newest case of the customer that failed and was not put right: that is owed first."""
    since = work.now - timedelta(days=OWED_DAYS)
    cases = await contacts.newest_cases(work.session, work.workspace_id, customer_id, since)
    ids = [case.id for case in cases]
    said = await contacts.verdicts_on(work.session, work.workspace_id, ids)
    # The newest answer about a case counts: who was unhappy first and then not is not owed anything.
    failed_at = {row.case_id: row.answered_at if row.failure else None for row in said}
    by_facts = await failures.failing_by_facts(work, ids)
    for case in cases:
        failed = failed_at.get(case.id) or (case.opened_at if case.id in by_facts else None)
        put_right = case.put_back is True or (
            case.restored_at is not None and failed is not None and case.restored_at >= failed
        )
        if failed is not None and not put_right:
            return Against("open_failure", {"case": case.reference, "since": failed})
    return None


async def _rest(work: Work, customer_id: UUID) -> Against | None:
    """Return what the customer rests from: the company's own initiative last, be it a question or outreach.

    Redress is none: it is owed, and whoever was put right is heard like everybody else.
    """
    rest = timedelta(days=(await workspaces.of(work)).contact_rest_days)
    asked = await contacts.newest_invitation(work.session, work.workspace_id, customer_id, work.now - rest)
    reached = await follow_ups.newest_outreach(work, customer_id, work.now - rest)
    if reached is not None and (asked is None or reached["contacted_at"] > asked.created_at):
        at = reached["contacted_at"]
        return Against("contact_rest", {"follow_up": reached["reference"], "contacted_at": at, "until": at + rest})
    if asked is None:
        return None
    details = {"survey": asked.survey, "asked_at": asked.created_at, "until": asked.created_at + rest}
    return Against("contact_rest", details)


async def _invited(work: Work, survey: PublishedSurvey, who: _Who) -> Against | None:
    if who.case_id is None:
        return None
    found = await contacts.invitation_to(work.session, work.workspace_id, survey.id, who.case_id)
    return None if found is None else Against("already_invited", {"invitation": str(found)})


async def _wanted(work: Work, survey: PublishedSurvey) -> Against | None:
    found = standing(survey.terms, work.now)
    if found is Standing.NOT_OPEN:
        return Against("survey_not_open", {"opens_at": survey.terms["opens_at"]})
    if found is Standing.CLOSED:
        return Against("survey_closed", {"closes_at": survey.terms["closes_at"]})
    return Against("quota_full", {}) if await taking.is_full(work, survey) else None


async def _drawn(work: Work, survey: PublishedSurvey, body: EligibilityBody) -> Against | None:
    """Draw by the case, else by the customer and the day: asked again about the same, the answer is the same."""
    settings = await workspaces.of(work)
    share = survey.terms.get("sample_share") or settings.sample_share
    if body.case is not None:
        seed = [survey.key, "case", body.case]
    elif body.customer is not None:
        day = work.now.astimezone(ZoneInfo(settings.zone)).date().isoformat()
        seed = [survey.key, "customer", await customers.known_as(work, body.customer), day]
    else:
        return None
    return None if is_drawn(share, seed) else Against("sampled_out", {"share": share})
