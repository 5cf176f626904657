"""`models list`, `promote`, `challenge` and `retire`: which risk model serves, and which is on trial."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import typer

from api.cli.console import MISUSED, AsJson, WorkspaceName, fail, run, show, transaction, working
from api.dependencies import Work
from api.listing import Asked
from api.risk import deciding, registry
from api.risk.schemas import ModelChanged, PromoteBody

app = typer.Typer(help="Versions of the risk model.", no_args_is_help=True, add_completion=False)

Model = Annotated[UUID, typer.Argument(help="The model's id; `steadfast models list` names them.")]
Anyway = Annotated[bool, typer.Option("--anyway", help="Although it did worse in the forward test. Needs --reason.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; it stands on the model's card.")]
MOST = 100


def because(reason: str | None, *, anyway: bool) -> PromoteBody:
    """Return why a model is to serve; without a reason it is not promoted against the evidence."""
    if anyway and not reason:
        fail("`--anyway` needs a `--reason`: both stand on the model's card.", MISUSED)
    return PromoteBody(anyway=anyway, reason=reason or None)


@app.command("list")
def list_all(workspace: WorkspaceName, as_json: AsJson = False) -> None:
    """Name the newest models and say where each stands."""
    found = run(lambda: _list(workspace))
    lines = [
        f"{one['id']}  {one['state']:<10}  {one['name']}, {one['basis']}, learnt from {one['n_customers']} customers"
        for one in found
    ]
    show({"items": found}, as_json=as_json, text="\n".join(lines) or "There is none yet: the scorecard serves.")


async def _list(workspace: str) -> list[dict[str, Any]]:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        items, _ = await registry.list_models(work, Asked(limit=MOST))
        return [item.model_dump(mode="json", exclude={"card"}) for item in items]


@app.command()
def promote(
    model: Model, workspace: WorkspaceName, anyway: Anyway = False, reason: Reason = None, as_json: AsJson = False
) -> None:
    """Let a model serve from now on; the one before is kept, and promoting it is the way back."""
    why = because(reason, anyway=anyway)
    _decide(workspace, lambda work: deciding.promote(work, model, why), as_json=as_json)


@app.command()
def challenge(model: Model, workspace: WorkspaceName, as_json: AsJson = False) -> None:
    """Let a model score in silence beside the one that serves."""
    _decide(workspace, lambda work: deciding.challenge(work, model), as_json=as_json)


@app.command()
def retire(model: Model, workspace: WorkspaceName, as_json: AsJson = False) -> None:
    """Put a model out of service; where it served, the scorecard does."""
    _decide(workspace, lambda work: deciding.retire(work, model), as_json=as_json)


def _decide(workspace: str, decide: Callable[[Work], Awaitable[ModelChanged]], *, as_json: bool) -> None:
    async def decided() -> ModelChanged:
        async with working(workspace) as (database, found), transaction(database, found.id) as work:
            return await decide(work)

    changed = run(decided)
    show(changed.model_dump(mode="json"), as_json=as_json, text=changed.detail)
