"""Looking through comments for conditions they may speak of: the workspace's phrases first, then what was learnt.

A job's work, a portion of comments at a time. What was suggested once stays as it was: a comment looked at again only
gets what is new.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.dependencies import Work
from api.failures.suggestions import queries, registry
from ml.text import CommentModel
from models.ids import uuid7
from models.rules.phrases import Written, find_in
from models.suggestion import SuggestionBasis, SuggestionState

MOST = 5
"""So many conditions are suggested for one comment; more are nobody's to read."""
DIGITS = 4
PARAGRAPH = "\n\n"


@dataclass(frozen=True)
class Found:
    """A condition that a comment may speak of."""

    code: str
    basis: SuggestionBasis
    phrase: str | None = None
    score: float | None = None


@dataclass(frozen=True)
class Reader:
    """What comments are read with.

    Parameters
    ----------
    phrases
        By condition, those it has.
    model
        What was learnt; None before anything was.
    conditions
        The ids of the conditions there are, by code.
    """

    phrases: Mapping[str, list[str]]
    model: CommentModel | None
    conditions: Mapping[str, UUID]

    @property
    def reads(self) -> bool:
        """Whether there is anything to suggest by."""
        return bool(self.conditions) and (self.model is not None or any(self.phrases.values()))

    def found(self, text: str) -> list[Found]:
        """Return what a comment may speak of, at most five conditions: by phrases, then the likeliest."""
        written = Written(text)
        by_phrase = [
            Found(code, SuggestionBasis.PHRASE, match.phrase)
            for code, phrases in self.phrases.items()
            if (match := find_in(written, phrases)) is not None
        ]
        named = {one.code for one in by_phrase}
        scores = [] if self.model is None else self.model.scores(text)
        likely = sorted(
            (one for one in scores if one.enough and one.code in self.conditions and one.code not in named),
            key=lambda one: (one.basis != "learnt", -one.score, one.code),
        )
        scored = [Found(one.code, SuggestionBasis(one.basis), None, round(one.score, DIGITS)) for one in likely]
        return [*by_phrase, *scored][:MOST]


@dataclass(frozen=True)
class LookedThrough:
    """What a portion of comments came to: the suggestions, how many comments, where to go on (None at the end)."""

    rows: Sequence[dict[str, Any]]
    comments: int
    further: UUID | None


async def look_through(work: Work, since: datetime, until: datetime, after: UUID | None, at_once: int) -> LookedThrough:
    """Look through the next comments stored in a time; nothing is stored, so that nobody who stores waits for it."""
    reader = await reader_of(work)
    if not reader.reads:
        return LookedThrough([], 0, None)
    keys = await queries.text_keys(work.session, work.workspace_id)
    statement = queries.comments_between(work.workspace_id, since, until, after, at_once)
    rows = (await work.session.execute(statement)).mappings().all()
    made = [suggested for row in rows for suggested in _suggested(work, reader, row, text_of(row, keys))]
    return LookedThrough(made, len(rows), rows[-1]["id"] if len(rows) == at_once else None)


async def keep(work: Work, found: LookedThrough) -> dict[str, int]:
    """Keep what was found, but for comments that were erased meanwhile; return what was done."""
    ids = {row["response_id"] for row in found.rows}
    there = await queries.hold_responses(work.session, work.workspace_id, ids)
    stamped = {"suggested_at": work.now, "stored_at": work.now}
    rows = [{**row, **stamped} for row in found.rows if row["response_id"] in there]
    return {"comments": found.comments, "suggested": await queries.add(work.session, rows)}


async def reader_of(work: Work) -> Reader:
    """Return what comments are read with now."""
    conditions = await queries.catalogue(work.session, work.workspace_id)
    phrases = {row["reference"]: row["phrases"] or [] for row in conditions}
    return Reader(phrases, await registry.serving(work), {row["reference"]: row["id"] for row in conditions})


def text_of(row: Mapping[Any, Any], keys: queries.TextKeys) -> str:
    """Return what somebody wrote in a response, question after question."""
    asked = keys.get((row["survey_id"], row["survey_version"]), ())
    written = (row["answers"].get(key) for key in asked)
    return PARAGRAPH.join(text for text in written if isinstance(text, str) and text)


def _suggested(work: Work, reader: Reader, row: Mapping[Any, Any], text: str) -> Iterator[dict[str, Any]]:
    for found in reader.found(text) if text else ():
        yield {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "response_id": row["id"],
            "condition_id": reader.conditions[found.code],
            "basis": found.basis,
            "phrase": found.phrase,
            "score": found.score,
            "state": SuggestionState.SUGGESTED,
            "version": 0,
        }
