"""Somebody with a browser that runs no scripts: opens a page, fills in what is there, sends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class _Reader(HTMLParser):
    """Collects what a form would send, and the texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.names: list[str] = []
        self.ids: set[str] = set()
        self.described: set[str] = set()
        self.language: Mapping[str, str | None] = {}
        self.links: list[str] = []
        self.scripts = 0
        self.inside: list[str] = []
        self.texts: list[str] = []
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        self.scripts += tag == "script" or any(key.startswith("on") for key in given) or "style" in given
        self.ids.add(given.get("id") or "")
        self.described.update((given.get("aria-describedby") or "").split())
        if tag == "html":
            self.language = given
        if tag == "a":
            self.links.append(given.get("href") or "")
        if name:
            self.names.append(name)
        if tag == "input" and (given.get("type") not in {"radio", "checkbox"} or "checked" in given):
            self.fields.append((name, given.get("value") or ""))
        elif tag == "textarea":
            self._area = name
            self.fields.append((name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            self.fields.append((self._select, given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            name, before = self.fields[-1]
            self.fields[-1] = (name, before + data.removeprefix("\n"))
        elif data.strip():
            self.texts.append(" ".join(data.split()))


@dataclass
class Page:
    """A page as it was answered, and what its form would send."""

    response: httpx.Response
    fields: list[tuple[str, str]]
    names: Sequence[str]
    text: str
    language: Mapping[str, Any]
    ids: set[str] = field(default_factory=set)
    described: set[str] = field(default_factory=set)
    links: Sequence[str] = ()

    @property
    def path(self) -> str:
        """Where it stands: path and query."""
        return self.response.request.url.raw_path.decode()

    @property
    def link(self) -> str:
        """The one address it leads on to: path and query."""
        [found] = map(urlsplit, self.links)
        return f"{found.path}?{found.query}"

    def sent(self, name: str) -> list[str]:
        """Give the values the form would send under a name."""
        return [value for own, value in self.fields if own == name]


def read(response: httpx.Response) -> Page:
    """Read a page, and insist on what every page keeps to."""
    assert response.headers["content-type"] == "text/html; charset=utf-8", response.text
    assert response.headers["cache-control"] in {"no-store", "private, no-cache"}
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "unsafe" not in response.headers["content-security-policy"]
    assert "set-cookie" not in response.headers
    reader = _Reader()
    reader.feed(response.text)
    assert reader.scripts == 0
    assert reader.described <= reader.ids
    said = " ".join(reader.texts)
    language, ids, described = reader.language, reader.ids, reader.described
    return Page(response, reader.fields, reader.names, said, language, ids, described, reader.links)


class Browser:
    """Somebody with a browser."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def open(self, path: str, status: int = 200, languages: str = "") -> Page:
        """Open a page."""
        response = await self.http.get(path, headers={**HTML, "Accept-Language": languages})
        assert response.status_code == status, response.text
        return read(response)

    async def send(self, path: str, page: Page | None = None, /, **typed: Any) -> httpx.Response:
        """Send a page's form with what was typed or chosen; without a page, a form from elsewhere."""
        fields = [] if page is None else [pair for pair in page.fields if pair[0] not in typed]
        for name, value in typed.items():
            fields += [(name, str(item)) for item in (value if isinstance(value, list) else [value])]
        return await self.post(path, fields)

    async def go_on(self, path: str, page: Page, /, **typed: Any) -> Page:
        """Send a page's form, and open the step it leads to."""
        sent = await self.send(path, page, **typed)
        assert sent.status_code == 303, sent.text
        assert "step=" in sent.headers["location"]
        return await self.open(sent.headers["location"])

    async def post(self, path: str, fields: Sequence[tuple[str, str]]) -> httpx.Response:
        """Post fields as a browser does."""
        headers = {**HTML, "Content-Type": "application/x-www-form-urlencoded"}
        return await self.http.post(path, content=urlencode(fields), headers=headers)
