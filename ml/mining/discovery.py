"""Discovery: from the rows of one period to minimal condition sets, cuts included.

Two or three rounds: search over coarse cuts, move the cuts of what was found, search again with those.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ml.mining.bitsets import Flags, Indices
from ml.mining.candidates import Candidates
from ml.mining.clusters import Customers
from ml.mining.critical import penalties
from ml.mining.cuts import choose_cuts, positions
from ml.mining.items import Item, ItemPool, Items, Kind, build_pool, cut_items, plain_items
from ml.mining.model import Accepted, Members, Model
from ml.mining.packed import Matrix, packed
from ml.mining.refinement import refine
from ml.mining.search import search

_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one period: their numbers in the matrix (None: all), outcome, stratum and customers."""

    numbers: Indices | None
    y: Flags
    stratum: Indices
    customers: Customers


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a discovery found.

    Attributes
    ----------
    sets : tuple of tuple of Item
        In the order found.
    aliases : tuple of tuple of tuple of Item
        For each set, the sets the data cannot tell from it.
    searched : int
        m of the critical values.
    """

    sets: tuple[Items, ...]
    aliases: tuple[tuple[Items, ...], ...]
    searched: int


def discover(X: Matrix, rows: Rows, kinds: Sequence[Kind], *, alpha: float, least: int) -> Discovered:
    """Find the minimal condition sets of one period.

    Parameters
    ----------
    X : ndarray of float, shape (n, m), or Packed
        NaN means not observed.
    rows : Rows
    kinds : sequence of {"binary", "category", "numeric"}
        What each column is.
    alpha : float
        Chance of any false set at all.
    least : int
        Fewest failures of a candidate.
    """
    held, numbers = packed(X), rows.numbers
    searched = {
        column: positions(held.values(column, numbers)) for column, kind in enumerate(kinds) if kind == "numeric"
    }
    plain = plain_items(held, kinds)
    others = [column for column, kind in enumerate(kinds) if kind != "numeric"]
    items = plain + cut_items(choose_cuts(held, rows.y, searched, others, numbers))
    m = len(plain) + 2 * sum(len(cuts) for cuts in searched.values())
    found, aliases = _round(held, rows, items, [], m, alpha, least)
    for _ in range(_ROUNDS - 1):
        moved = refine(held, rows.y, rows.stratum, found, numbers)
        if moved == found:
            break
        items = list(dict.fromkeys([*items, *(item for members in moved for item in members)]))
        found, aliases = _round(held, rows, items, moved, m, alpha, least)
    return Discovered(tuple(found), tuple(aliases), m)


def _round(
    X: Matrix, rows: Rows, items: list[Item], begin: list[Items], m: int, alpha: float, least: int
) -> tuple[list[Items], list[tuple[Items, ...]]]:
    """Search once over the given items."""
    pool = build_pool(X, items, rows.numbers)
    model = Model(pool, rows.y, rows.stratum, customers=rows.customers, penalty=penalties(m, alpha), least=least)
    accepted = search(model, Candidates(pool, model.failing, least), _in_pool(pool, begin))
    found = [_named(pool, one.members) for one in accepted]
    return found, [tuple(_aliases(pool, one)) for one in accepted]


def _in_pool(pool: ItemPool, sets: Iterable[Items]) -> list[Members]:
    """Return the sets as positions; an item that another stands for is looked up there."""
    place = {item: at for at, item in enumerate(pool.items)}
    for item, same in pool.aliases.items():
        place |= dict.fromkeys(same, place[item])
    known = [members for members in sets if all(item in place for item in members)]
    return list(dict.fromkeys(tuple(sorted({place[item] for item in members})) for members in known))


def _named(pool: ItemPool, members: Members) -> Items:
    return tuple(sorted(pool.items[member] for member in members))


def _aliases(pool: ItemPool, accepted: Accepted) -> Iterable[Items]:
    """Yield the near swaps of a set (other cuts of the same side left out), then the words of identical columns."""
    own = _named(pool, accepted.members)
    sides = [(item.column, item.op) for item in own if item.op != "eq"]
    for members in accepted.aliases:
        named = _named(pool, members)
        if not sides or [(item.column, item.op) for item in named if item.op != "eq"] != sides:
            yield named
    for at, item in enumerate(own):
        for same in pool.aliases.get(item, ()):
            yield tuple(sorted((*own[:at], same, *own[at + 1 :])))
