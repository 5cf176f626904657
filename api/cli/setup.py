"""`setup`: a workspace that works as the company does, and the first admin key.

Running it again changes what is said and makes nothing twice: no second admin key is made while one is alive.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any
from zoneinfo import available_timezones

import typer
from pydantic import TypeAdapter, ValidationError

from api.bodies import Currency
from api.cli.console import MISUSED, AsJson, errors, fail, now, opened, run, show, transaction
from api.dependencies import Work
from api.errors import Refusal
from api.feedback.service import publish_templates
from api.keys import service as keys
from api.keys.schemas import KeyBody, NewKeyAnswer
from api.listing import Asked
from api.settings import Settings, settings
from api.workspaces import changing, queries, service
from api.workspaces.schemas import WorkspacePatch
from api.workspaces.service import WorkspaceSettings
from models.access import Scope
from models.database import Database

Name = Annotated[str | None, typer.Option("--name", help="The company's name.")]
Zone = Annotated[str | None, typer.Option("--zone", help="Its time zone, like Europe/Berlin.")]
Money = Annotated[str | None, typer.Option("--currency", help="Its currency, like EUR.")]
Loss = Annotated[str | None, typer.Option("--yearly-loss", help="Share of customers lost in a year: 12% or 0.12.")]
Address = Annotated[str | None, typer.Option("--public-url", help="The address callers reach the service at.")]
USUAL_ZONE, USUAL_CURRENCY = "UTC", "EUR"
UNKNOWN = "unknown"
MOST_KEYS = 1000


@dataclass(frozen=True)
class Answers:
    """What was answered; None where nothing was said."""

    name: str | None
    zone: str | None
    currency: str | None
    yearly_loss: float | None
    public_url: str | None


def setup(
    name: Name = None,
    zone: Zone = None,
    currency: Money = None,
    yearly_loss: Loss = None,
    public_url: Address = None,
    as_json: AsJson = False,
) -> None:
    """Make the first workspace and its admin key: asks what it is not told. Run it again to change what was said."""
    given = Answers(
        _checked("--name", name, name_of),
        _checked("--zone", zone, zone_of),
        _checked("--currency", currency, currency_of),
        _checked("--yearly-loss", yearly_loss, loss_of),
        _checked("--public-url", public_url, address_of),
    )
    if sys.stdin.isatty() and not as_json:
        given = _asked(given)
    if given.name is None:
        fail("Say what the company is called: `--name`.", MISUSED)
    done = run(lambda: _set_up(given))
    show(done, as_json=as_json, text=_text(done))


def name_of(text: str) -> str:
    """Return a company's name, or raise `ValueError` for what cannot be one."""
    text = text.strip()
    try:
        service.slug_of(text)
        WorkspacePatch(name=text)
    except (Refusal, ValidationError):
        raise ValueError("a name with at least one letter or digit of the Latin alphabet, at most 200 long") from None
    return text


def zone_of(text: str) -> str:
    """Return an IANA time zone, in whatever case it was typed."""
    by_lower = {zone.lower(): zone for zone in available_timezones()}
    if text.strip().lower() not in by_lower:
        raise ValueError("a time zone like Europe/Berlin or America/New_York")
    return by_lower[text.strip().lower()]


def currency_of(text: str) -> str:
    """Return a currency's code."""
    try:
        found: str = TypeAdapter(Currency).validate_python(text.strip().upper())
    except ValidationError:
        raise ValueError("the three letters of a currency, like EUR") from None
    return found


def loss_of(text: str) -> float | None:
    """Return a share from `12%`, `12,5 %` or `0.12`; None for `unknown`."""
    plain = text.strip().replace(",", ".")
    if plain.lower() in {UNKNOWN, ""}:
        return None
    try:
        share = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise ValueError("a share above 0 and below all, like 12% or 0.12, or `unknown`")
    return share


def address_of(text: str) -> str:
    """Return the public address, or raise `ValueError` for what is none."""
    try:
        return Settings.model_validate({**settings().model_dump(), "public_url": text.strip()}).public_url
    except ValidationError:
        raise ValueError("an address like https://feedback.example.com") from None


def _checked(option: str, text: str | None, read: Callable[[str], Any]) -> Any:
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as wrong:
        fail(f"{option}: give {wrong}.", MISUSED)


