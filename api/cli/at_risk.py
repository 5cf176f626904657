"""`risk`: one customer's risk and its reasons, as `GET /v1/customers/{reference}/risk` answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from api.cli.console import AsJson, WorkspaceName, now, operator, run, show, working
from api.dependencies import Work
from api.risk import service
from api.risk.schemas import RiskAnswer
from api.risk.serving import PRIOR
from api.risk.wording import FALLBACK, SPOKEN, language_for

Customer = Annotated[str, typer.Argument(help="The customer's reference.")]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", help="As known at this moment, in UTC, by today's model. Default: now.")
]
Language = Annotated[
    str,
    typer.Option("--lang", help=f"Of the reason: {', '.join(sorted({FALLBACK, *SPOKEN}))}."),
]
NOT_TOLD = {
    service.LEFT: "has left: there is no risk to tell.",
    service.OBJECTED: "objects to being scored: no risk is told.",
}


def risk(
    customer: Customer, workspace: WorkspaceName, as_of: AsOf = None, lang: Language = FALLBACK, as_json: AsJson = False
) -> None:
    """Tell one customer's risk, and the conditions it is linked to. Nothing is kept."""
    moment = None if as_of is None else as_of.replace(tzinfo=as_of.tzinfo or UTC)
    answer = run(lambda: _ask(workspace, customer, moment, language_for(lang, None)))
    show(answer.model_dump(mode="json"), as_json=as_json, text="\n".join(_told(answer)))


async def _ask(workspace: str, customer: str, as_of: datetime | None, language: str) -> RiskAnswer:
    async with working(workspace) as (database, found), database.read(found.id) as session:
        work = Work(session, found.id, operator(found.id), now())
        return await service.risk_of(work, customer, as_of, language)


def _told(answer: RiskAnswer) -> Iterator[str]:
    """Say of whom, what and why, then by which model, then what shows it."""
    if answer.risk is None:
        yield f"{answer.customer} {NOT_TOLD[answer.state]}"
        return
    yield f"{answer.customer}: {answer.reason_text}"
    yield _flag(answer)
    yield _model(answer)
    for one in answer.conditions:
        seen = f"in {one.seen} of their cases, last on {one.last_seen:%Y-%m-%d}"
        shown = ", ".join(one.evidence)
        yield f"  {one.code}: {seen}; {one.risk_without:.2f} without it; countermeasure {one.countermeasure}; {shown}"
    for each in answer.condition_sets:
        together = " + ".join(each.conditions)
        yield f"  {together}: {each.status}; {each.risk_without:.2f} without all of them; {each.coverage}; {each.id}"
    if answer.follow_up is not None:
        yield f"Owed: {answer.follow_up.kind} {answer.follow_up.reference}, due {answer.follow_up.due_at:%Y-%m-%d}."


def _flag(answer: RiskAnswer) -> str:
    said = "Flagged" if answer.flagged else "Not flagged"
    since = "no threshold" if answer.threshold is None else f"threshold {answer.threshold:.3f}"
    unsure = "; the interval straddles it" if answer.uncertain else ""
    return f"{said}: {since} ({answer.flag_rule}){unsure}."


def _model(answer: RiskAnswer) -> str:
    by = "the scorecard" if answer.model == PRIOR else f"the model {answer.model}"
    learnt = f"learnt from {answer.n_customers} customers, {answer.n_departures} of whom left"
    return f"By {by} ({answer.basis}, {learnt}), as of {answer.as_of:%Y-%m-%d %H:%M} UTC."
