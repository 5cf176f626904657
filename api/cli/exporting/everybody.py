"""`export features` and `score --to FILE`: everybody at once, in a file that the learner's process writes."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from api import audit
from api.cli.console import MISUSED, fail, now, run, transaction, working
from api.cli.learning_below import learn

ENDINGS = (".csv", ".parquet")


def features_to(to: Path, workspace: str, as_of: datetime | None, *, quiet: bool) -> int:
    """Write the feature matrix as known at a moment; return how many customers it has."""
    check_columns(to)
    moment = now() if as_of is None else as_of.replace(tzinfo=as_of.tzinfo or UTC)
    if moment > now():
        fail("What will be known then is not known yet: --as-of lies in the future.", MISUSED)
    rows = int(learn("features", workspace, str(to), moment.isoformat(), quiet=quiet)["rows"])
    run(lambda: _note(workspace, "features", {"rows": rows, "form": to.suffix.lower(), "as_of": moment.isoformat()}))
    return rows


def risk_to(to: Path, workspace: str, *, quiet: bool) -> int:
    """Write everybody's risk as it is now; return of how many customers."""
    found = learn("risk", workspace, str(to), quiet=quiet)
    noted: dict[str, JsonValue] = {"rows": found["rows"], "form": to.suffix.lower(), "model": found["model"]}
    run(lambda: _note(workspace, "risk", noted))
    return int(found["rows"])


def check_columns(to: Path) -> None:
    """Refuse a file that cannot be written, before anything is read."""
    if to.suffix.lower() not in ENDINGS:
        fail(f"{to} ends in none of {', '.join(ENDINGS)}.", MISUSED)
    if not to.parent.is_dir():
        fail(f"There is no folder {to.parent}.", MISUSED)


async def _note(workspace: str, what: str, noted: dict[str, JsonValue]) -> None:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        await audit.note(work, "exported", f"export {what}", noted)
