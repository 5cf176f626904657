"""Answers given in several steps: each step is laid over what was said and appended as a revision, until the last.

A step needs no If-Match: the same step again changes nothing, and two different ones at once are both laid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api import kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing, NotAllowed
from api.feedback import invitations, proving, queries, taking
from api.feedback.invitations import Invited
from api.feedback.judging import NOTHING, about_by, check_fit, judge
from api.feedback.proving import Used
from api.feedback.schemas import ResponsePatch, ResponseStored
from api.feedback.service import judged, tell
from api.feedback.surveys import PublishedSurvey, published
from api.feedback.vouching import is_claimant, sent_at
from api.recorded import impossible
from api.workspaces import service as workspaces
from models.recording import Change, Recorded
from models.rules.fitting import merged


@dataclass(frozen=True)
class Step:
    """One step of an answer, and what whoever gives it came with."""

    answers: Mapping[str, Any]
    complete: bool = False
    proof: Invited | None = None


async def continue_response(work: Work, response_id: UUID, patch: ResponsePatch) -> ResponseStored:
    """Lay a step over a response; return what became of it."""
    proof = None
    if patch.invitation is not None:
        proof = (await proving.by_tokens(work, [patch.invitation], lock=True)).get(patch.invitation)
        if proof is None:
            raise invitations.unknown()
    step = Step(patch.answers, complete=patch.complete is True, proof=proof)
    return await judged(work, await lay(work, response_id, step))


async def lay(work: Work, response_id: UUID, step: Step) -> Recorded:
    """Lay a step over a response, and complete it where the step says so."""
    invited = await _invited(work, response_id, step.proof)
    row = await _locked(work, response_id)
    if invited is not None and invited.survey_id != row["survey_id"]:
        raise impossible("invitation", "invitation_mismatch", f"The invitation is to the survey {invited.survey}.")
    _check_may(work, row, invited)
    asked = await published(work, row["survey"], row["survey_version"])
    answers = merged(asked.questions, row["answers"], step.answers)
    about = _about(row, invited)
    same = answers == row["answers"] and about == _about(row, None)
    if same and (row["complete"] or not step.complete):
        check_fit(asked.questions, step.answers, complete=False, before=row["answers"])
        return _as_it_stands(row)
    if row["complete"]:
        raise Conflict("This response is complete: it does not change any more.", code="response_complete")
    if invited is not None:
        invitations.check_usable(invited, work.now)
    taking.check_standing(asked, work.now, begun=True)
    check_fit(asked.questions, step.answers, complete=step.complete, before=row["answers"])
    quotas = await taking.hold(work, [asked] if step.complete else [])
    met = quotas.take(asked, {"answers": answers, "complete": step.complete})
    said = {**await _of_case(work, row, about), "answers": answers, "asked_at": _asked(row, about, invited)}
    recorded = await _append(work, row, asked, said, complete=step.complete)
    await taking.keep(work, quotas, {response_id: (asked.id, met)})
    if invited is not None:
        await proving.use(work, [Used(invited.id, response_id, complete=step.complete)])
    await tell(work, [recorded])
    return recorded


async def _invited(work: Work, response_id: UUID, proof: Invited | None) -> Invited | None:
    """Return the invitation a response is answered by, locked before the response is: in the order of creation."""
    begun_by = await queries.invitation_of_response(work.session, work.workspace_id, response_id)
    if begun_by is None:
        return proof
    if proof is not None and proof.id != begun_by:
        raise impossible("invitation", "invitation_mismatch", "This response was begun by another invitation.")
    found = (await proving.by_ids(work, [begun_by], lock=True)).get(begun_by)
    if found is None:
        raise NoSuchThing(f"There is no response {response_id}.")
    return found


async def _locked(work: Work, response_id: UUID) -> Mapping[Any, Any]:
    """Return a response as it stands, and let nobody else change it meanwhile."""
    await work.session.execute(queries.response_lock(work.workspace_id, response_id))
    return await read_current(work, response_id)


async def read_current(work: Work, response_id: UUID) -> Mapping[Any, Any]:
    """Return a response as it stands."""
    found = await find_current(work, response_id)
    if found is None:
        raise NoSuchThing(f"There is no response {response_id}.")
    return found


async def find_current(work: Work, response_id: UUID) -> Mapping[Any, Any] | None:
    """Return a response as it stands, None where there is none."""
    statement = queries.current_responses(work.workspace_id).where(queries.responses.c.id == response_id)
    found: Mapping[Any, Any] | None = (await work.session.execute(statement)).mappings().one_or_none()
    return None if found is None or found["voided"] else found


def _check_may(work: Work, row: Mapping[Any, Any], invited: Invited | None) -> None:
    """Refuse a step by somebody who can only claim, where another vouched for whose answer it is."""
    vouched = row["customer_id"] is not None or row["case_id"] is not None
    if vouched and invited is None and is_claimant(work):
        raise NotAllowed(
            "The scope records:write vouched for whose answer this is: it is needed for its next step too."
        )


def _about(row: Mapping[Any, Any], invited: Invited | None) -> dict[str, Any]:
    """Return what a response is about, as an invitation proves it where it was only claimed."""
    stored = {name: row[name] for name in NOTHING}
    if invited is None or row["case_id"] is not None:
        return stored
    proved = about_by(invited)
    return stored if proved["customer_id"] is None and proved["case_id"] is None else proved


async def _of_case(work: Work, row: Mapping[Any, Any], about: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a response is about with the customer of its case as known now: it may have been corrected since."""
    if row["case_id"] is None:
        return about
    known = (await customers.parents(work, [(None, row["case"])])).known(row["case"])
    return about if known is None else {**about, "customer_id": known.customer_id}


def _asked(row: Mapping[Any, Any], about: Mapping[str, Any], invited: Invited | None) -> datetime | None:
    """Return when the customer was asked: of a claim just proved, not before the invitation that proves it was made."""
    said: datetime | None = row["asked_at"]
    sent = None if about == _about(row, None) else sent_at(invited)
    return said if sent is None else max(said or sent, sent)


async def _append(
    work: Work, row: Mapping[Any, Any], asked: PublishedSurvey, said: Mapping[str, Any], *, complete: bool
) -> Recorded:
    about = {name: said[name] for name in NOTHING}
    definition = (await workspaces.of(work)).failure
    # Where our clock went back, a step still follows the one before.
    now = max(work.now, row["occurred_at"])
    given = {
        **about,
        **judge(asked.questions, said["answers"], about, definition, complete=complete),
        "asked_at": said["asked_at"],
        "answered_at": max(work.now, row["answered_at"]),
    }
    change = Change((row["reference"],), given, now, max(now, row["recorded_at"]))
    return (await customers.keep(work, kinds.RESPONSE, [change]))[0]


def _as_it_stands(row: Mapping[Any, Any]) -> Recorded:
    return Recorded(
        id=row["id"],
        key=(row["reference"],),
        version=row["number"],
        state={name: row[name] for name in kinds.RESPONSE.fields},
        created=False,
        unchanged=True,
        voided=row["voided"],
        recorded_at=row["recorded_at"],
        occurred_at=row["occurred_at"],
    )
