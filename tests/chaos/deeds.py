"""What clients do while the service dies: requests that store, each under a mark that no other bears.

A mark is a number. What a deed stored is recognised by it in the lists afterwards, so that a loss, a duplicate and a
changed id are seen whatever was answered. A new kind of record joins with one entry in `DEEDS` and one in `MARKS`.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SHARED = 8
"""Customers and cases that all clients write at once."""
BULK = 5


@dataclass(frozen=True)
class Deed:
    """One request, the list in which what it stored is seen, and in how many items of it."""

    mark: int
    kind: str
    method: str
    path: str
    body: Any
    key: str | None = None
    items: int = 1

    @property
    def headers(self) -> dict[str, str]:
        """The headers it is sent with, every time."""
        return {} if self.key is None else {"Idempotency-Key": self.key}


def _moment(mark: int) -> str:
    return (LONG_AGO + timedelta(microseconds=mark)).isoformat()


def _mark_of(moment: str) -> int:
    return (datetime.fromisoformat(moment) - LONG_AGO) // timedelta(microseconds=1)


def _shared(chance: random.Random) -> int:
    return chance.randrange(SHARED)


def shared_customer(mark: int, chance: random.Random) -> Deed:
    """Give one of a few customers one more attribute: no writer may lose another's."""
    body = {"attributes": {f"m{mark}": 1}}
    return Deed(mark, "customers", "PUT", f"/v1/customers/S-{_shared(chance)}", body)


def new_customer(mark: int, _chance: random.Random) -> Deed:
    """Report a customer nobody reported before."""
    return Deed(mark, "customers", "PUT", f"/v1/customers/N-{mark}", {"name": "Ana", "attributes": {f"m{mark}": 1}})


def case(mark: int, chance: random.Random) -> Deed:
    """Report a new case of a shared customer, or one more attribute of a shared case."""
    number = _shared(chance)
    reference = f"K-{mark}" if chance.random() < 0.5 else f"K-S-{number}"
    body = {"customer": f"S-{number}", "need": "repair", "opened_at": _moment(0), "attributes": {f"m{mark}": 1}}
    return Deed(mark, "cases", "PUT", f"/v1/cases/{reference}", body)


def response_by_id(mark: int, chance: random.Random) -> Deed:
    """Send a response with an id of its sender's."""
    body = _response(mark, chance) | {"id": str(UUID(int=chance.getrandbits(128), version=4))}
    return Deed(mark, "responses", "POST", "/v1/responses", body)


def anonymous_response(mark: int, chance: random.Random) -> Deed:
    """Send an answer about nobody, as most web forms do: it shares a commit with others."""
    body: dict[str, Any] = {"survey": "post_interaction", "answers": {"satisfaction": 1, "comment": f"m{mark}"}}
    own = (
        {"reference": f"A-{mark}"}
        if chance.random() < 0.5
        else {"id": str(UUID(int=chance.getrandbits(128), version=4))}
    )
    return Deed(mark, "responses", "POST", "/v1/responses", body | own)


def response_by_key(mark: int, chance: random.Random) -> Deed:
    """Send a response that only its Idempotency-Key protects."""
    return Deed(mark, "responses", "POST", "/v1/responses", _response(mark, chance), key=f"response {mark}")


def _response(mark: int, chance: random.Random) -> dict[str, Any]:
    about = {"case": f"K-S-{_shared(chance)}"} if chance.random() < 0.3 else {"customer": f"S-{_shared(chance)}"}
    return {"survey": "post_interaction", "answers": {"satisfaction": 1, "comment": f"m{mark}"}, **about}


def departure(mark: int, chance: random.Random) -> Deed:
    """Report a departure by a reference or an Idempotency-Key; its mark is the microsecond it happened in."""
    body: dict[str, Any] = {"customer": f"S-{_shared(chance)}", "kind": "moved_volume", "at": _moment(mark)}
    if chance.random() < 0.5:
        return Deed(mark, "departures", "POST", "/v1/departures", {**body, "reference": f"D-{mark}"})
    return Deed(mark, "departures", "POST", "/v1/departures", body, key=f"departure {mark}")


def bulk_customers(mark: int, _chance: random.Random) -> Deed:
    """Report several customers, all or nothing."""
    rows = [{"reference": f"B-{mark}-{place}", "attributes": {f"m{mark}": 1}} for place in range(BULK)]
    path = "/v1/customers/bulk?atomic=true"
    return Deed(mark, "customers", "POST", path, rows, key=f"bulk {mark}", items=BULK)


def bulk_responses(mark: int, chance: random.Random) -> Deed:
    """Send several responses with references of their own."""
    rows = [{**_response(mark, chance), "reference": f"R-{mark}-{place}"} for place in range(BULK)]
    return Deed(mark, "responses", "POST", "/v1/responses/bulk?atomic=true", rows, items=BULK)


DEEDS: tuple[Callable[[int, random.Random], Deed], ...] = (
    shared_customer,
    new_customer,
    case,
    response_by_id,
    anonymous_response,
    anonymous_response,
    response_by_key,
    departure,
    bulk_customers,
    bulk_responses,
)


def _attribute_marks(item: Mapping[str, Any]) -> list[int]:
    return [int(name[1:]) for name in item["attributes"]]


def _comment_mark(item: Mapping[str, Any]) -> list[int]:
    return [int(item["answers"]["comment"][1:])]


def _departure_mark(item: Mapping[str, Any]) -> list[int]:
    return [_mark_of(item["at"])]


MARKS: dict[str, Callable[[Mapping[str, Any]], list[int]]] = {
    "customers": _attribute_marks,
    "cases": _attribute_marks,
    "responses": _comment_mark,
    "departures": _departure_mark,
}
"""By list: which marks an item of it bears."""


def prepared() -> Iterable[tuple[str, Any]]:
    """Give what has to be there before the first deed: the customers and cases that all share."""
    for number in range(SHARED):
        yield f"/v1/customers/S-{number}", {}
        yield f"/v1/cases/K-S-{number}", {"customer": f"S-{number}", "need": "repair", "opened_at": _moment(0)}


def ids_in(answer: Any) -> set[str]:
    """Give the ids an answer named: its own, or those of its rows."""
    return {row["id"] for row in answer["results"]} if "results" in answer else {answer["id"]}
