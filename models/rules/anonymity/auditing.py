"""The release auditor: whether from all that is released something of a few people alone could be derived.

What is released is a figure over a set of people: all of them, a team, those who had answered by some night. Who reads
two such figures can add and subtract them, and any of that is a sum over people with a weight each. If all weights but
those of a few are zero, it tells of these few. So the question is one about linear algebra: has the space that the
released sets span a vector, not zero, with fewer than k people in it? It is answered without a look at what anybody
said, so that neither a yes nor a no tells anything of it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import gcd

MOST_STEPS = 400
"""Cases looked at before it is taken for derivable: what cannot be shown to be safe is not released."""

Rows = Sequence[tuple[int, ...]]


def is_derivable(released: Sequence[Sequence[bool]], people: Sequence[int], few: int) -> bool:
    """Return whether sums and differences of released figures tell of fewer than `few` people alone.

    Parameters
    ----------
    released : Sequence[Sequence[bool]]
        Of each released figure, which kinds of people are in it.
    people : Sequence[int]
        How many there are of each kind; those of one kind are in the same figures.
    few : int
        So many together may be told of.

    Returns
    -------
    bool
        True also where there are too many cases to be looked through.

    Notes
    -----
    A vector of the span that tells of fewer than `few` is zero on all but so many people. Kinds on which all vectors
    are proportional vanish together, and count as one; where one counts `few` or more, the vector vanishes there, and
    the span that remains is smaller. Where none does, of any kinds that are `few` together one vanishes: each is tried.
    The theory is that of linear queries on a statistical database (Chin & Ozsoyoglu 1982, auditing).

    Examples
    --------
    All, and a team with all but two of them; then a team with all but six:

    >>> is_derivable([[True, True], [True, False]], [7, 2], 5), is_derivable([[True, True], [True, False]], [7, 6], 5)
    (True, False)
    """
    there = [place for place, many in enumerate(people) if many]
    rows = _independent([tuple(int(row[place]) for place in there) for row in released])
    return _Search(few).finds(rows, [people[place] for place in there])


class _Search:
    """Looks for a vector that is not zero on few people alone, so many steps at most."""

    def __init__(self, few: int) -> None:
        self._few = few
        self._left = MOST_STEPS

    def finds(self, rows: Rows, people: Sequence[int]) -> bool:
        """Return whether there is one in a span, given by rows of which none is a sum of others."""
        while rows:
            self._left -= 1
            kinds = _alike(rows, people)
            if sum(kinds.values()) < self._few or self._left < 0:
                return True
            largest = sorted(kinds, key=lambda kind: (-kinds[kind], kind))
            if kinds[largest[0]] < self._few:
                return any(self._without(rows, people, kind) for kind in _enough(largest, kinds, self._few))
            rows = _vanishing(rows, largest[0])
        return False

    def _without(self, rows: Rows, people: Sequence[int], kind: tuple[int, ...]) -> bool:
        return self.finds(_vanishing(rows, kind), people)


def _alike(rows: Rows, people: Sequence[int]) -> Mapping[tuple[int, ...], int]:
    """Return how many people there are of each kind that the span tells apart, without those it tells nothing of."""
    kinds: defaultdict[tuple[int, ...], int] = defaultdict(int)
    for column, many in zip(zip(*rows, strict=True), people, strict=True):
        if any(column):
            kinds[_reduced(column)] += many
    return kinds


def _enough(
    largest: Sequence[tuple[int, ...]], kinds: Mapping[tuple[int, ...], int], few: int
) -> Sequence[tuple[int, ...]]:
    """Return as few kinds as are so many people together."""
    chosen = 0
    together = 0
    while together < few:
        together += kinds[largest[chosen]]
        chosen += 1
    return largest[:chosen]


def _vanishing(rows: Rows, kind: tuple[int, ...]) -> Rows:
    """Return rows that span those vectors of a span that are zero on a kind of people."""
    pivot = next(place for place, weight in enumerate(kind) if weight)
    return [
        _reduced(
            tuple(kind[pivot] * own - weight * others for own, others in zip(rows[place], rows[pivot], strict=True))
        )
        for place, weight in enumerate(kind)
        if place != pivot
    ]


def _independent(rows: Rows) -> Rows:
    """Return rows that span the same, none of them a sum of others."""
    kept: list[tuple[int, ...]] = []
    leads: list[int] = []
    for row in rows:
        left = row
        for lead, before in zip(leads, kept, strict=True):
            if left[lead]:
                pairs = zip(left, before, strict=True)
                left = _reduced(tuple(before[lead] * own - left[lead] * other for own, other in pairs))
        lead_of = next((place for place, weight in enumerate(left) if weight), None)
        if lead_of is not None:
            kept.append(left)
            leads.append(lead_of)
    return kept


def _reduced(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Return weights in the smallest whole numbers that are proportional to them, the first one positive."""
    largest = gcd(*weights)
    if not largest:
        return weights
    sign = 1 if next(weight for weight in weights if weight) > 0 else -1
    return tuple(sign * weight // largest for weight in weights)
