"""The scorecard's raw columns, one row a customer and moment, unknown as null."""

from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Double, FromClause, Select, Text, case, cast, func, literal, null, select, union_all

from ml.features.asof import DAY_US, LOOK_BACK_US, Column, Moments, known_at, known_now, table_of, us
from ml.features.case_history import (
    COUNTED_CASES,
    COUNTED_PROMISES,
    OF_CASES,
    STEPS,
    cadence,
    case_features,
    known_cases,
    medians,
    of_customer,
    parted,
    promise_features,
    repeat_features,
    usual,
    whole_ratio,
)
from ml.features.cases import condition_states
from ml.features.sayings import SILENT_AFTER, invitation_features, last_of, response_features, scored
from models.customer import CustomerVersion, DepartureKind, DepartureVersion
from models.failure import ObservedState
from models.median import MedianKind

customer_versions = table_of(CustomerVersion)
departure_versions = table_of(DepartureVersion)

OF_ANSWERS = ("score_last", "score_min_90", "score_mean_90", "score_fall", "effort_last")
OF_ASKING = ("invitations_365", "not_invited", "silent_after_invitations", "opted_out")
OF_CUSTOMERS = ("recency_days", "recency_ratio", "tenure_days", "value_ratio")
BETWEEN_PARTS = ("value_cases", "answered_us")
"""What one part of the features tells another, and no feature is made of."""
FEATURES = (*COUNTED_CASES, *OF_CASES, *COUNTED_PROMISES, *OF_ANSWERS, *OF_ASKING, *OF_CUSTOMERS)


def customer_features(moments: Moments, *, attributes: bool = False) -> Select[Any]:
    """Select one row of features a moment: the scorecard's raw columns, unknown as null.

    Parameters
    ----------
    moments
    attributes
        Whether the customer's attributes are read as well, for `ml.attributes`.

    Returns
    -------
    Select
        `customer_id`, `moment_us`, then the columns of `FEATURES`, then the customer's value and `objects_to_scoring`,
        and `attributes` as JSON in text where asked for.
        Whoever is not known to be a customer since some day has no `tenure_days`: the first case within the look-back
        would be no more than the look-back. Whoever was not asked is not known to be silent.
    """
    cases = known_cases(moments)
    of_cases, responses = case_features(moments, cases), response_features(moments)
    found = _together(
        moments,
        _customer_facts(moments, attributes=attributes),
        of_cases,
        repeat_features(moments, cases),
        promise_features(moments, cases),
        responses,
        invitation_features(moments, responses),
        cadence(moments, cases, of_cases),
    )
    return select(
        found.c.customer_id,
        moments.t_of(found).label("moment_us"),
        *_of_records(found),
        *_of_answers(found),
        *_of_asking(found),
        *_of_customers(moments.t_of(found), found),
        found.c.value_amount,
        found.c.value_currency,
        found.c.objects_to_scoring,
        *([found.c.attributes] if attributes else []),
    ).where(found.c.known == 1)


def _together(moments: Moments, *parts: CTE) -> FromClause:
    """Return the rows of all parts laid over each other, one a moment.

    Not joined: laid over each other they are looked through once, whatever a database believes of how many there are.
    """
    beside = {*(column.name for column in moments.key), *BETWEEN_PARTS}
    columns = {column.name: column.type for part in parts for column in part.c if column.name not in beside}
    laid = union_all(
        *[
            select(
                *moments.key_of(part),
                *[part.c[name] if name in part.c else cast(null(), kind).label(name) for name, kind in columns.items()],
            )
            for part in parts
        ]
    ).subquery("laid")
    return (
        select(*moments.key_of(laid), *[func.max(laid.c[name]).label(name) for name in columns])
        .group_by(*moments.key_of(laid))
        .subquery("found")
    )


