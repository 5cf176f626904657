"""Sums of closed periods, kept as long as nothing late touches them.

They are kept in the memory of the process that counted them: who reads stores nothing, and no copy is left of anybody
who is erased. Before they are given again the database is asked what was stored since it was asked last; from the
earliest moment on that this touches they are counted anew. So each process is right by itself, whoever stored.

What is stored carries the moment its transaction began, and comes to light when that ends: each look goes back by more
than a transaction takes, and knows by their names those rows that the last one saw.
"""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from api.dependencies import Work, utc_now
from api.measures.answers import Place
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.touching import (
    EVERYTHING,
    NEVER,
    Row,
    Touched,
    changing_by_time,
    stored_since,
    touched_by,
)
from models.rules.loyalty.cases import UNCHALLENGED_US
from models.rules.loyalty.dimensions import PARTS, Dimension, Part
from models.rules.loyalty.profile import PartSums
from models.rules.periods import Period
from models.rules.values import DAY_US

OVERLAP = timedelta(minutes=10)
"""How far back something may still have come to light since the last look: longer than any transaction takes."""
KEPT_FOR_US = DAY_US
"""Then counted anew, whatever was stored: were a clock set back unseen, no figure would be wrong for longer."""
MOST_SUMS = 50_000
"""Sums of single shares kept of one database: some 20 MB."""
MOST_WORKSPACES = 32
MOST_TURNS = 64
BY_RULE = frozenset(PARTS[Dimension.RESTORE])
"""Shares of failures: where facts make those, a rule finds them as of now, among all that is asked for."""
MOVING = frozenset({Part.FIRST_TIME, Part.RESTORED_IN_TIME})
"""Shares of closed periods that time alone may change."""

Cells = dict[tuple[str | None, int], dict[Part, PartSums]]
Count = Callable[[Question], Awaitable[Cells]]


@dataclass(frozen=True)
class Key:
    """What decides the sums of a period beside what is stored: zone and interval are in the period's own moments."""

    by: By | None
    parts: frozenset[Part]
    needs_met: tuple[Place, ...]
    reasons: tuple[Place, ...]
    renamed: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, asked: Question, parts: Collection[Part]) -> "Key":
        """Return what of a question decides."""
        renamed = frozenset(asked.renamed.items()) if asked.by is By.TEAM else frozenset[tuple[str, str]]()
        return cls(asked.by, frozenset(parts), tuple(asked.needs_met), tuple(asked.reasons), renamed)

    def from_us(self, touched: Touched) -> int:
        """Return from which moment on what was touched may count here."""
        if touched.segments and self.by is By.SEGMENT:
            return 0
        return min(touched.cases_us, touched.customers_us) if Part.AS_NEW in self.parts else touched.cases_us


@dataclass(frozen=True)
class Sums:
    """What was counted of one period, by group; and from when on, and until when, it holds for who asks."""

    groups: Mapping[str | None, Mapping[Part, PartSums]]
    from_us: int
    until_us: int

    @property
    def size(self) -> int:
        """How many sums there are; a period without any is kept too."""
        return 1 + sum(len(parts) for parts in self.groups.values())


