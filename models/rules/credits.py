"""What conditions have to do with failures, added up from what condition sets are credited with.

A failure is shared out over the sets complete in it and the leak, so that credits and leak add up to all failures. Of
one condition two figures are told: in how many failures it was *involved*, which counts each of its sets whole and so
overlaps, and its *share*, which divides a set's credit evenly over its members and adds up.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConditionCredit:
    """A condition's part in the failures.

    Parameters
    ----------
    condition : str
        Its code.
    sets : int
        How many sets it is a member of.
    involved : float
        Failures credited to these sets together; over all conditions that is more than there were.
    share : float
        Of every such set the credit divided by its members; with the leak these are all failures.
    """

    condition: str
    sets: int
    involved: float
    share: float


def by_condition(credited: Iterable[tuple[Collection[str], float]]) -> list[ConditionCredit]:
    """Return what each condition has to do with the failures, the largest share first.

    Parameters
    ----------
    credited : iterable of (collection of str, float)
        Of every set its members' codes and the failures it is credited with.

    Returns
    -------
    list of ConditionCredit
        Equal shares in the order of the alphabet.

    Examples
    --------
    >>> [(each.condition, each.involved, each.share) for each in by_condition([(("a", "b"), 6.0), (("a",), 1.0)])]
    [('a', 7.0, 4.0), ('b', 6.0, 3.0)]
    """
    found: dict[str, tuple[int, float, float]] = {}
    for members, credit in credited:
        for code in members:
            sets, involved, share = found.get(code, (0, 0.0, 0.0))
            found[code] = (sets + 1, involved + credit, share + credit / len(members))
    told = [ConditionCredit(code, *figures) for code, figures in found.items()]
    return sorted(told, key=lambda each: (-each.share, each.condition))
