"""A set has come back when an analysis confirms it again, and until one no longer does."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.learner.known_sets import histories

SET = UUID(int=7)
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def found(at: int, status: str = "confirmed") -> dict[str, Any]:
    """Give what the analysis of a day said of the set."""
    day = DAY + timedelta(days=at)
    told = {"id": SET, "status": status, "analysis_id": UUID(int=at), "conditions": ["a", "b"], "created_at": day}
    return {**told, "discovered_until": None}


@pytest.mark.parametrize(
    ("told", "returned"),
    [
        ([found(0), found(1), found(2)], None),
        ([found(0), found(1, "not_confirmed"), found(2)], 2),
        ([found(0), found(2)], 2),
        ([found(0), found(2), found(3), found(4)], 2),
        ([found(0), found(2), found(3, "stopped")], None),
        ([found(0), found(2), found(4)], 4),
        ([found(1)], None),
    ],
)
def test_a_set_is_back_from_when_it_was_confirmed_anew(told: list[dict[str, Any]], returned: int | None) -> None:
    last = told[-1]["analysis_id"].int
    analyses = [UUID(int=at) for at in range(last + 1)]
    [one] = histories(analyses, told, [], {})
    assert one.found_until == told[0]["created_at"]
    assert one.returned_at == (None if returned is None else DAY + timedelta(days=returned))


def test_what_was_set_aside_or_never_confirmed_is_no_known_set() -> None:
    aside = {SET: [{"verdict": "doubted"}, {"verdict": "set_aside"}]}
    assert histories([UUID(int=0)], [found(0)], [], aside) == []
    assert histories([UUID(int=0)], [found(0, "too_few")], [], {}) == []
    [drawn] = histories([UUID(int=0)], [found(0, "too_few")], [{"id": SET, "conditions": ["a"]}], {SET: []})
    assert (drawn.members, drawn.found_until, drawn.returned_at) == (frozenset("a"), None, None)
