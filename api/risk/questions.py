"""What one fresh answer asks of the database, all at once: see `models.quick`.

The features are the very expressions that scoring and training read; beside them stands what says whether anything
kept in memory is still so.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, Uuid, and_, func, literal, select, type_coerce

from api import kinds
from api.failures.looks import looks
from api.failures.stamps import stamps
from api.risk.queries import assessments, is_somebody, models
from ml.features import LOOK_BACK_US, Moments, customer_conditions, customer_departures, customer_features
from ml.features.asof import known_at
from models.access import ApiKey
from models.assessment import ModelState
from models.follow_up import FollowUpVersion
from models.quick import Given, Questions
from models.registry import ScorecardVersion
from models.workspace import WorkspaceVersion

OUTCOME = "failure"
keys = ApiKey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
settings = WorkspaceVersion.__table__  # type: ignore[attr-defined] # same
scorecards = ScorecardVersion.__table__  # type: ignore[attr-defined] # same
follow_ups = FollowUpVersion.__table__  # type: ignore[attr-defined] # same
customers, wishes = kinds.CUSTOMER.head, kinds.CUSTOMER.version
cases, case_versions = kinds.CASE.head, kinds.CASE.version
responses = kinds.RESPONSE.version


def _asked(given: Given) -> Sequence[Select[Any]]:
    workspace_id, now = given["workspace"], given["now"]
    return [
        _key(workspace_id, given["key"]),
        _kept(workspace_id),
        customer_features(_moments(given), attributes=True),
        customer_departures(_moments(given)),
        customer_conditions(_moments(given)),
        _evidence(_moments(given), now),
        _before(_moments(given), now),
        _overdue(_moments(given), now),
        _owed(_moments(given)),
        _unwilling(_moments(given)),
    ]


def _moments(given: Given) -> Moments:
    """Return the customer now; nobody where the reference is unknown or an alias."""
    when = (given["now"].label("moment_us"), given["usual"].label("usual_us"))
    rows = select(customers.c.id.label("customer_id"), *when).where(
        customers.c.workspace_id == given["workspace"], customers.c.reference == given["customer"], is_somebody()
    )
    return Moments(given["workspace"], rows.cte("moments"))  # type: ignore[arg-type] # a place for one


def _key(workspace_id: ColumnElement[Any], key_id: ColumnElement[Any]) -> Select[Any]:
    moments = [type_coerce(column, BigInteger) for column in (keys.c.revoked_at, keys.c.expires_at)]
    asked: Any = select(*moments)
    statement: Select[Any] = asked.where(keys.c.workspace_id == workspace_id, keys.c.id == key_id)
    return statement


def _kept(workspace_id: ColumnElement[Any]) -> Select[Any]:
    """Select what changes whenever the model, the sets, the countermeasures or the workspace's settings do."""
    told = select(func.max(settings.c.number)).where(settings.c.workspace_id == workspace_id).scalar_subquery()
    serves = and_(models.c.workspace_id == workspace_id, models.c.state == ModelState.CHAMPION.value)
    model = select(models.c.id).where(serves).limit(1).scalar_subquery()
    believed = select(func.max(scorecards.c.number)).where(scorecards.c.workspace_id == workspace_id).scalar_subquery()
    parts: list[ColumnElement[Any]] = [told, model, believed, *stamps(workspace_id, OUTCOME)]
    return select(*[part.label(f"stamp_{place}") for place, part in enumerate(parts)])


def _theirs(moments: Moments) -> Any:
    """Return whatever versions of cases were the customer's at some time, in the order SQLite is to read them."""
    theirs = and_(
        case_versions.c.workspace_id == moments.workspace_id, case_versions.c.customer_id == moments.rows.c.customer_id
    )
    head = and_(cases.c.workspace_id == case_versions.c.workspace_id, cases.c.id == case_versions.c.id)
    return moments.rows.join(case_versions, theirs).join(cases, head)


def _evidence(moments: Moments, now: ColumnElement[Any]) -> Select[Any]:
    """Select the references of the customer's cases, and the responses about each that are known."""
    about = and_(
        responses.c.workspace_id == cases.c.workspace_id, responses.c.case_id == cases.c.id, known_at(responses, now)
    )
    recent = type_coerce(case_versions.c.opened_at, BigInteger) > now - LOOK_BACK_US
    return (
        select(cases.c.id, cases.c.reference, responses.c.id.label("response_id"))
        .select_from(_theirs(moments).outerjoin(responses, about))
        .where(recent)
        .distinct()
        .order_by(cases.c.id, responses.c.id)
    )


def _before(moments: Moments, now: ColumnElement[Any]) -> Select[Any]:
    """Select whether the last assessment flagged the customer, and when it was made."""
    theirs = and_(
        assessments.c.workspace_id == moments.workspace_id, assessments.c.customer_id == moments.rows.c.customer_id
    )
    return (
        select(assessments.c.flagged, type_coerce(assessments.c.as_of, BigInteger).label("as_of"))
        .select_from(moments.rows.join(assessments, theirs))
        .where(type_coerce(assessments.c.recorded_at, BigInteger) <= now)
        .order_by(assessments.c.as_of.desc(), assessments.c.id.desc())
        .limit(1)
    )


def _overdue(moments: Moments, now: ColumnElement[Any]) -> Select[Any]:
    """Select whether time alone may have brought about something that rules did not look at yet."""
    due = and_(looks.c.workspace_id == cases.c.workspace_id, looks.c.case_id == cases.c.id)
    return (
        select(literal(1).label("one"))
        .select_from(_theirs(moments).join(looks, due))
        .where(case_versions.c.number == cases.c.version, type_coerce(looks.c.due_at, BigInteger) <= now)
        .limit(1)
    )


def _owed(moments: Moments) -> Select[Any]:
    """Select whether a follow-up of the customer's may be open: which one comes first the ordinary way finds."""
    theirs = and_(
        follow_ups.c.workspace_id == moments.workspace_id, follow_ups.c.customer_id == moments.rows.c.customer_id
    )
    return (
        select(literal(1).label("one"))
        .select_from(moments.rows.join(follow_ups, theirs))
        .where(follow_ups.c.closed_at.is_(None))
        .limit(1)
    )


def _unwilling(moments: Moments) -> Select[Any]:
    """Select whether the customer wants no contact, by what was told last."""
    theirs = and_(wishes.c.workspace_id == moments.workspace_id, wishes.c.id == moments.rows.c.customer_id)
    current = and_(
        customers.c.workspace_id == wishes.c.workspace_id,
        customers.c.id == wishes.c.id,
        customers.c.version == wishes.c.number,
    )
    return (
        select(literal(1).label("one"))
        .select_from(moments.rows.join(wishes, theirs).join(customers, current))
        .where(wishes.c.do_not_contact.is_(True))
    )


ANSWER = Questions(
    (
        *(("workspace", Uuid()), ("key", Uuid()), ("customer", String())),
        *(("now", BigInteger()), ("usual", BigInteger())),
    ),
    _asked,
)
"""Key, what is kept, features, a departure, conditions seen, evidence, what was said last, looks due, debts, wishes."""
KEY, KEPT, FEATURES, LEFT, SEEN, EVIDENCE, BEFORE, OVERDUE, OWED, UNWILLING = range(10)
CHAMPION = 1
"""Of what is kept: the model that is to serve."""
COLUMNS = ANSWER.columns()
