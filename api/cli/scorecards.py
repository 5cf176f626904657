"""`scorecard show` and `scorecard change`: what a workspace believes of departure before customers have left."""

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from api.cli.console import MISUSED, AsJson, WorkspaceName, fail, run, show, transaction, working
from api.errors import Malformed
from api.risk import scorecards
from api.risk.scorecard_schemas import ScorecardBody, ScorecardInForce

app = typer.Typer(help="The scorecard that risk is told by at first.", no_args_is_help=True, add_completion=False)

Terms = Annotated[
    list[str] | None,
    typer.Option("--term", help="FEATURE=WEIGHT or FEATURE=WEIGHT±SD; what is not named is as published."),
]
Loss = Annotated[float | None, typer.Option("--yearly-loss", help="In place of the workspace's.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the version.")]


@app.command("show")
def show_current(workspace: WorkspaceName, as_json: AsJson = False) -> None:
    """Tell the scorecard that counts now."""
    found = run(lambda: _current(workspace))
    show(found.model_dump(mode="json"), as_json=as_json, text="\n".join(_told(found)))


async def _current(workspace: str) -> ScorecardInForce:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        return await scorecards.in_force(work)


def _told(found: ScorecardInForce) -> list[str]:
    loss = f"yearly loss {found.yearly_loss:g} ({found.yearly_loss_from})"
    lines = [f"Version {found.number}; {loss}, intercept {found.intercept:.3f}."]
    for term in found.terms:
        own = (term.weight, term.sd) != (term.published_weight, term.published_sd)
        published = f", published {term.published_weight:+.2f} ± {term.published_sd:.2f}" if own else ""
        lines.append(f"  {term.feature}: {term.weight:+.2f} ± {term.sd:.2f}{published}")
    return lines


@app.command("change")
def change(
    workspace: WorkspaceName, reason: Reason, term: Terms = None, yearly_loss: Loss = None, as_json: AsJson = False
) -> None:
    """Append a version, whole: it counts from now on."""
    try:
        body = ScorecardBody.model_validate(
            {"terms": [_term(text) for text in term or []], "yearly_loss": yearly_loss, "reason": reason}
        )
    except ValidationError as error:
        wrong = error.errors()[0]
        fail(f"Correct {'/'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}", MISUSED)
    stored = run(lambda: _change(workspace, body))
    show(stored, as_json=as_json, text=f"Version {stored['number']} counts from now on.")


def _term(text: str) -> dict[str, Any]:
    feature, equals, numbers = text.rpartition("=")
    weight, _, sd = numbers.partition("±")
    try:
        told = {name: float(value) for name, value in (("weight", weight), ("sd", sd)) if value.strip()}
    except ValueError:
        told = {}
    if not equals or not told:
        fail(f"{text} is not FEATURE=WEIGHT or FEATURE=WEIGHT±SD.", MISUSED)
    return {"feature": feature.strip(), **told}


async def _change(workspace: str, body: ScorecardBody) -> dict[str, Any]:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        try:
            return (await scorecards.store(work, body)).model_dump(mode="json")
        except Malformed as refused:
            fail(refused.detail, MISUSED)
