"""Rounds of dying: clients work, something is killed under them, it is started again, and the ledger is checked."""

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx

from api.errors import AT_COMMIT
from tests.api.caller import Caller, done
from tests.chaos.deeds import DEEDS, Deed, prepared
from tests.chaos.ledger import Ledger
from tests.chaos.power import FileDisk, family
from tests.chaos.served import Served
from tests.postgres.server import PostgresServer

CLIENTS = 16
RETRYING = 0.3
"""The share of requests whose outcome is unknown that are sent again."""
REPEATING = 0.1
"""The share of acknowledged requests that are sent again, as a queue delivering at least once does."""

Fault = Callable[[], None]


@dataclass
class Dying:
    """The service, its clients, and what they were told."""

    served: Served
    key: str
    seed: int
    ledger: Ledger = field(default_factory=Ledger)
    rounds: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - an experiment, no secret
        self._marks = itertools.count(1)
        self._stopping = asyncio.Event()

    async def prepare(self) -> None:
        """Report what all clients share."""
        async with self._http() as http:
            for path, body in prepared():
                done(await Caller(http, self.key).put(path, body))

    async def round(self, fault: Fault, recovery: Fault) -> None:
        """Let the clients work, do the fault, mend it, let them work on, and compare."""
        self._stopping.clear()
        async with AsyncExitStack() as stack:
            https = [await stack.enter_async_context(self._http()) for _ in range(CLIENTS)]
            clients = [asyncio.create_task(self._work(Caller(http, self.key))) for http in https]
            await asyncio.sleep(self.chance.uniform(0.3, 0.9))
            await asyncio.to_thread(fault)
            await asyncio.to_thread(recovery)
            await self.served.until_ready()
            await asyncio.sleep(0.2)
            self._stopping.set()
            await asyncio.gather(*clients)
        await self.compare()
        self.rounds += 1

    async def compare(self) -> None:
        """Compare what is there with what was promised, once the service says that it is ready."""
        async with self._http() as http:
            caller = Caller(http, self.key)
            for _ in range(100):
                if (await caller.get("/v1/customers", limit=1)).status_code != 503:
                    break
                await asyncio.sleep(0.1)
            await self.ledger.check(caller)

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.served.address, timeout=30)

    async def _work(self, caller: Caller) -> None:
        while not self._stopping.is_set():
            mark = next(self._marks)
            deed = self.chance.choice(DEEDS)(mark, self.chance)
            self.ledger.deeds[mark] = deed
            await self._do(caller, deed)
            if mark in self.ledger.acknowledged and self.chance.random() < REPEATING:
                self.ledger.repeated += 1
                await self._do(caller, deed)

    async def _do(self, caller: Caller, deed: Deed) -> None:
        """Send a deed; where nothing says what became of it, send it again or leave it unknown."""
        while True:
            response = await self._send(caller, deed)
            if response is not None and response.is_success:
                self.ledger.acknowledge(deed, response.json())
                return
            if response is not None and not self._may_ask_again(deed, response):
                return
            self._not_known(deed, denied=response is not None and AT_COMMIT not in response.text)
            if self.chance.random() >= RETRYING:
                return
            self.ledger.retried += 1
            await asyncio.sleep(0.05)

    def _not_known(self, deed: Deed, *, denied: bool) -> None:
        if deed.mark in self.ledger.acknowledged:
            return
        if denied and deed.mark not in self.ledger.unknown:
            self.ledger.denied.add(deed.mark)
        elif not denied:
            self.ledger.denied.discard(deed.mark)
        self.ledger.unknown.add(deed.mark)

    async def _send(self, caller: Caller, deed: Deed) -> httpx.Response | None:
        """Send a deed once it can be sent at all; None where no answer came."""
        while True:
            try:
                return await caller.ask(deed.method, deed.path, deed.headers, json=deed.body)
            except httpx.ConnectError:
                await asyncio.sleep(0.05)  # nobody heard it: not a retry
            except httpx.TransportError:
                return None

    def _may_ask_again(self, deed: Deed, response: httpx.Response) -> bool:
        """Return whether a no asks for the same again; note every no, and every one that must not be."""
        self.ledger.refused[response.status_code] += 1
        said = response.json() if "json" in response.headers.get("content-type", "") else {}
        if response.status_code not in {409, 429, 503} or not said.get("retryable"):
            self.ledger.faults.append(f"{deed.method} {deed.path}: {response.status_code} {response.text[:300]}")
            return False
        return True


def killing(served: Served, server: PostgresServer | None = None) -> Sequence[tuple[Fault, Fault]]:
    """Give what may happen, each with its mending: the service killed; on PostgreSQL in turn that stopped at once."""
    killed = (served.kill, served.start)
    if server is None:
        return (killed,)
    return (killed, (lambda: server.stop(immediate=True), server.start))


def cutting(served: Served, disk: FileDisk, server: PostgresServer | None = None) -> Sequence[tuple[Fault, Fault]]:
    """Give the one thing that happens: the power is cut, and comes back."""

    def writers() -> list[int]:
        own = [] if served.process is None else family(served.process.pid)
        if server is None:
            return own
        postmaster = (server.data / "postmaster.pid").read_text(encoding="ascii").split()[0]
        return own + family(int(postmaster))

    def cut() -> None:
        disk.cut(writers)
        served.kill()

    def back() -> None:
        disk.mount()
        if server is not None:
            server.start()
        served.start()

    return ((cut, back),)


async def endure(
    served: Served, key: str, *, rounds: int, seed: int, faults: Sequence[tuple[Fault, Fault]] | None = None
) -> Ledger:
    """Go through some rounds of faults, by default kills, on a migrated database; give the ledger.

    In the end the service is killed and started once more: what it said before is true of what it finds then.
    """
    dying = Dying(served, key, seed)
    served.start()
    try:
        await served.until_ready()
        await dying.prepare()
        for _, (fault, recovery) in zip(range(rounds), itertools.cycle(faults or killing(served)), strict=False):
            await dying.round(fault, recovery)
        served.kill()
        served.start()
        await served.until_ready()
        await dying.compare()
    finally:
        served.kill()
    return dying.ledger
