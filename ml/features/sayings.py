"""What customers answered, and whether they were asked at all, as known at each moment."""

from sqlalchemy import CTE, BigInteger, Double, Integer, and_, case, cast, func, or_, select

from ml.features.asof import DAY_US, LOOK_BACK_US, Column, Moments, known_at, table_of, us
from ml.features.case_history import counted, within_days
from models.feedback import ResponseVersion
from models.invitation import Invitation

response_versions = table_of(ResponseVersion)
invitations = table_of(Invitation)

TIME_TO_ANSWER_US = 7 * DAY_US
SILENT_AFTER = 2
MILLISECOND_US = 1_000
PARTS = 10_000
"""Scores are whole numbers of such parts: sums do not depend on the order they are added in."""
BEHIND = 2**17
"""More than the highest score has parts."""


def response_features(moments: Moments) -> CTE:
    """Return what each moment's responses say: scores in whole `PARTS`, and when the last was given."""
    said = response_versions
    whose, t, answered = said.c.customer_id, moments.t, us(said.c.answered_at)
    score = cast(func.round(said.c.score * PARTS), Integer)
    recent = within_days(answered, t, 90)
    return (
        select(
            *moments.key_with(whose),
            _latest(answered, score).label("score_last_code"),
            func.min(case((recent, score))).label("score_min"),
            cast(func.sum(case((recent, score))), BigInteger).label("score_sum_90"),
            counted(case((recent, score))).label("scores_90"),
            cast(func.sum(score), BigInteger).label("score_sum"),
            counted(score).label("scores"),
            _latest(answered, cast(func.round(said.c.effort * PARTS), Integer)).label("effort_last_code"),
            func.max(answered).label("answered_us"),
        )
        .select_from(moments.told(whose))
        .where(*moments.unasked(whose), known_at(said, t), answered <= t, answered > t - LOOK_BACK_US)
        .group_by(*moments.key_with(whose))
        .cte("response_features")
    )


def _latest(moment: Column, value: Column) -> Column:
    return func.max(cast(moment // MILLISECOND_US, BigInteger) * BEHIND + value)


def last_of(code: Column) -> Column:
    """Return the value in whole `PARTS` that goes with the latest moment."""
    return code % BEHIND


def scored(parts: Column, count: int | Column = 1) -> Column:
    """Return whole parts of one score, or of the sum of several, as their mean."""
    return cast(parts, Double) / cast(PARTS * count, Double)


def invitation_features(moments: Moments, responses: CTE) -> CTE:
    """Return how often each moment's customers were asked: `invitations_365`, and how often since they last answered.

    An invitation counts as unanswered when a customer has had a week for it. One taken back by then is none.
    """
    asked = invitations
    whose, t, sent = asked.c.customer_id, moments.t, us(asked.c.created_at)
    answering = responses.c.customer_id == whose if moments.whole else moments.same(responses)
    unanswered = and_(sent <= t - TIME_TO_ANSWER_US, sent > func.coalesce(responses.c.answered_us, 0))
    stands = or_(asked.c.revoked_at.is_(None), us(asked.c.revoked_at) > t)
    return (
        select(
            *moments.key_with(whose),
            counted().label("invitations_365"),
            counted(case((unanswered, 1))).label("unanswered"),
        )
        .select_from(moments.told(whose))
        .outerjoin(responses, answering)
        .where(*moments.unasked(whose), sent <= t, sent > t - LOOK_BACK_US, stands)
        .group_by(*moments.key_with(whose))
        .cte("invitation_features")
    )
