"""Cases as rows to mine: their outcomes' sources, the conditions observed in them as of a moment, and departures."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    FromClause,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from ml.features.asof import Column, known_at, known_now, table_of, us
from models.case import Case, CaseVersion, Demand
from models.customer import Customer, CustomerVersion, DepartureKind, DepartureVersion
from models.failure import Condition, ConditionSetFinding, ObservationVersion, ObservedState, RuleObservation
from models.feedback import ResponseVersion

customers = table_of(Customer)
customer_versions = table_of(CustomerVersion)
case_heads = table_of(Case)
case_versions = table_of(CaseVersion)
response_versions = table_of(ResponseVersion)
observation_versions = table_of(ObservationVersion)
rule_observations = table_of(RuleObservation)
departure_versions = table_of(DepartureVersion)
conditions = table_of(Condition)
findings = table_of(ConditionSetFinding)

STATE_STEPS = 4
STATE_CODES = {ObservedState.ABSENT.value: 0, ObservedState.UNKNOWN.value: 1, ObservedState.PRESENT.value: 2}


def condition_states(workspace_id: UUID, rows: FromClause) -> Select[Any]:
    """Select the state of every condition observed in some cases, each as known at its row's moment.

    Parameters
    ----------
    rows : FromClause
        `case_id`, `moment_us` and whatever else is to be carried along; each case and moment once.

    Returns
    -------
    Select
        The columns of `rows`, then `condition` (code), `state`, and `since_us`. Of several sources the one that saw
        it last counts; of two at the same moment the one that saw it present. A condition seen by a rule and not
        listed was absent; one reported by people and not listed was not observed.
    """
    carried = list(rows.c)
    sighted = union_all(_told(workspace_id, rows), _derived(workspace_id, rows)).subquery("sighted")
    latest = (
        select(
            *[sighted.c[column.name] for column in carried],
            sighted.c.condition_id,
            func.max(sighted.c.code).label("code"),
        )
        .group_by(*[sighted.c[column.name] for column in carried], sighted.c.condition_id)
        .cte("latest_states")
    )
    named = and_(conditions.c.workspace_id == workspace_id, conditions.c.id == latest.c.condition_id)
    state = case({number: name for name, number in STATE_CODES.items()}, value=latest.c.code % STATE_STEPS)
    return select(
        *[latest.c[column.name] for column in carried],
        conditions.c.reference.label("condition"),
        state.label("state"),
        (latest.c.code // STATE_STEPS).label("since_us"),
    ).join(conditions, named)


def _told(workspace_id: UUID, rows: FromClause) -> Select[Any]:
    """Select what systems, customers and staff had told by each row's moment."""
    seen = observation_versions
    theirs = and_(seen.c.workspace_id == workspace_id, seen.c.case_id == rows.c.case_id)
    statement = select(*rows.c, seen.c.condition_id, _code(seen).label("code")).join(seen, theirs)
    return statement.where(known_at(seen, rows.c.moment_us))


def _derived(workspace_id: UUID, rows: FromClause) -> Select[Any]:
    """Select the step that each rule had come to by each row's moment."""
    seen = rule_observations
    later = seen.alias("later_step")
    place = [tuple_(us(of.c.observed_at), of.c.number) for of in (later, seen)]
    superseded = exists().where(
        later.c.workspace_id == seen.c.workspace_id,
        later.c.case_id == seen.c.case_id,
        later.c.condition_id == seen.c.condition_id,
        us(later.c.observed_at) <= rows.c.moment_us,
        place[0] > place[1],
    )
    theirs = and_(seen.c.workspace_id == workspace_id, seen.c.case_id == rows.c.case_id)
    statement = select(*rows.c, seen.c.condition_id, _code(seen).label("code")).join(seen, theirs)
    return statement.where(us(seen.c.observed_at) <= rows.c.moment_us, ~superseded)


def _code(seen: FromClause) -> Column:
    """Return moment and state in one integer, so that `max` finds the latest on any database."""
    return us(seen.c.observed_at) * STATE_STEPS + case(STATE_CODES, value=seen.c.state, else_=0)


def departures(workspace_id: UUID) -> Select[Any]:
    """Select who left, when, and when it was known; a mere signal is no departure.

    Whoever was merged into another left when that one did: what was known of them before the merge is learnt from too.
    """
    left = departure_versions
    theirs = and_(
        customers.c.workspace_id == left.c.workspace_id,
        func.coalesce(customers.c.merged_into, customers.c.id) == left.c.customer_id,
    )
    statement = select(
        customers.c.id.label("customer_id"),
        us(left.c.left_at).label("departed_us"),
        us(left.c.recorded_at).label("recorded_us"),
    ).join(customers, theirs)
    return statement.where(
        left.c.workspace_id == workspace_id, known_now(left), left.c.kind != DepartureKind.SIGNAL.value
    )


