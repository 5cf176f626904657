"""The examples in the rules' docstrings run as written."""

import doctest
from types import ModuleType

import pytest

from models.rules import (
    conditions,
    facts,
    failure,
    promises,
    quantiles,
    statistics,
    stubs,
    support,
    timeline,
    values,
    versions,
)

ROOMS = (conditions, facts, failure, promises, quantiles, statistics, stubs, support, timeline, values, versions)


@pytest.mark.parametrize("module", ROOMS, ids=lambda module: module.__name__)
def test_examples_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
