"""A countermeasure judged: each condition's prevalence, each set's completion, and what else the failures did."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.effects.cases import Cases, KnownSet, Question
from ml.effects.credit import failures, fit
from ml.effects.cusum import risk_adjusted
from ml.effects.elsewhere import difference
from ml.effects.figures import Figures, change_of, chart_of, estimate_of, failing_of, path_of
from ml.effects.shares import Change, change
from ml.effects.trends import segmented
from ml.effects.weeks import WEEK_US, Weeks, weekly, weeks_of
from ml.mining.bitsets import Flags, Floats, Indices
from ml.mining.items import Items
from ml.mining.observed import ABSENT, PRESENT, UNDETERMINED, Observed
from models.rules.verification import LEVEL, Evidence, still_lacking

DAYS_US = 86_400_000_000
LATELY_WEEKS = 8
"""A set has come back if it is complete again, in the last eight weeks, about as often as before."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of it.

    Attributes
    ----------
    figures : dict
        As they are kept and shown.
    verified_for, rising : tuple of str
        Ids of the sets it is verified for, and of those that come together more often again.
    """

    figures: Figures
    verified_for: tuple[str, ...]
    rising: tuple[str, ...]


def judge(cases: Cases, asked: Question) -> Judgement:
    """Judge a countermeasure from the cases before and after it went live.

    Parameters
    ----------
    cases : Cases
    asked : Question

    Returns
    -------
    Judgement
        Whole weeks only: asked twice within a week the answer is the same as long as the cases are.
    """
    here = cases if asked.team is None else cases.some(cases.team == asked.team)
    weeks = weeks_of(here.times_us, asked.live_us, asked.now_us)
    known = [code for code in asked.conditions if code in cases.codes]
    conditions = [_condition(here, weeks, code) | _elsewhere(cases, asked, code) for code in known]
    told = [_set(here, asked, one) for one in asked.sets if set(one.members) <= set(cases.codes)]
    figures: Figures = {
        "cases_before": int(weeks.before.sum()),
        "cases_after": int(weeks.after.sum()),
        "weeks_after": weeks.end,
        "followed_to_us": asked.live_us + weeks.end * WEEK_US,
        "conditions": conditions,
        "sets": [figures for figures, _ in told],
        "unknown_conditions": [code for code in asked.conditions if code not in cases.codes],
        **_cusum(here, weeks, asked),
    }
    return Judgement(
        figures,
        tuple(one["id"] for one, _ in told if not one["lacking"]),
        tuple(one["id"] for one, rises in told if rises),
    )


def _states(cases: Cases, members: Sequence[str]) -> tuple[Flags, Flags]:
    """Return where a set is complete, and where that is known."""
    states = Observed(cases.X).states(cases.items(members))
    return states == PRESENT, states != UNDETERMINED


def _condition(cases: Cases, weeks: Weeks, code: str) -> Figures:
    holds, known = _states(cases, [code])
    changed = change(holds, weeks.before & known, weeks.after & known, cases.customer)
    points = weekly(weeks.week, holds, known & weeks.between(weeks.first, weeks.end))
    trend = segmented(points)
    return {
        "code": code,
        **change_of(changed),
        "chart": chart_of(points),
        "trend": None
        if trend is None
        else {
            "level": estimate_of(trend.level),
            "slope": estimate_of(trend.slope),
            "points": trend.points,
            "lags": trend.lags,
        },
    }


def _elsewhere(cases: Cases, asked: Question, code: str) -> Figures:
    """Return how prevalence changed against the teams that have no countermeasure on the condition."""
    if asked.team is None or not asked.elsewhere:
        return {"elsewhere": None}
    holds, known = _states(cases, [code])
    weeks = weeks_of(cases.times_us, asked.live_us, asked.now_us)
    here = cases.team == asked.team
    counted = known & (here | np.isin(cases.team, sorted(asked.elsewhere))) & (weeks.before | weeks.after)
    found = difference(holds, here, weeks.after, counted, cases.customer)
    if found is None:
        return {"elsewhere": None}
    teams = sorted(asked.elsewhere)
    return {
        "elsewhere": {
            **estimate_of(found.estimate),
            "rows": found.rows,
            "rows_elsewhere": found.rows_elsewhere,
            "teams": teams,
        }
    }


def _set(cases: Cases, asked: Question, one: KnownSet) -> tuple[Figures, bool]:
    """Return what is to be said of one set, and whether it comes together more often again."""
    weeks = weeks_of(cases.times_us, asked.live_us, asked.now_us, baseline_us=one.found_until_us)
    answered = [code for code in one.members if code in asked.conditions]
    changes = {code: _prevalence(cases, weeks, code) for code in answered}
    complete, known = _states(cases, one.members)
    together = change(complete, weeks.before & known, weeks.after & known, cases.customer)
    followed = failures(cases.X, cases.failed, weeks, cases.customer, _all_sets(cases, asked, one))
    days = None if one.covered_since_us is None else (asked.now_us - one.covered_since_us) / DAYS_US
    evidence = Evidence(
        covered_days=days,
        points_before=len(weekly(weeks.week, complete, known & weeks.before)),
        points_after=len(weekly(weeks.week, complete, known & weeks.after)),
        falls=[changed.fall for changed in changes.values()],
    )
    rising = _rising(complete, known, weeks, cases.customer)
    lacking = still_lacking(evidence)
    return {
        "id": one.id,
        "conditions": list(one.members),
        "covered_since_us": one.covered_since_us,
        "baseline_from_us": asked.live_us + weeks.first * WEEK_US,
        "points_before": evidence.points_before,
        "points_after": evidence.points_after,
        "prevalence": [{"code": code, **change_of(changed)} for code, changed in changes.items()],
        "together": change_of(together),
        **failing_of(followed),
        "credited_to": _credited(followed.joint.fall, evidence.falls),
        "lacking": [*lacking, "set_returned"] if rising else lacking,
    }, rising


def _prevalence(cases: Cases, weeks: Weeks, code: str) -> Change:
    holds, known = _states(cases, [code])
    return change(holds, weeks.before & known, weeks.after & known, cases.customer)


def _all_sets(cases: Cases, asked: Question, one: KnownSet) -> list[Items]:
    """Return the set asked about first, then all others known."""
    others = [members for members in asked.others if members != one.members and set(members) <= set(cases.codes)]
    return [cases.items(one.members), *(cases.items(members) for members in others)]


def _rising(complete: Flags, known: Flags, weeks: Weeks, customer: Indices) -> bool:
    """Tell whether the set was complete more often lately than since going live, and no longer less than before it."""
    lately = weeks.between(max(0, weeks.end - LATELY_WEEKS), weeks.end) & known
    since = weeks.between(0, max(0, weeks.end - LATELY_WEEKS)) & known
    rise = change(complete, since, lately, customer).rise
    fall = change(complete, weeks.before & known, lately, customer).fall
    return rise is not None and rise <= LEVEL and fall is not None and fall > LEVEL


def _credited(failures: float | None, prevalence: Sequence[float | None]) -> str:
    """Return what the fall of failures goes with: never the countermeasure where no prevalence fell."""
    if failures is None or not prevalence or None in prevalence:
        return "too_few_to_say"
    if failures > LEVEL:
        return "no_fall_in_failures"
    fell = any(p is not None and p <= LEVEL for p in prevalence)
    return "countermeasure" if fell else "something_else"


def _cusum(cases: Cases, weeks: Weeks, asked: Question) -> Figures:
    """Follow failures since going live against the risk of the cases by the sets the countermeasure does not touch."""
    untouched = [m for m in asked.others if not set(m) & set(asked.conditions) and set(m) <= set(cases.codes)]
    since = weeks.between(0, weeks.end)
    if not since.any() or not cases.failed[weeks.before].any():
        return {"cusum": None}
    risk = _own_risk(cases, weeks.before, since, untouched)
    found = risk_adjusted(cases.failed[since], risk)
    return {"cusum": None if found is None else path_of(found, weeks.week[since])}


def _own_risk(cases: Cases, before: Flags, since: Flags, untouched: Sequence[Sequence[str]]) -> Floats:
    sets = [cases.items(members) for members in untouched]
    states = Observed(cases.X).matrix(sets)
    states[states == UNDETERMINED] = ABSENT
    return fit(cases.failed[before], states[before], cases.customer[before]).risk(states[since])
