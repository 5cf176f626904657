"""A release is whole: what is told anew, what was told before, and why the rest is not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules.anonymity.batches import Answered, Asked, figures_of, release
from models.rules.anonymity.releasing import Thresholds

TOOLS = {"key": "tools", "kind": "rating", "min": 0, "max": 4}
FREE = {"key": "free", "kind": "yes_no"}
SINCE = {"key": "since", "kind": "choice", "choices": [{"key": "short"}, {"key": "long"}]}
WHY = {"key": "why", "kind": "text"}
ASKED = Asked([TOOLS, FREE, SINCE, WHY], ["north", "south"], ["since"], Thresholds())
DAYS = ("2026-05-04", "2026-05-05", "2026-05-06")


def of(batch: int, team: str | None, many: int, **answers: Any) -> list[Answered]:
    """Give some people who answered alike."""
    return [Answered(batch, team, answers)] * many


def shown(told: dict[str, Any], key: str) -> list[tuple[str | None, int | None, str | None, str | None]]:
    """Give of each cell of a question the group, n, the day and why it is suppressed."""
    return [(cell["group"], cell["n"], cell["as_of"], cell["suppressed"]) for cell in told["questions"][key]]


def test_what_was_told_stands_as_it_was_told() -> None:
    first = [*of(1, "north", 6, tools=4, since="long"), *of(1, "south", 5, tools=0, since="short")]
    told = release(None, first, ASKED, 1, DAYS[0])
    assert shown(told, "tools")[:3] == [
        (None, 11, DAYS[0], None),
        ("north", 6, DAYS[0], None),
        ("south", 5, DAYS[0], None),
    ]
    assert shown(told, "free")[0] == (None, None, None, "too_few")
    more = [*first, *of(2, "north", 5, tools=0, since="long"), *of(2, "south", 1, tools=0)]
    later = release(told, more, ASKED, 2, DAYS[1])
    assert later["answers"] == 17
    found = shown(later, "tools")
    assert found[0] == (None, 17, DAYS[1], None)
    # Of the south one is new, and the north's new ones are all but that one.
    assert found[1:3] == shown(told, "tools")[1:3]
    assert later["questions"]["tools"][1] == told["questions"]["tools"][1]
    assert later["questions"]["tools"][0]["batches"] == [1, 2]


def test_what_groups_are_made_of_and_comments_have_no_cells() -> None:
    told = release(None, of(1, None, 12, why="a key", since="long"), ASKED, 1, DAYS[0])
    assert set(told["questions"]) == {"tools", "free"}
    assert told["comments"]["why"] == {"n": 12, "as_of": DAYS[0], "texts": ["a key"] * 12, "suppressed": None}
    waiting = release(told, [*of(1, None, 12, why="a key"), *of(2, None, 4, why="a lamp")], ASKED, 2, DAYS[1])
    assert waiting["comments"]["why"] == told["comments"]["why"]


@pytest.mark.parametrize(
    ("question", "values", "told"),
    [
        (FREE, [True, False, False, False], [("share", "yes", 0.25)]),
        (SINCE, ["long", "long", "short", "long"], [("share", "long", 0.75), ("share", "short", 0.25)]),
        (TOOLS, [4, 3, 1, 0], [("mean", None, 2.0), ("share", "top_two", 0.5)]),
        ({"key": "n", "kind": "nps"}, [10, 10, 7, 0], [("nps", None, 25.0)]),
    ],
    ids=["yes_no", "choice", "rating", "nps"],
)
def test_figures_are_those_that_metrics_tell(
    question: dict[str, Any], values: list[Any], told: list[tuple[str, str | None, float]]
) -> None:
    found = figures_of(question, values)
    assert [(figure["statistic"], figure["share_of"], figure["value"]) for figure in found] == told
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in found)


people = st.builds(
    Answered,
    st.integers(1, 3),
    st.sampled_from([None, "north", "south"]),
    st.fixed_dictionaries(
        {}, optional={"tools": st.integers(0, 4), "since": st.sampled_from(["short", "long"]), "why": st.just("a key")}
    ),
)


@settings(deadline=None)
@given(st.lists(people, max_size=40))
def test_no_figure_is_of_too_few_and_none_changes_by_fewer_than_five(everybody: list[Answered]) -> None:
    told = None
    counts: dict[tuple[str | None, str | None], int] = {}
    for batch, day in enumerate(DAYS, start=1):
        told = release(told, [one for one in everybody if one.batch <= batch], ASKED, batch, day)
        for cell in told["questions"]["tools"]:
            assert (cell["figures"] is None) is (cell["n"] is None) is (cell["suppressed"] is not None)
            place, n = (cell["cut"], cell["group"]), cell["n"] or 0
            grown = n - counts.get(place, 0)
            assert grown == 0 or grown >= 5
            counts[place] = n
        texts = told["comments"]["why"]["texts"]
        assert not texts or len(texts) >= 10
