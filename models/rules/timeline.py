"""When conditions were present: rules evaluated along a case's history, kept as rows of changes.

A row says that from its moment on, until the next row of the same condition, the condition was present,
absent or unknown. Before its first row a condition is absent, so that absence from the start takes no
row. Every instant at which a rule can change is looked at - records, milestones, deadlines, the hours at
which a clock passes a rule's bound - so a timeline depends on what was known and never on who looked when.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from models.rules.conditions import Rule
from models.rules.facts import MILESTONES, AsOf, CaseHistory, CaseState
from models.rules.passing import changes_with_time, mornings_of_done, passings
from models.rules.promises import PromiseState, due_instant
from models.rules.sources import Source
from models.rules.values import instant

State = Literal["present", "absent", "unknown"]

_STATES: Mapping[bool | None, State] = {True: "present", False: "absent", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Derived:
    """A condition's state from a moment on, as a rule saw it.

    Parameters
    ----------
    condition : str
        The condition's code.
    moment_us : int
        From when on, UTC microseconds: the observation's `occurred_us`.
    recorded_us : int
        When the company could know it. The latest `recorded_us` of the rule's inputs, where what time alone
        brings about counts as recorded when it comes about: a deadline when it has passed, a backfilled
        milestone at its own time, an answer the microsecond after it. A state only changes when one of
        its inputs does, so this is always `moment_us`, and a reader who asks for
        ``occurred_us <= t and recorded_us <= t`` at t = moment sees the row.
    state : {'present', 'absent', 'unknown'}
        Unknown is not absent.
    """

    condition: str
    moment_us: int
    recorded_us: int
    state: State


@dataclass(frozen=True, slots=True)
class Timeline:
    """How conditions stood in a case up to now, and when to look again.

    Parameters
    ----------
    rows : list[Derived]
        Changes only, by moment and then in the order of the rules.
    next_us : int | None
        The first instant after now at which a rule can change though nothing more is told; None where none can.
    """

    rows: list[Derived]
    next_us: int | None


def moments(history: CaseHistory, now_us: int) -> list[int]:
    """Give the instants at which what is known of a case changes, or its customer is asked.

    Parameters
    ----------
    history : CaseHistory
        All that is recorded of the case.
    now_us : int
        Nothing later is given, UTC microseconds.

    Returns
    -------
    list[int]
        Ascending, without repetition: each recording of a version; the own time of a backfilled opening,
        milestone or promise; the microsecond after each due (at the due itself it can still be kept); each
        asking (else the answering); the microsecond after each answer, or its recording where that came later; each
        withdrawal of an answer; each recording of a change of the company.
    """
    return sorted(moment_us for moment_us in _all_moments(history) if moment_us <= now_us)


def _all_moments(history: CaseHistory) -> set[int]:
    found: set[int] = set()
    for case in history.cases:
        found.update(_case_moments(case))
    for promise in history.promises:
        found.update(_promise_moments(promise, history.zone))
    for answer in history.answers:
        found.add(answer.answered_us if answer.asked_us is None else answer.asked_us)
        found.add(max(answer.answered_us + 1, answer.recorded_us))
        if answer.voided_us is not None:
            found.add(answer.voided_us)
    for versions in history.changes.values():
        found.update(max(change.recorded_us, change.changed_us) for change in versions)
    return found


def _case_moments(case: CaseState) -> Iterator[int]:
    yield case.recorded_us
    for name in ("opened_at", *MILESTONES):
        own_us = instant(case.fields.get(name))
        if own_us is not None and own_us > case.recorded_us:
            yield own_us


def _promise_moments(promise: PromiseState, zone: str) -> Iterator[int]:
    yield promise.recorded_us
    due_us = due_instant(promise, zone)
    past_due_us = None if due_us is None else due_us + 1
    for own_us in (promise.made_us, past_due_us, promise.kept_us):
        if own_us is not None and own_us > promise.recorded_us:
            yield own_us


def derive(history: CaseHistory, rules: Mapping[str, Rule], now_us: int) -> list[Derived]:
    """Tell when each condition was present, absent or unknown in a case.

    Parameters
    ----------
    history : CaseHistory
        All that is recorded of the case, in any order.
    rules : Mapping[str, Rule]
        By condition code.
    now_us : int
        Up to when, UTC microseconds.

    Returns
    -------
    list[Derived]
        Changes only, by moment and then in the order of `rules`. No row reads anything recorded after its
        moment, and what is recorded later never changes a row of an earlier moment.

    Examples
    --------
    >>> from models.rules.conditions import parse_rule
    >>> rule = parse_rule({"all": [{"field": "handovers", "op": "ge", "value": 3}]})
    >>> cases = [CaseState(10, 10, {"handovers": 0}), CaseState(20, 25, {"handovers": 3})]
    >>> [(row.moment_us, row.state) for row in derive(CaseHistory(cases, [], [], "UTC"), {"passed_on": rule}, 99)]
    [(25, 'present')]
    """
    return RuleBook(rules).derive(history, now_us)


class RuleBook:
    """Some rules read together once, to look at many cases.

    Parameters
    ----------
    rules : Mapping[str, Rule]
        By condition code.

    Attributes
    ----------
    rules : dict[str, Rule]
        As given.
    reads : frozenset[str]
        Names of all fields that any of them reads.
    timed : bool
        Whether any of them reads what changes by time passing alone.
    """

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self.rules = dict(rules)
        self.reads = frozenset(name for rule in self.rules.values() for name in rule.reads)
        self.timed = any(changes_with_time(name) for name in self.reads)
        numbered = list(enumerate(self.rules.items()))
        self._all = [(number, code, rule) for number, (code, rule) in numbered]
        self._clocked = frozenset(number for number, code, rule in self._all if rule.clocks)
        self._clocks = {clock for rule in self.rules.values() for clock in rule.clocks}
        self._readers = {
            name: [number for number, _, rule in self._all if name in rule.reads] for name in sorted(self.reads)
        }
        self._mornings = "waiting" in self.reads

    def reading(self, source: Source) -> "RuleBook":
        """Give the rules among these that a new record of one kind can bring to another outcome.

        Parameters
        ----------
        source : Source
            What was told: of the case itself everything may follow.

        Returns
        -------
        RuleBook
            Possibly without a rule.
        """
        return RuleBook({code: rule for code, rule in self.rules.items() if source.feeds(rule.reads)})

    def derive(self, history: CaseHistory, now_us: int) -> list[Derived]:
        """Tell when each condition was present, absent or unknown in a case; see `derive`.

        Parameters
        ----------
        history : CaseHistory
            All that is recorded of the case, in any order.
        now_us : int
            Up to when, UTC microseconds.

        Returns
        -------
        list[Derived]
            Changes only, by moment and then in the order of the rules.
        """
        return self.look(history, now_us).rows

    def look(self, history: CaseHistory, now_us: int) -> Timeline:
        """Tell when each condition was present, absent or unknown in a case, and when time alone may change that.

        Parameters
        ----------
        history : CaseHistory
            All that is recorded of the case, in any order.
        now_us : int
            Up to when, UTC microseconds.
        """
        last: list[bool | None] = [False] * len(self._all)
        rows: list[Derived] = []
        before: dict[str, Any] | None = None
        coming: list[int] = []
        for moment_us, facts, passing in self._known(history, now_us, coming):
            looking = self._changed(before, facts, passing=passing) if before and facts else self._all
            for number, code, rule in looking:
                # In a case that was withdrawn nothing is present.
                outcome = False if facts is None else rule.test(facts)
                if outcome is not last[number]:
                    last[number] = outcome
                    rows.append(Derived(code, moment_us, moment_us, _STATES[outcome]))
            before = facts
        return Timeline(rows, min(coming, default=None))

    def _changed(
        self, before: Mapping[str, Any], facts: Mapping[str, Any], *, passing: bool
    ) -> list[tuple[int, str, Rule]]:
        """Give the rules that read something else than before; the very same facts give the same outcome."""
        numbers = {
            number
            for name, readers in self._readers.items()
            if facts.get(name) is not before.get(name)
            for number in readers
        }
        return [self._all[number] for number in sorted(numbers & self._clocked if passing else numbers)]

    def _known(
        self, history: CaseHistory, now_us: int, coming: list[int]
    ) -> Iterator[tuple[int, dict[str, Any] | None, bool]]:
        """Go through the case as known at every instant at which rules can change, and say where only time passed.

        Where it was withdrawn there are no facts. Instants after now are added to `coming`.
        """
        found = _all_moments(history)
        if self._mornings:
            found.update(mornings_of_done(history))
        coming += [moment_us for moment_us in found if moment_us > now_us]
        base = sorted(moment_us for moment_us in found if moment_us <= now_us)
        as_of = AsOf(history)
        known = False
        for moment_us, next_us in pairwise([*base, now_us + 1]):
            facts = as_of.facts(moment_us)
            if facts is None:
                if known:
                    yield moment_us, None, False
                known = False
                continue
            known = True
            yield moment_us, facts, False
            for passing_us in passings(self._clocks, facts, moment_us) if self._clocks else ():
                if moment_us < passing_us < next_us:
                    yield passing_us, as_of.later(facts, passing_us), True
                elif passing_us >= next_us > now_us:
                    coming.append(passing_us)
