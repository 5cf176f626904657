"""What was learnt of comments: stored whole with its hash; the newest serves, and a few before it are kept.

Nothing that a model says counts until a person confirms it, so that nobody has to promote one.
"""

from functools import lru_cache
from hashlib import sha256
from json import dumps, loads
from typing import Any
from uuid import UUID

import structlog
from pydantic import JsonValue
from sqlalchemy import delete, insert, select

from api import audit
from api.dependencies import Work
from api.failures.suggestions import queries
from api.failures.suggestions.schemas import CommentModelAnswer
from ml.scoring import ArtefactRefused
from ml.text import CommentModel

log = structlog.get_logger(__name__)
KEPT = 3
"""So many models are kept: they are derived, and made anew from what people decided."""


async def store(work: Work, model: CommentModel, model_id: UUID) -> dict[str, JsonValue]:
    """Store a model under the id of the job that learnt it; return its card."""
    document = loads(model.to_json())
    card: dict[str, JsonValue] = {
        "comments": model.n_comments,
        "customers": model.n_customers,
        "terms": len(model.terms),
        "learnt": [tag.code for tag in model.tags if tag.basis == "learnt"],
        "similarity": [tag.code for tag in model.tags if tag.basis == "similarity"],
    }
    row = {"workspace_id": work.workspace_id, "id": model_id, "document": document, "card": card}
    table = queries.comment_models
    values = {**row, "sha256": _fingerprint(dumps(document)), "created_at": work.now}
    await work.session.execute(insert(table).values(values))
    newest = select(table.c.id).where(table.c.workspace_id == work.workspace_id)
    kept = list(await work.session.scalars(newest.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(KEPT)))
    old = (table.c.workspace_id == work.workspace_id, table.c.id.not_in(kept))
    await work.session.execute(delete(table).where(*old))
    await audit.note(work, "comment_model.stored", str(model_id), {"learnt": len(card["learnt"])})  # type: ignore[arg-type] # a list
    return card


async def serving(work: Work) -> CommentModel | None:
    """Return the newest model; nothing where there is none, or where its document must not be used."""
    row = (await work.session.execute(queries.newest_model(work.workspace_id))).mappings().one_or_none()
    if row is None:
        return None
    try:
        return _read(dumps(row["document"], allow_nan=False), row["sha256"])
    except ValueError as refused:  # ArtefactRefused is one, and so is a number that JSON does not know
        log.warning("comment_model_refused", model=str(row["id"]), reason=str(refused))
        return None


async def card(work: Work) -> CommentModelAnswer | None:
    """Return what the newest model was learnt from."""
    table = queries.comment_models
    newest = queries.newest_model(work.workspace_id).with_only_columns(table.c.id, table.c.card, table.c.created_at)
    row: Any = (await work.session.execute(newest)).one_or_none()
    return None if row is None else CommentModelAnswer(id=row.id, created_at=row.created_at, **row.card)


@lru_cache(maxsize=8)
def _read(text: str, expected: str) -> CommentModel:
    if _fingerprint(text) != expected:
        raise ArtefactRefused("the document is not the one that was stored")
    return CommentModel.from_json(text)


def _fingerprint(text: str) -> str:
    return sha256(dumps(loads(text), sort_keys=True).encode()).hexdigest()
