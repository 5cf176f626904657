"""All commands in one list: which there are, and which room each lives in.

A room is loaded when its command is called, not before: an import of a file needs nothing of the service, the demo or
the doctor, and starts in half of the time. While it is loaded nobody looks for garbage, of which there is none, and
what was loaded is never looked through again: that is a sixth of a start, and some of every request.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

from api.collecting import to_stay

ROOMS = {
    "serve": "api.cli.serving:serve",
    "worker": "api.cli.working:worker",
    "demo": "api.cli.demo:demo",
    "setup": "api.cli.setup:setup",
    "doctor": "api.cli.doctor:doctor",
    "migrate": "api.cli.serving:migrate_database",
    "train": "api.cli.learning:train",
    "analyse": "api.cli.learning:analyse",
    "score": "api.cli.learning:score",
    "risk": "api.cli.at_risk:risk",
    "cost": "api.cli.costing:cost",
    "loyalty": "api.cli.loyalty:loyalty",
    "import": "api.cli.importing.command:import_file",
    "export": "api.cli.exporting.command:export",
    "models": "api.cli.models:app",
    "scorecard": "api.cli.scorecards:app",
    "surveys": "api.cli.surveys:app",
    "erase": "api.cli.privacy:erase",
    "retention": "api.cli.privacy:retention",
    "backup": "api.cli.keeping:backup",
    "restore": "api.cli.keeping:restore",
    "compact": "api.cli.keeping:compact",
    "tombstones": "api.cli.keeping:tombstones_app",
    "workspace": "api.cli.workspaces:app",
    "keys": "api.cli.keys:app",
}


class Doors(Mapping[str, Any]):
    """The commands by name, each fetched from its room when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        """Fetch one command."""
        return fetched(name, ROOMS[name])

    def __iter__(self) -> Iterator[str]:
        """Name all commands."""
        return iter(ROOMS)

    def __len__(self) -> int:
        """Count them."""
        return len(ROOMS)


class Rooms(TyperGroup):
    """The group of all commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(Any, Doors())


@lru_cache
def fetched(name: str, place: str) -> Any:
    """Return a command, or a group of them, from its room."""
    room, _, thing = place.partition(":")
    with to_stay():
        found = getattr(import_module(room), thing)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    command = get_command(found)
    command.name = name
    return command


app = typer.Typer(name="steadfast", cls=Rooms, no_args_is_help=True, pretty_exceptions_show_locals=False)


@app.callback()
def steadfast() -> None:
    """Measures how loyal a company is to its customers."""
