"""`cost`: what failures cost, as the newest analysis reckoned it."""

from typing import Annotated, Any

import typer

from api.cli.amounts import amount, number
from api.cli.console import AsJson, WorkspaceName, run, show, transaction, working
from api.failures.cost_schemas import CostBy, CostLine, CostOfFailure
from api.failures.root_costs import cost_of_failure
from api.failures.service import OUTCOME
from models.rules.cost import Reason

By = Annotated[CostBy, typer.Option("--by", help="What the cost is told apart by.")]
NOT_KNOWN = "not known"
REASONS = {
    Reason.OTHER_CURRENCY: "in another currency: none is converted",
    Reason.NO_RATE: "work without a rate: state cost_rates in PATCH /v1/workspace",
    Reason.TOLD_TWICE: "work that was told twice: the larger of the two counts",
    Reason.LOST_VALUE_COUNTED: "winning another customer: their lost value counts already",
}


def cost(workspace: WorkspaceName, by: By = CostBy.CONDITION_SET, as_json: AsJson = False) -> None:
    """Tell what failures cost, by condition set, condition, need or team."""
    found = run(lambda: _read(workspace, by))
    show(found.model_dump(mode="json"), as_json=as_json, text="\n".join(told(found)))


async def _read(workspace: str, by: CostBy) -> CostOfFailure:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        return await cost_of_failure(work, OUTCOME, by)


def told(found: CostOfFailure) -> list[str]:
    """Tell what failures cost, line by line."""
    currency = found.currency
    cases = f"{found.cases} failing cases of {found.customers} customers"
    known = found.amount is not None
    lines = [
        f"{cases} cost {_money(found, currency)}." if known else f"What {cases} cost is {NOT_KNOWN}.",
        f"A cost is known of {found.known} of them; what is not known is in no sum.",
    ]
    lines += [f"  {_name(line)}: {_line(line, currency)}" for line in found.items]
    lines += [
        f"  of it {part.component.replace('_', ' ')}, {part.basis}: {amount(part.amount, currency)}, {part.cases} cases"
        for part in found.components
    ]
    lines += [
        f"Not counted: {item.entries} times, {REASONS[Reason(item.reason)]}{_of(item.amount, item.currency)}"
        for item in found.not_counted
    ]
    return lines


def _name(line: CostLine) -> str:
    if line.kind == "condition_set":
        return " + ".join(line.conditions)
    return {"leak": "no known set", "others": "others"}.get(line.kind, line.group or NOT_KNOWN)


def _line(line: CostLine, currency: str) -> str:
    said = _money(line, currency)
    if line.share is not None:
        said += f", its share {amount(line.share, currency)}"
    if line.avoidable is not None:
        said += f", avoidable {amount(line.avoidable, currency)}"
    return said if line.cases is None else f"{said}, {line.cases} cases"


def _money(figure: Any, currency: str) -> str:
    if figure.amount is None:
        return NOT_KNOWN
    said = amount(figure.amount, currency)
    if figure.low is None:
        return said
    return f"{said} [{number(figure.low, currency)}, {number(figure.high, currency)}]"


def _of(minor: int | None, currency: str | None) -> str:
    return "" if minor is None or currency is None else f", {amount(minor, currency)}"
