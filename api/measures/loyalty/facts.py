"""The facts themselves: what was counted for each share, by group and period, as charts and profiles read it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, RowMapping, Select, select

from api.dependencies import Work
from api.errors import NotAboutThis
from api.failures import telling as failures
from api.measures.loyalty import kept
from api.measures.loyalty.asking import Question
from api.measures.loyalty.counting import learnt, staff
from api.measures.loyalty.counting.contacts import DEMAND, contacts
from api.measures.loyalty.counting.reading import Reading
from api.measures.loyalty.counting.rows import CASE_NAMES, Rows, case_rows, customers, in_time, promises
from api.measures.loyalty.counting.sums import Cell, read, sums
from models.ids import in_order
from models.rules.loyalty.dimensions import ABOUT_STAFF, PARTS, Dimension, Part
from models.rules.loyalty.profile import PartSums

MOST_CELLS = 20_000
MOST_LOOKED_AT = 5_000
"""A failure definition that asks no customer is a rule, and rules run in Python: over so many cases in a request."""
Cells = Mapping[Cell, Mapping[Part, PartSums]]
EVERY_PART = frozenset(Part)
RESTORE = frozenset({Part.TOLD_FIRST, Part.PUT_BACK, Part.RESTORED_IN_TIME})
OF_CASES = RESTORE | {Part.DONE_IN_TIME, Part.FIRST_TIME, Part.WITHOUT_PERMISSION}
"""The shares that cases are counted for."""
OF_OTHERS = ABOUT_STAFF | {Part.LEARNT}
"""Shares whose rows are no customers'. They are few, and counted at each question."""


async def cells(work: Work, asked: Question, parts: Collection[Part] = EVERY_PART) -> Cells:
    """Return what was counted for some shares.

    Parameters
    ----------
    work
    asked
        With its `periods` the sums are of each: whole customers within a period. Those of periods are never added up;
        `asked.whole` asks for the window as one.
    parts
        Those to count: all, or what one dimension is made of.

    Returns
    -------
    Mapping
        By group and number of the period. The group is None where nothing is told apart, and where it is not known.
        Shares without a row are left out.

    Raises
    ------
    NotAboutThis
        `too_many_points`.
    """
    of_customers = frozenset(parts) - OF_OTHERS

    async def count(rest: Question) -> kept.Cells:
        counted = await cells_of(work, rest, await counted_rows(work, rest, of_customers), of_customers)
        return {cell: dict(own) for cell, own in counted.items()}

    found = await kept.cells(work, asked, of_customers, count) if of_customers else {}
    for cell, own in (await cells_of(work, asked, (), OF_OTHERS & set(parts))).items():
        found.setdefault(cell, {}).update(own)
    return _told(found)


async def cells_of(work: Work, asked: Question, counted: Sequence[Rows], parts: Collection[Part] = EVERY_PART) -> Cells:
    """Return what was counted in some rows, and beside it what is no customers' among some shares."""
    found: dict[Cell, dict[Part, PartSums]] = {}
    shares = [Part(part) for rows in counted for part in rows.parts]
    if counted:
        for row in await _read(work, sums(counted, MOST_CELLS + 1)):
            known = {part: own for part, own in read(row, shares).items() if part in parts}
            found.setdefault((row["grp"], row["period"]), {}).update(known)
    beside: list[Cells] = []
    if ABOUT_STAFF & set(parts):
        beside.append(await staff.cells(work, asked))
    if Part.LEARNT in parts:
        beside.append(await learnt.cells(work, asked))
    for told in beside:
        for cell, sums_of in told.items():
            found.setdefault(cell, {}).update({part: own for part, own in sums_of.items() if part in parts})
    return {cell: own for cell, own in _told(found).items() if own}


def _told(found: kept.Cells) -> kept.Cells:
    if len(found) > MOST_CELLS:
        detail = f"That is more than {MOST_CELLS} points. Ask for a shorter time, longer periods or fewer groups."
        raise NotAboutThis(detail, code="too_many_points")
    return found


async def of_dimension(work: Work, asked: Question, dimension: Dimension) -> Cells:
    """Return what was counted for the shares of one dimension: what a chart of it is drawn from.

    Of a dimension of one share `known.total` and `known.n` of it are k and n.
    """
    return await cells(work, asked, PARTS[dimension])


async def counted_rows(work: Work, asked: Question, parts: Collection[Part] = EVERY_PART) -> Sequence[Rows]:
    """Return the rows of customers in which some shares are counted, each share in one of them: of one reading."""
    wanted = frozenset(parts)
    read = Reading(asked, names_of(wanted))
    failing = await _failing(work, asked) if wanted & RESTORE else None
    return rows_of(read, failing, wanted)


def rows_of(read: Reading, failing: Sequence[UUID] | None, parts: Collection[Part] = EVERY_PART) -> Sequence[Rows]:
    """Return the rows in which some shares are counted; `failing` are the cases that fail by their facts."""
    found = case_rows(read, failing, parts) if OF_CASES & set(parts) else []
    if Part.KEPT in parts:
        found.append(promises(read))
    if Part.NOT_NEEDLESS in parts:
        found.append(contacts(read))
    if Part.AS_NEW in parts:
        found.append(customers(read))
    return found


def names_of(parts: Collection[Part] = EVERY_PART) -> Sequence[str]:
    """Return what has to be read of cases for some shares."""
    names = CASE_NAMES if OF_CASES & set(parts) else ()
    return (*names, *(DEMAND if Part.NOT_NEEDLESS in parts else ()))


async def _failing(work: Work, asked: Question) -> Sequence[UUID] | None:
    """Return which cases fail by their facts, none where they are too many to look at; None where customers say it."""
    if asked.failure.asks_the_customer:
        return None
    cases = Reading(asked.together).cases
    statement = select(cases.c.id).where(in_time(asked, cases.c.opened_us)).limit(MOST_LOOKED_AT + 1)
    ids = list((await work.session.scalars(statement)).all())
    if len(ids) > MOST_LOOKED_AT:
        return []
    return in_order(await failures.failing_by_facts(work, ids, asked.now_us))


async def _read(work: Work, statement: Select[Any] | CompoundSelect[Any]) -> Sequence[RowMapping]:
    return list((await work.session.execute(statement)).mappings())
