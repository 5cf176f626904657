"""A body that fits a route's own document, the same one every time."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from tests.api.openapi import Route
from tests.generated.everything import FITTING, KNOWN

MOMENT = "2026-01-01T00:00:00Z"


def fitting_body(app: FastAPI, route: Route) -> Any:
    """Give a body with what a route needs, naming things that are there; None where it takes none."""
    document = app.openapi()
    operation = document["paths"][route.path][route.method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    return _value(document, content["application/json"]["schema"], "")


def _value(document: Mapping[str, Any], schema: Mapping[str, Any], name: str) -> Any:
    if name in KNOWN | FITTING:
        return (KNOWN | FITTING)[name]
    if "$ref" in schema:
        return _value(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], name)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _value(document, schema[choice][0], name)
    if "enum" in schema:
        return schema["enum"][0]
    return _plain(document, schema)


def _plain(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: _value(document, fields[name], name) for name in schema.get("required", [])}
    if kind == "array":
        return [_value(document, schema["items"], "")] if schema.get("minItems") else []
    plain = {"string": "a_word", "integer": schema.get("minimum", 1), "number": 1.0, "boolean": True}
    formats = {"date-time": MOMENT, "uuid": "00000000-0000-0000-0000-000000000007"}
    return formats.get(schema.get("format", ""), plain.get(str(kind)))
