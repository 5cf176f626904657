"""A customer's cases and promises as known at each moment, added up: contacts, repeats, elapsed time, own cadence."""

from typing import Any

from sqlalchemy import CTE, BigInteger, Double, Table, and_, case, cast, func, literal, or_, select, type_coerce

from ml.features.asof import DAY_US, HOUR_US, LOOK_BACK_US, REPEAT_US, Column, Moments, known_at, table_of, us
from models.case import CaseVersion, Demand, PromiseVersion
from models.median import Median, MedianKind

case_versions = table_of(CaseVersion)
promise_versions = table_of(PromiseVersion)
medians = table_of(Median)

CONTACTS_FOR_A_SHARE = 2
GAPS_FOR_A_CADENCE = 3
SECOND_US = 1_000_000
BEHIND = 2**30
"""A value under this rides behind its moment in one integer, so that `max` finds the latest on any database."""
STEPS = 1024
"""Ratios are whole numbers of such parts: whatever order they are looked at in, and wherever, they are the same."""

COUNTED_CASES = (
    "contacts_30",
    "contacts_90",
    "contacts_365",
    "failure_contacts_30",
    "failure_contacts_90",
    "repeats_90",
    "not_first_90",
    "handovers_90",
)
OF_CASES = (
    "failure_share_365",
    "elapsed_hours_max_90",
    "elapsed_hours_mean_90",
    "elapsed_hours_last",
    "elapsed_ratio_max_90",
    "elapsed_ratio_last",
)
COUNTED_PROMISES = ("promises_broken_90", "promises_overdue", "promises_open", "promises_kept_90")


def of_customer(version: Table, moments: Moments) -> Column:
    """Return whether a version belongs to the moment's customer."""
    return and_(version.c.workspace_id == moments.workspace_id, version.c.customer_id == moments.rows.c.customer_id)


def within_days(moment: Column, t: Column, days: int) -> Column:
    """Return whether a moment lies within so many days before another."""
    return moment > t - days * DAY_US


def usual(moments: Moments, kind: MedianKind, key: Column) -> Column:
    """Return whether a median is the one that counts at a moment, of a kind and key."""
    return and_(
        medians.c.workspace_id == moments.workspace_id,
        us(medians.c.as_of) == moments.usual,
        medians.c.kind == kind,
        medians.c.key == key,
    )


def known_cases(moments: Moments) -> CTE:
    """Return each moment's cases as known then; a milestone later than the moment is not known.

    `ended_us` is when the customer said it was done, else when the company did, null while the case is open;
    `elapsed_us` runs on until the moment meanwhile. `usual_us` is the median of its need.
    """
    known = case_versions
    t = moments.t
    opened = us(known.c.opened_at)
    ended = func.coalesce(*[case((us(at) <= t, us(at))) for at in (known.c.confirmed_at, known.c.done_at)])
    return (
        select(
            *moments.key_with(known.c.customer_id),
            known.c.id.label("case_id"),
            opened.label("opened_us"),
            ended.label("ended_us"),
            (func.coalesce(ended, t) - opened).label("elapsed_us"),
            medians.c.median.label("usual_us"),
            func.coalesce(known.c.contacts, 1).label("contacts"),
            func.coalesce(known.c.handovers, 0).label("handovers"),
            func.coalesce(known.c.reopened, 0).label("reopened"),
            func.coalesce(known.c.demand, literal(Demand.UNKNOWN.value)).label("demand"),
            known.c.need,
        )
        .select_from(moments.told(known.c.customer_id))
        .outerjoin(medians, usual(moments, MedianKind.ELAPSED, known.c.need))
        .where(*moments.unasked(known.c.customer_id), known_at(known, t), opened <= t, opened > t - LOOK_BACK_US)
        .cte("known_cases")
    )


def whole_ratio(part: Column, whole: Column) -> Column:
    """Return a ratio of two whole numbers in whole `STEPS`, null where there is nothing to divide by."""
    return part * STEPS // type_coerce(func.nullif(whole, 0), BigInteger)


def parted(number: Column, by: int) -> Column:
    """Return a whole number of parts as what they make together."""
    return cast(number, Double) / literal(float(by), Double)


def total(condition: Column, value: Any = 1) -> Column:
    """Return a sum over those rows of a group that meet a condition, 0 where none does."""
    return cast(func.sum(case((condition, value), else_=0)), BigInteger)


def counted(value: Column | None = None) -> Column:
    """Return how many rows a group has, or how many that have a value: as long an integer on every database."""
    return cast(func.count() if value is None else func.count(value), BigInteger)


