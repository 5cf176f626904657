"""The service answers as its OpenAPI document says, whatever it is asked.

FUZZ_EXAMPLES=200 is the full run; the suite takes a few examples of every operation, the same each time.
"""

import json
from collections import Counter

from tests.generated.conftest import Furnished
from tests.generated.fuzzing import EXAMPLES, exercise, load, operations, walk


def test_every_operation_and_every_walk_along_them_is_answered_as_documented(furnished: Furnished) -> None:
    schema = load(furnished.served.address, furnished.key)
    found = operations(schema)
    wrong = {
        name: problem
        for name, operation in found.items()
        if (problem := exercise(operation, furnished.known, EXAMPLES)) is not None
    }
    assert wrong == {}
    assert walk(schema, EXAMPLES) is None
    assert len(found) > 40
    answered = statuses(furnished)
    assert {200, 201, 404, 409, 422} <= set(answered)
    assert sum(answered.values()) > len(found) * EXAMPLES / 2


def statuses(furnished: Furnished) -> Counter[int]:
    """Count the answers by their status, from the log of the process."""
    lines = furnished.served.log.read_text(encoding="utf-8").splitlines()
    said = [json.loads(line) for line in lines if line.startswith("{")]
    return Counter(line["status"] for line in said if line["event"] == "request")
