"""Lanes: nobody waits alone, those who wait share, and no one's fault is another's."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from api.errors import Unavailable
from api.feedback.intake import lanes
from api.feedback.intake.lanes import Lanes
from models.database import WriterBusyError

pytestmark = pytest.mark.anyio


class Store:
    """Stores numbers when it is let, and remembers in which company."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.fails: BaseException | None = None

    async def __call__(self, items: Sequence[int]) -> Sequence[str | None]:
        self.batches.append(list(items))
        await self.open.wait()
        if self.fails is not None:
            raise self.fails
        return [f"stored {item}" for item in items]


async def in_turn() -> None:
    """Let everybody who can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_alone_is_stored_at_once_and_those_who_come_meanwhile_together() -> None:
    store = Store()
    taking = Lanes(store)
    waiting = [asyncio.create_task(taking.take("lane", number)) for number in range(5)]
    await in_turn()
    assert len(store.batches) == 1
    store.open.set()
    assert await asyncio.gather(*waiting) == [f"stored {number}" for number in range(5)]
    assert [number for batch in store.batches for number in batch] == list(range(5))
    assert await taking.take("lane", 9) == "stored 9"
    assert taking.waiting == 0


async def test_another_transaction_is_begun_beside_the_first_once_it_is_worth_it() -> None:
    store = Store()
    taking = Lanes(store, abreast=2)
    waiting = [asyncio.create_task(taking.take("lane", number)) for number in range(3)]
    await in_turn()
    waiting += [asyncio.create_task(taking.take("lane", number)) for number in range(3, 40)]
    await in_turn()
    assert len(store.batches) == 2
    store.open.set()
    assert await asyncio.gather(*waiting) == [f"stored {number}" for number in range(40)]
    assert [number for batch in store.batches for number in batch] == list(range(40))
    assert await taking.take("lane", 41) == "stored 41"


async def test_lanes_do_not_wait_for_each_other() -> None:
    store = Store()
    taking = Lanes(store)
    both = [asyncio.create_task(taking.take(name, number)) for number, name in enumerate("ab")]
    await in_turn()
    assert len(store.batches) == 2
    store.open.set()
    assert await asyncio.gather(*both) == ["stored 0", "stored 1"]


async def test_a_batch_holds_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_AT_ONCE", 3)
    store = Store()
    store.open.set()
    taking = Lanes(store)
    await asyncio.gather(*(taking.take("lane", number) for number in range(10)))
    assert max(map(len, store.batches)) == 3


async def test_more_than_can_be_waited_for_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_WAITING", 2)
    store = Store()
    taking = Lanes(store)
    waiting = [asyncio.create_task(taking.take("lane", 1))]
    await in_turn()
    waiting += [asyncio.create_task(taking.take("lane", number)) for number in (2, 3)]
    await in_turn()
    with pytest.raises(Unavailable) as refused:
        await taking.take("lane", 8)
    assert refused.value.headers["Retry-After"] == "1"
    store.open.set()
    await asyncio.gather(*waiting)


@pytest.mark.parametrize("error", [WriterBusyError(), OperationalError("", None, Exception("disk is full"))])
async def test_a_store_that_cannot_be_reached_is_everybodys(error: Exception) -> None:
    store = Store()
    store.open.set()
    store.fails = error
    taking = Lanes(store)
    outcomes = await asyncio.gather(*(taking.take("lane", number) for number in range(3)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {type(error)}


async def test_a_fault_of_one_sends_each_another_way() -> None:
    store = Store()
    store.open.set()
    store.fails = IntegrityError("", None, Exception("FOREIGN KEY constraint failed"))
    taking = Lanes(store)
    assert await asyncio.gather(*(taking.take("lane", number) for number in range(3))) == [None, None, None]


async def test_a_mistake_of_ours_is_told_to_all_and_the_lane_goes_on() -> None:
    store = Store()
    store.open.set()
    store.fails = RuntimeError("ours")
    taking = Lanes(store)
    outcomes = await asyncio.gather(*(taking.take("lane", number) for number in range(3)), return_exceptions=True)
    assert {str(outcome) for outcome in outcomes} == {"ours"}
    store.fails = None
    assert await taking.take("lane", 1) == "stored 1"


async def test_who_went_away_meanwhile_does_not_keep_the_others() -> None:
    store = Store()
    taking = Lanes(store)
    waiting = [asyncio.create_task(taking.take("lane", number)) for number in range(3)]
    await in_turn()
    waiting[0].cancel()
    store.open.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == ["stored 1", "stored 2"]
