"""The scorecard's raw columns, one row a customer and moment, unknown as null."""

from typing import Any
from uuid import UUID

from sqlalchemy import CTE, BigInteger, Float, Select, Table, and_, case, cast, func, or_, select

from ml.features.asof import DAY_US, LOOK_BACK_US, Column, Moments, known_at, known_now, table_of, us
from ml.features.cases import condition_states
from models.case import CaseVersion, PromiseVersion
from models.customer import CustomerVersion, DepartureKind, DepartureVersion
from models.failure import ObservedState
from models.feedback import ResponseVersion

customer_versions = table_of(CustomerVersion)
case_versions = table_of(CaseVersion)
promise_versions = table_of(PromiseVersion)
response_versions = table_of(ResponseVersion)
departure_versions = table_of(DepartureVersion)

REPEAT_US = 14 * DAY_US
CODE_STEPS = 128
"""A small value rides behind its moment in one integer, so that `max` finds the latest value on any database."""
TENTHS = 10
CONTACTS_FOR_A_SHARE = 2

COUNTED_CASES = (
    "contacts_90",
    "failure_contacts_90",
    "failure_contacts_30",
    "repeats_90",
    "not_first_90",
    "handovers_90",
)
COUNTED_PROMISES = ("promises_broken_90", "promises_overdue", "promises_open", "promises_kept_90")
FEATURES = (
    *COUNTED_CASES,
    "failure_share_365",
    *COUNTED_PROMISES,
    "score_last",
    "score_min_90",
    "score_mean_90",
    "score_fall",
    "effort_last",
    "tenure_days",
)


def _known_cases(moments: Moments) -> CTE:
    """Return each moment's cases as known then; a milestone later than the moment is not known."""
    known = case_versions
    t = moments.rows.c.moment_us
    opened = us(known.c.opened_at)
    before = func.lag(opened).over(
        partition_by=(moments.rows.c.customer_id, t, known.c.need), order_by=(opened, known.c.id)
    )
    return (
        select(
            moments.rows.c.customer_id,
            t,
            known.c.id.label("case_id"),
            opened.label("opened_us"),
            func.coalesce(known.c.contacts, 1).label("contacts"),
            func.coalesce(known.c.handovers, 0).label("handovers"),
            func.coalesce(known.c.reopened, 0).label("reopened"),
            func.coalesce(known.c.demand, "unknown").label("demand"),
            before.label("same_need_before_us"),
        )
        .join(known, _theirs(known, moments))
        .where(known_at(known, t), opened <= t, opened > t - LOOK_BACK_US)
        .cte("known_cases")
    )


def _theirs(version: Table, moments: Moments) -> Column:
    """Return whether a version belongs to the moment's customer."""
    return and_(version.c.workspace_id == moments.workspace_id, version.c.customer_id == moments.rows.c.customer_id)


def _days(moment: Column, t: Column, days: int) -> Column:
    return moment > t - days * DAY_US


def _total(condition: Column, value: Any = 1) -> Column:
    return func.coalesce(func.sum(case((condition, value), else_=0)), 0)


def _case_features(cases: CTE) -> CTE:
    t, opened = cases.c.moment_us, cases.c.opened_us
    of_failure = cases.c.demand == "failure"
    recent = _days(opened, t, 90)
    repeated = and_(recent, opened - cases.c.same_need_before_us <= REPEAT_US)
    not_first = and_(recent, or_(cases.c.handovers > 0, cases.c.reopened > 0, cases.c.contacts > 1))
    all_contacts = func.sum(cases.c.contacts)
    return (
        select(
            cases.c.customer_id,
            t,
            _total(recent, cases.c.contacts).label("contacts_90"),
            _total(and_(recent, of_failure), cases.c.contacts).label("failure_contacts_90"),
            _total(and_(_days(opened, t, 30), of_failure), cases.c.contacts).label("failure_contacts_30"),
            case(
                (all_contacts >= CONTACTS_FOR_A_SHARE, cast(_total(of_failure, cases.c.contacts), Float) / all_contacts)
            ).label("failure_share_365"),
            _total(repeated).label("repeats_90"),
            _total(not_first).label("not_first_90"),
            _total(recent, cases.c.handovers).label("handovers_90"),
        )
        .group_by(cases.c.customer_id, t)
        .cte("case_features")
    )


def _promise_features(moments: Moments, cases: CTE) -> CTE:
    made = promise_versions
    t = cases.c.moment_us
    due = us(made.c.due_in_force_at)
    # A promise kept after t is not yet kept at t, whatever a backfilled version says.
    kept = case((us(made.c.kept_at) <= t, us(made.c.kept_at)))
    on_time = and_(kept.is_not(None), kept <= due)
    past = due < t
    return (
        select(
            cases.c.customer_id,
            t,
            _total(and_(past, _days(due, t, 90), ~on_time)).label("promises_broken_90"),
            _total(and_(past, kept.is_(None))).label("promises_overdue"),
            _total(and_(due >= t, kept.is_(None))).label("promises_open"),
            _total(and_(on_time, _days(kept, t, 90))).label("promises_kept_90"),
        )
        .join(made, and_(made.c.workspace_id == moments.workspace_id, made.c.case_id == cases.c.case_id))
        .where(known_at(made, t), us(made.c.made_at) <= t)
        .group_by(cases.c.customer_id, t)
        .cte("promise_features")
    )


