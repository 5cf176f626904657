"""What somebody came with proves: found, locked against a second one, and used up once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from api.customers import service as customers
from api.dependencies import Work
from api.feedback import queries
from api.feedback.invitations import Invited, completed, token_hash, touch
from api.feedback.surveys import PublishedSurvey
from models.appending import append_rows
from models.ids import uuid7


@dataclass(frozen=True)
class Used:
    """A response begun by right of an invitation, or completed."""

    invitation_id: UUID
    response_id: UUID
    complete: bool


async def by_tokens(work: Work, tokens: Iterable[str], *, lock: bool = False) -> dict[str, Invited]:
    """Return the invitations of those tokens that this workspace gave out."""
    hashes = {token_hash(token): token for token in tokens}
    if not hashes:
        return {}
    ids = await queries.invitation_ids(work.session, work.workspace_id, "token_hash", hashes)
    found = await by_ids(work, ids.values(), lock=lock)
    return {hashes[named]: found[identity] for named, identity in ids.items() if identity in found}


async def by_ids(work: Work, ids: Iterable[UUID], *, lock: bool = False) -> dict[UUID, Invited]:
    """Return invitations as they stand; locked, they are read after whoever held them has committed."""
    wanted = sorted(set(ids))
    if lock:
        await queries.lock_invitations(work.session, work.workspace_id, wanted)
    rows = await queries.some_invitations(work.session, work.workspace_id, wanted)
    return {row["id"]: Invited(**{name: row[name] for name in Invited.__dataclass_fields__}) for row in rows}


async def by_link(work: Work, survey: PublishedSurvey, case: str, *, make: bool = False) -> Invited | None:
    """Return the invitation that a signed link stands for, made at its first use and then locked.

    A case that nobody reported yet makes an invitation that proves none: what is answered stays a claim, once.
    """
    session, workspace_id = work.session, work.workspace_id
    identity = await queries.invitation_of_link(session, workspace_id, survey.id, case)
    if identity is None and make:
        known = (await customers.parents(work, [(None, case)])).known(case)
        row = dict.fromkeys(column.name for column in queries.invitations.columns)
        row |= {"workspace_id": workspace_id, "id": (new := uuid7()), "reference": str(new), "survey_id": survey.id}
        row |= {"link_case": case, "created_at": work.now, "stored_at": work.now}
        row |= {} if known is None else {"case_id": known.id, "customer_id": known.customer_id}
        await append_rows(session, queries.invitations, [row], skip_existing=True)
        identity = await queries.invitation_of_link(session, workspace_id, survey.id, case)
    if identity is None:
        return None
    return (await by_ids(work, [identity], lock=make)).get(identity)


async def use(work: Work, used: Sequence[Used]) -> None:
    """Say which responses were begun and completed by right of which invitations.

    Whoever comes second to complete one is refused here at the latest: the primary key of completions holds once.
    """
    if not used:
        return
    stamp = {"workspace_id": work.workspace_id}
    begun = [{**stamp, "id": one.response_id, "invitation_id": one.invitation_id} for one in used]
    await append_rows(work.session, queries.invited_responses, begun, skip_existing=True)
    done = [one for one in used if one.complete]
    rows = [
        {**stamp, "id": one.invitation_id, "response_id": one.response_id, "completed_at": work.now} for one in done
    ]
    await append_rows(work.session, queries.completions, rows, skip_existing=True)
    won = await queries.completed_by(work.session, work.workspace_id, (one.invitation_id for one in done))
    if any(won[one.invitation_id] != one.response_id for one in done):
        raise completed()
    await touch(work, {one.invitation_id for one in used})
