"""What rules see in cases: the one place where rules run, for one case just touched and for a million imported.

A case's whole history is read, its timeline of conditions derived, and only the steps that differ from the stored ones
are appended. A rule's absence is not stored: no row means absent. Only those rules look that what was told can concern.
What time alone brings about is found by `waking`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from json import dumps, loads
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from api import kinds
from api.dependencies import Work
from api.failures import looks, queries, watching
from api.workspaces import service as workspaces
from models.base import to_us
from models.failure import ObservedState
from models.ids import in_order, watch_id
from models.recording import VERSION_COLUMNS
from models.rules.changes import SINCE_CHANGE, ChangeState
from models.rules.conditions import Rule, parse_rule
from models.rules.facts import AnswerState, CaseHistory, CaseState
from models.rules.promises import PromiseState
from models.rules.sources import Source
from models.rules.stubs import STUB
from models.rules.timeline import RuleBook, Timeline

__all__ = ["KEPT", "Source", "derive", "derive_all", "present_in"]

CASES_AT_ONCE = 500
KEPT = "rules"
KEPT_CHANGES = "changes that rules read"
ABSENT = ObservedState.ABSENT.value
UNKNOWN = ObservedState.UNKNOWN.value

Steps = dict[int, tuple[int, str]]
"""From each moment (microseconds) on: the number of the row that holds, and the condition's state."""
NOTHING: Steps = {}
NO_STEPS: dict[UUID, Steps] = {}


async def derive(work: Work, case_ids: Iterable[UUID], told: Source) -> None:
    """Bring what rules see in some cases up to date after something was told of them."""
    book, ids = await rule_book(work)
    wanted = in_order(case_ids)
    if not book.rules or not wanted:
        return
    if told is Source.CASE:
        await derive_each(work, book, ids, wanted)
        return
    # Where time has brought something about meanwhile, all rules look: what was told was told after that.
    overdue = await looks.overdue(work.session, work.workspace_id, wanted, work.now) if book.timed else set()
    concerned = book.reading(told)
    others = [case_id for case_id in wanted if case_id not in overdue] if concerned.rules else []
    # Who tells of a case holds it already; who tells of its promises or answers must not derive beside another.
    await watching.hold_cases(work.session, work.workspace_id, in_order([*overdue, *others]))
    await derive_each(work, concerned, ids, others)
    await looks.take_away(work.session, work.workspace_id, list(overdue), work.now)
    await derive_each(work, book, ids, in_order(overdue))


async def derive_all(work: Work, after: UUID | None = None, at_once: int | None = None) -> UUID | None:
    """Derive the next portion of all cases; return where to go on, None at the end."""
    most = min(CASES_AT_ONCE, at_once or CASES_AT_ONCE)
    case_ids = await queries.case_ids_after(work.session, work.workspace_id, after, most)
    await watching.hold_cases(work.session, work.workspace_id, case_ids)
    await derive(work, case_ids, Source.CASE)
    await _close_ruleless(work, case_ids)
    return case_ids[-1] if len(case_ids) == most else None


async def count_all(work: Work) -> int:
    """Return how many cases there are to look at."""
    return await queries.count_cases(work.session, work.workspace_id)


async def present_in(work: Work, case_id: UUID) -> list[str]:
    """Return the codes of the conditions that rules see present in a case now."""
    stored = await _stored_steps(work, [case_id], None)
    steps = stored.get(case_id, NO_STEPS)
    _, ids = await rule_book(work)
    return sorted(code for code, id_ in ids.items() if id_ in steps and _at_end(steps[id_]) == ObservedState.PRESENT)


async def _close_ruleless(work: Work, case_ids: Sequence[UUID]) -> None:
    """Say that from now on nobody knows, where a rule saw something that was taken away since."""
    _, ids = await rule_book(work)
    watched, now_us = set(ids.values()), to_us(work.now)
    rows = [
        _step(work, case_id, condition_id, now_us, steps.get(now_us, (0, ABSENT))[0] + 1, UNKNOWN)
        for case_id, by_condition in (await _stored_steps(work, case_ids, None)).items()
        for condition_id, steps in by_condition.items()
        if condition_id not in watched and _at_end(steps) != UNKNOWN
    ]
    await watching.add_steps(work.session, rows)


