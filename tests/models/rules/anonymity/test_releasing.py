"""From all that was ever released of a question nobody, and no group that is too small, can be derived."""

from collections import Counter
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules.anonymity.releasing import (
    EVERYBODY,
    Cell,
    Thresholds,
    Verdict,
    Voice,
    are_comments_due,
    verdicts,
)
from tests.models.rules.anonymity.test_auditing import by_every_few

TEAMS, SINCE = ("north", "south", "west"), ("short", "long")
CELLS = [EVERYBODY, *(Cell("team", team) for team in TEAMS), *(Cell("since", since) for since in SINCE)]

Nights = list[list[tuple[str | None, str | None]]]

nights: st.SearchStrategy[Nights] = st.lists(
    st.lists(st.tuples(st.sampled_from([None, *TEAMS]), st.sampled_from([None, *SINCE])), max_size=14),
    max_size=4,
)


def voice(batch: int, team: str | None = None, since: str | None = None) -> Voice:
    """Give somebody of a team, who has been here for a short or a long time."""
    groups = (("team", team), ("since", since))
    return Voice(batch, tuple((cut, group) for cut, group in groups if group is not None))


def released_over(told: Nights, thresholds: Thresholds) -> tuple[list[Voice], dict[Cell, list[int]]]:
    """Give who answered and what was released of which cells, over some nights."""
    voices: list[Voice] = []
    released: dict[Cell, list[int]] = {}
    for batch, new in enumerate(told, start=1):
        voices += [voice(batch, *groups) for groups in new]
        for cell, verdict in verdicts(voices, released, CELLS, batch, thresholds).items():
            if verdict is Verdict.RELEASED:
                released.setdefault(cell, []).append(batch)
    return voices, released


@settings(deadline=None)
@given(nights, st.integers(3, 7), st.integers(5, 8))
def test_nothing_of_fewer_than_k_follows_from_all_that_was_released(told: Nights, few: int, batch: int) -> None:
    voices, released = released_over(told, Thresholds(scores_from=few, batch=batch))
    kinds = Counter(voices)
    rows = [
        [of.is_in(cell) and of.batch <= until for of in kinds] for cell, untils in released.items() for until in untils
    ]
    assert not by_every_few_at_once(rows, kinds, few)


def by_every_few_at_once(rows: list[list[bool]], kinds: Mapping[Voice, int], few: int) -> bool:
    """Look at every few, those who are in the same figures taken together: they cannot be told apart."""
    alike: Counter[tuple[bool, ...]] = Counter()
    for column, many in zip(zip(*rows, strict=True), kinds.values(), strict=False):
        alike[column] += many
    together = [list(row) for row in zip(*alike, strict=True)] if rows else []
    return by_every_few(together, list(alike.values()), few)


@settings(deadline=None)
@given(nights, st.integers(3, 7))
def test_every_figure_is_of_k_people_and_five_new_ones(told: Nights, few: int) -> None:
    voices, released = released_over(told, Thresholds(scores_from=few))
    for cell, untils in released.items():
        for before, until in zip([0, *untils], untils, strict=False):
            assert sum(of.is_in(cell) and before < of.batch <= until for of in voices) >= max(few, 5)


def test_a_group_grows_by_five_at_a_time() -> None:
    first = [voice(1, "north")] * 6
    told = {EVERYBODY: [1], Cell("team", "north"): [1]}
    four = [*first, *[voice(2, "north")] * 4]
    assert verdicts(four, told, [EVERYBODY], 2, Thresholds()) == {EVERYBODY: Verdict.TOO_FEW_NEW}
    five = [*four, voice(2, "south")]
    later = verdicts(five, told, CELLS[:3], 2, Thresholds())
    assert list(later.values()) == [Verdict.RELEASED, Verdict.TOO_FEW_NEW, Verdict.TOO_FEW]
    # A night later the north has five new ones; what is left of all of them is one of the south.
    more = [*five, *[voice(3, "north")] * 5]
    last = verdicts(more, {EVERYBODY: [1, 2], Cell("team", "north"): [1]}, CELLS[:3], 3, Thresholds())
    assert list(last.values()) == [Verdict.RELEASED, Verdict.DERIVABLE, Verdict.TOO_FEW]


def test_two_cuts_that_say_nearly_the_same_are_not_both_told() -> None:
    voices = [*[voice(1, "north", "short")] * 8, *[voice(1, "south", "long")] * 8, voice(1, "south", "short")]
    found = verdicts(voices, {}, CELLS, 1, Thresholds())
    assert found[Cell("team", "north")] is found[Cell("team", "south")] is Verdict.RELEASED
    assert found[Cell("since", "short")] is Verdict.DERIVABLE
    assert found[Cell("since", "long")] is Verdict.DERIVABLE


def test_comments_come_from_ten_on_and_then_by_batches() -> None:
    strict = Thresholds(scores_from=8, comments_from=12)
    assert [are_comments_due(told, there, strict) for told, there in ((0, 11), (0, 12), (12, 19), (12, 20))] == [
        False,
        True,
        False,
        True,
    ]
