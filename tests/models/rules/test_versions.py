"""Changes become states: laid one over the other in the order they happened, whatever the order they were told in."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.rules.histories import History, Told
from models.rules.versions import VOIDED, StoredVersion, change_of, given_names, laid_over

Change = tuple[int, dict[str, Any]]

FIELDS = ("name", "team", "segment")
KEYS = ("a", "b", "c")


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    """Draw changes at different moments, each of which says something new."""
    moments = draw(st.lists(st.integers(0, 30), min_size=1, max_size=7, unique=True))
    said: list[Change] = []
    for number, moment in enumerate(moments):
        fields = draw(st.sets(st.sampled_from(FIELDS)))
        keys = draw(st.sets(st.sampled_from(KEYS), min_size=0 if fields else 1))
        change: dict[str, Any] = {field: f"{field} {number}" for field in sorted(fields)}
        if keys:
            change["attributes"] = dict.fromkeys(sorted(keys), number)
        said.append((moment, change))
    return said


def told(said: Sequence[Change]) -> list[StoredVersion]:
    """Tell changes one after the other, each recorded when it is told; give the versions they leave."""
    history: list[StoredVersion] = []
    for number, (moment, change) in enumerate(said):
        order = (moment, number, len(history) + 1)
        latest = max(history, key=lambda version: version.order, default=None)
        if latest is None or order[:2] > latest.order[:2]:
            state = laid_over({} if latest is None else latest.state, change)
            history.append(StoredVersion(order, given_names(change), state))
            continue
        names = given_names(change)
        for occurred, state, _ in History(history).told_again(change, order):
            history.append(StoredVersion((occurred, number, len(history) + 1), names, state))
            names = []
    return history


def current(history: Sequence[StoredVersion]) -> dict[str, Any]:
    """Give the state that counts now."""
    return dict(max(history, key=lambda version: version.order).state)


@given(said=changes(), data=st.data())
def test_any_order_of_arrival_gives_the_same_current_state(said: list[Change], data: st.DataObject) -> None:
    in_order = told(sorted(said))
    shuffled = told(data.draw(st.permutations(said)))
    assert current(shuffled) == current(in_order)


@given(said=changes(), data=st.data())
def test_what_was_so_at_each_moment_is_the_same_in_any_order_too(said: list[Change], data: st.DataObject) -> None:
    def states(history: Sequence[StoredVersion]) -> dict[int, Any]:
        return {version.order[0]: version.state for version in sorted(history, key=lambda version: version.order)}

    assert states(told(data.draw(st.permutations(said)))) == states(told(sorted(said)))


@given(said=changes(), data=st.data())
def test_nothing_that_was_stored_is_changed_by_what_is_told_later(said: list[Change], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(said))
    for told_so_far in range(1, len(shuffled)):
        before, after = told(shuffled[:told_so_far]), told(shuffled[: told_so_far + 1])
        assert after[: len(before)] == before


@given(changes())
def test_a_version_gives_back_the_change_it_was_made_by(said: list[Change]) -> None:
    for (_, change), version in zip(sorted(said), told(sorted(said)), strict=True):
        assert change_of(version) == change


def test_a_change_that_clears_is_given_back_as_one_that_clears() -> None:
    change = {"team": None, "attributes": {"a": None, "b": 1}}
    version = StoredVersion(
        (1, 1, 1), given_names(change), laid_over({"team": "north", "attributes": {"a": 2}}, change)
    )
    assert version.state == {"team": None, "attributes": {"b": 1}}
    assert change_of(version) == change


def test_attributes_cleared_as_one_are_all_cleared_and_stay_so_for_what_came_before() -> None:
    change = {"attributes": None}
    state = laid_over({"team": "north", "attributes": {"a": 2, "b": 3}}, change)
    assert state == {"team": "north", "attributes": {}}
    version = StoredVersion((5, 5, 2), given_names(change), state)
    assert change_of(version) == change
    first = StoredVersion((1, 1, 1), ["attributes.a", "team"], {"team": "north", "attributes": {"a": 2}})
    assert History([first, version]).told_again({"attributes": {"c": 4}}, (3, 6, 3)) == [
        Told(3, {"team": "north", "attributes": {"a": 2, "c": 4}}, voided=False)
    ]


def test_a_late_change_reaches_a_version_that_withdrew_its_record() -> None:
    history = [
        StoredVersion((1, 1, 1), ["name"], {"name": "Ana"}),
        StoredVersion((9, 9, 2), [VOIDED], {"name": "Ana"}),
    ]
    assert History(history).told_again({"team": "north"}, (3, 10, 3)) == [
        Told(3, {"name": "Ana", "team": "north"}, voided=False),
        Told(9, {"name": "Ana", "team": "north"}, voided=True),
    ]


def test_a_late_change_leaves_alone_what_it_does_not_alter() -> None:
    history = told([(1, {"name": "Ana"}), (5, {"team": "north"}), (9, {"team": "south", "name": "Anna"})])
    assert History(history).told_again({"name": "A."}, (3, 4, 4)) == [
        Told(3, {"name": "A."}, voided=False),
        Told(5, {"name": "A.", "team": "north"}, voided=False),
    ]


@given(said=changes(), data=st.data())
def test_a_history_that_grew_is_the_one_read_anew(said: list[Change], data: st.DataObject) -> None:
    versions = told(data.draw(st.permutations(said)))
    grown = History(versions[:1])
    for version in versions[1:]:
        grown.add(version)
    change, moment = {"team": "late", "attributes": {"a": None, "c": 9}}, data.draw(st.integers(0, 29))
    order = (moment, 40, len(versions) + 1)
    if order < max(version.order for version in versions):
        assert grown.told_again(change, order) == History(versions).told_again(change, order)


def test_what_lives_again_by_a_late_change_does_so_from_its_own_moment_on() -> None:
    history = [
        StoredVersion((1, 1, 1), ["name"], {"name": "Ana"}),
        StoredVersion((5, 5, 2), [VOIDED], {"name": "Ana"}),
        StoredVersion((9, 9, 3), [], {"name": "Ana"}),
    ]
    assert History(history).told_again({"team": "north"}, (3, 3, 4))[0].voided is False
    assert [told.voided for told in History(history).told_again({"team": "north"}, (7, 7, 4))] == [False, False]
    assert [told.voided for told in History(history).told_again({}, (7, 7, 4))] == [True]


@given(
    said=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 2))),
        min_size=2,
        max_size=7,
    )
)
def test_what_is_told_again_of_a_moment_is_what_is_so_at_its_end(said: list[tuple[int, int, dict[str, Any]]]) -> None:
    *earlier, (moment, known, change) = said
    steps = sorted(((at, when, number), given) for number, (at, when, given) in enumerate(earlier, 1))
    versions, state = [], dict[str, Any]()
    for order, given_then in steps:
        state = laid_over(state, given_then)
        versions.append(StoredVersion(order, given_names(given_then), state))
    order = (moment, known, len(said))
    if order > versions[-1].order:
        return
    after, ends = dict[str, Any](), dict[int, dict[str, Any]]()
    for (at, _, _), given_then in sorted([*steps, (order, change)], key=lambda step: step[0]):
        after = laid_over(after, given_then)
        ends[at] = after
    was = {version.order[0]: version.state for version in versions}
    told = {occurred: state for occurred, state, _ in History(versions).told_again(change, order)}
    assert told == {at: state for at, state in ends.items() if at == moment or (at > moment and state != was[at])}
