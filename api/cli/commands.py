"""All commands in one list: which there are, and which room each lives in."""

import typer

from api.cli import configuring, demo, doctor, keeping, keys, learning, privacy, serving, workspaces
from api.cli.exporting import command as exporting
from api.cli.importing import command as importing

app = typer.Typer(
    name="steadfast",
    help="Measures how loyal a company is to its customers.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command("serve")(serving.serve)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("migrate")(serving.migrate_database)
app.command("train")(learning.train)
app.command("analyse")(learning.analyse)
app.command("score")(learning.score)
app.command("import")(importing.import_file)
app.command("export")(exporting.export)
app.command("erase")(privacy.erase)
app.command("retention")(privacy.retention)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
app.command("compact")(keeping.compact)
app.add_typer(keeping.tombstones_app, name="tombstones")
workspaces.app.command("set")(configuring.set_from_file)
app.add_typer(workspaces.app, name="workspace")
app.add_typer(keys.app, name="keys")
