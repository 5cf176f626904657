"""What stands behind a hosted page: which survey it asks, whose answer it proves, and how far that answer is.

A page is opened without a key. What its visitor says of customer and case is a claim; an invitation's token or a signed
link proves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api import tombstones
from api.dependencies import Caller, Work
from api.errors import NoSuchThing, Refusal
from api.feedback import continuing, invitations, links, proving, queries, taking
from api.feedback.continuing import Step
from api.feedback.invitations import InvitationOver, Invited, token_hash
from api.feedback.links import SignedLink
from api.feedback.schemas import ResponseBody
from api.feedback.service import store_responses
from api.feedback.surveys import PublishedSurvey, met_before, published
from api.recorded import only
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from models.access import Scope
from models.ids import uuid7
from models.recording import Recorded
from models.rules.answers import Misfit
from models.rules.fitting import misfits
from models.rules.origins import origins_among
from models.rules.questions import visible
from models.tombstone import Buried
from models.workspace import RouteKind

NO_PAGE = "There is nothing to answer at this address. Open the link exactly as it was sent."


class InvitationGone(Refusal):
    """A page whose invitation cannot be answered any more."""

    status, code, title = 410, "invitation_gone", "There is nothing to answer here any more"


@dataclass(frozen=True)
class Visitor(Caller):
    """Somebody who came without a key."""

    @property
    def actor(self) -> str:
        """How the audit names this caller."""
        return "visitor"


@dataclass(frozen=True)
class Arrival:
    """What an address says: the survey and what came with it, or the token of an invitation."""

    survey: str = ""
    token: str | None = None
    link: SignedLink | None = None
    customer: str | None = None
    case: str | None = None
    embed: bool = False


@dataclass(frozen=True)
class Hosted:
    """What a page asks.

    Parameters
    ----------
    workspace
        Who asks.
    survey
        What is asked.
    invited
        What was proved; None on a page open to all, and until a signed link's first use.
    linked
        Whether the answer comes together with a customer or a case, proved or claimed.
    arrival
        The address.
    response_id
        The answer begun or completed by this right.
    answers
        What was said in earlier steps.
    terms
        The details of the survey's newest version: what it is taken on, whichever version is answered.
    """

    workspace: WorkspaceSettings
    survey: PublishedSurvey
    invited: Invited | None
    linked: bool
    arrival: Arrival
    response_id: UUID | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    terms: Mapping[str, Any] = field(default_factory=dict)

    @property
    def proved(self) -> bool:
        """Whether its visitor came by an invitation or a signed link."""
        return self.arrival.token is not None or self.arrival.link is not None

    @property
    def origins(self) -> tuple[str, ...]:
        """The sites that may embed it, and that its forms may come from."""
        return origins_among(self.terms.get("allowed_origins"))

    @property
    def framed_by(self) -> tuple[str, ...]:
        """The sites that may show this page inside theirs."""
        return self.origins if self.arrival.embed else ()

    @property
    def company(self) -> str:
        """What pages call who asks."""
        return self.workspace.branding.name or self.workspace.name


def visitor(workspace_id: UUID) -> Visitor:
    """Return who comes to a workspace's page."""
    return Visitor(workspace_id, UUID(int=0), frozenset({Scope.FEEDBACK_WRITE.value}))


async def workspace_at(session: AsyncSession, *, slug: str | None = None, token: str | None = None) -> UUID:
    """Return the workspace that an address leads to."""
    kind, lookup = (RouteKind.SLUG, slug or "") if token is None else (RouteKind.TOKEN, token_hash(token))
    found = await queries.workspace_of(session, kind, lookup)
    if found is None:
        raise NoSuchThing(NO_PAGE)
    return found


async def arrive(work: Work, arrival: Arrival, version: int | None = None, *, answering: bool = False) -> Hosted:
    """Return what a page asks; refuse an address that leads to nothing.

    Parameters
    ----------
    work
        Reading, or with `answering` writing: then what proves the answer is locked against a second one.
    arrival
        The address.
    version
        Which version was shown, where one was: it is the one answered.
    answering
        Whether something was sent.
    """
    invited = await _invited(work, arrival, answering=answering)
    if invited is not None:
        _check_open(invited, work, answering=answering)
    key = invited.survey if invited is not None else arrival.survey
    response_id, said = await _said(work, invited)
    survey = await _survey(work, key, said["survey_version"] if said else version)
    if not (survey.open or arrival.token or arrival.link):
        raise NoSuchThing(NO_PAGE)
    await _check_taken(work, survey, response_id, answering=answering)
    workspace = await workspaces.of(work)
    claims = arrival.link or arrival.customer or arrival.case
    linked = bool(claims or (invited is not None and (invited.customer_id or invited.case_id)))
    answers, terms = said["answers"] if said else {}, await _terms(work, key)
    return Hosted(workspace, survey, invited, linked, arrival, response_id, answers, terms)


async def of_staff(work: Work, key: str, version: int) -> Hosted:
    """Return what a pulse's page asks: a version of a survey, of nobody that is known."""
    return Hosted(await workspaces.of(work), await _survey(work, key, version), None, False, Arrival(survey=key))


async def _invited(work: Work, arrival: Arrival, *, answering: bool) -> Invited | None:
    if arrival.token is not None:
        found = (await proving.by_tokens(work, [arrival.token], lock=answering)).get(arrival.token)
        if found is None:
            raise NoSuchThing(NO_PAGE)
        return found
    if arrival.link is None:
        return None
    await links.check(work, arrival.survey, arrival.link)
    if await tombstones.erased_among(work, Buried.CASE, [arrival.link.case]):
        raise links.LinkExpired("Nothing is asked about this any more.")
    survey = await _survey(work, arrival.survey, None)
    return await proving.by_link(work, survey, arrival.link.case, make=answering)


