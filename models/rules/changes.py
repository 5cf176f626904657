"""What the company changed, as a case sees it: how many days ago a release, a price or a policy came.

A change that names needs or teams touches the cases of these alone; one that names none touches all. For a case it
does not touch, before it came and before it was known, there is no number of days: the field is missing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.rules.values import DAY_US

SINCE_CHANGE = "since_change."


@dataclass(frozen=True, slots=True)
class ChangeState:
    """One version of a change, whole.

    Parameters
    ----------
    occurred_us, recorded_us : int
        When it came to be so and when the company knew, UTC microseconds.
    changed_us : int
        When the change came.
    needs, teams : Collection[str]
        Which it touched; empty for all.
    voided : bool
        Withdrawn as recorded by mistake.
    """

    occurred_us: int
    recorded_us: int
    changed_us: int
    needs: Collection[str] = ()
    teams: Collection[str] = ()
    voided: bool = False


def days_since(versions: Sequence[ChangeState], facts: Mapping[str, Any], moment_us: int) -> float | None:
    """Tell how many days before a moment a change came, as known then.

    Parameters
    ----------
    versions : Sequence[ChangeState]
        All versions of the change, by (occurred, recorded); of two that tie the later in the sequence holds.
    facts : Mapping[str, Any]
        The case's `need` and `team`, as known at the moment.
    moment_us : int
        UTC microseconds.

    Returns
    -------
    float | None
        None where the change had not come, was not known or was withdrawn, or does not touch the case.

    Examples
    --------
    >>> release = [ChangeState(0, 0, 0, needs=["repair"])]
    >>> days_since(release, {"need": "repair"}, 2 * DAY_US), days_since(release, {"need": "move"}, 2 * DAY_US)
    (2.0, None)
    """
    known = next((state for state in reversed(versions) if state.recorded_us <= moment_us), None)
    if known is None or known.voided or known.changed_us > moment_us:
        return None
    if known.needs and facts.get("need") not in known.needs:
        return None
    if known.teams and facts.get("team") not in known.teams:
        return None
    return (moment_us - known.changed_us) / DAY_US
