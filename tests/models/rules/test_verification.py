"""Where a countermeasure stands, moment by moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.rules.verification import standing

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "live"),
        ({"live_from": None}, "planned"),
        ({"live_from": NOW + DAY}, "planned"),
        ({"retired_at": NOW}, "retired"),
        ({"retired_at": NOW + DAY}, "live"),
        ({"confirmed_at": NOW - 180 * DAY}, "verified"),
        ({"confirmed_at": NOW - 181 * DAY}, "live"),
        ({"confirmed_at": NOW - DAY, "returned": True}, "live"),
        ({"confirmed_at": NOW - DAY, "retired_at": NOW - DAY}, "retired"),
    ],
)
def test_where_a_countermeasure_stands(changed: dict[str, Any], told: str) -> None:
    known = {"live_from": NOW - DAY, "retired_at": None, "confirmed_at": None, "returned": False}
    assert standing(NOW, **{**known, **changed}) == told
