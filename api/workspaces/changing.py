"""How a workspace comes to work differently: one change after the other, each made from the version it names."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import insert

from api import audit
from api.dependencies import Work
from api.errors import Conflict, Malformed
from api.etags import check_if_match
from api.recorded import impossible
from api.workspaces import queries, service
from api.workspaces.schemas import CostRates, Outreach, WorkspacePatch
from api.workspaces.service import DOCUMENTS, WorkspaceSettings
from models.rules.conditions import RuleRefused
from models.rules.loyalty.composite import WeightsRefused, checked_weights
from models.rules.loyalty.dimensions import Dimension
from models.rules.outcome import read_definition

COLUMNS = ("name", "slug", "zone", "currency", "yearly_loss", "answer_due_days", "horizon_days")
NUMBERS = (
    "support_request_due_days",
    "follow_up_due_days",
    "contact_rest_days",
    "analyse_every_days",
    "implicit_departure_days",
    "train_every_days",
    "fairness_by",
    "sample_share",
    "loyalty_weights",
)
CLEARED_TO_NOTHING = frozenset(
    {
        *("yearly_loss", "analyse_every_days", "implicit_departure_days", "train_every_days", "loyalty_weights"),
        *DOCUMENTS,
    }
)
"""What `null` clears or switches off. Everything else every workspace needs."""


async def change(work: Work, patch: WorkspacePatch, if_match: str | None) -> WorkspaceSettings:
    """Append a version of the workspace with what the patch names."""
    # Two changes made from the same version: the second waits here, then sees that the first came before.
    await service.hold(work)
    now = await service.of(work)
    check_if_match(if_match, now.version)
    given = patch.model_dump(mode="json", exclude_unset=True)
    _check(given, now)
    before = _document(now)
    after = {**before, **given, **{name: _laid(name, before, given) for name in DOCUMENTS if name in given}}
    _check_rates(after)
    if after == before:
        return now
    if after["slug"] != now.slug and not await queries.take_slug(work.session, work.workspace_id, after["slug"]):
        raise Conflict(f"The slug {after['slug']} is another workspace's. Choose another.", code="slug_taken")
    await work.session.execute(insert(queries.versions).values(_row(work, after, now)))
    changed = sorted(name for name, value in after.items() if value != before[name])
    await audit.note(work, "workspace.changed", now.slug, {"fields": ", ".join(changed)})
    service.forget(work)
    return await service.of(work)


def _document(found: WorkspaceSettings) -> dict[str, Any]:
    """Return everything that can be changed of a workspace, as plain JSON."""
    plain = service.answer(found).model_dump(mode="json")
    return {name: plain[name] for name in (*COLUMNS, *NUMBERS, *DOCUMENTS, "failure_definition")}


def _laid(name: str, before: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """Lay a given document over the one there is: absent keeps, null clears; a document that is null clears all."""
    laid = {} if given[name] is None else {**before[name], **given[name]}
    return DOCUMENTS[name].model_validate(laid).model_dump(mode="json")


def _check_rates(after: Mapping[str, Any]) -> None:
    """Refuse rates that could not be added up with the rest."""
    rates = CostRates.model_validate(after["cost_rates"])
    named = {"cost_rates/minute": rates.minute, "cost_rates/contact": rates.contact}
    named |= {f"cost_rates/minute_by_team/{team}": rate for team, rate in rates.minute_by_team.items()}
    named["outreach/contact_cost"] = Outreach.model_validate(after["outreach"]).contact_cost
    for name, rate in named.items():
        if rate is not None and rate.currency != after["currency"]:
            pointer = f"/{name}/currency"
            detail = f"The workspace reckons in {after['currency']}, and this is in {rate.currency}."
            errors = [{"pointer": pointer, "code": "currency_mismatch", "detail": detail}]
            raise Malformed(f"{detail} Change both in one request.", code="currency_mismatch", errors=errors)


def _row(work: Work, after: Mapping[str, Any], now: WorkspaceSettings) -> dict[str, Any]:
    return {
        **{name: after[name] for name in (*COLUMNS, "failure_definition")},
        "details": {name: after[name] for name in (*NUMBERS, *DOCUMENTS)},
        "workspace_id": work.workspace_id,
        "number": now.version + 1,
        "stored_at": work.now,
    }


def _check(given: dict[str, Any], now: WorkspaceSettings) -> None:
    cleared = [name for name, value in given.items() if value is None and name not in CLEARED_TO_NOTHING]
    if cleared:
        raise impossible(cleared[0], "cannot_be_cleared", "Every workspace needs this.")
    if "zone" in given and given["zone"] not in available_timezones():
        raise impossible("zone", "unknown_zone", "Name an IANA time zone, like Europe/Berlin.")
    if given.get("loyalty_weights") is not None:
        try:
            checked_weights({Dimension(name): weight for name, weight in given["loyalty_weights"].items()})
        except WeightsRefused as refused:
            raise impossible("loyalty_weights", "weights_refused", str(refused)) from None
    if "failure_definition" in given:
        try:
            read_definition(given["failure_definition"], zone=given.get("zone", now.zone))
        except RuleRefused as refused:
            pointer = f"/failure_definition{refused.pointer}"
            errors = [{"pointer": pointer, "code": refused.code, "detail": refused.detail}]
            raise Malformed(f"Correct {pointer}: {refused.detail}", code="rule_refused", errors=errors) from None
