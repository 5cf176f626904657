"""Whether a figure matters to the customer: found by a worker from what was known in time, kept, and said with care."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api.dependencies import utc_now, writing_as
from api.handlers import worker_caller
from api.roles.weighed import is_anything_to_weigh
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.measure_in_use import MeasureEvidence
from tests.api.caller import Caller, done
from tests.api.company import Told, tell, today
from tests.api.failures.test_analyses import worker
from tests.api.roles.test_measures_in_use import PATH, use

pytestmark = pytest.mark.anyio

__all__ = ["worker"]
MANY = 90
ALL = {
    "contacts": {"field": "contacts"},
    "handling": {"field": "handling_minutes"},
    "open": {"field": "hours_open"},
    "first": {"field": "attributes.first_response"},
    "late": {"field": "attributes.told_late"},
    "asked": {"metric_key": "satisfaction"},
    "spent": {"metric_key": "minutes_spent"},
    "met": {"metric_key": "needs_met"},
    "why": {"metric_key": "contact_reason"},
    "nothing": {},
}


def company(customers: int = MANY) -> Told:
    """Give customers with a case each: of every second the need is not met after four contacts, and most left.

    The first response is quick or slow whatever happens. What an attribute tells late is told after the answer.
    """
    told = Told()
    for number in range(customers):
        badly = number % 2 == 0
        _case(told, number, today() - timedelta(days=200 - number % 20), badly=badly)
    return told


def _case(told: Told, number: int, opened: datetime, *, badly: bool) -> None:
    def at(**span: float) -> str:
        return (opened + timedelta(**span)).isoformat()

    case, customer = f"K-{number}", f"C-{number}"
    told.customers.append({"reference": customer, "recorded_at": at(), "objects_to_scoring": number == 0})
    row = {"reference": case, "customer": customer, "need": "repair", "opened_at": at(), "contacts": 1}
    told.cases.append({**row, "attributes": {"first_response": 5 + number % 7}, "recorded_at": at()})
    done_at = at(days=3 if badly else 1)
    told.cases.append({"reference": case, "contacts": 4 if badly else 1, "done_at": done_at, "recorded_at": done_at})
    answers = {"satisfaction": 2 if badly else 4, "needs_met": "no" if badly else "fully", "contact_reason": "other"}
    answers["minutes_spent"] = 10 + number % 3
    answer = {"reference": f"r-{number}", "survey": "post_interaction", "case": case, "answers": answers}
    told.responses.append({**answer, "answered_at": at(days=4), "recorded_at": at(days=4)})
    told.cases.append({"reference": case, "attributes": {"told_late": int(badly)}, "recorded_at": at(days=5)})
    if badly and number % 5:
        left = {"reference": f"D-{number}", "customer": customer, "kind": "cancelled", "at": at(days=30)}
        told.departures.append({**left, "recorded_at": at(days=31)})


async def told_company(client: Caller, customers: int = MANY) -> None:
    """Tell of the company, and of a contact that took longer in every case that went badly."""
    told = company(customers)
    await tell(client, told)
    rows = [
        {"reference": f"i-{place}", "case": f"K-{place}", "channel": "phone", "handling_minutes": 30 - place % 2 * 20}
        | {"occurred_at": case["recorded_at"], "recorded_at": case["recorded_at"]}
        for place, case in enumerate(told.cases[::3])
    ]
    assert done(await client.post("/v1/interactions/bulk", rows))["rejected"] == 0


async def weighed(client: Caller, worker: Worker) -> dict[str, Any]:
    """Let the worker look at everything in use; give the evidence by reference."""
    await worker.work_off()
    return {item["reference"]: item["evidence"] for item in await client.read_all(PATH)}


async def test_each_figure_is_told_whether_it_matters(client: Caller, worker: Worker) -> None:
    await told_company(client)
    for reference, sought in ALL.items():
        await use(client, reference, **sought)
    found = await weighed(client, worker)
    said = {reference: evidence["matters"] for reference, evidence in found.items()}
    assert said == {
        **dict.fromkeys(("contacts", "handling", "open", "asked"), "yes"),
        **dict.fromkeys(("first", "late", "spent", "met", "why", "nothing"), "not_known"),
    }
    _about_contacts(found["contacts"])
    late = found["late"]["needs_met"]
    assert (late["cases"], late["not_known"], late["lacking"]) == (0, MANY, "too_few_customers")
    assert "50, and 20 of either, are needed" in found["late"]["says"]
    assert (found["met"]["needs_met"], found["met"]["departures"]) == (None, None)
    assert found["why"]["says"].startswith("Not known: no answers about cases are numbers on this metric.")
    assert found["first"]["needs_met"]["rank"]["low"] < 0.5 < found["first"]["needs_met"]["rank"]["high"]
    assert found["first"]["says"].startswith("Not known: there is too little to say.")
    assert found["nothing"]["computed_at"] is None


def _about_contacts(found: Any) -> None:
    needs, left = found["needs_met"], found["departures"]
    assert (needs["cases"], needs["customers"], needs["happened"], needs["did_not_happen"]) == (MANY, MANY, 45, 45)
    assert (needs["cut"], needs["when_low"]["value"], needs["when_high"]["value"]) == (1, 1, 0)
    assert (needs["difference"]["value"], needs["rank"]["value"]) == (-1, 0)
    # One objects to being learnt from.
    assert (left["cases"], left["happened"], left["lacking"]) == (MANY - 1, 36, None)
    assert left["rank"]["low"] > 0.5
    assert found["horizon_days"] == 90
    assert found["says"].startswith("It goes with what happens to customers. Needs met in full: 100% where it is low, ")
    assert found["says"].endswith("This is an association, not a cause.")


async def test_no_sign_is_said_of_enough_customers_and_kept_once(
    client: Caller, worker: Worker, database: Database, workspace: WorkspaceSettings
) -> None:
    told = company(300)
    await tell(client, Told(told.customers, told.cases, responses=told.responses))
    await use(client, "first", field="attributes.first_response")
    found = (await weighed(client, worker))["first"]
    assert (found["matters"], found["departures"]["lacking"]) == ("no_sign", "too_few_to_whom_it_happened")
    assert found["says"].startswith("No sign that it matters to the customer. Needs met in full: ")
    await use(client, "first", field="contacts")
    assert (await client.read(f"{PATH}/first"))["evidence"]["computed_at"] is None
    assert (await weighed(client, worker))["first"]["matters"] == "yes"
    await use(client, "first", field="attributes.first_response")
    again = (await weighed(client, worker))["first"]
    assert {**again, "computed_at": None} == {**found, "computed_at": None}
    await use(client, "other")
    await use(client, "other", field="contacts")
    await weighed(client, worker)
    async with database.read(workspace.id) as session:
        kept = (await session.execute(select(MeasureEvidence.__table__))).all()  # type: ignore[attr-defined]
    assert [row.field for row in kept].count("attributes.first_response") == 2


async def test_what_was_withdrawn_is_not_looked_at(
    client: Caller, worker: Worker, database: Database, workspace: WorkspaceSettings
) -> None:
    async def wanted() -> bool:
        async with writing_as(database, worker_caller(workspace.id)) as work:
            return await is_anything_to_weigh(work, utc_now())

    assert not await wanted()
    await use(client)
    assert not await wanted()
    await use(client, field="contacts")
    assert await wanted()
    done(await client.post(f"{PATH}/aht/void", {"reason": "told twice"}))
    assert not await wanted()
    assert (await weighed(client, worker))["aht"]["computed_at"] is None