def _asked(given: Answers) -> Answers:
    """Ask for what was not said, each until the answer can be; what is so already is offered."""
    name = given.name or _ask("What is the company called?", name_of)
    known = run(lambda: _known(name))
    loss = UNKNOWN if known is None or known.yearly_loss is None else f"{known.yearly_loss:.1%}"
    return replace(
        given,
        name=name,
        zone=given.zone or _ask("Its time zone?", zone_of, known.zone if known else USUAL_ZONE),
        currency=given.currency or _ask("Its currency?", currency_of, known.currency if known else USUAL_CURRENCY),
        yearly_loss=given.yearly_loss or _ask("Which share of its customers leaves in a year?", loss_of, loss),
        public_url=given.public_url
        or _ask("At which address do callers reach this service?", address_of, settings().public_url),
    )


def _ask(question: str, read: Callable[[str], Any], usual: str | None = None) -> Any:
    while True:
        try:
            return read(typer.prompt(question, default=usual, err=True))
        except ValueError as wrong:
            errors.print(f"Give {wrong}.", highlight=False, markup=False)


async def _set_up(given: Answers) -> dict[str, Any]:
    async with opened() as database:
        found, created = await _workspace(database, str(given.name))
        async with transaction(database, found.id) as work:
            said = {"zone": given.zone, "currency": given.currency, "yearly_loss": given.yearly_loss}
            patch = WorkspacePatch(**{name: value for name, value in said.items() if value is not None})
            changed = await changing.change(work, patch, "*")
            key = await _first_key(work)
    public_url = given.public_url or settings().public_url
    return {
        "workspace": service.answer(changed).model_dump(mode="json"),
        "created": created,
        "key": None if key is None else {"id": str(key.id), "key": key.key},
        "public_url": public_url,
        "next": _next_things(changed, public_url),
    }


async def _known(name: str) -> WorkspaceSettings | None:
    """Return the workspace of a name where there is one."""
    async with opened() as database, database.read() as session:
        if await queries.workspace_by_slug(session, service.slug_of(name)) is None:
            return None
        return await service.find(session, name)


async def _workspace(database: Database, name: str) -> tuple[WorkspaceSettings, bool]:
    """Return the workspace of a name, made where there is none, and whether it was."""
    async with database.write() as session:
        if await queries.workspace_by_slug(session, service.slug_of(name)) is not None:
            return await service.find(session, name), False
        made = await service.create_workspace(session, name, now())
        await publish_templates(session, made.id, now())
        return made, True


async def _first_key(work: Work) -> NewKeyAnswer | None:
    """Return a new admin key; None where one is alive already."""
    await queries.hold(work.session, work.workspace_id)
    there, _ = await keys.list_keys(work, Asked(MOST_KEYS))
    if any(key.state == "active" and Scope.ADMIN in key.scopes for key in there):
        return None
    return await keys.make(work, KeyBody(name="first admin", scopes=[Scope.ADMIN]))


def _next_things(workspace: WorkspaceSettings, public_url: str) -> list[str]:
    slug = workspace.slug
    address = (
        f"Set STEADFAST_PUBLIC_URL={public_url} for the service and start it again."
        if public_url != settings().public_url
        else "Run `steadfast doctor`: it looks at the whole installation and says what to mend."
    )
    return [
        address,
        f"Give each caller a key of its own: `steadfast keys create --workspace {slug} --scope records:write`.",
        f'Test the connection: `curl -H "Authorization: Bearer KEY" {public_url}/v1/me`.',
    ]


def _text(done: dict[str, Any]) -> str:
    workspace = done["workspace"]
    made = "Made" if done["created"] else "There is"
    loss = workspace["yearly_loss"]
    declared = "not declared, so nobody is flagged yet" if loss is None else f"{loss:.1%}"
    works = f"zone {workspace['zone']}, currency {workspace['currency']}, yearly loss {declared}"
    lines = [f"{made} the workspace {workspace['name']} ({workspace['slug']}): {works}.", ""]
    if done["key"] is None:
        lines.append(
            "It has an admin key; none was made. Lost it? `steadfast keys create --scope admin` makes another."
        )
    else:
        lines += [
            done["key"]["key"],
            "This is the first admin key. It is shown this once: keep it where secrets are kept.",
        ]
    lines += ["", "Next:", *[f"{number}. {thing}" for number, thing in enumerate(done["next"], 1)]]
    return "\n".join(lines)
