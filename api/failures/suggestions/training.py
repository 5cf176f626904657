"""What there is to learn comments from: what people wrote, what was decided on it, and how conditions are described."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from api.dependencies import Work
from api.failures.suggestions import queries
from api.failures.suggestions.suggesting import text_of
from models.suggestion import SuggestionState

MOST = 20_000
"""So many comments are learnt from at most: those decided on first, of each the newest."""
Decided = dict[SuggestionState, frozenset[str]]


async def is_any_new(work: Work, since: datetime, until: datetime) -> bool:
    """Return whether a response was stored in a time that may hold a comment."""
    return await queries.is_any_response_stored(work.session, work.workspace_id, since, until)


async def is_reason(work: Work, since: datetime, until: datetime) -> bool:
    """Return whether there is anything new to learn: a comment, or a decision."""
    if not await queries.catalogue(work.session, work.workspace_id):
        return False
    decided = await queries.is_anything_decided(work.session, work.workspace_id, since, until)
    return decided or await is_any_new(work, since, until)


async def described(work: Work) -> list[tuple[str, list[str]]]:
    """Return each condition with its name, its description and its phrases."""
    rows = await queries.catalogue(work.session, work.workspace_id)
    return [
        (row["reference"], [text for text in (row["name"], row["description"], *(row["phrases"] or ())) if text])
        for row in rows
    ]


async def comments(work: Work) -> list[tuple[str, str, Decided]]:
    """Return comments to learn from: text, customer, and by state the conditions suggested of it."""
    keys = await queries.text_keys(work.session, work.workspace_id)
    rows = await _rows(work, decided=True, limit=MOST)
    states = await _states(work, [row["id"] for row in rows])
    rows += await _rows(work, decided=False, limit=MOST - len(rows))
    nothing: Decided = {}
    told = ((text_of(row, keys), str(row["customer_id"]), states.get(row["id"], nothing)) for row in rows)
    return [one for one in told if one[0]]


async def _rows(work: Work, *, decided: bool, limit: int) -> list[Any]:
    statement: Select[Any] = queries.decided_comments(work.workspace_id, decided=decided, limit=limit)
    return list((await work.session.execute(statement)).mappings().all())


async def _states(work: Work, response_ids: list[UUID]) -> dict[UUID, Decided]:
    """Return of each response the conditions suggested of it, by where they stand."""
    codes = {row["id"]: row["reference"] for row in await queries.catalogue(work.session, work.workspace_id)}
    found: defaultdict[UUID, defaultdict[SuggestionState, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in await queries.of_responses(work.session, work.workspace_id, response_ids):
        if row["condition_id"] in codes:
            found[row["response_id"]][row["state"]].add(codes[row["condition_id"]])
    return {id_: {state: frozenset(of) for state, of in states.items()} for id_, states in found.items()}
