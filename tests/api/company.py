"""A small company with a past: customers, cases, promises, answers and departures, the same rows for whoever asks."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.caller import Caller, done

Row = dict[str, Any]
CATALOGUE = (
    {"code": "passed_on", "rule": {"all": [{"field": "handovers", "op": "ge", "value": 2}]}},
    {"code": "late", "rule": {"all": [{"field": "promise_broken", "op": "eq", "value": True}]}},
    {"code": "long", "rule": {"all": [{"field": "answers.minutes_spent", "op": "ge", "value": 60}]}},
    {"code": "rude", "rule": None},
)


@dataclass
class Told:
    """Rows by kind of record, in the order in which the kinds have to be told."""

    customers: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    promises: list[Row] = field(default_factory=list)
    observations: list[Row] = field(default_factory=list)
    responses: list[Row] = field(default_factory=list)
    departures: list[Row] = field(default_factory=list)

    def kinds(self) -> Iterator[tuple[str, list[Row]]]:
        """Give each kind with its rows."""
        return iter(vars(self).items())


def today() -> datetime:
    """Give the beginning of this hour: a moment that tells the same whenever within it is asked."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def a_past(until: datetime, *, customers: int = 24, days: int = 330, leaving: float = 0.4, seed: int = 3) -> Told:
    """Give what a company would have told of some customers in the days before a moment.

    Customers whose cases are handed over and whose promises are broken leave more often.
    """
    chosen = random.Random(seed)  # noqa: S311 - an example, no secret
    told = Told()
    for number in range(customers):
        start = until - timedelta(days=days - number % 20, hours=number)
        known = {"recorded_at": start.isoformat()}
        value = {"amount": 1000 * (number + 1), "currency": "EUR"}
        told.customers.append({"reference": f"C-{number}", "value": value, "since": start.isoformat(), **known})
        badly = number % 2 == 0
        last = start
        for step in range(3 + number % 3):
            again = 9 if badly else 60
            days_on = 7 + 130 * (step // 2) + again * (step % 2) + chosen.randrange(4)
            opened = start + timedelta(days=days_on, minutes=chosen.randrange(1000))
            last = max(last, _case(told, chosen, number, step, opened, badly=badly))
        if badly and chosen.random() < leaving * 2:
            left = min(last + timedelta(days=10 + chosen.randrange(40)), until - timedelta(days=1))
            told.departures.append(
                {"reference": f"D-{number}", "customer": f"C-{number}", "kind": "cancelled", "at": left.isoformat()}
                | {"recorded_at": left.isoformat()}
            )
    return told


def _case(told: Told, chosen: random.Random, number: int, step: int, opened: datetime, *, badly: bool) -> datetime:
    """Tell one case with its promise, its answer and what staff saw; give when the last of it was known."""
    case, customer = f"K-{number}-{step}", f"C-{number}"
    handovers = chosen.randrange(2, 5) if badly else chosen.randrange(2)

    def at(**span: float) -> str:
        return (opened + timedelta(**span)).isoformat()

    row = {"reference": case, "customer": customer, "need": "repair", "opened_at": at()}
    told.cases.append({**row, "contacts": 1, "demand": chosen.choice(["value", "failure"]), "recorded_at": at()})
    told.cases.append({**row, "contacts": 2, "handovers": handovers, "done_at": at(days=2), "recorded_at": at(days=2)})
    made = {"case": case, "promise": "P", "what": "a visit", "made_at": at(hours=1), "due_at": at(days=1)}
    told.promises.append({**made, "recorded_at": at(hours=1)})
    kept = at(days=2) if badly else at(hours=20)
    told.promises.append({**made, "kept_at": kept, "recorded_at": kept})
    if chosen.random() < 0.5:
        seen = {"case": case, "condition": "rude", "state": "present" if badly else "absent", "source": "staff"}
        told.observations.append(
            {**seen, "reference": f"o-{case}", "observed_at": at(hours=5), "recorded_at": at(hours=6)}
        )
    answers = {"satisfaction": chosen.randrange(1, 3) if badly else chosen.randrange(3, 6)}
    answers["minutes_spent"] = chosen.randrange(10, 120)
    told.responses.append(
        {"reference": f"r-{case}", "survey": "post_interaction", "case": case, "answers": answers}
        | {"asked_at": at(days=2, hours=1), "answered_at": at(days=2, hours=2), "recorded_at": at(days=2, hours=3)}
    )
    return opened + timedelta(days=2, hours=3)


def known_after(until: datetime, customers: Sequence[str]) -> Told:
    """Give news that only became known after a moment, much of it about what lies before it."""
    told = Told()
    later = {"recorded_at": (until + timedelta(minutes=5)).isoformat()}
    before = (until - timedelta(days=20)).isoformat()
    for customer in customers:
        number = customer.removeprefix("C-")
        case, old = f"N-{number}", f"K-{number}-0"
        told.customers.append({"reference": customer, "value": {"amount": 1, "currency": "EUR"}, **later})
        told.cases.append({"reference": case, "customer": customer, "need": "repair", "opened_at": before, **later})
        told.cases.append({"reference": f"K-{number}-1", "handovers": 9, "contacts": 30, "demand": "failure", **later})
        promise = {"case": old, "promise": "P", "due_at": before, "moved_by": "customer", "kept_at": None}
        told.promises.append({**promise, **later, "occurred_at": before})
        unkept = {"case": old, "promise": "Q", "what": "w", "made_at": before, "due_at": before}
        told.promises.append({**unkept, **later, "occurred_at": before})
        seen = {"case": old, "condition": "rude", "state": "present", "source": "staff", "observed_at": before}
        told.observations.append({**seen, "reference": f"n-{number}", **later})
        answer = {"survey": "post_interaction", "case": old, "answers": {"satisfaction": 1, "minutes_spent": 90}}
        told.responses.append({**answer, "reference": f"n-{number}", "answered_at": before, **later})
        left = {"reference": f"L-{number}", "customer": customer, "kind": "cancelled", "at": before}
        told.departures.append({**left, **later})
    return told


async def tell(client: Caller, told: Told) -> None:
    """Tell the service everything, in bulk; not a row may be refused."""
    for kind, rows in told.kinds():
        if rows:
            answer = done(await client.post(f"/v1/{kind}/bulk", rows))
            assert answer["rejected"] == 0, [row for row in answer["results"] if row["problem"]][:3]


async def catalogue(client: Caller) -> None:
    """Catalogue the company's conditions."""
    for condition in CATALOGUE:
        await client.catalogue(str(condition["code"]), rule=condition["rule"])