def latest(moment: Column, value: Column) -> Column:
    """Return an integer that is greatest at the latest moment, to the second, and holds the value that goes with it."""
    whole = case((value >= BEHIND, BEHIND - 1), else_=value)
    return func.max(cast(moment // SECOND_US, BigInteger) * BEHIND + whole)


def case_features(moments: Moments, cases: CTE) -> CTE:
    """Return what each moment's cases add up to: `COUNTED_CASES`, `OF_CASES`, and `last_value_us`."""
    t = moments.t_of(cases)
    opened, ended, elapsed = cases.c.opened_us, cases.c.ended_us, cases.c.elapsed_us
    of_failure = cases.c.demand == literal(Demand.FAILURE.value)
    of_value = cases.c.demand == literal(Demand.VALUE.value)
    recent, lately = within_days(opened, t, 90), within_days(opened, t, 30)
    not_first = and_(recent, or_(cases.c.handovers > 0, cases.c.reopened > 0, cases.c.contacts > 1))
    all_contacts = func.sum(cases.c.contacts)
    # What a customer still waits for took at least as long by now.
    counts = or_(ended.is_(None), within_days(ended, t, 90))
    ratio = whole_ratio(elapsed, cases.c.usual_us)
    return (
        select(
            *moments.key_of(cases),
            total(lately, cases.c.contacts).label("contacts_30"),
            total(recent, cases.c.contacts).label("contacts_90"),
            cast(all_contacts, BigInteger).label("contacts_365"),
            total(and_(lately, of_failure), cases.c.contacts).label("failure_contacts_30"),
            total(and_(recent, of_failure), cases.c.contacts).label("failure_contacts_90"),
            total(not_first).label("not_first_90"),
            total(recent, cases.c.handovers).label("handovers_90"),
            case(
                (
                    all_contacts >= CONTACTS_FOR_A_SHARE,
                    cast(total(of_failure, cases.c.contacts), Double) / cast(all_contacts, Double),
                )
            ).label("failure_share_365"),
            _hours(func.max(case((counts, elapsed)))).label("elapsed_hours_max_90"),
            _hours(func.sum(case((counts, elapsed))), per=func.count(case((counts, 1)))).label("elapsed_hours_mean_90"),
            parted(latest(ended, elapsed // SECOND_US) % BEHIND, HOUR_US // SECOND_US).label("elapsed_hours_last"),
            parted(func.max(case((counts, ratio))), STEPS).label("elapsed_ratio_max_90"),
            parted(latest(ended, ratio) % BEHIND, STEPS).label("elapsed_ratio_last"),
            func.max(case((of_value, opened))).label("last_value_us"),
            counted(case((of_value, 1))).label("value_cases"),
        )
        .group_by(*moments.key_of(cases))
        .cte("case_features")
    )


def repeat_features(moments: Moments, cases: CTE) -> CTE:
    """Return how often each moment's customers came again for the same need within two weeks: `repeats_90`.

    Only cases are put in order that may be a repeat or have one: of a year's a third.
    """
    t, opened = moments.t_of(cases), cases.c.opened_us
    before = func.lag(opened).over(
        partition_by=(*moments.key_of(cases), cases.c.need), order_by=(opened, cases.c.case_id)
    )
    near = (
        select(*moments.key_of(cases), t.label("t_us"), opened.label("opened_us"), before.label("before_us"))
        .where(opened > t - 90 * DAY_US - REPEAT_US)
        .subquery("near_cases")
    )
    repeated = and_(within_days(near.c.opened_us, near.c.t_us, 90), near.c.opened_us - near.c.before_us <= REPEAT_US)
    return (
        select(*moments.key_of(near), counted().label("repeats_90"))
        .where(repeated)
        .group_by(*moments.key_of(near))
        .cte("repeat_features")
    )


def _hours(elapsed: Column, per: Column | int = 1) -> Column:
    return cast(elapsed, Double) / cast(HOUR_US * func.nullif(per, 0), Double)


def cadence(moments: Moments, cases: CTE, features: CTE) -> CTE:
    """Return the median gap between the cases a customer came with for something of value: `gap_us`.

    Only where there are three gaps and more: of whom came seldom nobody knows how often they come. The median is the
    mean of the two in the middle where their number is even.
    """
    often = features.c.value_cases > GAPS_FOR_A_CADENCE
    whose = moments.key_of(cases)
    before = func.lag(cases.c.opened_us).over(partition_by=whose, order_by=(cases.c.opened_us, cases.c.case_id))
    gaps = (
        select(*whose, (cases.c.opened_us - before).label("gap_us"), (features.c.value_cases - 1).label("gaps"))
        .select_from(cases.join(features, moments.same(cases, features)))
        .where(cases.c.demand == literal(Demand.VALUE.value), often)
        .subquery("gaps")
    )
    mine = moments.key_of(gaps)
    place = func.row_number().over(partition_by=mine, order_by=gaps.c.gap_us)
    ranked = (
        select(*mine, gaps.c.gap_us, gaps.c.gaps, place.label("place"))
        .where(gaps.c.gap_us.is_not(None))
        .subquery("ranked_gaps")
    )
    in_the_middle = and_(2 * ranked.c.place >= ranked.c.gaps, 2 * ranked.c.place <= ranked.c.gaps + 2)
    return (
        select(
            *moments.key_of(ranked),
            (cast(func.sum(ranked.c.gap_us), BigInteger) // func.count()).label("gap_us"),
        )
        .where(in_the_middle)
        .group_by(*moments.key_of(ranked))
        .cte("cadence")
    )


def promise_features(moments: Moments, cases: CTE) -> CTE:
    """Return what the promises made in each moment's cases add up to: `COUNTED_PROMISES`."""
    made = promise_versions
    t = moments.t_of(cases)
    due = us(made.c.due_in_force_at)
    # A promise kept after t is not yet kept at t, whatever a backfilled version says.
    kept = case((us(made.c.kept_at) <= t, us(made.c.kept_at)))
    on_time = and_(kept.is_not(None), kept <= due)
    past = due < t
    return (
        select(
            *moments.key_of(cases),
            total(and_(past, within_days(due, t, 90), ~on_time)).label("promises_broken_90"),
            total(and_(past, kept.is_(None))).label("promises_overdue"),
            total(and_(due >= t, kept.is_(None))).label("promises_open"),
            total(and_(on_time, within_days(kept, t, 90))).label("promises_kept_90"),
        )
        .join(made, and_(made.c.workspace_id == moments.workspace_id, made.c.case_id == cases.c.case_id))
        .where(known_at(made, t), us(made.c.made_at) <= t)
        .group_by(*moments.key_of(cases))
        .cte("promise_features")
    )