def _customer_facts(moments: Moments, *, attributes: bool) -> CTE:
    """Return what is known of each moment's customer, and what customers are usually worth."""
    customers = customer_versions
    worth = usual(moments, MedianKind.VALUE, customers.c.value_currency)
    flags = ("survey_opt_out", "objects_to_scoring")
    more = [cast(customers.c.attributes, Text).label("attributes")] if attributes else []
    return (
        select(
            *moments.key_with(customers.c.id),
            literal(1).label("known"),
            us(customers.c.since).label("since_us"),
            customers.c.value_amount,
            customers.c.value_currency,
            medians.c.median.label("usual_value"),
            *[case((customers.c[name].is_(True), 1), else_=0).label(name) for name in flags],
            *more,
        )
        .select_from(moments.told(customers.c.id))
        .outerjoin(medians, worth)
        .where(*moments.unasked(customers.c.id), known_at(customers, moments.t))
        .cte("customer_facts")
    )


def _of_records(found: FromClause) -> list[Column]:
    counted = [func.coalesce(found.c[name], 0).label(name) for name in COUNTED_CASES]
    promised = [func.coalesce(found.c[name], 0).label(name) for name in COUNTED_PROMISES]
    return [*counted, *[found.c[name] for name in OF_CASES], *promised]


def _of_answers(found: FromClause) -> list[Column]:
    last = last_of(found.c.score_last_code)
    earlier = scored(found.c.score_sum - last, func.nullif(found.c.scores - 1, 0))
    return [
        scored(last).label("score_last"),
        scored(found.c.score_min).label("score_min_90"),
        scored(found.c.score_sum_90, func.nullif(found.c.scores_90, 0)).label("score_mean_90"),
        (earlier - scored(last)).label("score_fall"),
        scored(last_of(found.c.effort_last_code)).label("effort_last"),
    ]


def _of_asking(found: FromClause) -> list[Column]:
    asked = func.coalesce(found.c.invitations_365, 0)
    return [
        asked.label("invitations_365"),
        case((asked == 0, 1), else_=0).label("not_invited"),
        case((found.c.unanswered >= SILENT_AFTER, 1), (asked > 0, 0)).label("silent_after_invitations"),
        found.c.survey_opt_out.label("opted_out"),
    ]


def _of_customers(t: Column, found: FromClause) -> list[Column]:
    worth = cast(found.c.value_amount, Double) / cast(func.nullif(found.c.usual_value, 0), Double)
    return [
        parted(t - found.c.last_value_us, DAY_US).label("recency_days"),
        parted(whole_ratio(t - found.c.last_value_us, found.c.gap_us), STEPS).label("recency_ratio"),
        parted(t - found.c.since_us, DAY_US).label("tenure_days"),
        worth.label("value_ratio"),
    ]


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
    cases = known_cases(moments.asked_for)
    pairs = select(cases.c.customer_id, cases.c.case_id, moments.t_of(cases).label("moment_us")).cte("case_moments")
    states = condition_states(moments.workspace_id, pairs).subquery("states")
    return (
        select(states.c.customer_id, states.c.moment_us, states.c.case_id, states.c.condition, states.c.since_us)
        .where(states.c.state == ObservedState.PRESENT.value, states.c.since_us > states.c.moment_us - LOOK_BACK_US)
        .order_by(states.c.customer_id, states.c.moment_us, states.c.case_id, states.c.condition)
    )


def customer_departures(moments: Moments) -> Select[Any]:
    """Select those of the moments' customers who had left by then and did not come back with a new case since."""
    gone = departure_versions
    cases = known_cases(moments)
    left = (
        select(*moments.key, func.max(us(gone.c.left_at)).label("departed_us"))
        .select_from(moments.rows)
        .join(gone, of_customer(gone, moments))
        .where(known_at(gone, moments.t), gone.c.kind != DepartureKind.SIGNAL.value)
        .group_by(*moments.key)
        .cte("left_by_then")
    )
    whose = (left.c.customer_id, moments.t_of(left).label("moment_us"), left.c.departed_us)
    return (
        select(*whose)
        .outerjoin(cases, moments.same(cases, left))
        .group_by(*moments.key_of(left), left.c.departed_us)
        .having(func.coalesce(func.max(cases.c.opened_us), 0) <= left.c.departed_us)
    )
