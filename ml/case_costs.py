"""Stored rows to the cost of failing cases: what is known of each, whose it is, and the episodes departures follow.

Costs, contacts and departures are read as they stand; what a customer was like is read as known at the moment of a
case (`recorded_at <= t`). Standard library and SQLAlchemy only.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from ml.features import (
    answers_about_cases,
    cases_to_cost,
    contacts_now,
    costs_now,
    customer_history,
    departures,
    objectors,
)
from models.rules.cost import CaseFacts, Entry
from models.rules.repeat_contacts import Contact, FailedCase, attributed

MINUTES_SPENT = "minutes_spent"
VALUE = "value"
MEASURED = "measured"


class CustomerState(NamedTuple):
    """A customer as known from a moment on; None where that was not known."""

    recorded_us: int
    segment: str | None
    value: int | None
    currency: str | None
    since_us: int | None


NOT_KNOWN = CustomerState(0, None, None, None, None)


class CaseLine(NamedTuple):
    """What of a case its cost depends on; moments are UTC microseconds."""

    customer: UUID
    need: str | None
    team: str | None
    contacts: int | None
    demand: str | None
    opened_us: int | None
    done_us: int | None
    confirmed_us: int | None


class Sighted(NamedTuple):
    """A contact, and what brought the customer."""

    contact: Contact
    demand: str | None


@dataclass
class CostFacts:
    """What a workspace told that the cost of failure is reckoned from, as it stands.

    Attributes
    ----------
    cases : dict of UUID to CaseLine
    contacts : dict of UUID to list of Sighted
        By case.
    entries : dict of UUID to list of Entry
        By case.
    history : dict of UUID to list of CustomerState
        By customer, in the order in which the states hold.
    left_us : dict of UUID to int
        When each customer first left.
    objecting : set of UUID
        Who objects to being learnt from.
    minutes_spent : dict of UUID to float
        By case, what its customer last said it took of their own time.
    """

    cases: dict[UUID, CaseLine] = field(default_factory=dict)
    contacts: dict[UUID, list[Sighted]] = field(default_factory=dict)
    entries: dict[UUID, list[Entry]] = field(default_factory=dict)
    history: dict[UUID, list[CustomerState]] = field(default_factory=dict)
    left_us: dict[UUID, int] = field(default_factory=dict)
    objecting: set[UUID] = field(default_factory=set)
    minutes_spent: dict[UUID, float] = field(default_factory=dict)

    def known_at(self, customer: UUID | None, moment_us: int) -> CustomerState:
        """Return what was known of a customer at a moment."""
        known = [state for state in self.history.get(customer or UUID(int=0), ()) if state.recorded_us <= moment_us]
        return known[-1] if known else NOT_KNOWN

    def worth(self, customer: UUID | None, moment_us: int) -> tuple[int, str | None] | None:
        """Return what a customer was worth in a year, and the currency: as known at a moment, or else first told."""
        told = [state for state in self.history.get(customer or UUID(int=0), ()) if state.value is not None]
        before = [state for state in told if state.recorded_us <= moment_us]
        state = before[-1] if before else (min(told, key=lambda each: each.recorded_us) if told else None)
        return None if state is None or state.value is None else (state.value, state.currency)


def read_cost_facts(connection: Connection, workspace_id: UUID) -> CostFacts:
    """Read all that the cost of failure is reckoned from.

    Parameters
    ----------
    connection
        In a transaction of the workspace.
    workspace_id
    """
    facts = CostFacts(objecting={row.id for row in connection.execute(objectors(workspace_id))})
    for row in connection.execute(cases_to_cost(workspace_id)):
        moments = (row.opened_us, row.done_us, row.confirmed_us)
        facts.cases[row.id] = CaseLine(row.customer_id, row.need, row.team, row.contacts, row.demand, *moments)
    for row in sorted(connection.execute(contacts_now(workspace_id)), key=lambda row: (row.happened_us, row.id)):
        team = row.team or (facts.cases[row.case_id].team if row.case_id in facts.cases else None)
        seen = Sighted(Contact(row.case_id, row.happened_us, row.handling_minutes, team), row.demand)
        facts.contacts.setdefault(row.case_id, []).append(seen)
    for row in sorted(connection.execute(costs_now(workspace_id)), key=lambda row: row.id):
        entry = Entry(row.kind, row.amount, row.currency, row.minutes, row.basis == MEASURED, row.source)
        facts.entries.setdefault(row.case_id, []).append(entry)
    for row in connection.execute(customer_history(workspace_id)):
        told = (row.segment, row.value_amount, row.value_currency, row.since_us)
        state = CustomerState(row.recorded_us, *((None,) * 4 if row.voided else told))
        facts.history.setdefault(row.id, []).append(state)
    for row in connection.execute(departures(workspace_id)):
        facts.left_us[row.customer_id] = min(facts.left_us.get(row.customer_id, row.departed_us), row.departed_us)
    for row in connection.execute(answers_about_cases(workspace_id)):
        spent = row.answers.get(MINUTES_SPENT)
        if isinstance(spent, int | float) and not isinstance(spent, bool) and spent >= 0:
            facts.minutes_spent[row.case_id] = float(spent)
    return facts


class Seen(NamedTuple):
    """A case of the matrix once, however many answers there are about it; its rows, and when it counts."""

    case: UUID
    customer: str
    failed: bool
    moment_us: int
    rows: tuple[int, ...]


def cases_seen(
    cases: Sequence[UUID], failed: Sequence[bool], customers: Sequence[str], times: Sequence[int]
) -> list[Seen]:
    """Return each case of a matrix once, in the order of its first row.

    A case that failed in any of its rows has failed, at the first that says so; its failing rows are those listed.
    """
    rows: defaultdict[UUID, list[int]] = defaultdict(list)
    for at, case in enumerate(cases):
        rows[case].append(at)
    found = []
    for case, places in rows.items():
        failing = [at for at in places if failed[at]]
        counted = failing or places
        moment = min(times[at] for at in counted)
        found.append(Seen(case, customers[counted[0]], bool(failing), moment, tuple(counted)))
    return found


def facts_of_failures(seen: Sequence[Seen], facts: CostFacts, within_days: int) -> dict[UUID, CaseFacts]:
    """Return what is known of the cost of every failing case, contacts in other cases attributed to it included."""
    failing = {case.case: case for case in seen if case.failed}
    repeats = _repeats(failing, facts, within_days)
    found = {}
    for case in failing:
        line = facts.cases.get(case)
        contacts = tuple(sighted.contact for sighted in facts.contacts.get(case, ()))
        found[case] = CaseFacts(
            team=None if line is None else line.team,
            contacts_told=None if line is None else line.contacts,
            contacts=contacts,
            entries=tuple(facts.entries.get(case, ())),
            repeats=tuple(repeats.get(case, ())),
        )
    return found


def _repeats(failing: Mapping[UUID, Seen], facts: CostFacts, within_days: int) -> dict[Any, list[Contact]]:
    """Attribute contacts in cases that did not fail, of the same customer and need, to those that did."""
    failed: defaultdict[tuple[UUID, str], list[FailedCase]] = defaultdict(list)
    others: defaultdict[tuple[UUID, str], list[UUID]] = defaultdict(list)
    for case, line in facts.cases.items():
        if line.need is None:
            continue
        if case in failing:
            failed[line.customer, line.need].append(_failed_case(case, line, failing[case], facts))
        else:
            others[line.customer, line.need].append(case)
    found: dict[Any, list[Contact]] = {}
    for key, cases in failed.items():
        contacts = [contact for case in others.get(key, ()) for contact in _came(case, facts)]
        found |= attributed(cases, sorted(contacts, key=lambda contact: contact.at_us), within_days)
    return found


def _failed_case(case: UUID, line: CaseLine, seen: Seen, facts: CostFacts) -> FailedCase:
    opened = seen.moment_us if line.opened_us is None else line.opened_us
    signs = [sighted.contact.at_us for sighted in facts.contacts.get(case, ())]
    return FailedCase(case, opened, max([opened, *signs, *([] if line.done_us is None else [line.done_us])]))


def _came(case: UUID, facts: CostFacts) -> Iterator[Contact]:
    """Give the contacts of a case that did not fail; those that came for something of value are no repeats."""
    line = facts.cases[case]
    recorded = facts.contacts.get(case, ())
    for sighted in recorded:
        if (sighted.demand or line.demand) != VALUE:
            yield sighted.contact
    if not recorded and line.opened_us is not None and line.demand != VALUE:
        yield from [Contact(case, line.opened_us, None, line.team)] * max(line.contacts or 1, 1)
