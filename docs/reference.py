# ruff: noqa: INP001 - a script, not a package
"""Write the reference pages from the code: docs/api.md, docs/settings.md and docs/problems.md. Run by `make docs`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api import main
from api.problems import CODES
from api.settings import PREFIX, Settings

HERE = Path(__file__).parent
MADE = "<!-- Made by `make docs` from the code. Do not edit. -->\n"
HIDDEN_PARAMETERS = {"idempotency-key"}
PAGE_OF = "x-page-of"
Json = Mapping[str, Any]


def pages() -> dict[str, str]:
    """Return each page's text by its name in this folder; the same code gives the same text."""
    return {"api.md": api_page(openapi()), "settings.md": settings_page(), "problems.md": problems_page()}


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of all topics, made without a database."""
    app = FastAPI(title="Steadfast")
    for topic in main.ROUTERS:
        app.include_router(topic.router)
    return app.openapi()


def settings_page() -> str:
    """Return the table of settings."""
    schema = Settings.model_json_schema()
    rows = [
        (f"`{PREFIX}{name.upper()}`", _allowed(field), _default(field), field.get("description", ""))
        for name, field in schema["properties"].items()
    ]
    return "\n".join(
        [
            MADE,
            "# Settings",
            "",
            "Settings are environment variables. Each can also be read from a file: add `_FILE` to the name and give",
            "the file's path. A `STEADFAST_` name that is not in this table stops the start with a sentence.",
            "",
            *_table(("name", "value", "default", "meaning"), rows),
            "",
        ]
    )


def problems_page() -> str:
    """Return the table of codes an error answer can carry."""
    rows = [(f'<a id="{code}"></a>`{code}`', meaning) for code, meaning in sorted(CODES.items())]
    return "\n".join(
        [
            MADE,
            "# Problems",
            "",
            "Every error answer is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`,",
            "`instance`, `code`, `retryable`, `request_id`, and with status 422 also `errors`, a list of",
            "`{pointer, code, detail}`. Programs should look at `code` and `retryable`; people at `detail`.",
            "A running service explains the same codes at `/problems`.",
            "",
            *_table(("code", "what it means and what to do"), rows),
            "",
        ]
    )


def api_page(document: Json) -> str:
    """Return every route by topic, then every shape."""
    lines = [
        MADE,
        "# The API, route by route",
        "",
        "A running service serves the same as OpenAPI 3.1 at `/openapi.json` and to try out at `/docs`. Every route",
        "wants `Authorization: Bearer sfk_…`. A POST that stores takes an `Idempotency-Key`. Error answers are on the",
        "page [problems](problems.md). How the calls go together: [REST](integrations/rest.md).",
        "",
    ]
    by_topic: dict[str, list[str]] = {}
    shapes = document["components"]["schemas"]
    for path, methods in _with_pages(document["paths"], shapes).items():
        for method, operation in methods.items():
            by_topic.setdefault(operation["tags"][0], []).extend(_operation(path, method.upper(), operation))
    for topic, told in by_topic.items():
        lines += [f"## {topic}", "", *told]
    lines += ["## Shapes", "", "A field marked * has to be sent. In answers every field is always there.", ""]
    sent = _sent(document["paths"], shapes)
    for name in sorted(shapes, key=_shown):
        if not _is_plumbing(name):
            lines += _shape(name, shapes[name], sent=name in sent)
    return "\n".join(lines).rstrip() + "\n"


def _with_pages(part: Any, shapes: Json) -> Any:
    """Return a part of the document in which a list's page is said as what it is a page of."""
    if isinstance(part, list):
        return [_with_pages(item, shapes) for item in part]
    if not isinstance(part, dict):
        return part
    name = str(part.get("$ref", "")).rpartition("/")[2]
    if name.startswith("Page_"):
        return {PAGE_OF: shapes[name]["properties"]["items"]["items"]}
    return {key: _with_pages(value, shapes) for key, value in part.items()}


