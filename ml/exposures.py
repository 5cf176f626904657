"""From conditions seen in cases to a customer's exposure: seen lately, how often, and which sets were complete.

Standard library only: the API process computes exposures when it answers, the trainer for every snapshot.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DAY_US = 86_400_000_000
SEEN_DAYS = 90
HALF_LIFE_DAYS = 60.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """A condition present in one of the customer's cases.

    Parameters
    ----------
    case : Any
        The case's id.
    condition : str
        The condition's code.
    since_us : int
        Since when it was present, UTC microseconds.
    """

    case: Any
    condition: str
    since_us: int


def exposure_features(
    sightings: Iterable[Sighting],
    moment_us: int,
    sets: Mapping[str, Collection[str]] | None = None,
    verified: Mapping[str, int] | None = None,
) -> dict[str, float]:
    """Return the condition and set features of one customer at a moment.

    Parameters
    ----------
    sightings : iterable of Sighting
        What was known to be present by the moment.
    moment_us : int
        The moment, UTC microseconds.
    sets : mapping of str to collection of str, optional
        Members of each confirmed condition set, by set id.
    verified : mapping of str to int, optional
        By condition since when a countermeasure on it is verified, UTC microseconds, as known at the moment.

    Returns
    -------
    dict of str to float
        `seen:<code>` 1 where present in a case within 90 days; `decayed:<code>` the number of cases, each halved
        every 60 days; `set:<id>` 1 where one case within 90 days had all members, else 0; `verified:<code>` 1 where a
        countermeasure was verified since the condition was last seen. Of a condition never seen nothing is said.

    Examples
    --------
    >>> seen = [Sighting("c", "late", 0), Sighting("c", "wrong_part", 0)]
    >>> exposure_features(seen, 60 * DAY_US, {"s": ["late", "wrong_part"]})["set:s"]
    1.0
    >>> exposure_features(seen, 60 * DAY_US)["decayed:late"]
    0.5
    >>> exposure_features(seen, 60 * DAY_US, verified={"late": 30 * DAY_US, "no_callback": 0})["verified:late"]
    1.0
    """
    features: defaultdict[str, float] = defaultdict(float)
    by_case: defaultdict[Any, dict[str, int]] = defaultdict(dict)
    last_seen: dict[str, int] = {}
    for sighting in sightings:
        last_seen[sighting.condition] = max(sighting.since_us, last_seen.get(sighting.condition, sighting.since_us))
        days = (moment_us - sighting.since_us) / DAY_US
        if days < SEEN_DAYS:
            features[f"seen:{sighting.condition}"] = 1.0
        features[f"decayed:{sighting.condition}"] += 0.5 ** (days / HALF_LIFE_DAYS)
        by_case[sighting.case][sighting.condition] = sighting.since_us
    for set_id, members in (sets or {}).items():
        features[f"set:{set_id}"] = 1.0 if _complete_in_one(by_case.values(), members, moment_us) else 0.0
    for code, since_us in (verified or {}).items():
        if since_us > last_seen.get(code, since_us):
            features[f"verified:{code}"] = 1.0
    return dict(features)


def _complete_in_one(cases: Iterable[Mapping[str, int]], members: Collection[str], moment_us: int) -> bool:
    # Most cases have fewer conditions on record than a set has members: they are not looked at further.
    return any(_complete(case, members, moment_us) for case in cases if len(case) >= len(members))


def _complete(case: Mapping[str, int], members: Collection[str], moment_us: int) -> bool:
    if not case.keys() >= set(members):
        return False
    return (moment_us - max(case[code] for code in members)) / DAY_US < SEEN_DAYS


def nearly_complete(
    sightings: Iterable[Sighting], moment_us: int, sets: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """Return the sets that one case is a single member short of, and the member it lacks.

    Parameters
    ----------
    sightings : iterable of Sighting
        What was known to be present by the moment.
    moment_us : int
        The moment, UTC microseconds.
    sets : mapping of str to collection of str
        Members of each confirmed condition set, by set id.

    Returns
    -------
    dict of str to str
        By set id. A set is complete within one case and so is near within one: members seen in different cases do not
        add up. Of several such cases the latest says which member; a set of one member is never near.

    Examples
    --------
    >>> apart = [Sighting("c", "late", 0), Sighting("d", "wrong_part", 0)]
    >>> nearly_complete(apart, DAY_US, {"s": ["late", "wrong_part", "no_callback"]})
    {}
    >>> nearly_complete([*apart, Sighting("c", "wrong_part", 0)], DAY_US, {"s": ["late", "wrong_part", "no_callback"]})
    {'s': 'no_callback'}
    """
    by_case: defaultdict[Any, dict[str, int]] = defaultdict(dict)
    for sighting in sightings:
        by_case[sighting.case][sighting.condition] = sighting.since_us
    near: dict[str, str] = {}
    for set_id, members in sets.items():
        if _complete_in_one(by_case.values(), members, moment_us):
            continue
        short = [case for case in by_case.values() if len(case) >= len(members) - 1]
        lacking = [found for case in short if (found := _lacking(case, members, moment_us)) is not None]
        if lacking:
            near[set_id] = max(lacking)[1]
    return near


def near_features(
    sightings: Iterable[Sighting], moment_us: int, sets: Mapping[str, Collection[str]]
) -> dict[str, float]:
    """Return `near:<id>` 1 for each set that one case is a single member short of; see `nearly_complete`."""
    return {f"near:{set_id}": 1.0 for set_id in nearly_complete(sightings, moment_us, sets)}


def _lacking(case: Mapping[str, int], members: Collection[str], moment_us: int) -> tuple[int, str] | None:
    """Return since when a case is one member short of a set, and which; None where it is not."""
    missing = [code for code in members if code not in case]
    there = [code for code in members if code in case]
    if len(missing) != 1 or not there or not _complete(case, there, moment_us):
        return None
    return max(case[code] for code in there), missing[0]


def lately_present(sightings: Sequence[Sighting], moment_us: int) -> list[str]:
    """Return the codes present in a case within 90 days, in the order of the alphabet."""
    return sorted({s.condition for s in sightings if (moment_us - s.since_us) / DAY_US < SEEN_DAYS})
