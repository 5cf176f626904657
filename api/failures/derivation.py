"""What rules see in cases: the one place where rules run, for one case just touched and for a million imported.

A case's whole history is read, its timeline of conditions derived, and only what differs from the stored
observations is appended. A rule's absence is not stored: no row means absent.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from json import dumps, loads
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from api import kinds
from api.dependencies import Work
from api.failures import queries
from api.workspaces import service as workspaces
from models.base import from_us, to_us
from models.failure import ObservationSource, ObservedState
from models.first_telling import FirstTelling, record_first
from models.recording import VERSION_COLUMNS, Change, Key, record
from models.rules.conditions import Rule, parse_rule
from models.rules.facts import AnswerState, CaseHistory, CaseState, PromiseState
from models.rules.timeline import Derived
from models.rules.timeline import derive as timeline

CASES_AT_ONCE = 500
KEPT = "rules"
RULE = ObservationSource.RULE.value
ABSENT = ObservedState.ABSENT.value

Steps = dict[int, str]
"""A condition's state from each moment (microseconds) on."""
NOTHING: Steps = {}


async def derive(work: Work, case_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Bring the rule observations of some cases up to date; return the conditions now present in each."""
    wanted = sorted(set(case_ids))
    rules = await _rules(work)
    if not rules or not wanted:
        return {case_id: [] for case_id in wanted}
    present: dict[UUID, list[str]] = {}
    for start in range(0, len(wanted), CASES_AT_ONCE):
        present |= await _derive_some(work, rules, wanted[start : start + CASES_AT_ONCE])
    return present


async def derive_all(work: Work, after: UUID | None = None, at_once: int | None = None) -> UUID | None:
    """Derive the next portion of all cases; return where to go on, None at the end."""
    most = min(CASES_AT_ONCE, at_once or CASES_AT_ONCE)
    ids = await queries.case_ids_after(work.session, work.workspace_id, after, most)
    await derive(work, ids)
    return ids[-1] if len(ids) == most else None


async def count_all(work: Work) -> int:
    """Return how many cases there are to look at."""
    return await queries.count_cases(work.session, work.workspace_id)


async def _derive_some(
    work: Work, rules: Mapping[str, tuple[UUID, Rule]], case_ids: Sequence[UUID]
) -> dict[UUID, list[str]]:
    histories = await _histories(work, case_ids)
    stored = await _stored_steps(work, case_ids, [condition_id for condition_id, _ in rules.values()])
    now_us = to_us(work.now) + 1  # what is answered now is known the microsecond after
    first: list[FirstTelling] = []
    changes: list[Change] = []
    present: dict[UUID, list[str]] = {}
    plain = {code: rule for code, (_, rule) in rules.items()}
    for case_id in case_ids:
        derived = timeline(histories[case_id], plain, now_us)
        wanted = _steps(derived)
        for code, (condition_id, _) in rules.items():
            have, want = stored.get((case_id, condition_id), NOTHING), wanted.get(code, NOTHING)
            if want and not have:
                first.append(_first(case_id, condition_id, want))
            elif have != want:
                changes += _corrections(case_id, condition_id, have, want)
        present[case_id] = [code for code, steps in wanted.items() if _at_end(steps) == ObservedState.PRESENT]
    taken = await record_first(work.session, kinds.OBSERVATION, work.workspace_id, first, work.now)
    changes += [change for telling in first if telling.key in taken for change in _as_changes(telling)]
    await record(work.session, kinds.OBSERVATION, work.workspace_id, changes, work.now)
    return present


def _first(case_id: UUID, condition_id: UUID, steps: Steps) -> FirstTelling:
    """Return a condition's whole timeline in a case of which nothing is stored."""
    states: list[tuple[int, dict[str, Any]]] = []
    before = ABSENT
    for moment, state in steps.items():
        if state != before:
            before = state
            states.append((moment, _observation(case_id, condition_id, state, moment)))
    return FirstTelling(_watch(case_id, condition_id), states)


def _as_changes(telling: FirstTelling) -> Iterator[Change]:
    for us, state in telling.states:
        yield Change(telling.key, state, from_us(us), from_us(us))


def _watch(case_id: UUID, condition_id: UUID) -> Key:
    """Return what the one watch a rule keeps on a condition in a case is known by."""
    return (f"rule:{case_id.hex}:{condition_id.hex}",)


def _observation(case_id: UUID, condition_id: UUID, state: str, moment_us: int) -> dict[str, Any]:
    seen = {"case_id": case_id, "condition_id": condition_id, "state": state, "source": RULE}
    return {**seen, "observed_at": from_us(moment_us)}


def _corrections(case_id: UUID, condition_id: UUID, stored: Steps, wanted: Steps) -> list[Change]:
    """Return what must be appended so that the stored steps say what the wanted ones say."""
    changes = []
    have, want = ABSENT, ABSENT
    for moment in sorted({*stored, *wanted}):
        have, want = stored.get(moment, have), wanted.get(moment, want)
        if have == want:
            continue
        have = want
        given = _observation(case_id, condition_id, want, moment)
        changes.append(Change(_watch(case_id, condition_id), given, from_us(moment), from_us(moment)))
    return changes


def _steps(derived: Iterable[Derived]) -> defaultdict[str, Steps]:
    steps: defaultdict[str, Steps] = defaultdict(dict)
    for row in derived:
        steps[row.condition][row.moment_us] = row.state
    return steps


def _at_end(steps: Steps) -> str | None:
    return steps[max(steps)] if steps else None


async def _stored_steps(
    work: Work, case_ids: Sequence[UUID], condition_ids: Sequence[UUID]
) -> dict[tuple[UUID, UUID], Steps]:
    steps: defaultdict[tuple[UUID, UUID], Steps] = defaultdict(dict)
    known: dict[UUID | str, UUID] = {id_.hex: id_ for id_ in (*case_ids, *condition_ids)}
    known |= {id_: id_ for id_ in known.values()}
    for case_id, condition_id, us, state in await queries.rule_observations(work.session, work.workspace_id, case_ids):
        if condition_id in known:
            steps[known[case_id], known[condition_id]][us] = state
    return steps


async def _rules(work: Work) -> dict[str, tuple[UUID, Rule]]:
    if KEPT not in work.kept:
        zone = (await workspaces.of(work)).zone
        rows = await queries.rules(work.session, work.workspace_id)
        work.kept[KEPT] = {row["reference"]: (row["id"], _compiled(dumps(row["rule"]), zone)) for row in rows}
    found: dict[str, tuple[UUID, Rule]] = work.kept[KEPT]
    return found


@lru_cache(maxsize=2048)
def _compiled(document: str, zone: str) -> Rule:
    return parse_rule(loads(document), zone=zone)


async def _histories(work: Work, case_ids: Sequence[UUID]) -> dict[UUID, CaseHistory]:
    zone = (await workspaces.of(work)).zone
    cases, promises, answers = defaultdict(list), defaultdict(list), defaultdict(list)
    session, workspace_id = work.session, work.workspace_id
    for row in await queries.versions_of_cases(session, kinds.CASE.version, "id", workspace_id, case_ids):
        cases[row["id"]].append(_case_state(row))
    for row in await queries.versions_of_cases(session, kinds.PROMISE.version, "case_id", workspace_id, case_ids):
        promises[row["case_id"]].append(_promise_state(row))
    for row in await queries.versions_of_cases(session, kinds.RESPONSE.version, "case_id", workspace_id, case_ids):
        if not row["voided"]:
            answers[row["case_id"]].append(_answer_state(row))
    return {id_: CaseHistory(cases[id_], promises[id_], answers[id_], zone) for id_ in case_ids}


def _case_state(row: RowMapping) -> CaseState:
    fields: dict[str, Any] = {name: row[name] for name in CASE_FIELDS}
    return CaseState(row["occurred_at"], row["recorded_at"], fields)


CASE_FIELDS = [
    column.name for column in kinds.CASE.version.columns if column.name not in {*VERSION_COLUMNS, "customer_id"}
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


def _answer_state(row: RowMapping) -> AnswerState:
    return AnswerState(
        answered_us=row["answered_at"],
        recorded_us=row["recorded_at"],
        asked_us=row["asked_at"],
        answers=row["answers"],
    )
