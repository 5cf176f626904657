"""What countermeasures leave exposed: which members of a condition set are covered, and what would hold if one slips.

Putting out one member of a set stops it today; the others stay, and so do the other sets they belong to.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import NamedTuple


class Coverage(StrEnum):
    """How much of a condition set live countermeasures cover."""

    OPEN = "open"
    POINT = "point"
    PARTIAL = "partial"
    COVERED = "covered"


class Standing(StrEnum):
    """Where a countermeasure stands."""

    PLANNED = "planned"
    LIVE = "live"
    VERIFIED = "verified"
    RETIRED = "retired"


UNCOVERED = "none"
WORKING = frozenset({Standing.LIVE, Standing.VERIFIED})
"""A countermeasure in one of these covers its conditions."""
_RANKED = (Standing.VERIFIED, Standing.LIVE, Standing.PLANNED)


class Cover(NamedTuple):
    """A countermeasure as coverage sees it: what it is known by, the conditions it answers, and where it stands."""

    reference: str
    conditions: frozenset[str]
    standing: Standing


def coverage_of(conditions: Collection[str], covered: Collection[str]) -> Coverage:
    """Say how much of a set is covered.

    Parameters
    ----------
    conditions : Collection[str]
        The members of the set, at least one.
    covered : Collection[str]
        Conditions with a live countermeasure, of this set or of others.

    Returns
    -------
    Coverage
        None covered: open. One of several: point, a single point of failure. Some: partial. All: covered.

    Examples
    --------
    >>> [coverage_of("abc", covered).value for covered in ("", "a", "ab", "abc")]
    ['open', 'point', 'partial', 'covered']
    >>> coverage_of("a", "a").value
    'covered'
    """
    members = set(conditions)
    held = len(members & set(covered))
    if held == len(members):
        return Coverage.COVERED
    return (Coverage.OPEN, Coverage.POINT)[held] if held < 2 else Coverage.PARTIAL  # noqa: PLR2004 - one of several


def covered_by(covers: Sequence[Cover]) -> frozenset[str]:
    """Return the conditions that a live countermeasure answers.

    Examples
    --------
    >>> sorted(covered_by([Cover("m", frozenset("ab"), Standing.LIVE), Cover("n", frozenset("c"), Standing.PLANNED)]))
    ['a', 'b']
    """
    return frozenset().union(*(cover.conditions for cover in covers if cover.standing in WORKING))


def redundancy(conditions: Collection[str], covers: Sequence[Cover]) -> int:
    """Return how many live countermeasures on a set's members would have to fail together for it to come together.

    Any one that holds keeps the set from being complete, so all of them have to. With two or more the set is safe
    against the loss of one (N-1).

    Parameters
    ----------
    conditions : Collection[str]
        The members of the set.
    covers : Sequence[Cover]
        Countermeasures, taken as independent of each other; one that answers several members counts once.

    Examples
    --------
    >>> both = [Cover("m", frozenset("a"), Standing.LIVE), Cover("n", frozenset("ab"), Standing.VERIFIED)]
    >>> redundancy("ab", both), redundancy("c", both)
    (2, 0)
    """
    members = set(conditions)
    return len({cover.reference for cover in covers if cover.standing in WORKING and cover.conditions & members})


def standing_of_condition(condition: str, covers: Sequence[Cover]) -> str:
    """Return the furthest that any countermeasure on a condition has come: none, planned, live or verified.

    Examples
    --------
    >>> covers = [Cover("m", frozenset("a"), Standing.PLANNED), Cover("n", frozenset("a"), Standing.LIVE)]
    >>> standing_of_condition("a", covers), standing_of_condition("b", covers)
    ('live', 'none')
    """
    there = {cover.standing for cover in covers if condition in cover.conditions}
    return next((standing.value for standing in _RANKED if standing in there), UNCOVERED)


def hitting_set(sets: Collection[frozenset[str]]) -> list[str]:
    """Return a smallest choice of conditions that has a member of every set: one point countermeasure for each.

    It stops every one of the sets today, and is a single point of failure for each: see `coverage_of`.

    Parameters
    ----------
    sets : Collection[frozenset[str]]
        Condition sets, none of them empty.

    Returns
    -------
    list[str]
        In the order of the alphabet; of several smallest choices the first in that order that the search comes to.

    Examples
    --------
    >>> hitting_set([frozenset("ab"), frozenset("bc"), frozenset("d")])
    ['b', 'd']
    """
    ordered = sorted(sets, key=lambda members: (len(members), sorted(members)))
    return sorted(_smallest(ordered, frozenset(), None) or ())


def _smallest(
    sets: Sequence[frozenset[str]], chosen: frozenset[str], best: frozenset[str] | None
) -> frozenset[str] | None:
    """Return a smaller choice than the best so far that holds what is chosen, or the best so far."""
    left = [members for members in sets if not members & chosen]
    if best is not None and len(chosen) + _apart(left) >= len(best):
        return best
    if not left:
        return chosen
    for condition in sorted(left[0], key=lambda code: (-sum(code in members for members in left), code)):
        best = _smallest(left, chosen | {condition}, best)
    return best


def _apart(sets: Sequence[frozenset[str]]) -> int:
    """Return how many sets share no member with another of those counted: each of them needs a condition of its own."""
    seen: set[str] = set()
    count = 0
    for members in sets:
        if not members & seen:
            seen |= members
            count += 1
    return count
