"""The database counts as the definition in words does, over invented companies."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from api.dependencies import Work
from api.measures.loyalty import facts
from api.measures.loyalty.asking import By, asked
from models.base import from_us, to_us
from models.rules.loyalty.dimensions import PARTS, Dimension, Part
from models.rules.loyalty.profile import PartSums
from models.rules.periods import Interval
from tests.api.caller import Caller
from tests.api.measures.loyalty.conftest import post
from tests.api.measures.loyalty.invented import at_second, expected, invented, window_of

pytestmark = pytest.mark.anyio
OF_CASES = frozenset(Part) - {Part.AS_NEW, Part.LEARNT, Part.PROPOSALS_ANSWERED, Part.REQUESTS_MET}


@pytest.mark.parametrize("seed", [1, 2])
async def test_all_cases_are_counted_as_each_is(client: Caller, work: Work, seed: int) -> None:
    company = invented(seed, at_second(datetime.now(UTC)))
    await post(client, company)
    start_us, end_us = window_of(company)
    # Told at the moment the company was invented for: nothing was stored by then, so what stands now is asked.
    question = replace(await asked(work, start=from_us(start_us), end=from_us(end_us)), now_us=to_us(company.now))
    assert await facts.cells(work, question, OF_CASES) == {
        (None, 0): expected(company, start_us, end_us)[None],
    }
    for by in (By.NEED, By.CHANNEL, By.SEGMENT, By.TEAM):
        told = await facts.cells(work, replace(question, by=by), OF_CASES - {Part.NOT_NEEDLESS})
        if by is not By.SEGMENT:
            wanted = expected(company, start_us, end_us, by.value)
            for own in wanted.values():
                own.pop(Part.NOT_NEEDLESS, None)
            assert told == {(group, 0): own for group, own in wanted.items() if own}


async def test_shards_of_whole_customers_add_up_and_order_does_not_matter(client: Caller, work: Work) -> None:
    now = at_second(datetime.now(UTC))
    one, other = invented(5, now, cases=20, prefix="A-"), invented(6, now, cases=20, prefix="B-")
    start_us, end_us = window_of(one)
    question = replace(await asked(work, start=from_us(start_us), end=from_us(end_us)), now_us=to_us(now))
    shards = []
    for company in (one, other):
        for rows in (company.customers, company.cases, company.promises, company.contacts, company.answers):
            rows.reverse()
        await post(client, company)
        await work.session.rollback()
        shards.append((await facts.cells(work, question, OF_CASES)).get((None, 0), {}))
    only_other = expected(other, start_us, end_us)[None]
    assert shards[0] == expected(one, start_us, end_us)[None]
    assert shards[1] == {
        part: shards[0].get(part, PartSums()) + only_other.get(part, PartSums()) for part in {*shards[0], *only_other}
    }


async def test_one_dimension_alone_is_counted_as_among_all(client: Caller, work: Work) -> None:
    await post(client, invented(7, at_second(datetime.now(UTC)), cases=12))
    question = await asked(work, interval=Interval.MONTH)
    whole = await facts.cells(work, question)
    for dimension in Dimension:
        mine = PARTS[dimension]
        wanted = {cell: {part: sums for part, sums in own.items() if part in mine} for cell, own in whole.items()}
        alone = await facts.of_dimension(work, question, dimension)
        assert alone == {cell: own for cell, own in wanted.items() if own}
