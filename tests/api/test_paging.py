"""Lists: every row once, in the order it was stored, however small the pages and whatever arrives meanwhile."""

import asyncio

import pytest

from api.dependencies import utc_now, writing_as
from api.handlers import worker_caller
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, done, moment, refusal

pytestmark = pytest.mark.anyio


async def test_pages_give_every_row_once_even_of_one_moment(client: Caller) -> None:
    rows = [{"reference": f"C-{number}"} for number in range(7)]
    done(await client.post("/v1/customers/bulk", rows))
    for limit in (1, 2, 7, 8):
        found = [customer["reference"] for customer in await client.read_all("/v1/customers", limit=limit)]
        assert sorted(found) == [row["reference"] for row in rows]
    whole = await client.read("/v1/customers", limit=7)
    assert whole["next_cursor"] is None
    assert len({customer["stored_at"] for customer in whole["items"]}) == 1


async def test_what_changes_while_somebody_reads_is_read_once_more_and_nothing_is_missed(client: Caller) -> None:
    for number in range(4):
        await client.put_customer(f"C-{number}")
    first = await client.read("/v1/customers", limit=2)
    await client.put_customer("C-0", name="Ana")
    await client.put_customer("C-9")
    rest = await client.read_all("/v1/customers", limit=2, cursor=first["next_cursor"])
    assert [customer["reference"] for customer in first["items"]] == ["C-0", "C-1"]
    assert [customer["reference"] for customer in rest] == ["C-2", "C-3", "C-0", "C-9"]


async def test_only_what_changed_since_is_listed(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_customer("C-2")
    stored_at = (await client.read("/v1/customers/C-2"))["stored_at"]
    since = await client.read_all("/v1/customers", updated_since=stored_at)
    assert [customer["reference"] for customer in since] == ["C-2"]
    await client.put_customer("C-1", name="Ana")
    await client.put_customer("C-2")
    since = await client.read_all("/v1/customers", updated_since=stored_at)
    assert [customer["reference"] for customer in since] == ["C-2", "C-1"]
    assert moment(since[1]["stored_at"]) > moment(stored_at)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_change_that_waited_for_another_process_is_stored_after_what_that_one_stored(
    client: Caller, workspace: WorkspaceSettings, migrated_url: str
) -> None:
    beside = Database(migrated_url)
    async with writing_as(beside, worker_caller(workspace.id)):
        waiting = asyncio.create_task(client.put_customer("C-1"))
        await asyncio.sleep(0.3)
        ended = utc_now()
    await waiting
    await beside.close()
    assert moment((await client.read("/v1/customers/C-1"))["stored_at"]) > ended


async def test_lists_can_be_narrowed_to_a_customer_a_case_or_a_condition(client: Caller) -> None:
    await client.catalogue("late")
    await client.catalogue("rude")
    for number in (1, 2):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}")
        await client.observe(f"K-{number}", "late", reference=f"o-{number}")
        await client.respond(f"K-{number}", reference=f"r-{number}")
    await client.observe("K-1", "rude", reference="o-3")

    async def references(path: str, **params: str) -> list[str]:
        return [item["reference"] for item in await client.read_all(path, **params)]

    assert await references("/v1/cases", customer="C-2") == ["K-2"]
    assert len(await references("/v1/responses", customer="C-1")) == 1
    assert await references("/v1/responses", case="K-1") == await references("/v1/responses", customer="C-1")
    assert await references("/v1/observations", case="K-1") == ["o-1", "o-3"]
    assert await references("/v1/observations", condition="late") == ["o-1", "o-2"]
    assert await references("/v1/cases", customer="nobody") == []


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("since", ["-405", "1767225600", "7.5", "2026-01-01", "2026-01-01T00:00:00", "yesterday"])
async def test_what_is_no_moment_is_refused_as_one(client: Caller, since: str) -> None:
    errors = refusal(await client.get("/v1/customers", updated_since=since), 422, "malformed")["errors"]
    assert [error["pointer"] for error in errors] == ["/query/updated_since"]
