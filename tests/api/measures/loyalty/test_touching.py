"""What is stored late alters sums of closed weeks, and only those that stood before it are kept."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from api.measures.loyalty.asking import By
from tests.api.caller import Caller, done
from tests.api.measures.loyalty.compared import Compared
from tests.api.measures.loyalty.histories import START

pytestmark = pytest.mark.anyio
Deed = Callable[[Caller], Awaitable[Any]]


def at(days: float) -> str:
    """Give a moment some days before the start."""
    return (START - timedelta(days=days)).isoformat()


def put(path: str, **fields: Any) -> Deed:
    """Put something."""

    async def deed(client: Caller) -> Any:
        return done(await client.put(path, fields))

    return deed


def post(path: str, **fields: Any) -> Deed:
    """Post something."""

    async def deed(client: Caller) -> Any:
        return done(await client.post(path, fields))

    return deed


async def erase(client: Caller) -> Any:
    """Erase a customer."""
    return await client.erase("C-2")


AGAIN = {"customer": "C-1", "need": "repair", "opened_at": at(55)}
DEEDS: dict[str, tuple[By | None, Deed]] = {
    "another case challenges what was called done": (By.NEED, put("/v1/cases/K-5", **AGAIN)),
    "a case was done later": (By.NEED, put("/v1/cases/K-1", done_at=at(40))),
    "a case is of another need": (By.NEED, put("/v1/cases/K-1", need="claim")),
    "a case is another customer's": (By.SEGMENT, put("/v1/cases/K-1", customer="C-2")),
    "a case is withdrawn": (None, post("/v1/cases/K-1/void", reason="told by mistake")),
    "a promise is moved": (None, put("/v1/cases/K-1/promises/P-1", due_at=at(45), moved_by="customer")),
    "a promise is withdrawn": (None, post("/v1/cases/K-1/promises/P-1/void", reason="told by mistake")),
    "a contact comes late": (
        By.TEAM,
        post("/v1/interactions", case="K-1", channel="phone", occurred_at=at(50), demand="failure", team="south"),
    ),
    "an answer comes late": (
        None,
        post(
            "/v1/responses",
            survey="post_interaction",
            case="K-1",
            answered_at=at(58),
            answers={"satisfaction": 1, "needs_met": "no"},
        ),
    ),
    "a customer's terms were worse": (None, put("/v1/customers/C-1", terms_as_new=False, occurred_at=at(50))),
    "a customer has been one for long": (None, put("/v1/customers/C-9", terms_as_new=True, since=at(300))),
    "a customer is of another segment": (By.SEGMENT, put("/v1/customers/C-1", segment="tin")),
    "a customer left": (None, post("/v1/departures", customer="C-1", kind="cancelled", at=at(50))),
    "a need takes longer": (By.NEED, put("/v1/needs/repair", name="repair", customer_time="P30D")),
    "a team went by another name": (By.TEAM, put("/v1/teams/new", name="New", former_names=["north"])),
    "two customers are one": (None, post("/v1/customers/C-2/merge", into="C-1")),
    "a customer is erased": (None, erase),
}


@pytest.fixture
async def company(client: Caller, traveller: time_machine.Traveller) -> Caller:
    """Tell of two customers with two cases each, done and settled long ago."""
    del traveller
    await client.put_customer("C-1", segment="gold", terms_as_new=True, waiting_as_new=True, since=at(400))
    await client.put_customer("C-2", segment="silver", terms_as_new=True, waiting_as_new=True, since=at(400))
    done(await client.put("/v1/needs/repair", {"name": "repair", "customer_time": "PT72H"}))
    case = {"team": "north", "contacts": 1, "handovers": 0, "reopened": 0, "permission_asked": False}
    await client.put_case("K-1", "C-1", opened_at=at(70), done_at=at(60), **case)
    await client.put_case("K-2", "C-2", opened_at=at(70), done_at=at(69), **case)
    await client.put_case("K-3", "C-1", opened_at=at(100), done_at=at(99), **case)
    await client.put_case("K-4", "C-2", opened_at=at(100), done_at=at(99), **case)
    await client.promise("K-1", "P-1", made_at=at(70), due_at=at(62), kept_at=at(60))
    return client


@pytest.mark.parametrize("name", list(DEEDS))
async def test_whatever_comes_late_alters_what_is_told(
    company: Caller, compared: Compared, traveller: time_machine.Traveller, name: str
) -> None:
    by, deed = DEEDS[name]
    window: dict[str, Any] = {"start": START - timedelta(days=120), "end": START - timedelta(days=21)}
    assert await compared.ask(by, **window) > 12
    assert await compared.ask(by, **window) == 0
    before = compared.told
    traveller.shift(timedelta(minutes=20))
    await deed(company)
    assert await compared.ask(by, **window) > 0
    # It would not be noticed otherwise if nothing of it were ever counted anew.
    assert compared.told != before
