"""`demo`: a believable workspace, trained and served, with a key and a line to try."""

import os
from pathlib import Path
from typing import Annotated

import typer

from api.cli import learning
from api.cli.console import errors, opened, run
from api.cli.learning_below import learn
from api.cli.serving import become_the_service
from api.demo import loading
from api.settings import PREFIX

FOLDER = Path("demo")
Port = Annotated[int, typer.Option(envvar="PORT", help="The port to listen at.")]
Exit = Annotated[bool, typer.Option("--exit", envvar="DEMO_EXIT", help="Do all but serve.")]


def demo(port: Port = 8000, leave: Exit = False) -> None:
    """Load a synthetic workspace, learn from it, and serve it."""
    FOLDER.mkdir(exist_ok=True)
    os.environ.setdefault(f"{PREFIX}DATABASE_URL", f"sqlite:///./{FOLDER}/steadfast.db")
    os.environ.setdefault(f"{PREFIX}PUBLIC_URL", f"http://127.0.0.1:{port}")
    errors.print("Loading a synthetic company …")
    slug = run(_load)
    if slug is not None:
        errors.print("Looking for the sets of conditions that conspire …")
        learn("analyse", slug, quiet=False)
        errors.print("Learning who is at risk …")
        learn("train", slug, "promote", quiet=False)
        run(lambda: learning.score_all(slug))
    key, customer = run(_key)
    typer.echo(f"\nAPI key: {key}\n\nTry it:\n")
    typer.echo(f'  curl -H "Authorization: Bearer {key}" http://127.0.0.1:{port}/v1/customers/{customer}/risk\n')
    if not leave:
        typer.echo(f"Serving http://127.0.0.1:{port} (the API is described at /docs). Ctrl-C ends it.")
        become_the_service("127.0.0.1", port)


async def _load() -> str | None:
    async with opened() as database:
        return await loading.load(database)


async def _key() -> tuple[str, str]:
    async with opened() as database:
        return await loading.demo_key(database), await loading.customer_at_risk(database)