def _operation(path: str, method: str, operation: Json) -> Iterator[str]:
    yield from (f"### {method} {path}", "", operation["description"], "")
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "path" and parameter["name"] not in HIDDEN_PARAMETERS:
            said = parameter.get("description", "")
            yield f"* {parameter['in']} `{parameter['name']}`: {_type(parameter['schema'])}. {said}".rstrip()
    body = operation.get("requestBody")
    if body is not None:
        yield f"* body: {_type(body['content']['application/json']['schema'])}"
    for status, answer in operation["responses"].items():
        if status.startswith("2") and "content" in answer:
            yield f"* {status}: {_type(answer['content']['application/json']['schema'])}"
    yield ""


def _sent(paths: Json, shapes: Json) -> set[str]:
    """Return the shapes that are sent, on their own or within another."""
    bodies = [operation.get("requestBody", {}) for methods in paths.values() for operation in methods.values()]
    found: set[str] = set()
    waiting = _references(bodies)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= _references(shapes[name])
    return found


def _references(part: Any) -> set[str]:
    return set(re.findall(r"#/components/schemas/(\w+)", str(part)))


def _shape(name: str, shape: Json, *, sent: bool) -> Iterator[str]:
    yield from (f"### {_shown(name)}", "", shape.get("description", ""), "")
    if "enum" in shape:
        yield from (", ".join(f"`{value}`" for value in shape["enum"]), "")
    if "properties" in shape:
        needed = set(shape.get("required", [])) if sent else set()
        rows = [
            (f"`{field}`{' *' if field in needed else ''}", _type(about), about.get("description", ""))
            for field, about in shape["properties"].items()
        ]
        yield from (*_table(("field", "type", "meaning"), rows), "")


def _type(schema: Json) -> str:
    """Return what a schema allows, in words, with a link where it has a name."""
    if PAGE_OF in schema:
        return f"a page of {_type(schema[PAGE_OF])}"
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    values = schema.get("additionalProperties")
    if isinstance(values, dict) and not values.get("$ref", "").endswith("/JsonValue"):
        return f"object of {_type(values)}"
    return _plain_type(schema)


def _plain_type(schema: Json) -> str:
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    named = {"date-time": "moment", "uuid": "UUID"}.get(schema.get("format", ""), schema.get("type", "any JSON"))
    limits = [
        f"{words} {schema[key]:g}"
        for key, words in (
            ("minimum", "from"),
            ("exclusiveMinimum", "over"),
            ("maximum", "up to"),
            ("exclusiveMaximum", "under"),
            ("maxLength", "up to"),
        )
        if key in schema
    ]
    return f"{named} ({', '.join(limits)})" if limits else str(named)


def _link(name: str) -> str:
    if name == "JsonValue":
        return "any JSON"
    shown = _shown(name)
    return f"[{shown}](#{anchor(shown)})"


def _shown(name: str) -> str:
    """Return a shape's name as readers see it; two of one name are told apart by their topic."""
    parts = re.fullmatch(r"api__(\w+?)__schemas__(\w+)", name)
    return name if parts is None else f"{parts[2]} of {parts[1]}"


def _is_plumbing(name: str) -> bool:
    return name.startswith(("Page_", "HTTPValidation", "ValidationError")) or name == "JsonValue"


def anchor(heading: str) -> str:
    """Return the anchor a heading gets where Markdown is shown.

    >>> anchor("GET /v1/customers/{reference}")
    'get-v1customersreference'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _allowed(field: Json) -> str:
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "boolean":
        return "`true` or `false`"
    plain = {"string": "text", "integer": "whole number", "number": "number"}
    return _plain_type({**field, "type": plain[field["type"]]})


def _default(field: Json) -> str:
    default = field["default"]
    return f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |"


def write(folder: Path) -> None:
    """Write the pages into a folder."""
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(HERE)