def _latest(moment: Column, value: Column) -> Column:
    return func.max(moment * CODE_STEPS + cast(func.round(value * TENTHS), BigInteger))


def _decoded(code: Column) -> Column:
    return cast(code % CODE_STEPS, Float) / TENTHS


def _response_features(moments: Moments) -> CTE:
    said = response_versions
    t, answered = moments.rows.c.moment_us, us(said.c.answered_at)
    score = said.c.score
    recent = _days(answered, t, 90)
    return (
        select(
            moments.rows.c.customer_id,
            t,
            _latest(answered, score).label("score_last_code"),
            func.min(case((recent, score))).label("score_min_90"),
            func.avg(case((recent, score))).label("score_mean_90"),
            func.sum(score).label("score_sum"),
            func.count(score).label("scores"),
            _latest(answered, said.c.effort).label("effort_last_code"),
        )
        .join(said, _theirs(said, moments))
        .where(known_at(said, t), answered <= t, answered > t - LOOK_BACK_US)
        .group_by(moments.rows.c.customer_id, t)
        .cte("response_features")
    )


def customer_features(moments: Moments) -> Select[Any]:
    """Select one row of features a moment: the scorecard's raw columns, unknown as null.

    Returns
    -------
    Select
        `customer_id`, `moment_us`, then the columns of `FEATURES`, then `objects_to_scoring`. Whoever is not known to
        be a customer since some day has no `tenure_days`: the first case within the look-back would be no more than
        the look-back.
    """
    customers = customer_versions
    cases = _known_cases(moments)
    of_cases, of_promises, of_responses = (
        _case_features(cases),
        _promise_features(moments, cases),
        _response_features(moments),
    )
    t = moments.rows.c.moment_us
    last = _decoded(of_responses.c.score_last_code)
    earlier = (of_responses.c.score_sum - last) / func.nullif(of_responses.c.scores - 1, 0)
    statement = select(
        moments.rows.c.customer_id,
        t,
        *[func.coalesce(of_cases.c[name], 0).label(name) for name in COUNTED_CASES],
        of_cases.c.failure_share_365,
        *[func.coalesce(of_promises.c[name], 0).label(name) for name in COUNTED_PROMISES],
        last.label("score_last"),
        of_responses.c.score_min_90,
        of_responses.c.score_mean_90,
        (earlier - last).label("score_fall"),
        _decoded(of_responses.c.effort_last_code).label("effort_last"),
        (cast(t - us(customers.c.since), Float) / DAY_US).label("tenure_days"),
        customers.c.value_amount,
        customers.c.value_currency,
        func.coalesce(customers.c.objects_to_scoring, False).label("objects_to_scoring"),
    ).join(
        customers, and_(customers.c.workspace_id == moments.workspace_id, customers.c.id == moments.rows.c.customer_id)
    )
    for part in (of_cases, of_promises, of_responses):
        same = and_(part.c.customer_id == moments.rows.c.customer_id, part.c.moment_us == t)
        statement = statement.outerjoin(part, same)
    return statement.where(known_at(customers, t))


def objectors(workspace_id: UUID) -> Select[Any]:
    """Select the customers who object to being scored as known now: nothing of them is learnt from, whenever it was."""
    said = customer_versions
    return select(said.c.id).where(
        said.c.workspace_id == workspace_id, known_now(said), said.c.objects_to_scoring.is_(True)
    )


def customer_conditions(moments: Moments) -> Select[Any]:
    """Select which conditions were present in each moment's cases.

    Returns
    -------
    Select
        `customer_id`, `moment_us`, `case_id`, `condition` (code), `since_us`: since when it was present.
    """
    cases = _known_cases(moments)
    pairs = select(cases.c.customer_id, cases.c.case_id, cases.c.moment_us).cte("case_moments")
    states = condition_states(moments.workspace_id, pairs).subquery("states")
    return (
        select(states.c.customer_id, states.c.moment_us, states.c.case_id, states.c.condition, states.c.since_us)
        .where(states.c.state == ObservedState.PRESENT.value, states.c.since_us > states.c.moment_us - LOOK_BACK_US)
        .order_by(states.c.customer_id, states.c.moment_us, states.c.case_id, states.c.condition)
    )


def customer_departures(moments: Moments) -> Select[Any]:
    """Select those of the moments' customers who had left by then and did not come back with a new case since."""
    gone = departure_versions
    t = moments.rows.c.moment_us
    cases = _known_cases(moments)
    latest_case = func.max(cases.c.opened_us)
    left = (
        select(gone.c.customer_id, t, func.max(us(gone.c.left_at)).label("departed_us"))
        .join(moments.rows, _theirs(gone, moments))
        .where(known_at(gone, t), gone.c.kind != DepartureKind.SIGNAL.value)
        .group_by(gone.c.customer_id, t)
        .cte("left_by_then")
    )
    return (
        select(left.c.customer_id, left.c.moment_us, left.c.departed_us)
        .outerjoin(cases, and_(cases.c.customer_id == left.c.customer_id, cases.c.moment_us == left.c.moment_us))
        .group_by(left.c.customer_id, left.c.moment_us, left.c.departed_us)
        .having(func.coalesce(latest_case, 0) <= left.c.departed_us)
    )
