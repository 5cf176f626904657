"""`doctor`: is this installation well? Each thing that is not says its remedy."""

from dataclasses import asdict

import typer

from api.cli.checks import Check, of_settings
from api.cli.console import FAILED, AsJson, run, show, waiting
from api.cli.database_checks import of_database
from api.settings import SettingsRefusedError, settings


def doctor(as_json: AsJson = False) -> None:
    """Look at settings, secret, addresses, database, security, room, clock, worker, jobs, deliveries, models, backup.

    Exit code 0 where nothing fails (a `warn` can be lived with), 1 where something does.
    """
    with waiting("Looking …"):
        checks = _examine()
    well = all(check.ok or check.warning for check in checks)
    show(
        {"ok": well, "checks": [asdict(check) for check in checks]}, as_json=as_json, text="\n".join(map(_line, checks))
    )
    if not well:
        raise typer.Exit(FAILED)


def _examine() -> list[Check]:
    try:
        found = settings()
    except SettingsRefusedError as refused:
        remedy = "Correct it; docs/settings.md names every setting."
        return [Check("settings", ok=False, found=str(refused), remedy=remedy)]
    return [*of_settings(found), *run(of_database)]


def _line(check: Check) -> str:
    sign = "ok  " if check.ok else "warn" if check.warning else "FAIL"
    line = f"{sign}  {check.name}: {check.found}"
    return line if check.ok or check.remedy is None else f"{line}\n      {check.remedy}"