def value_events(workspace_id: UUID) -> Select[Any]:
    """Select when each customer came for something of value, as told by now: what silence is reckoned from."""
    told = case_versions
    statement = select(told.c.customer_id, us(told.c.opened_at).label("opened_us"))
    mine = (told.c.workspace_id == workspace_id, known_now(told))
    return statement.where(*mine, told.c.demand == Demand.VALUE, told.c.opened_at.is_not(None))


def answered_cases(workspace_id: UUID) -> Select[Any]:
    """Select every answer about a case as it stands, with the moment its conditions count at: when it was asked.

    What was said about a case that was withdrawn is not about a case.
    """
    answer = response_versions
    theirs = and_(customers.c.workspace_id == answer.c.workspace_id, customers.c.id == answer.c.customer_id)
    statement = select(
        answer.c.case_id,
        customers.c.reference.label("customer"),
        func.coalesce(us(answer.c.asked_at), us(answer.c.answered_at)).label("moment_us"),
        answer.c.answers,
    ).join(customers, theirs)
    return statement.where(
        answer.c.workspace_id == workspace_id, known_now(answer), answer.c.complete, _about_a_case(answer)
    )


def _about_a_case(answer: Table) -> Column:
    """Return whether an answer is about a case that was not withdrawn."""
    current = and_(
        case_versions.c.workspace_id == case_heads.c.workspace_id,
        case_versions.c.id == case_heads.c.id,
        case_versions.c.number == case_heads.c.version,
    )
    return (
        exists()
        .select_from(case_heads.join(case_versions, current))
        .where(
            case_heads.c.workspace_id == answer.c.workspace_id,
            case_heads.c.id == answer.c.case_id,
            case_versions.c.voided.is_(False),
        )
    )


def current_cases(workspace_id: UUID) -> Select[Any]:
    """Select every case as it stands; a stub waits until it is reported itself."""
    theirs = and_(
        customers.c.workspace_id == case_versions.c.workspace_id, customers.c.id == case_versions.c.customer_id
    )
    return (
        select(case_versions, customers.c.reference.label("customer"))
        .join(customers, theirs)
        .where(
            case_versions.c.workspace_id == workspace_id,
            case_versions.c.opened_at.is_not(None),
            known_now(case_versions),
        )
    )


def answered_case_moments(workspace_id: UUID) -> CTE:
    """Return the distinct cases and moments of the answers: what `condition_states` is asked for."""
    answers = answered_cases(workspace_id).subquery("answers")
    return select(answers.c.case_id, answers.c.moment_us).distinct().cte("case_moments")


def case_moments(workspace_id: UUID, as_of: str, now_us: int) -> CTE:
    """Return every case with the moment its conditions count at: `opened`, `done`, or `latest`, which is now."""
    cases = current_cases(workspace_id).subquery("cases_now")
    moment = literal(now_us, BigInteger) if as_of == "latest" else us(cases.c[f"{as_of}_at"])
    return select(cases.c.id.label("case_id"), moment.label("moment_us")).where(moment.is_not(None)).cte("case_moments")


def told_conditions(workspace_id: UUID, codes: Collection[str]) -> Select[Any]:
    """Select in which cases some conditions were told of at all, whenever that was: `case_id`, `condition`."""
    seen = observation_versions
    named = and_(conditions.c.workspace_id == seen.c.workspace_id, conditions.c.id == seen.c.condition_id)
    statement = select(seen.c.case_id, conditions.c.reference.label("condition")).join(conditions, named)
    mine = (seen.c.workspace_id == workspace_id, known_now(seen), conditions.c.reference.in_(sorted(codes)))
    return statement.where(*mine).distinct()


def first_recorded(workspace_id: UUID) -> Select[Any]:
    """Select when the workspace first knew anything of a customer, UTC microseconds."""
    return select(func.min(us(customer_versions.c.recorded_at))).where(customer_versions.c.workspace_id == workspace_id)


def first_confirmed(workspace_id: UUID, statuses: Collection[str]) -> Select[Any]:
    """Select when each condition set first had one of some statuses: `id`, `first_us`, UTC microseconds.

    Each analysis finds the sets anew; the newest finding says how a set stands, the first since when it is known.
    """
    return (
        select(findings.c.id, func.min(us(findings.c.recorded_at)).label("first_us"))
        .where(findings.c.workspace_id == workspace_id, findings.c.status.in_(sorted(statuses)))
        .group_by(findings.c.id)
    )
