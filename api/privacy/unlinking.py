"""What becomes of old answers that stay: their words go, and where their survey agreed so, every link to a person.

A survey's newest published version may say after how many days (`retention_days`). Then an answer keeps what was chosen
and counted, when and to which survey; whose it was, about which case, by which invitation and under which reference of
the sender's is gone, and an invitation that was used for it stays closed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, delete, func, select, update

from api.dependencies import Work
from api.failures.suggestions import service as suggestions
from api.privacy.blanking import ERASED, scores
from api.privacy.erasing import questions_of
from models.ids import in_portions
from models.tables import metadata

EXPIRED = "expired"
"""Stands for the hash of a response's body when its words are gone."""
UNLINKED = "unlinked"
"""Stands for it when every link to a person is gone too."""
NOBODY: Mapping[str, Any] = {"customer_id": None, "case_id": None, "claimed_customer": None, "claimed_case": None}


def answered_before(workspace_id: UUID, before: datetime) -> Select[Any]:
    """Select the responses answered before a moment, as they stand."""
    heads, versions = metadata.tables["responses"], metadata.tables["response_versions"]
    same = and_(
        versions.c.workspace_id == heads.c.workspace_id,
        versions.c.id == heads.c.id,
        versions.c.number == heads.c.version,
    )
    return (
        select(heads.c.id)
        .join(versions, same)
        .where(heads.c.workspace_id == workspace_id, versions.c.answered_at < before)
    )


async def unlink_surveys(work: Work, portion: int, *, dry_run: bool) -> tuple[int, bool]:
    """Unlink of each survey that agreed so a portion of its old answers; return how many, and whether there are more.

    On a dry run all of them are counted, and nothing is touched.
    """
    count, more = 0, False
    heads = metadata.tables["responses"]
    for survey_id, days in (await _agreed(work)).items():
        old = answered_before(work.workspace_id, work.now - timedelta(days=days))
        ids = old.where(heads.c.survey_id == survey_id, heads.c.body_hash.not_in([UNLINKED, ERASED]))
        if dry_run:
            count += await work.session.scalar(select(func.count()).select_from(ids.subquery())) or 0
            continue
        found = list((await work.session.scalars(ids.limit(portion))).all())
        await _unlink(work, found)
        count += len(found)
        more = more or len(found) == portion
    return count, more


async def _agreed(work: Work) -> dict[UUID, int]:
    """Return for how many days each survey keeps whose answers it has, where it says so."""
    versions = metadata.tables["survey_versions"]
    mine = (versions.c.workspace_id == work.workspace_id, versions.c.published_at.is_not(None))
    statement = select(versions.c.id, versions.c.details).where(*mine).order_by(versions.c.id, versions.c.number)
    newest = {row.id: row.details or {} for row in await work.session.execute(statement)}
    return {survey: said["retention_days"] for survey, said in newest.items() if said.get("retention_days")}


async def _unlink(work: Work, ids: Iterable[UUID]) -> None:
    heads, versions = metadata.tables["responses"], metadata.tables["response_versions"]
    for some in in_portions(ids):
        await take_words(work, UNLINKED, some)
        await close_invitations(work, some)
        theirs = (versions.c.workspace_id == work.workspace_id, versions.c.id.in_(some))
        await work.session.execute(update(versions).where(*theirs).values(NOBODY))
        one = update(heads).where(heads.c.workspace_id == work.workspace_id, heads.c.id == bindparam("one"))
        connection = await work.session.connection()
        named = [{"one": identity, "name": str(identity)} for identity in some]
        await connection.execute(one.values(reference=bindparam("name")), named)


async def close_invitations(work: Work, ids: list[UUID]) -> None:
    """Forget which answers were given by which invitations; one that was used up stays closed."""
    invitations, done = metadata.tables["invitations"], metadata.tables["completions"]
    used = select(done.c.id).where(done.c.workspace_id == work.workspace_id, done.c.response_id.in_(ids))
    mine = (invitations.c.workspace_id == work.workspace_id, invitations.c.id.in_(used))
    closed = {"revoked_at": work.now, "stored_at": work.now}
    await work.session.execute(update(invitations).where(*mine).values(closed))
    begun = metadata.tables["invited_responses"]
    for rows, column in ((done, done.c.response_id), (begun, begun.c.id)):
        await work.session.execute(delete(rows).where(rows.c.workspace_id == work.workspace_id, column.in_(ids)))


async def take_words(work: Work, name: str, ids: list[UUID]) -> None:
    """Leave of old responses what was chosen and counted, not what was written."""
    heads, versions = metadata.tables["responses"], metadata.tables["response_versions"]
    mine = and_(heads.c.workspace_id == work.workspace_id, heads.c.id.in_(ids))
    asked = {row.id: row.survey_id for row in await work.session.execute(select(heads).where(mine))}
    questions = await questions_of(work.session, work.workspace_id, set(asked.values()))
    theirs = and_(versions.c.workspace_id == work.workspace_id, versions.c.id.in_(ids))
    for row in (await work.session.execute(select(versions).where(theirs))).mappings().all():
        kept = scores(row["answers"], questions.get((asked[row["id"]], row["survey_version"]), []))
        if kept != row["answers"]:
            one = and_(theirs, versions.c.id == row["id"], versions.c.number == row["number"])
            await work.session.execute(update(versions).where(one).values(answers=kept))
    await suggestions.forget(work, ids)
    await work.session.execute(update(heads).where(mine).values(body_hash=UNLINKED if name == UNLINKED else EXPIRED))
