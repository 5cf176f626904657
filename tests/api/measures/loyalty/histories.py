"""Histories invented by chance, step by step: what comes on time, late by months, is corrected, withdrawn or erased."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from hypothesis import strategies as st

from tests.api.caller import Caller

START = datetime(2026, 6, 10, 9, tzinfo=UTC)
QUARTER = timedelta(hours=6)
CASES = st.sampled_from([f"K-{number}" for number in range(16)])
CUSTOMERS = st.sampled_from([f"C-{number}" for number in range(6)])
NEEDS = st.sampled_from(["repair", "claim", "move"])
TEAMS = st.sampled_from(["north", "old north", "south"])
PROMISES = st.sampled_from(["P0", "P1", "P2"])
AGO = st.integers(0, 4 * 110)
"""How many quarters of a day ago."""


@dataclass(frozen=True)
class Step:
    """A request: fields that end on `_ago` are moments so many quarters of a day before the step."""

    method: str
    path: str
    body: Mapping[str, Any]

    async def take(self, client: Caller, now: datetime) -> None:
        """Send it; what the service refuses is part of the history."""
        body: dict[str, Any] = {}
        for name, value in self.body.items():
            if name.endswith("_ago"):
                body[name.removesuffix("_ago")] = (now - value * QUARTER).isoformat()
            elif value is not None:
                body[name] = value
        sent = {} if self.method == "DELETE" else {"json": body}
        response = await client.ask(self.method, self.path, **sent)
        assert response.status_code < 500, response.text


def _step(method: str, path: st.SearchStrategy[str], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    optional = {name.removeprefix("may_"): drawn for name, drawn in fields.items() if name.startswith("may_")}
    needed = {name: drawn for name, drawn in fields.items() if not name.startswith("may_")}
    return st.builds(Step, st.just(method), path, st.fixed_dictionaries(needed, optional=optional))


def _at(form: str, *names: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*names).map(lambda told: form.format(*told))


A_CASE = {
    "may_needed_by_ago": AGO,
    "may_done_at_ago": AGO,
    "may_confirmed_at_ago": AGO,
    "may_contacts": st.integers(0, 3),
    "may_handovers": st.integers(0, 1),
    "may_reopened": st.integers(0, 1),
    "may_demand": st.sampled_from(["value", "failure"]),
    "may_permission_asked": st.booleans(),
    "may_told_first": st.booleans(),
    "may_restored_at_ago": AGO,
    "may_restore_due_at_ago": st.integers(-8, 40),
    "may_team": TEAMS,
    "may_occurred_at_ago": AGO,
}
ANSWERS = st.fixed_dictionaries(
    {"satisfaction": st.integers(1, 5)},
    optional={
        "needs_met": st.sampled_from(["fully", "partly", "no"]),
        "contact_reason": st.sampled_from(["new_need", "went_wrong"]),
    },
)
STEPS = st.one_of(
    _step("PUT", _at("/v1/cases/{}", CASES), customer=CUSTOMERS, need=NEEDS, opened_at_ago=AGO, **A_CASE),
    _step("PUT", _at("/v1/cases/{}", CASES), **A_CASE),
    _step("PUT", _at("/v1/cases/{}", CASES), may_opened_at_ago=AGO, may_need=NEEDS, may_customer=CUSTOMERS),
    _step(
        "PUT",
        _at("/v1/cases/{}/promises/{}", CASES, PROMISES),
        what=st.just("a call"),
        made_at_ago=AGO,
        due_at_ago=AGO,
        may_moved_by=st.sampled_from(["customer", "company"]),
        may_kept_at_ago=AGO,
        may_occurred_at_ago=AGO,
    ),
    _step(
        "POST",
        st.just("/v1/interactions"),
        case=CASES,
        channel=st.just("phone"),
        occurred_at_ago=AGO,
        may_reference=_at("I-{}", CASES),
        may_demand=st.sampled_from(["value", "failure"]),
        may_team=TEAMS,
    ),
    _step(
        "POST",
        st.just("/v1/responses"),
        survey=st.just("post_interaction"),
        case=CASES,
        answered_at_ago=AGO,
        answers=ANSWERS,
        may_reference=_at("R-{}", CASES),
    ),
    _step("POST", _at("/v1/cases/{}/void", CASES), reason=st.just("told by mistake")),
    _step("POST", _at("/v1/cases/{}/promises/{}/void", CASES, PROMISES), reason=st.just("told by mistake")),
    _step("POST", _at("/v1/interactions/{}-I0/void", CASES), reason=st.just("told by mistake")),
    _step("POST", _at("/v1/responses/R-{}/void", CASES), reason=st.just("told by mistake")),
    _step(
        "PUT",
        _at("/v1/customers/{}", CUSTOMERS),
        may_segment=st.sampled_from(["gold", "tin"]),
        may_terms_as_new=st.booleans(),
        may_waiting_as_new=st.booleans(),
        may_since_ago=st.integers(0, 4 * 400),
        may_occurred_at_ago=AGO,
    ),
    _step(
        "POST",
        st.just("/v1/departures"),
        customer=CUSTOMERS,
        kind=st.just("cancelled"),
        at_ago=AGO,
        reference=_at("D-{}", CUSTOMERS),
    ),
    _step("PUT", _at("/v1/needs/{}", NEEDS), name=st.just("a need"), customer_time=st.sampled_from(["PT1H", "P9D"])),
    _step("PUT", st.just("/v1/teams/north"), name=st.just("North"), former_names=st.sampled_from([["old north"], []])),
    _step("POST", _at("/v1/customers/{}/merge", CUSTOMERS), into=CUSTOMERS),
    _step("DELETE", _at("/v1/customers/{}/personal-data", CUSTOMERS)),
)
WAITS = st.sampled_from([timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=7), timedelta(days=3)])


async def go_on(client: Caller, traveller: time_machine.Traveller, wait: timedelta, step: Step) -> None:
    """Let time pass, and take a step."""
    traveller.shift(wait)
    await step.take(client, datetime.now(UTC).replace(microsecond=0))
