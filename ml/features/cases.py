"""Cases as rows to mine: their outcomes' sources, the conditions observed in them as of a moment, and departures."""

from typing import Any
from uuid import UUID

from sqlalchemy import CTE, BigInteger, FromClause, Select, and_, func, literal, select

from ml.features.asof import NEVER_US, known_at, spans, table_of, us
from models.case import CaseVersion
from models.customer import CustomerVersion, DepartureKind, DepartureVersion
from models.failure import Condition, ObservationVersion
from models.feedback import ResponseVersion

customer_versions = table_of(CustomerVersion)
case_versions = table_of(CaseVersion)
response_versions = table_of(ResponseVersion)
observation_versions = table_of(ObservationVersion)
departure_versions = table_of(DepartureVersion)
conditions = table_of(Condition)


def condition_states(rows: FromClause) -> Select[Any]:
    """Select the state of every condition observed in some cases, each as known at its row's moment.

    Parameters
    ----------
    rows : FromClause
        `workspace_id`, `case_id`, `moment_us`.

    Returns
    -------
    Select
        `case_id`, `moment_us`, `condition` (code), `state`, `since_us`: the latest by (occurred, recorded) over all
        sources. A condition seen by a rule and not listed was absent; one reported by people and not listed was not
        observed.
    """
    within = and_(
        observation_versions.c.workspace_id.in_(select(rows.c.workspace_id)),
        observation_versions.c.case_id.in_(select(rows.c.case_id)),
    )
    span = spans(observation_versions, "observation_spans", within)
    t = rows.c.moment_us
    rank = func.row_number().over(
        partition_by=(rows.c.case_id, t, span.c.condition_id),
        order_by=(span.c.occurred_at.desc(), span.c.recorded_at.desc(), span.c.number.desc(), span.c.id.desc()),
    )
    ranked = (
        select(
            rows.c.case_id,
            t,
            span.c.workspace_id,
            span.c.condition_id,
            span.c.state,
            us(span.c.occurred_at).label("since_us"),
            rank.label("place"),
        )
        .join(span, span.c.case_id == rows.c.case_id)
        .where(known_at(span, t))
        .subquery("ranked_states")
    )
    code = and_(conditions.c.workspace_id == ranked.c.workspace_id, conditions.c.id == ranked.c.condition_id)
    return (
        select(ranked.c.case_id, ranked.c.moment_us, conditions.c.reference.label("condition"), ranked.c.state)
        .add_columns(ranked.c.since_us)
        .join(conditions, code)
        .where(ranked.c.place == 1)
    )


def departures(workspace_id: UUID) -> Select[Any]:
    """Select who left, when, and when it was known; a mere signal is no departure."""
    span = spans(departure_versions, "departure_spans", departure_versions.c.workspace_id == workspace_id)
    return select(
        span.c.customer_id, us(span.c.occurred_at).label("departed_us"), us(span.c.recorded_at).label("recorded_us")
    ).where(span.c.superseded_us == NEVER_US, span.c.voided.is_(False), span.c.kind != DepartureKind.SIGNAL.value)


def answered_cases(workspace_id: UUID) -> Select[Any]:
    """Select every answer about a case as it stands, with the moment its conditions count at: when it was asked."""
    span = spans(response_versions, "response_spans", response_versions.c.workspace_id == workspace_id)
    return select(
        span.c.workspace_id,
        span.c.id.label("row_id"),
        span.c.case_id,
        span.c.customer_id,
        func.coalesce(us(span.c.asked_at), us(span.c.answered_at)).label("moment_us"),
        span.c.answers,
    ).where(span.c.superseded_us == NEVER_US, span.c.voided.is_(False), span.c.case_id.is_not(None))


def current_cases(workspace_id: UUID) -> Select[Any]:
    """Select every case as it stands."""
    span = spans(case_versions, "case_spans", case_versions.c.workspace_id == workspace_id)
    return select(span).where(span.c.superseded_us == NEVER_US, span.c.voided.is_(False))


def answered_case_moments(workspace_id: UUID) -> CTE:
    """Return the distinct cases and moments of the answers: what `condition_states` is asked for."""
    answers = answered_cases(workspace_id).subquery("answers")
    return select(answers.c.workspace_id, answers.c.case_id, answers.c.moment_us).distinct().cte("case_moments")


def case_moments(workspace_id: UUID, as_of: str, now_us: int) -> CTE:
    """Return every case with the moment its conditions count at: `opened`, `done`, or `latest`, which is now."""
    cases = current_cases(workspace_id).subquery("cases_now")
    moment = literal(now_us, BigInteger) if as_of == "latest" else us(cases.c[f"{as_of}_at"])
    return (
        select(cases.c.workspace_id, cases.c.id.label("case_id"), moment.label("moment_us"))
        .where(moment.is_not(None))
        .cte("case_moments")
    )


def first_recorded(workspace_id: UUID) -> Select[Any]:
    """Select when the workspace first knew anything of a customer, UTC microseconds."""
    return select(func.min(us(customer_versions.c.recorded_at))).where(customer_versions.c.workspace_id == workspace_id)
