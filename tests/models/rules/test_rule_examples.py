"""The examples in the rules' docstrings run as written."""

import doctest
from types import ModuleType

import pytest

from models.rules import conditions, facts, failure, quantiles, statistics, support, timeline, values


@pytest.mark.parametrize(
    "module", [conditions, facts, failure, quantiles, statistics, support, timeline, values], ids=lambda m: m.__name__
)
def test_examples_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
