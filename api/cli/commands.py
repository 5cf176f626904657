"""All commands in one list: which there are, and which room each lives in."""

import typer

from api.cli import keys, serving, workspaces

app = typer.Typer(
    name="steadfast",
    help="Measures how loyal a company is to its customers.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command("serve")(serving.serve)
app.command("migrate")(serving.migrate_database)
app.add_typer(workspaces.app, name="workspace")
app.add_typer(keys.app, name="keys")
