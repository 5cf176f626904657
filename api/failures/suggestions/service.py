"""Suggestions as people meet them: what a comment may speak of, what they decide, and how often they agreed.

Only a confirmed suggestion becomes an observation of its case, known from the decision on. So it was never known when
the customer was asked: what was read out of an answer says nothing about that answer's own outcome.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from api import audit, kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing, Refusal
from api.etags import check_if_match
from api.failures.suggestions import asking, queries, registry
from api.failures.suggestions.schemas import (
    BasisAnswer,
    DecisionRow,
    FaredAnswer,
    OfBasisAnswer,
    OfConditionAnswer,
    SuggestionAnswer,
    SuggestionWhole,
)
from api.failures.suggestions.suggesting import text_of
from api.listing import Asked
from api.paging import next_cursor, page_of
from api.recorded import Stored
from api.voiding import void
from ml.text import LEARNT_FROM
from models.access import Scope
from models.base import MICROSECOND
from models.failure import ObservationSource, ObservedState
from models.recording import Change, Recorded
from models.rules.excerpts import excerpt_of
from models.rules.phrases import find_phrase
from models.rules.statistics import clustered_share
from models.suggestion import SuggestionBasis, SuggestionState

CONFIRMED, DECLINED, SUGGESTED = SuggestionState.CONFIRMED, SuggestionState.DECLINED, SuggestionState.SUGGESTED
DECISIONS = {"confirm": CONFIRMED, "decline": DECLINED}
SEEN_IN_A_COMMENT = "comment:"
"""How the reference of an observation begins that was confirmed from a comment."""
Row = Mapping[Any, Any]


async def list_suggestions(
    work: Work,
    asked: Asked,
    *,
    condition: str | None = None,
    case: str | None = None,
    response: UUID | None = None,
    state: SuggestionState | None = None,
    basis: SuggestionBasis | None = None,
) -> tuple[list[SuggestionAnswer], str | None]:
    """Return a page of the suggestions whose comment stands, oldest change first."""
    of = queries.suggestions
    narrow = [
        (queries.conditions.c.reference, condition),
        (kinds.CASE.head.c.reference, case),
        (of.c.response_id, response),
        (of.c.state, state),
        (of.c.basis, basis),
    ]
    wanted = [column == value for column, value in narrow if value is not None]
    statement = queries.standing(work.workspace_id).where(*wanted)
    page = page_of(statement, of, asked.cursor, asked.limit, asked.updated_since)
    rows = (await work.session.execute(page)).mappings().all()
    keys = await _readable(work)
    return [SuggestionAnswer(**_shown(row, keys)[0]) for row in rows[: asked.limit]], next_cursor(rows, asked.limit)


async def read_suggestion(work: Work, suggestion_id: UUID) -> SuggestionWhole:
    """Return a suggestion with the whole comment."""
    row = await _standing(work, suggestion_id)
    said, comment = _shown(row, await _readable(work))
    return SuggestionWhole(**said, comment=comment)


async def decide(
    work: Work, suggestion_id: UUID, state: SuggestionState, note: str | None, if_match: str | None = None
) -> Recorded:
    """Confirm or decline a suggestion; the same again changes nothing.

    To decide otherwise than somebody before, the caller says which version was read: `if_match`.
    """
    await queries.hold(work.session, work.workspace_id, suggestion_id)
    row = await _standing(work, suggestion_id)
    before = row["state"]
    if before not in {SUGGESTED, state}:
        check_if_match(if_match, row["version"])
    if before == state and note in {None, row["note"]}:
        return _recorded(work, row, row["version"], unchanged=True)
    await _append(work, row, state, note)
    if before != state:
        await _observe(work, row, state)
    noted = {"condition": row["condition"], "basis": str(row["basis"])}
    await audit.note(work, f"suggestion.{state}", str(suggestion_id), noted)
    return _recorded(work, row, row["version"] + 1, unchanged=False)


async def decide_many(work: Work, rows: Sequence[DecisionRow]) -> list[Stored]:
    """Decide on many suggestions, each for itself; return what became of each, in the order given."""
    outcome: dict[int, Stored] = {}
    # In the order of their ids, in which others hold them: so nobody waits in a ring.
    for place in sorted(range(len(rows)), key=lambda place: rows[place].id.int):
        row = rows[place]
        if_match = None if row.version is None else f'"{row.version}"'
        try:
            outcome[place] = await decide(work, row.id, DECISIONS[row.decision], row.note, if_match)
        except Refusal as refused:
            outcome[place] = refused
    return [outcome[place] for place in range(len(rows))]


async def _standing(work: Work, suggestion_id: UUID) -> Row:
    statement = queries.standing(work.workspace_id).where(queries.suggestions.c.id == suggestion_id)
    row: Row | None = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        detail = f"There is no suggestion {suggestion_id}."
        raise NoSuchThing(f"{detail} Those from a comment that was withdrawn, erased or kept no longer are gone.")
    return row


async def _append(work: Work, row: Row, state: SuggestionState, note: str | None) -> None:
    number = row["version"] + 1
    mine = {"workspace_id": work.workspace_id, "id": row["id"]}
    said = {"state": state, "note": note, "actor": work.caller.actor, "recorded_at": work.now}
    of = queries.suggestions
    changed = update(of).where(of.c.workspace_id == work.workspace_id, of.c.id == row["id"])
    await work.session.execute(changed.values(state=state, version=number, stored_at=work.now))
    await work.session.execute(insert(queries.decisions).values(**mine, number=number, **said))


async def _observe(work: Work, row: Row, state: SuggestionState) -> None:
    """Let a case say what was confirmed of it, and no longer what was confirmed and then declined."""
    reference = f"{SEEN_IN_A_COMMENT}{row['id'].hex}"
    if state == CONFIRMED:
        given = {
            "case_id": row["case_id"],
            "condition_id": row["condition_id"],
            "state": ObservedState.PRESENT.value,
            "source": ObservationSource.COMMENT.value,
            "observed_at": row["answered_at"],
        }
        # Known only after the answer, whatever the clocks say: its own outcome must not be explained by it.
        known = max(work.now, row["answered_at"] + MICROSECOND)
        await customers.keep(work, kinds.OBSERVATION, [Change((reference,), given, known, known)])
    elif row["state"] == CONFIRMED:
        await void(work, kinds.OBSERVATION, (reference,), "the suggestion was declined")


def _recorded(work: Work, row: Row, version: int, *, unchanged: bool) -> Recorded:
    return Recorded(
        id=row["id"],
        key=(str(row["id"]),),
        version=version,
        state={},
        created=False,
        unchanged=unchanged,
        recorded_at=work.now,
        occurred_at=work.now,
        voided=False,
    )


async def _readable(work: Work) -> queries.TextKeys | None:
    """Return which questions hold comments, for who may read what customers wrote."""
    if not work.caller.may(Scope.RECORDS_READ):
        return None
    return await queries.text_keys(work.session, work.workspace_id)


def _shown(row: Row, keys: queries.TextKeys | None) -> tuple[dict[str, Any], str | None]:
    """Return what is said of a suggestion, and the comment it stands in where it may be read."""
    told = {"response": row["response_id"], "decided_by": row["actor"], "stored_at": row["changed_at"]}
    taken = {*told, "excerpt"}
    fields = {name: row[name] for name in SuggestionAnswer.model_fields if name not in taken}
    comment = None if keys is None else text_of(row, keys)
    return {**fields, **told, "excerpt": None if comment is None else _excerpt(comment, row["phrase"])}, comment


def _excerpt(comment: str, phrase: str | None) -> str:
    found = None if phrase is None else find_phrase(comment, [phrase])
    return excerpt_of(comment) if found is None else excerpt_of(comment, found.start, found.end)


async def fared(work: Work) -> FaredAnswer:
    """Return how suggestions fared, condition by condition, with the precision so far and its interval."""
    counted: defaultdict[str, list[Any]] = defaultdict(list)
    for row in await queries.fared(work.session, work.workspace_id):
        counted[row.condition].append(row)
    conditions = await queries.catalogue(work.session, work.workspace_id)
    told = [_fared(one["reference"], len(one["phrases"] or ()), counted[one["reference"]]) for one in conditions]
    return FaredAnswer(model=await registry.card(work), conditions=told)


def _fared(code: str, phrases: int, rows: Sequence[Any]) -> OfConditionAnswer:
    by_basis = [
        OfBasisAnswer(basis=basis, **dict(_counted(mine)))
        for basis in SuggestionBasis
        if (mine := [row for row in rows if row.basis == basis])
    ]
    whole = dict(_counted(rows))
    return OfConditionAnswer(condition=code, phrases=phrases, learnt_from=LEARNT_FROM, by_basis=by_basis, **whole)


def _counted(rows: Sequence[Any]) -> BasisAnswer:
    """Count suggestions; of those decided on tell the share that was confirmed, customers as clusters."""
    many = {state: sum(row.many for row in rows if row.state == state) for state in SuggestionState}
    by: defaultdict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        by[row.customer_id][0] += row.many * (row.state == CONFIRMED)
        by[row.customer_id][1] += row.many * (row.state != SUGGESTED)
    share = clustered_share((agreed, decided) for agreed, decided in by.values())
    return BasisAnswer(
        suggested=many[SUGGESTED],
        confirmed=many[CONFIRMED],
        declined=many[DECLINED],
        n=share.n,
        customers=sum(1 for _, decided in by.values() if decided),
        precision=share.value,
        low=share.low,
        high=share.high,
    )


async def learn(work: Work) -> UUID:
    """Ask for a training now; the worker asks for one each night there is something new."""
    return await asking.learn(work)


async def withdraw(work: Work, response_id: UUID) -> None:
    """Take back what was confirmed from a response that is withdrawn; what was suggested of it is shown no more."""
    for row in await queries.of_responses(work.session, work.workspace_id, [response_id]):
        if row["state"] == CONFIRMED:
            reference = f"{SEEN_IN_A_COMMENT}{row['id'].hex}"
            await void(work, kinds.OBSERVATION, (reference,), "the response was withdrawn")


async def forget(work: Work, response_ids: Collection[UUID]) -> None:
    """Take away the suggestions of responses whose words are kept no longer; what was confirmed of a case stays."""
    found = await queries.of_responses(work.session, work.workspace_id, list(response_ids))
    await queries.take(work.session, work.workspace_id, [row["id"] for row in found])