async def derive_each(work: Work, book: RuleBook, ids: Mapping[str, UUID], case_ids: Sequence[UUID]) -> None:
    """Let some rules look at cases nobody else derives meanwhile; keep what they see, and when to look again."""
    for start in range(0, len(case_ids), CASES_AT_ONCE):
        await _derive_some(work, book, ids, case_ids[start : start + CASES_AT_ONCE])


async def _derive_some(work: Work, book: RuleBook, ids: Mapping[str, UUID], case_ids: Sequence[UUID]) -> None:
    told = await timelines(work, book, case_ids)
    stored = await _stored_steps(work, case_ids, [ids[code] for code in book.rules])
    rows: list[dict[str, Any]] = []
    for case_id in case_ids:
        wanted: defaultdict[UUID, dict[int, str]] = defaultdict(dict)
        for row in told[case_id].rows:
            wanted[ids[row.condition]][row.moment_us] = row.state
        have = stored.get(case_id, NO_STEPS)
        for condition_id in {*have, *wanted}:
            for moment_us, number, state in _differing(have.get(condition_id, NOTHING), wanted.get(condition_id)):
                rows.append(_step(work, case_id, condition_id, moment_us, number, state))
    await watching.add_steps(work.session, rows)
    coming = {case_id: told[case_id].next_us for case_id in case_ids}
    await looks.look_again(work.session, work.workspace_id, coming)


async def timelines(work: Work, book: RuleBook, case_ids: Sequence[UUID]) -> dict[UUID, Timeline]:
    """Return of some cases what rules see up to now."""
    told = await histories(work, case_ids, book.reads)
    now_us = to_us(work.now) + 1  # what is answered now is known the microsecond after
    return {case_id: book.look(told[case_id], now_us) for case_id in case_ids}


def _step(work: Work, case_id: UUID, condition_id: UUID, moment_us: int, number: int, state: str) -> dict[str, Any]:
    return {
        "workspace_id": work.workspace_id,
        "case_id": case_id,
        "condition_id": condition_id,
        "observed_at": moment_us,
        "number": number,
        "state": state,
        "id": watch_id(case_id, condition_id),
        "stored_at": to_us(work.now),
    }


def _differing(stored: Steps, wanted: Mapping[int, str] | None) -> list[tuple[int, int, str]]:
    """Return the rows that make the stored steps say what the wanted ones say: moment, number, state."""
    if not stored:
        return [] if wanted is None else [(moment_us, 1, state) for moment_us, state in wanted.items()]
    rows = []
    have, want = ABSENT, ABSENT
    for moment_us in sorted({*stored, *(wanted or ())}):
        number, have = stored.get(moment_us, (0, have))
        want = (wanted or {}).get(moment_us, want)
        if have != want:
            have = want
            rows.append((moment_us, number + 1, want))
    return rows


def _at_end(steps: Steps) -> str:
    return steps[max(steps)][1]


async def _stored_steps(
    work: Work, case_ids: Sequence[UUID], condition_ids: Sequence[UUID] | None
) -> dict[UUID, dict[UUID, Steps]]:
    """Return by case and condition the steps that hold: of a moment's rows, the last."""
    stored: defaultdict[UUID, dict[UUID, Steps]] = defaultdict(dict)
    for case_id, condition_id, us, number, state in await watching.rule_steps(
        work.session, work.workspace_id, case_ids, condition_ids
    ):
        stored[case_id].setdefault(condition_id, {})[us] = number, state
    return stored


def forget(work: Work) -> None:
    """Read rules, and the changes they ask about, anew when they are next asked for."""
    work.kept.pop(KEPT, None)
    work.kept.pop(KEPT_CHANGES, None)


async def rule_book(work: Work) -> tuple[RuleBook, Mapping[str, UUID]]:
    """Return the rules of the catalogue, and by code the condition each one watches for."""
    if KEPT not in work.kept:
        zone = (await workspaces.of(work)).zone
        rows = await watching.rules(work.session, work.workspace_id)
        book = _book(tuple((row["reference"], dumps(row["rule"])) for row in rows), zone)
        work.kept[KEPT] = book, {row["reference"]: row["id"] for row in rows}
    found: tuple[RuleBook, Mapping[str, UUID]] = work.kept[KEPT]
    return found


