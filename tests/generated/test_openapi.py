"""The service answers as its OpenAPI document says, whatever it is asked.

FUZZ_EXAMPLES=200 is the full run; the suite takes a few examples of every operation, the same each time.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from api.bodies import LARGEST_INTEGER
from tests.api.openapi import Route, routes
from tests.generated.conftest import Furnished
from tests.generated.fuzzing import EXAMPLES, Asked, exercise, load, operations, walk


def test_every_operation_and_every_walk_along_them_is_answered_as_documented(everywhere: list[Furnished]) -> None:
    schemas = [load(place.served.address, place.key) for place in everywhere]
    asked = [Asked(place.served.address, place.key, place.known) for place in everywhere]
    found = operations(schemas[0])
    wrong = {
        name: problem
        for name, operation in found.items()
        if (problem := exercise(operation, asked, EXAMPLES)) is not None
    }
    assert wrong == {}
    assert [walk(schema, EXAMPLES) for schema in schemas] == [None] * len(everywhere)
    assert len(found) > 40
    for place in everywhere:
        answered = statuses(place)
        assert {200, 201, 404, 409, 422} <= set(answered)
        assert sum(answered.values()) > len(found) * EXAMPLES / 2


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_every_whole_number_a_caller_may_send_has_a_largest_that_a_database_keeps(app: FastAPI) -> None:
    boundless = [
        f"{route} {where}"
        for route in routes(app)
        for where, schema in sent_with(app.openapi(), route)
        if schema.get("type") == "integer" and not schema.get("maximum", math.inf) <= LARGEST_INTEGER
    ]
    assert boundless == []


def sent_with(document: dict[str, Any], route: Route) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the schema of every parameter and every field of a body, with where it stands."""
    operation = document["paths"][route.path][route.method.lower()]
    for parameter in operation.get("parameters", []):
        yield from within(document, parameter["schema"], parameter["name"], frozenset())
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield from within(document, content["schema"], "", frozenset())


def within(
    document: dict[str, Any], schema: dict[str, Any], where: str, above: frozenset[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give a schema and all within it; one that holds itself is entered once."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in above:
        return
    if name:
        yield from within(document, document["components"]["schemas"][name], where, above | {name})
    yield where, schema
    for choice in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(choice, []):
            yield from within(document, one, where, above)
    for field, one in schema.get("properties", {}).items():
        yield from within(document, one, f"{where}/{field}", above)
    if "items" in schema:
        yield from within(document, schema["items"], f"{where}/-", above)


def statuses(furnished: Furnished) -> Counter[int]:
    """Count the answers by their status, from the log of the process."""
    lines = furnished.served.log.read_text(encoding="utf-8").splitlines()
    said = [json.loads(line) for line in lines if line.startswith("{")]
    return Counter(line["status"] for line in said if line["event"] == "request")
