"""Every route the service declares, from its own OpenAPI document, so that no test of the conventions misses one."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import FastAPI

SOMETHING = dict.fromkeys(
    ("response_id", "set_id", "model_id", "hook_id", "delivery_id", "invitation_id", "key_id", "analysis_id", "job_id"),
    str(UUID(int=1)),
)
SOMETHING |= {"code": "nobody_knows", "number": "1", "dimension": "keep"}
METHODS = ("get", "put", "post", "patch", "delete")


@dataclass(frozen=True)
class Route:
    """One method of one path: which scopes open it, each entry a set of which all are needed, and what it takes."""

    method: str
    path: str
    scopes: tuple[frozenset[str], ...]
    takes_body: bool
    parameters: tuple[tuple[str, str, bool, bool], ...]
    """Name, place, whether it is needed, whether it is a plain text."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def address(self, known: dict[str, str] | None = None) -> str:
        """Give an address of this path, with what is known put in, else something of the right form."""
        values = SOMETHING | (known or {})
        return re.sub(r"{(\w+)}", lambda found: values.get(found[1], "nobody"), self.path)


def routes(app: FastAPI) -> list[Route]:
    """Give every route of the application."""
    paths: dict[str, Any] = app.openapi()["paths"]
    return [
        _route(method, path, operations[method])
        for path, operations in paths.items()
        for method in METHODS
        if method in operations
    ]


def guarded(app: FastAPI) -> list[Route]:
    """Give every route that asks for a key."""
    return [route for route in routes(app) if route.scopes]


def _route(method: str, path: str, operation: dict[str, Any]) -> Route:
    scopes = [frozenset(scopes) for entry in operation.get("security", []) for scopes in entry.values()]
    parameters = [
        (item["name"], item["in"], item.get("required", False), _is_text(item["schema"]))
        for item in operation.get("parameters", [])
    ]
    return Route(method.upper(), path, tuple(scopes), "requestBody" in operation, tuple(parameters))


def _is_text(schema: dict[str, Any]) -> bool:
    forms = schema.get("anyOf", [schema])
    return any(form.get("type") == "string" and "format" not in form for form in forms)