@lru_cache(maxsize=256)
def _book(documents: tuple[tuple[str, str], ...], zone: str) -> RuleBook:
    return RuleBook({code: _compiled(document, zone) for code, document in documents})


@lru_cache(maxsize=2048)
def _compiled(document: str, zone: str) -> Rule:
    return parse_rule(loads(document), zone=zone)


async def histories(work: Work, case_ids: Sequence[UUID], reads: frozenset[str]) -> dict[UUID, CaseHistory]:
    """Return of some cases what may be read by the names of some fields; the rest is left where it is."""
    zone = (await workspaces.of(work)).zone
    session, workspace_id = work.session, work.workspace_id
    cases, promises, answers = defaultdict(list), defaultdict(list), defaultdict(list)
    attributes = any(name.startswith("attributes.") for name in reads)
    left_out = frozenset() if attributes else frozenset({"attributes"})
    fields = [name for name in CASE_FIELDS if name not in left_out]
    for row in await watching.versions_of_cases(session, kinds.CASE, "id", workspace_id, case_ids, left_out):
        state: dict[str, Any] = {name: row[name] for name in fields}
        cases[row["id"]].append(CaseState(row["occurred_at"], row["recorded_at"], state, row["voided"]))
    if Source.PROMISE.feeds(reads):
        for row in await watching.versions_of_cases(session, kinds.PROMISE, "case_id", workspace_id, case_ids):
            promises[row["case_id"]].append(_promise_state(row))
    if Source.ANSWER.feeds(reads):
        for row in await watching.versions_of_cases(session, kinds.RESPONSE, "case_id", workspace_id, case_ids):
            if row["complete"]:
                answers[row["case_id"]].append(row)
    changes = await _changes(work)
    return {
        id_: CaseHistory(cases[id_], promises[id_], _answer_states(answers[id_]), zone, changes) for id_ in case_ids
    }


async def reads_change(work: Work, reference: str) -> bool:
    """Return whether a rule asks how long ago a change of the company was."""
    book, _ = await rule_book(work)
    return SINCE_CHANGE + reference in book.reads


async def _changes(work: Work) -> dict[str, list[ChangeState]]:
    """Return the changes that rules ask about, read once a request."""
    if KEPT_CHANGES not in work.kept:
        book, _ = await rule_book(work)
        wanted = [name.removeprefix(SINCE_CHANGE) for name in book.reads if name.startswith(SINCE_CHANGE)]
        found: dict[str, list[ChangeState]] = {name: [] for name in wanted}
        for row in await watching.versions_of_changes(work.session, work.workspace_id, found) if found else ():
            found[row["reference"]].append(_change_state(row))
        work.kept[KEPT_CHANGES] = found
    changes: dict[str, list[ChangeState]] = work.kept[KEPT_CHANGES]
    return changes


CASE_FIELDS = [
    column.name for column in kinds.CASE.version.columns if column.name not in {*VERSION_COLUMNS, "customer_id", STUB}
]


def _promise_state(row: RowMapping) -> PromiseState:
    return PromiseState(
        promise=row["id"].hex,
        occurred_us=row["occurred_at"],
        recorded_us=row["recorded_at"],
        made_us=row["made_at"],
        due_us=row["due_at"],
        due_is_date=False,
        moved_by=row["moved_by"],
        kept_us=row["kept_at"],
        voided=row["voided"],
    )


def _change_state(row: RowMapping) -> ChangeState:
    return ChangeState(
        occurred_us=row["occurred_at"],
        recorded_us=row["recorded_at"],
        changed_us=row["came_at"],
        needs=row["needs"],
        teams=row["teams"],
        voided=row["voided"],
    )


def _answer_states(rows: Sequence[RowMapping]) -> list[AnswerState]:
    """Return what was answered, each until it was withdrawn; the rows in the order they hold."""
    withdrawn: dict[UUID, int] = {}
    states: list[AnswerState] = []
    for row in reversed(rows):
        if row["voided"]:
            withdrawn[row["id"]] = row["recorded_at"]
        else:
            states.append(_answer_state(row, withdrawn.get(row["id"])))
    return states[::-1]


def _answer_state(row: RowMapping, voided_us: int | None) -> AnswerState:
    return AnswerState(
        answered_us=row["answered_at"],
        recorded_us=row["recorded_at"],
        asked_us=row["asked_at"],
        answers=row["answers"],
        voided_us=voided_us,
    )
