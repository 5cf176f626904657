"""Stored rows to what measures in use are weighed on: their values in cases as known in time, and what happened.

A value counts as known when the customer was asked whether the need was met, or when the case was known to be done:
what was recorded later may be the answer's own doing. Standard library and SQLAlchemy only.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from ml.features import answers_to_weigh, case_histories, contacts_recorded, objectors, published_questions
from models.rules.bearing import Row
from models.rules.measured_of_cases import ATTRIBUTES, COUNTED, FLAGS, HANDLING_MINUTES, CaseStory, Told, number_of
from models.rules.metrics import Scale, measured_by

NEEDS_MET = "needs_met"
FULLY = "fully"
DAY_US = 86_400_000_000
OWN = {*COUNTED, *FLAGS}
NUMBERED = frozenset({"rating", "csat", "ces", "nps", "number", "yes_no"})
"""Kinds of question whose answers are numbers, or as good as."""


class Sought(NamedTuple):
    """What a measure is in the data: a field of cases, or what customers answer."""

    field: str | None
    metric_key: str | None


@dataclass(frozen=True)
class Followed:
    """Who left, and how far it is known.

    Parameters
    ----------
    left_us : Mapping[UUID, int]
        When each customer first left.
    horizon_days : int
        What counts is leaving within so many days.
    now_us : int
        The moment of reading: what lies further ahead of a case is not known yet.
    """

    left_us: Mapping[UUID, int]
    horizon_days: int
    now_us: int

    def after(self, customer: UUID, moment_us: int) -> bool | None:
        """Tell whether a customer left within the horizon; None where it is not over, or they had left before."""
        until_us = moment_us + self.horizon_days * DAY_US
        left_us = self.left_us.get(customer)
        if until_us > self.now_us or (left_us is not None and left_us <= moment_us):
            return None
        return left_us is not None and left_us <= until_us


@dataclass
class Sightings:
    """What one measure is weighed on.

    Attributes
    ----------
    needs_met : list of Row
        Answers, with whether the need was met in full.
    departures : list of Row
        Cases, with whether the customer left within the horizon.
    not_known : dict of str to int
        By the same names, of how many the value was not known in time.
    asked : bool
        Whether there is such a metric with answers that are numbers; True for a field.
    """

    needs_met: list[Row] = field(default_factory=list)
    departures: list[Row] = field(default_factory=list)
    not_known: dict[str, int] = field(default_factory=lambda: {"needs_met": 0, "departures": 0})
    asked: bool = True

    def add(self, kind: str, customer: UUID, value: float | None, happened: bool) -> None:
        """Add a case, where its value was known."""
        if value is None:
            self.not_known[kind] += 1
        else:
            rows: list[Row] = getattr(self, kind)
            rows.append(Row(customer, value, happened))


class _Answer(NamedTuple):
    case_id: UUID
    place: tuple[UUID, int]
    asked_us: int
    known_us: int
    answers: Mapping[str, Any]

    @property
    def met(self) -> bool | None:
        """Whether the need was met in full, as the customer said; None where they did not say."""
        said = self.answers.get(NEEDS_MET)
        return None if said is None else said == FULLY


@dataclass(frozen=True)
class _Company:
    """What a workspace told that measures are weighed on; whose cases are: as known now."""

    stories: Mapping[UUID, CaseStory]
    whose: Mapping[UUID, UUID]
    objecting: frozenset[UUID]
    answers: Sequence[_Answer]
    questions: Mapping[tuple[UUID, int], Sequence[Mapping[str, Any]]]


def read_sightings(
    connection: Connection, workspace_id: UUID, wanted: Sequence[Sought], followed: Followed
) -> list[Sightings]:
    """Read what measures are weighed on.

    Parameters
    ----------
    connection
        In a transaction of the workspace.
    wanted
        What each measure is in the data: one of both.
    followed
        Who left.

    Returns
    -------
    list of Sightings
        In the order of `wanted`. Departures are not looked at of customers who object to being learnt from.
    """
    company = _read(connection, workspace_id, {one.field for one in wanted if one.field is not None})
    return [
        _in_cases(company, one.field, followed)
        if one.field is not None
        else _in_answers(company, str(one.metric_key), followed)
        for one in wanted
    ]


def _in_cases(company: _Company, name: str, followed: Followed) -> Sightings:
    seen = Sightings()
    for answer in company.answers:
        if answer.met is not None:
            value = company.stories[answer.case_id].value_at(name, answer.asked_us)
            seen.add("needs_met", company.whose[answer.case_id], value, answer.met)
    for case_id, story in company.stories.items():
        done_us = story.known_done_us()
        if done_us is not None:
            _follow(seen, company, case_id, story.value_at(name, done_us), done_us, followed)
    return seen


def _in_answers(company: _Company, metric: str, followed: Followed) -> Sightings:
    """Return what customers answered, on the scale that most answered on: unlike scales are never added up."""
    asked = _places(company, metric)
    said: defaultdict[Scale, list[tuple[_Answer, float]]] = defaultdict(list)
    for answer in company.answers:
        for path, scale in asked.get(answer.place, ()):
            value = number_of(answer.answers.get(path[0]))
            if value is not None:
                said[scale].append((answer, value))
    if not said:
        return Sightings(asked=False)
    most = Counter({scale: len(answers) for scale, answers in said.items()}).most_common(1)[0][0]
    seen = Sightings()
    for answer, value in said[most]:
        if answer.met is not None:
            seen.add("needs_met", company.whose[answer.case_id], value, answer.met)
        _follow(seen, company, answer.case_id, value, answer.known_us, followed)
    return seen


def _follow(
    seen: Sightings, company: _Company, case_id: UUID, value: float | None, moment_us: int, followed: Followed
) -> None:
    customer = company.whose[case_id]
    left = None if customer in company.objecting else followed.after(customer, moment_us)
    if left is not None:
        seen.add("departures", customer, value, left)


def _places(company: _Company, metric: str) -> dict[tuple[UUID, int], list[tuple[tuple[str, ...], Scale]]]:
    """Return by survey and version under which paths a metric is answered with numbers."""
    found: defaultdict[tuple[UUID, int], list[tuple[tuple[str, ...], Scale]]] = defaultdict(list)
    for place, questions in company.questions.items():
        for question in questions:
            for name, path, scale in measured_by(question):
                if name == metric and scale is not None and scale.kind in NUMBERED:
                    found[place].append((path, scale))
    return found


def _read(connection: Connection, workspace_id: UUID, fields: set[str]) -> _Company:
    columns = {name for name in fields if name in OWN}
    if any(name.startswith(ATTRIBUTES) for name in fields):
        columns.add(ATTRIBUTES)
    handled: defaultdict[UUID, list[tuple[int, int]]] = defaultdict(list)
    if HANDLING_MINUTES in fields:
        for row in connection.execute(contacts_recorded(workspace_id)):
            handled[row.case_id].append((row.recorded_us, row.handling_minutes))
    told: defaultdict[UUID, list[Told]] = defaultdict(list)
    whose: dict[UUID, UUID] = {}
    for version in connection.execute(case_histories(workspace_id, columns)).mappings():
        case_id, values = version["id"], {name: version[name] for name in columns}
        moments = (version["recorded_us"], version["opened_at"], version["done_at"])
        told[case_id].append(Told(*moments, values, version["voided"]))
        whose[case_id] = version["whose"]
    return _Company(
        stories={case_id: CaseStory(versions, handled.get(case_id, ())) for case_id, versions in told.items()},
        whose=whose,
        objecting=frozenset(connection.execute(objectors(workspace_id)).scalars()),
        answers=[answer for answer in _answers(connection, workspace_id) if answer.case_id in whose],
        questions={
            (row.id, row.number): row.questions for row in connection.execute(published_questions(workspace_id))
        },
    )


def _answers(connection: Connection, workspace_id: UUID) -> Iterator[_Answer]:
    for row in connection.execute(answers_to_weigh(workspace_id)):
        known_us = max(row.recorded_us, row.answered_us)
        yield _Answer(row.case_id, (row.survey_id, row.survey_version), row.asked_us, known_us, row.answers)
