"""`worker`: does what no request may do itself, on this machine or on any other that reaches the database."""

import asyncio
import signal
from typing import Annotated

import typer

from api import schedules
from api.children import end_with_parent
from api.cli.console import AsJson, opened, run, show
from api.jobs.leases import Leases, lease_of
from api.learning_below import learning_below
from api.logs import set_up_logs
from api.settings import settings
from api.worker import Worker

Once = Annotated[bool, typer.Option("--once", help="Work off what is due, then end.")]
WithParent = Annotated[bool, typer.Option("--with-parent", hidden=True, help="End when standard input is closed.")]


def worker(once: Once = False, with_parent: WithParent = False, as_json: AsJson = False) -> None:
    """Do jobs and what comes round, until told to stop: the portion under way is finished, the rest given back."""
    set_up_logs()
    counted = run(lambda: _work(once=once, with_parent=with_parent))
    text = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counted.items())) or "Nothing was due."
    show(counted, as_json=as_json, text=text)


async def _work(*, once: bool, with_parent: bool) -> dict[str, int]:
    async with opened() as database:
        working = Worker(Leases(database, lease_of(settings().lease_seconds)), learning_below)
        loop = asyncio.get_running_loop()
        for told in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(told, working.stop.set)
        if with_parent:
            end_with_parent(lambda: loop.call_soon_threadsafe(working.stop.set))
        try:
            if once:
                await schedules.tick(database, working.leases.clock)
                await working.work_off()
            else:
                await working.run()
        finally:
            for told in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(told)
        return dict(working.counted)
