"""`erase` and `retention`."""

from typing import Annotated, Any

import typer

from api.cli.console import AsJson, WorkspaceName, operator, run, show, transaction, working
from api.privacy import service
from api.privacy.retention import keep_no_longer
from api.worker import work_off

Customer = Annotated[str, typer.Argument(help="The customer's reference.")]
Sure = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say how much it would be, and touch nothing.")]


def erase(customer: Customer, workspace: WorkspaceName, yes: Sure = False, as_json: AsJson = False) -> None:
    """Erase a customer for good, as `DELETE /v1/customers/{reference}/personal-data` does."""
    if not yes:
        typer.confirm(f"Erase {customer} from {workspace}? It cannot be undone.", abort=True, err=True)
    answer = run(lambda: _erase(workspace, customer))
    text = f"{customer} was erased: {sum(answer['removed'].values())} rows were taken away or blanked."
    show(answer, as_json=as_json, text=text)


async def _erase(workspace: str, customer: str) -> dict[str, Any]:
    async with working(workspace) as (database, found):
        async with transaction(database, found.id) as work:
            answer = await service.erase(work, customer)
        await work_off(database, found.id)
        return answer.model_dump(mode="json")


def retention(workspace: WorkspaceName, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Take away what is older than the workspace agreed to keep it."""
    done = run(lambda: _retain(workspace, dry_run=dry_run))
    lines = [f"{count} {name}" for name, count in done.items()]
    said = "would go" if dry_run else "went"
    show({"dry_run": dry_run, "counts": done}, as_json=as_json, text=f"{', '.join(lines) or 'Nothing'} {said}.")


async def _retain(workspace: str, *, dry_run: bool) -> dict[str, int]:
    async with working(workspace) as (database, found):
        return dict(await keep_no_longer(database, operator(found.id), dry_run=dry_run))
