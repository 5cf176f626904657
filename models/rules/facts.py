"""What was known of a case at a moment: the facts that rules are evaluated on.

A case's history is its recorded versions, those of its promises, and the answers its customer gave.
`facts_at` reads from it only what was recorded by the moment, with two readings of its own:

* In a backfilled case a version may carry milestones later than its own recording. Such a milestone is
  hidden until its own time, from which on it counts as known.
* `waiting` is a fact of a calendar day: still waiting = not done by the *end* of the moment's local day.
  It may therefore look at a `done_at` up to that day's end, where a version recorded by the moment
  carries it. It is the one look ahead, by definition, and it never opens a later recording.

Versions are ordered by (occurred, recorded); of two that tie in both, the later in the sequence holds,
so that callers who hand them over as stored get the last stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.rules.changes import SINCE_CHANGE, ChangeState, days_since
from models.rules.conditions import FIELD_KINDS
from models.rules.promises import PromiseState, due_in_force, due_instant
from models.rules.values import HOUR_US, Kind, end_of_local_day, instant

MILESTONES = ("done_at", "confirmed_at", "restored_at")

_TIME_FIELDS = tuple(name for name, kind in FIELD_KINDS.items() if kind is Kind.TIME)


@dataclass(frozen=True, slots=True)
class CaseState:
    """One version of a case, whole.

    Parameters
    ----------
    occurred_us, recorded_us : int
        When it came to be so and when the company knew, UTC microseconds; occurred <= recorded.
    fields : Mapping[str, Any]
        The case fields of the rule language by name, and `attributes`: a mapping, or flat
        `attributes.<name>` keys. Times are UTC microseconds, aware datetimes or RFC 3339 text.
    voided : bool
        Withdrawn as recorded by mistake: from here on there is no such case.
    """

    occurred_us: int
    recorded_us: int
    fields: Mapping[str, Any]
    voided: bool = False


@dataclass(frozen=True, slots=True)
class AnswerState:
    """What a customer answered about the case, once or in one further step.

    Parameters
    ----------
    answered_us, recorded_us : int
        When it was answered and when the company knew, UTC microseconds.
    asked_us : int | None
        When the customer was asked, where known.
    answers : Mapping[str, Any]
        By question key; None and an absent key both mean not answered.
    voided_us : int | None
        When it was withdrawn as recorded by mistake, where it was.
    """

    answered_us: int
    recorded_us: int
    asked_us: int | None
    answers: Mapping[str, Any]
    voided_us: int | None = None


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """Everything recorded of one case, in any order.

    Parameters
    ----------
    cases : Sequence[CaseState]
        All versions of the case.
    promises : Sequence[PromiseState]
        All versions of all its promises.
    answers : Sequence[AnswerState]
        All answers about it.
    zone : str
        The workspace's IANA zone, whose calendar days count.
    changes : Mapping[str, Sequence[ChangeState]]
        By reference, all versions of those changes of the company that a rule may ask about.
    """

    cases: Sequence[CaseState]
    promises: Sequence[PromiseState]
    answers: Sequence[AnswerState]
    zone: str
    changes: Mapping[str, Sequence[ChangeState]] = field(default_factory=dict)


def facts_at(history: CaseHistory, moment_us: int) -> dict[str, Any] | None:
    """Give the case as it was known at a moment.

    Parameters
    ----------
    history : CaseHistory
        All that is recorded, later things included; they are not read.
    moment_us : int
        UTC microseconds.

    Returns
    -------
    dict[str, Any] | None
        Flat, by the field names of the rule language, times in UTC microseconds; None where no version
        of the case was known yet, or the case was withdrawn. Answers are those given strictly before the
        moment, the latest to each question. Derived fields:

        * ``promise_broken`` : bool. Some promise's due in force has passed without its having been kept
          by then; past due and unrecorded is broken, kept late stays broken. A due named as a day passes
          when that local day ends. Without any promise none was broken: False.
        * ``due_passed`` : bool. Some promise's due in force has passed, kept or not.
        * ``waiting`` : bool. Not done by the end of the moment's local day.
        * ``hours_open`` : float | None. From opening to done, or to the moment. None where the opening is
          unknown or still to come.
        * ``hours_late`` : float | None. Past the earliest broken promise's due in force, until it was kept
          (else: the case done, or the moment); where no promise has a due, past `needed_by`. 0.0 where not
          late, None where there is neither.
        * ``since_change.<reference>`` : float | None. Days since that change of the company; see `days_since`.

    Notes
    -----
    The due in force: a date moved at the company's request leaves the old one in force; one moved by the
    customer replaces it, and so does a change nobody is named for, which is a correction.
    """
    return AsOf(history).facts(moment_us)


class AsOf:
    """A history put in order once, to be read at many moments.

    Parameters
    ----------
    history : CaseHistory
        Not to change while this is in use.
    """

    def __init__(self, history: CaseHistory) -> None:
        self._zone = history.zone
        self._cases = [
            (state.recorded_us, None if state.voided else _flat(state.fields))
            for state in sorted(history.cases, key=_by_occurrence)
        ]
        self._cases.reverse()
        self._answers = sorted(history.answers, key=lambda answer: (answer.answered_us, answer.recorded_us))
        self._changes = {name: sorted(states, key=_by_occurrence) for name, states in history.changes.items()}
        self._promises: dict[str, list[tuple[PromiseState, int | None]]] = {}
        for state in sorted(history.promises, key=_by_occurrence):
            self._promises.setdefault(state.promise, []).append((state, due_instant(state, history.zone)))

    def facts(self, moment_us: int) -> dict[str, Any] | None:
        """Give the case as known at a moment; see `facts_at`.

        Parameters
        ----------
        moment_us : int
            UTC microseconds.

        Returns
        -------
        dict[str, Any] | None
            None where no version of the case was known yet, or it was withdrawn.
        """
        known = next((fields for recorded_us, fields in self._cases if recorded_us <= moment_us), None)
        if known is None:
            return None
        facts = known.copy()
        done_us = facts["done_at"]
        facts["waiting"] = done_us is None or (
            done_us > moment_us and done_us > end_of_local_day(moment_us, self._zone)
        )
        for name in MILESTONES:
            if facts[name] is not None and facts[name] > moment_us:
                facts[name] = None
        for answer in self._answers:
            withdrawn = answer.voided_us is not None and answer.voided_us <= moment_us
            if answer.answered_us < moment_us and answer.recorded_us <= moment_us and not withdrawn:
                for key, value in answer.answers.items():
                    if value is not None:
                        facts[f"answers.{key}"] = value
        self._add_clocks(facts, moment_us)
        return facts

    def later(self, facts: Mapping[str, Any], moment_us: int) -> dict[str, Any]:
        """Let the clocks run on where nothing else happens.

        Parameters
        ----------
        facts : Mapping[str, Any]
            As known at some moment.
        moment_us : int
            A later one, with no record, milestone or deadline in between, nor the morning of the day of done.

        Returns
        -------
        dict[str, Any]
            The facts at the later moment.
        """
        running = {**facts}
        self._add_clocks(running, moment_us)
        return running

    def _add_clocks(self, facts: dict[str, Any], moment_us: int) -> None:
        opened_us, needed_us, done_us = facts["opened_at"], facts["needed_by"], facts["done_at"]
        until_us = moment_us if done_us is None else done_us
        opened = opened_us is not None and opened_us <= moment_us
        facts["hours_open"] = max(0, until_us - opened_us) / HOUR_US if opened else None
        late_us = None if needed_us is None else until_us - needed_us
        promises = self._promises_at(moment_us)
        broken = [
            (due_us, kept_us)
            for due_us, kept_us in promises
            if moment_us > due_us and (kept_us is None or kept_us > due_us)
        ]
        if broken:
            first_us = min(due_us for due_us, _ in broken)
            ends = [kept_us for due_us, kept_us in broken if due_us == first_us]
            late_us = max(until_us if end is None or end > moment_us else end for end in ends) - first_us
        elif promises:
            late_us = 0
        facts["promise_broken"] = bool(broken)
        facts["due_passed"] = any(moment_us > due_us for due_us, _ in promises)
        facts["hours_late"] = None if late_us is None else max(0, late_us) / HOUR_US
        for name, versions in self._changes.items():
            facts[SINCE_CHANGE + name] = days_since(versions, facts, moment_us)

    def _promises_at(self, moment_us: int) -> list[tuple[int, int | None]]:
        """Give due in force and keeping of each promise that then stood and had a due."""
        standing = []
        for versions in self._promises.values():
            known = [pair for pair in versions if pair[0].recorded_us <= moment_us]
            due_us = due_in_force(known)
            if due_us is not None and not known[-1][0].voided and known[-1][0].made_us <= moment_us:
                standing.append((due_us, known[-1][0].kept_us))
        return standing


def _by_occurrence(state: CaseState | PromiseState | ChangeState) -> tuple[int, int]:
    return state.occurred_us, state.recorded_us


def _flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a version's fields out by the names rules use, its times as instants."""
    flat: dict[str, Any] = {}
    for name in _TIME_FIELDS:
        value = fields.get(name)
        flat[name] = value if value is None or type(value) is int else instant(value)
    for name, value in fields.items():
        if name == "attributes":
            flat.update((f"attributes.{key}", item) for key, item in (value or {}).items())
        elif name not in flat:
            flat[name] = value
    return flat
