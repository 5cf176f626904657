"""A load of HTTP/1.1 requests over kept connections: as many as asked at once, each sent when the last is answered.

Made to cost the machine as little as can be, so that what is measured is the server: bodies are rendered before the
clock starts, answers are read only as far as their status and length.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import uvloop

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass
class Round:
    """What one round of requests came to.

    Attributes
    ----------
    seconds : float
        From the first request to the last answer.
    statuses : Counter
        Answers by status; 0 for a connection that broke.
    waits : list of float
        Seconds from each request to its answer.
    """

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests answered in a second."""
        return len(self.waits) / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """Return the wait below which a share of the requests stayed."""
        ordered = sorted(self.waits)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class _Connection(asyncio.Protocol):
    def __init__(self, waiting: deque[bytes], came_to: Round, done: asyncio.Future[None]) -> None:
        self.waiting, self.came_to, self.done = waiting, came_to, done
        self.read = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # the loop's own kind derives from the plain one
        self._send()

    def data_received(self, data: bytes) -> None:
        self.read += data
        end = self.read.find(HEAD_END)
        if end < 0:
            return
        head = self.read[:end].lower()
        place = head.find(LENGTH)
        length = int(head[place + len(LENGTH) :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self.read) < end + len(HEAD_END) + length:
            return
        self.came_to.waits.append(time.perf_counter() - self.sent_at)
        self.came_to.statuses[int(head[9:12])] += 1
        self.read = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self.done.done():
            self.came_to.statuses[0] += 1
            self.done.set_result(None)

    def _send(self) -> None:
        if not self.waiting:
            self.done.done() or self.done.set_result(None)
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(self.waiting.popleft())


def rendered(path: str, bodies: Iterable[bytes], headers: dict[str, str], method: str = "POST") -> list[bytes]:
    """Return requests as they go over the wire."""
    shown = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{shown}"
    return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]


def driven(port: int, requests: list[bytes], connections: int) -> Round:
    """Send requests over some connections, and return what they came to."""
    return uvloop.run(_driven(port, requests, connections))


async def _driven(port: int, requests: list[bytes], connections: int) -> Round:
    loop = asyncio.get_running_loop()
    came_to, waiting = Round(), deque(requests)
    ends = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda end=end: _Connection(waiting, came_to, end), "127.0.0.1", port)
    await asyncio.gather(*ends)
    came_to.seconds = time.perf_counter() - started
    return came_to
