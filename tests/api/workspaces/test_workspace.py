"""How a company works here: everything of it can be read, changed and told apart by version."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from api.workspaces import queries
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeWorkspace

pytestmark = pytest.mark.anyio

EUR = {"currency": "EUR"}
WHOLE: dict[str, Any] = {
    "name": "Warmer Homes",
    "slug": "warmer-homes",
    "zone": "Europe/Berlin",
    "currency": "EUR",
    "yearly_loss": 0.12,
    "failure_definition": {"any": [{"field": "answers.satisfaction", "op": "le", "value": 2}]},
    "answer_due_days": 5,
    "support_request_due_days": 7,
    "follow_up_due_days": 1,
    "contact_rest_days": 0,
    "analyse_every_days": 7,
    "implicit_departure_days": 90,
    "train_every_days": 14,
    "fairness_by": ["region"],
    "cost_rates": {
        "minute": {"amount": 95, **EUR},
        "minute_by_team": {"north": {"amount": 120, **EUR}},
        "contact": {"amount": 700, **EUR},
        "repeat_within_days": 7,
        "components": {"courier": "rework"},
        "value_years": 2.5,
        "excess_departure": 0.04,
        "referral_share": 0.2,
    },
    "retention": {"responses": 730, "comments": 365, "audit": None, "events": 30},
    "branding": {"name": "Warmer", "logo_url": "https://example.com/logo.svg", "colour": "#0b5fFF"},
}


async def change(client: Caller, **fields: Any) -> Any:
    """Change the workspace, whatever its version."""
    return done(await client.patch("/v1/workspace", fields, if_match="*"))


async def test_everything_of_a_workspace_can_be_said_and_read(client: Caller) -> None:
    answer = await client.patch("/v1/workspace", WHOLE, if_match='"1"')
    assert answer.headers["etag"] == '"2"'
    found = await client.read("/v1/workspace")
    assert found == done(answer)
    assert {name: found[name] for name in WHOLE} == WHOLE
    assert (await change(client, **WHOLE))["version"] == 2


async def test_a_new_workspace_keeps_everything_and_has_due_rules(client: Caller) -> None:
    found = await client.read("/v1/workspace")
    assert found["retention"] == dict.fromkeys(("responses", "comments", "audit", "events"))
    assert found["branding"] == {"name": None, "logo_url": None, "colour": None}
    assert found["cost_rates"] == {
        "minute": None,
        "minute_by_team": {},
        "contact": None,
        "repeat_within_days": 14,
        "components": {},
        "value_years": None,
        "excess_departure": None,
        "referral_share": None,
    }
    days = ("answer_due_days", "support_request_due_days", "follow_up_due_days", "contact_rest_days")
    assert [found[name] for name in days] == [10, 10, 2, 30]


async def test_inside_a_document_absent_keeps_and_null_clears(client: Caller) -> None:
    await change(client, retention={"responses": 100, "events": 5}, branding={"colour": "#000000"})
    kept = await change(client, retention={"responses": None, "comments": 7})
    assert kept["retention"] == {"responses": None, "comments": 7, "audit": None, "events": 5}
    cleared = await change(client, retention=None, cost_rates=None)
    assert set(cleared["retention"].values()) == {None}
    assert cleared["branding"]["colour"] == "#000000"
    assert (await change(client, retention={}))["version"] == cleared["version"]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"slug": "Warm Homes"}, "malformed", "/slug"),
        ({"slug": "-warm"}, "malformed", "/slug"),
        ({"slug": None}, "cannot_be_cleared", "/slug"),
        ({"name": None}, "cannot_be_cleared", "/name"),
        ({"contact_rest_days": None}, "cannot_be_cleared", "/contact_rest_days"),
        ({"implicit_departure_days": 6}, "malformed", "/implicit_departure_days"),
        ({"analyse_every_days": 0}, "malformed", "/analyse_every_days"),
        ({"train_every_days": 0}, "malformed", "/train_every_days"),
        ({"train_every_days": 93}, "malformed", "/train_every_days"),
        ({"fairness_by": [""]}, "malformed", "/fairness_by/0"),
        ({"fairness_by": None}, "cannot_be_cleared", "/fairness_by"),
        ({"analyse_every_days": 93}, "malformed", "/analyse_every_days"),
        ({"analyse_every_days": 1.5}, "malformed", "/analyse_every_days"),
        ({"follow_up_due_days": 0}, "malformed", "/follow_up_due_days"),
        ({"support_request_due_days": True}, "malformed", "/support_request_due_days"),
        ({"retention": {"responses": 0}}, "malformed", "/retention/responses"),
        ({"retention": {"idempotent_answers": 7}}, "malformed", "/retention/idempotent_answers"),
        ({"branding": {"logo_url": "http://example.com/l.svg"}}, "malformed", "/branding/logo_url"),
        ({"branding": {"logo_url": "https:///l.svg"}}, "malformed", "/branding/logo_url"),
        ({"branding": {"logo_url": "https://a@example.com/"}}, "malformed", "/branding/logo_url"),
        ({"branding": {"logo_url": "https://example.com/a b"}}, "malformed", "/branding/logo_url"),
        ({"branding": {"logo_url": "https://[::1"}}, "malformed", "/branding/logo_url"),
        ({"branding": {"logo_url": "https://example.com:99999/"}}, "malformed", "/branding/logo_url"),
        ({"branding": {"logo_url": "javascript:alert(1)"}}, "malformed", "/branding/logo_url"),
        ({"branding": {"colour": "blue"}}, "malformed", "/branding/colour"),
        ({"branding": {"colour": "#0b5fff\n"}}, "malformed", "/branding/colour"),
        ({"cost_rates": {"minute": {"amount": -1, **EUR}}}, "malformed", "/cost_rates/minute/amount"),
        ({"cost_rates": {"minute": {"amount": 1.5, **EUR}}}, "malformed", "/cost_rates/minute/amount"),
        (
            {"cost_rates": {"contact": {"amount": 1, "currency": "BRL"}}},
            "currency_mismatch",
            "/cost_rates/contact/currency",
        ),
    ],
)
async def test_what_cannot_be_is_refused_where_it_stands(
    client: Caller, fields: dict[str, Any], code: str, pointer: str
) -> None:
    refused = refusal(await client.patch("/v1/workspace", fields, if_match="*"), 422, code)
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert (await client.read("/v1/workspace"))["version"] == 1


async def test_the_currency_and_the_rates_change_together(client: Caller) -> None:
    await change(client, cost_rates={"minute": {"amount": 95, **EUR}})
    refusal(await client.patch("/v1/workspace", {"currency": "BRL"}, if_match="*"), 422, "currency_mismatch")
    both = {"currency": "BRL", "cost_rates": {"minute": {"amount": 500, "currency": "BRL"}}}
    assert (await change(client, **both))["currency"] == "BRL"


async def test_a_slug_it_had_before_goes_on_leading_to_it_and_to_nobody_else(
    client: Caller, database: Database, workspace: WorkspaceSettings, make_workspace: MakeWorkspace
) -> None:
    other = await make_workspace("Cold Homes")
    refusal(await client.patch("/v1/workspace", {"slug": "cold-homes"}, if_match="*"), 409, "slug_taken")
    assert (await change(client, slug="warmth"))["slug"] == "warmth"
    async with database.read() as session:
        leads = {
            slug: await queries.workspace_by_slug(session, slug) for slug in ("warm-homes", "warmth", "cold-homes")
        }
        assert leads == {"warm-homes": workspace.id, "warmth": workspace.id, "cold-homes": other.id}
    assert (await change(client, slug="warm-homes"))["slug"] == "warm-homes"
    async with database.read() as session:
        assert (await workspaces.find(session, "warmth")).slug == "warm-homes"


async def test_of_two_changes_made_from_the_same_version_one_wins(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    for number in range(1, 6):
        sent = [client.patch("/v1/workspace", {"name": f"{who}{number}"}, if_match=f'"{number}"') for who in "ab"]
        answers = await asyncio.gather(*sent)
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        (won,) = [answer.json() for answer in answers if answer.is_success]
        assert (await client.read("/v1/workspace"))["name"] == won["name"]
    async with database.read(workspace.id) as session:
        numbers = (await session.scalars(select(queries.versions.c.number))).all()
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]


async def test_two_workspaces_that_want_one_slug_at_once_do_not_share_it(
    client: Caller, caller: Any, make_workspace: MakeWorkspace
) -> None:
    other = await caller("admin", of=await make_workspace("Cold Homes"))
    sent = [who.patch("/v1/workspace", {"slug": "homes"}, if_match="*") for who in (client, other)]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
