"""What commands share: how they end, how they print, and how they reach the database."""

import asyncio
import errno
import getpass
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape

from api import audit
from api.dependencies import Caller, Work, writing_as
from api.errors import Refusal
from api.settings import SettingsRefusedError, settings
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from models.access import Scope
from models.database import Database, is_sqlite, is_unavailable
from models.schema import is_at_head

T = TypeVar("T")
errors = Console(stderr=True)
FAILED, MISUSED = 1, 2
INTERRUPTED = 130
"""As shells have it: 128 and the number of the signal that Ctrl-C sends."""
OF_FILES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EISDIR})
"""What only a file can have the matter with it, whether or not the error names one."""
NOBODY = UUID(int=0)
COMMAND = ContextVar("COMMAND", default="learner")
"""Which command runs, for the audit; the learner is a process of its own."""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]
WorkspaceName = Annotated[str, typer.Option("--workspace", help="The workspace's name or slug.")]


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run a command's work and end with a sentence, not with a traceback, where it cannot be done."""
    COMMAND.set(f"{work.__module__.rpartition('.')[2]}.{work.__qualname__.partition('.')[0]}")
    try:
        return asyncio.run(_awaited(work))
    except Refusal as refusal:
        fail(refusal.detail)
    except SettingsRefusedError as refused:
        fail(str(refused))
    except Exception as error:
        if isinstance(error, OSError) and (error.filename is not None or error.errno in OF_FILES):
            # Before the database is blamed: to whoever asks for a database, an error of its files is one of its own.
            fail(f"{error.filename or 'A file'} cannot be read or written: {error.strerror or error}")
        if is_unavailable(error):
            fail(f"The database at {safe_url()} cannot be reached: {error}")
        raise


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def fail(message: str, code: int = FAILED) -> NoReturn:
    """End the command with a sentence on stderr."""
    errors.print(f"[red]error[/red] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def waiting(for_what: str) -> AbstractContextManager[object]:
    """Show people that something takes its time; a machine's log stays free of it."""
    return errors.status(for_what) if sys.stderr.isatty() else nullcontext()


def safe_url() -> str:
    """Return the database's URL without its password."""
    from_settings = settings().database_url
    head, at, tail = from_settings.rpartition("@")
    return f"{head.split('://')[0]}://…@{tail}" if at else from_settings


def show(answer: Mapping[str, Any], *, as_json: bool, text: str) -> None:
    """Print what a command found: as JSON for machines, as text for people."""
    if as_json:
        sys.stdout.write(json.dumps(answer, default=str) + "\n")
    else:
        Console().print(text, highlight=False, soft_wrap=True, markup=False)


async def ready() -> None:
    """See that the database is at the newest schema: an SQLite one migrates itself, another must be there already."""
    url = settings().database_url
    if await is_at_head(url):
        return
    if not is_sqlite(url):
        fail(f"The database at {safe_url()} is not at the newest schema. Run `steadfast migrate` first.")
    migrate(url)


def migrate(url: str, revision: str = "") -> str:
    """Bring a database to the newest schema, or an empty one to another.

    It is done in a process of its own: no serving process loads what that needs.
    """
    command = [sys.executable, "-m", "models.migrating"]
    with waiting("Bringing the database to the newest schema …"):
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            command, input="\n".join(filter(None, (url, revision))), capture_output=True, text=True, check=False
        )
    if done.returncode:
        reason = done.stderr.strip().splitlines()
        fail(f"The database at {safe_url()} cannot be migrated: {reason[-1] if reason else done.returncode}")
    return done.stdout


@asynccontextmanager
async def opened() -> AsyncIterator[Database]:
    """Yield the database, at the newest schema."""
    await ready()
    database = Database(settings().database_url, settings().pool_size)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def working(name: str) -> AsyncIterator[tuple[Database, WorkspaceSettings]]:
    """Yield the database and the workspace a command is about."""
    async with opened() as database:
        async with database.read() as session:
            found = await workspaces.find(session, name)
        yield database, found


@asynccontextmanager
async def transaction(database: Database, workspace_id: UUID) -> AsyncIterator[Work]:
    """Yield work in one transaction, as whoever runs the command; what it changed is written into the audit."""
    async with writing_as(database, operator(workspace_id)) as work:
        yield work
        await audit.note_changes(work, COMMAND.get(), "command line")


def operator(workspace_id: UUID) -> Caller:
    """Return whoever runs the command, as a caller."""
    return Caller(workspace_id, NOBODY, frozenset({Scope.ADMIN.value}), f"cli:{_os_user()}")


def _os_user() -> str:
    """Return who is at the command line, as the operating system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)
