"""A receiver of webhooks on loopback: it answers what it is told to, and remembers what came."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


def answering(status: int, *headers: str, body: bytes = b"") -> bytes:
    """Give an answer as bytes."""
    lines = [f"HTTP/1.1 {status} So", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass(frozen=True)
class Post:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """The body read."""
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Check a signature as the specification says, without our own code."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Who is told: `answers` are given one after the other, the last for ever."""

    answers: list[bytes | None] = field(default_factory=lambda: [answering(204)])
    """None: no answer at all."""
    posts: list[Post] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    def url(self, host: str = "127.0.0.1") -> str:
        """Give the address to tell to."""
        return f"http://{host}:{self.port}/hook"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        cased = dict(line.split(": ", 1) for line in head[1:] if line)
        headers |= {name.lower(): value for name, value in cased.items()}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.posts.append(Post(head[0].split()[1], headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.came.set()
        if answer is None:
            await reader.read()  # until the other side gives up
        else:
            writer.write(answer)
            with suppress(ConnectionError):
                await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving(*answers: bytes | None, host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """Listen on a free port of loopback."""
    receiver = Receiver(list(answers) or [answering(204)])
    server = await asyncio.start_server(receiver.take, host, 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
