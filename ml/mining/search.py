"""The search for minimal condition sets: greedy addition, minimality after each, swaps and supersets at the end.

A set joins only if it raises loglik/d - z^2/2, with z the layered critical value of its size and d the deflation
for customers; the same score decides whether a set may be shorter or go. That is what removes proxies, symptoms
and supersets.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from ml.mining.bitsets import Floats, Indices
from ml.mining.candidates import Candidates
from ml.mining.critical import LONGEST
from ml.mining.model import Accepted, Members, Model

ALIAS_DISTANCE = 2.0  # log-likelihood units the data cannot tell apart
_SHORT_LIST = 12
_LONG_LIST = 36
_MISJUDGED = 8.0  # log-likelihood units by which the scan may judge a set too low
_MOST_SETS = 60
_ROUNDS = 12
_CLOSE = 6.0  # how far the scan may misjudge a swap and still have it tested exactly
_BETTER = 1e-4


def search(model: Model, candidates: Candidates, begin: Iterable[Members] = ()) -> list[Accepted]:
    """Search until nothing can be added, shortened, dropped or swapped.

    Parameters
    ----------
    model : Model
        An empty model; it holds the result afterwards.
    candidates : Candidates
        The enumerated sets of the same pool.
    begin : iterable of tuple of int
        Sets to start from.

    Returns
    -------
    list of Accepted
        In the order of discovery.
    """
    for members in begin:
        model.add(members, max(1.0, model.improvement(members)[1]))
    _simplify(model)
    given_up: set[Members] = set()
    for _ in range(_ROUNDS):
        while len(model) < _MOST_SETS and len(given_up) < _LONG_LIST and _add_best(model, candidates, given_up):
            pass
        if not _exchange(model, candidates, given_up):
            break
    return sorted(model.sets, key=lambda accepted: accepted.found)


def _add_best(model: Model, candidates: Candidates, given_up: set[Members]) -> bool:
    """Add the set of the short list that raises the score most; look further down before giving up."""
    listed = _short_list(model, candidates, given_up)
    for tried in (listed[:_SHORT_LIST], listed[_SHORT_LIST:]):
        best, reached, deflated = None, _BETTER, 1.0
        for members in tried:
            gained, d = model.improvement(members)
            if gained > reached:
                best, reached, deflated = members, gained, d
        if best is not None:
            before, score = list(model.sets), model.score
            model.add(best, deflated)
            _settle(model, before, score, best, given_up)
            return True
    return False


def _settle(model: Model, before: list[Accepted], score: float, added: Members, given_up: set[Members]) -> None:
    """Simplify after a change; take it back where the sets it left without support were worth more."""
    _simplify(model)
    if model.score < score + _BETTER:
        model.restore(before)
        given_up.add(added)


def _short_list(model: Model, candidates: Candidates, given_up: set[Members]) -> list[Members]:
    """Return the sets with the largest scan gain over their critical value.

    The scan judges a set that overlaps others too low, by up to a half: its order is trusted, its level is not.
    """
    weight = model.weights(model.fit)
    score = candidates.gains(weight) - model.penalty[candidates.sizes]
    taken = model.taken | given_up
    scored = [(float(score[at]), candidates.set_at(int(at))) for at in _highest(score, _LONG_LIST + len(taken))]
    for accepted in model.sets:
        scored += _grown(model, candidates, accepted.members, weight)
    hopeful = {members: value for value, members in scored if value > -_MISJUDGED and members not in taken}
    return sorted(hopeful, key=lambda members: (-hopeful[members], members))[:_LONG_LIST]


def _highest(score: Floats, number: int) -> Indices:
    """Return the places of the highest scores, the highest first and of equal ones the first; no more are sorted."""
    if len(score) > number:
        least = np.partition(score, len(score) - number)[len(score) - number]
        among = np.flatnonzero(score >= least)
    else:
        among = np.arange(len(score))
    return among[np.argsort(-score[among], kind="stable")][:number]


def _grown(model: Model, candidates: Candidates, members: Members, weight: Floats) -> Iterator[tuple[float, Members]]:
    """Yield supersets beyond the enumerated size, grown from a set in the model."""
    if candidates.longest <= len(members) < LONGEST:
        near = candidates.neighbours(members, weight)
        score = np.where(candidates.joins(members), near.gain - model.penalty[len(members) + 1], -np.inf)
        for item in np.flatnonzero(score > -_MISJUDGED):
            yield float(score[item]), _with(members, int(item))


def _simplify(model: Model) -> None:
    """Drop or shorten sets as long as that raises the score."""
    for _ in range(_MOST_SETS * LONGEST):
        best: tuple[int, Members | None] | None = None
        reached = _BETTER
        for at in range(len(model)):
            for shorter, gained in _shorter(model, at):
                if gained > reached:
                    best, reached = (at, shorter), gained
        if best is None:
            return
        at, shorter = best
        if shorter is None:
            model.remove(at)
        else:
            model.replace(at, shorter)


def _shorter(model: Model, at: int) -> Iterator[tuple[Members | None, float]]:
    """Yield what the score gains if a set goes (None) or loses one member."""
    yield None, model.departure(at)[0]
    members = model.sets[at].members
    if len(members) == 1:
        return
    taken = model.taken
    for left in members:
        shorter = tuple(item for item in members if item != left)
        if shorter not in taken:
            yield shorter, model.change(at, shorter)[0]


def _exchange(model: Model, candidates: Candidates, given_up: set[Members]) -> bool:
    """Make the best swap or superset of the first set that has one; note near swaps as aliases."""
    for at in range(len(model)):
        size = len(model.sets[at].members)
        best, reached = None, _BETTER
        aliases: list[Members] = []
        for members in _nearby(model, candidates, at):
            if members in given_up:
                continue
            gained, fitted = model.change(at, members)
            if gained > reached:
                best, reached = members, gained
            if len(members) == size and fitted >= -ALIAS_DISTANCE:
                aliases.append(members)
        if best is not None:
            before, score = list(model.sets), model.score
            model.replace(at, best)
            _settle(model, before, score, best, given_up)
            return True
        model.note_aliases(at, aliases)
    return False


def _nearby(model: Model, candidates: Candidates, at: int) -> list[Members]:
    """Return the swaps of one member and the supersets whose scan gain comes close to the set's own."""
    members = model.sets[at].members
    weight = model.weights(model.departure(at)[1])
    taken = model.taken
    scored: dict[Members, float] = {}
    own = -np.inf
    for left in members:
        base = tuple(item for item in members if item != left)
        near = candidates.neighbours(base, weight)
        own = float(near.gain[left])
        fits = candidates.joins(base) & (near.gain > own - _CLOSE)
        scored |= {_with(base, int(item)): float(near.gain[item]) for item in np.flatnonzero(fits)}
    if len(members) < LONGEST:
        near = candidates.neighbours(members, weight)
        more = float(model.penalty[len(members) + 1] - model.penalty[len(members)])
        fits = candidates.joins(members) & (near.gain - more > own - _CLOSE)
        scored |= {_with(members, int(item)): float(near.gain[item]) - more for item in np.flatnonzero(fits)}
    found = [other for other in scored if other not in taken]
    return sorted(found, key=lambda other: (-scored[other], other))[:_SHORT_LIST]


def _with(members: Members, item: int) -> Members:
    return tuple(sorted((*members, item)))