def _check_open(invited: Invited, work: Work, *, answering: bool) -> None:
    """Refuse what is over; a completed one that is sent again is compared with what was said."""
    if answering and invited.response_id is not None:
        return
    try:
        invitations.check_usable(invited, work.now)
    except InvitationOver as over:
        raise InvitationGone(over.detail, code=over.code) from None


async def _check_taken(work: Work, survey: PublishedSurvey, response_id: UUID | None, *, answering: bool) -> None:
    """Refuse to ask what is not taken. What is sent is judged with the answer: it may be one that was kept before."""
    if answering:
        return
    taking.check_standing(survey, work.now, begun=response_id is not None)
    await taking.check_wanted(work, survey)


async def _said(work: Work, invited: Invited | None) -> tuple[UUID | None, Mapping[Any, Any] | None]:
    response_id = None if invited is None else invited.response_id or invited.begun
    if response_id is None:
        return None, None
    found = await continuing.find_current(work, response_id)
    if found is None:
        # What completed it was withdrawn since: it is used up all the same.
        raise invitations.completed()
    return response_id, found


async def _survey(work: Work, key: str, version: int | None) -> PublishedSurvey:
    try:
        return await published(work, key, version)
    except NoSuchThing:
        raise NoSuchThing(NO_PAGE) from None


async def _terms(work: Work, key: str) -> Mapping[str, Any]:
    return (await _survey(work, key, None)).details


def origins_met(work: Work, arrival: Arrival) -> tuple[str, ...] | None:
    """Return the sites that may embed a page whose survey this request has read, whatever came of it; else None."""
    met = met_before(work, arrival.survey)
    return None if met is None else origins_among(met.details.get("allowed_origins"))


async def with_begun(work: Work, hosted: Hosted, response_id: UUID) -> Hosted:
    """Return what a page open to all asks of somebody who sent a first step under this id."""
    if hosted.response_id is not None:
        return hosted
    found = await continuing.find_current(work, response_id)
    if found is None or found["survey"] != hosted.survey.key:
        return hosted
    survey = await _survey(work, hosted.survey.key, found["survey_version"])
    return replace(hosted, survey=survey, response_id=response_id, answers=found["answers"])


async def gone_on_with(work: Work, hosted: Hosted, response_id: UUID) -> Hosted:
    """Return what a page open to all asks of somebody who goes on with an answer begun there; refuse a complete one."""
    found = await continuing.find_current(work, response_id)
    if found is not None and found["complete"]:
        raise InvitationGone("What you sent first is kept; it does not change any more.", code="response_complete")
    return await with_begun(work, hosted, response_id)


def asked_answers(hosted: Hosted, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return of what a form sent what its questions ask of somebody who answered like this; empty clears."""
    together = {**hosted.answers, **answers}
    shown = {question["key"] for question in visible(hosted.survey.questions, together)}
    return {
        key: value
        for key, value in answers.items()
        if key in shown and (value is not None or hosted.answers.get(key) is not None)
    }


def wrong_with(
    hosted: Hosted, answers: Mapping[str, Any], keys: frozenset[str], *, complete: bool
) -> dict[str, Misfit]:
    """Return by question key what is wrong with the answers to some of the questions."""
    questions = [question for question in hosted.survey.questions if question["key"] in keys or not complete]
    found = misfits(
        questions, {k: v for k, v in answers.items() if k in keys}, complete=complete, before=hosted.answers
    )
    return {item.pointer.removeprefix("/answers/"): item for item in found}


async def keep(
    work: Work,
    hosted: Hosted,
    response_id: UUID | None,
    answers: Mapping[str, Any],
    language: str | None,
    *,
    complete: bool,
) -> Recorded:
    """Keep what a visitor answered: the first step makes a response, each further one is laid over it."""
    if hosted.response_id is not None:
        return await continuing.lay(work, hosted.response_id, Step(answers, complete=complete, proof=hosted.invited))
    arrival = hosted.arrival
    if response_id is not None and hosted.invited is not None and await _is_withdrawn(work, response_id):
        response_id = None  # a page from before the withdrawal; by an invitation its reader may answer anew
    body = ResponseBody(
        id=response_id or uuid7(),
        survey=hosted.survey.key,
        version=hosted.survey.number,
        customer=None if hosted.invited else arrival.customer,
        case=None if hosted.invited else arrival.case,
        language=language,
        answers=dict(answers),
        complete=complete,
    )
    return only(await store_responses(work, [body], hosted.invited))


async def _is_withdrawn(work: Work, response_id: UUID) -> bool:
    statement = queries.current_responses(work.workspace_id).where(queries.responses.c.id == response_id)
    found = (await work.session.execute(statement)).mappings().one_or_none()
    return found is not None and bool(found["voided"])


async def behind(work: Work, arrival: Arrival) -> Hosted:
    """Return what an address asks, whether or not it can still be answered: for the page that says thanks."""
    invited = None
    if arrival.token is not None:
        invited = (await proving.by_tokens(work, [arrival.token])).get(arrival.token)
        if invited is None:
            raise NoSuchThing(NO_PAGE)
    survey = await _survey(work, arrival.survey if invited is None else invited.survey, None)
    return Hosted(await workspaces.of(work), survey, invited, linked=False, arrival=arrival, terms=survey.details)