@dataclass
class Keep:
    """What is kept of one workspace, and what was seen of it when it was looked at last."""

    looked_at: datetime | None = None
    seen: frozenset[Row] | None = frozenset()
    turn: int = 0
    """How often something was found that touches sums."""
    turns: deque[Touched] = field(default_factory=lambda: deque(maxlen=MOST_TURNS))
    questions: OrderedDict[Key, dict[Period, Sums]] = field(default_factory=OrderedDict)

    @property
    def size(self) -> int:
        """How many sums are kept."""
        return sum(sums.size for periods in self.questions.values() for sums in periods.values())

    async def look(self, work: Work) -> None:
        """Look at what was stored since the last time, and throw out what it touches."""
        now = min(work.now, utc_now())
        before = now if self.looked_at is None else self.looked_at
        went_back = now < before - OVERLAP
        rows = await stored_since(work, (now if went_back else before) - OVERLAP)
        touched = Touched()
        if went_back or rows is None or self.seen is None:
            touched = EVERYTHING
        elif self.looked_at is not None and rows - self.seen:
            touched = await touched_by(work, rows - self.seen, before - OVERLAP)
        # Nothing is waited for from here on: whoever finds these rows seen finds what they touch thrown out.
        self.looked_at, self.seen = now, rows
        if touched != Touched():
            self.throw_out(touched)

    def throw_out(self, touched: Touched) -> None:
        """Forget what may count otherwise since something was touched."""
        self.turn += 1
        self.turns.append(touched)
        for key in list(self.questions):
            from_us = key.from_us(touched)
            left = {period: sums for period, sums in self.questions[key].items() if period.end_us <= from_us}
            self.questions[key] = left
            if not left:
                del self.questions[key]

    def held(self, key: Key, asked: Question) -> list[Sums]:
        """Return what is kept of the first periods asked for, as far as it goes without a gap."""
        periods = self.questions.get(key)
        found: list[Sums] = []
        if periods is not None:
            self.questions.move_to_end(key)
            for period in asked.periods:
                sums = periods.get(period)
                if sums is None or not sums.from_us <= asked.now_us < sums.until_us:
                    break
                found.append(sums)
        return found

    def keep(self, key: Key, counted: Mapping[Period, Sums], turn: int) -> None:
        """Keep what was counted at a turn, but for what was touched meanwhile."""
        since = self.turn - turn
        touched = list(self.turns)[-since:] if since else []
        from_us = min([NEVER, *(key.from_us(one) for one in touched)]) if since <= len(touched) else 0
        kept = {period: sums for period, sums in counted.items() if period.end_us <= from_us}
        if kept:
            self.questions.setdefault(key, {}).update(kept)
            self.questions.move_to_end(key)


class Keeps:
    """What is kept of one database, the workspace asked about last at the end."""

    def __init__(self) -> None:
        self._keeps: OrderedDict[UUID, Keep] = OrderedDict()

    def of(self, workspace_id: UUID) -> Keep:
        """Return what is kept of a workspace."""
        keep = self._keeps.setdefault(workspace_id, Keep())
        self._keeps.move_to_end(workspace_id)
        while len(self._keeps) > MOST_WORKSPACES:
            self._keeps.popitem(last=False)
        return keep

    @property
    def size(self) -> int:
        """How many sums are kept."""
        return sum(keep.size for keep in self._keeps.values())

    def shrink(self) -> None:
        """Forget what was asked for longest ago, until no more is kept than may be."""
        while self.size > MOST_SUMS:
            oldest = next(keep for keep in self._keeps.values() if keep.questions)
            oldest.questions.popitem(last=False)


_of_databases: WeakKeyDictionary[Any, Keeps] = WeakKeyDictionary()


def keeps_of(work: Work) -> Keeps:
    """Return what this process keeps of the database that some work reads."""
    return _of_databases.setdefault(work.session.get_bind(), Keeps())


async def cells(work: Work, asked: Question, parts: Collection[Part], count: Count) -> Cells:
    """Return the sums of each group and period, of closed periods as they are kept.

    Parameters
    ----------
    work, asked, parts
    count
        Counts a question anew: the sums of each of its groups and periods, or it refuses.
    """
    by_rule = not asked.failure.asks_the_customer and BY_RULE & set(parts)
    if asked.interval is None or asked.known_at is not None or by_rule:
        return await count(asked)
    keeps, key = keeps_of(work), Key.of(asked, parts)
    keep = keeps.of(work.workspace_id)
    await keep.look(work)
    turn, held = keep.turn, keep.held(key, asked)
    found = {(group, place): dict(own) for place, sums in enumerate(held) for group, own in sums.groups.items()}
    if len(held) == len(asked.periods):
        return found
    rest = replace(asked, periods=asked.periods[len(held) :])
    counted = await count(rest)
    keep.keep(key, await _closed(work, rest, key, counted), turn)
    keeps.shrink()
    return found | {(group, len(held) + place): own for (group, place), own in counted.items()}


async def _closed(work: Work, asked: Question, key: Key, counted: Cells) -> Mapping[Period, Sums]:
    """Return what was counted of periods that are closed, with the time for which it holds."""
    closed = [period for period in asked.periods if period.end_us + UNCHALLENGED_US <= asked.now_us]
    if not closed:
        return {}
    moving = await changing_by_time(work, replace(asked, periods=closed)) if MOVING & key.parts else {}
    groups: Sequence[dict[str | None, Mapping[Part, PartSums]]] = [{} for _ in closed]
    for (group, place), own in counted.items():
        if place < len(closed):
            groups[place][group] = dict(own)
    latest = asked.now_us + KEPT_FOR_US
    return {
        period: Sums(groups[place], asked.now_us, min(latest, moving.get(place, latest)))
        for place, period in enumerate(closed)
    }
