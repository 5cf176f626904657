"""Who owes support to whom is found by every name a team has had, and never goes in a circle."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.rules.supporters import Supporters, TeamState

NAMES = "abcdefg"
TEAMS = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=4))


def test_a_name_handed_on_to_two_teams_is_owed_support_by_both_ones_supporters() -> None:
    found = Supporters([TeamState("n1", ["north"], ["ops"]), TeamState("n2", ["north"], ["lab", "ops"])])
    assert found.of("north") == ["ops", "lab"]
    assert found.supported_by("ops") == {"n1", "n2", "north"}


def test_who_has_nobody_above_stays_the_one_who_owes() -> None:
    found = Supporters([TeamState("north", [], ["ops", "Mia"]), TeamState("ops", [], ["board"])])
    assert found.above("north") == ["board", "Mia"]
    assert found.above("nobody") == []
    assert (found.supported_by("board"), found.supported_by("board", above=True)) == ({"ops"}, {"north", "ops"})


def test_a_reference_goes_before_another_ones_former_name() -> None:
    found = Supporters([TeamState("north", [], ["ops"]), TeamState("south", ["north"], ["lab"])])
    assert found.of("north") == ["ops"]


@given(TEAMS)
def test_a_circle_is_found_exactly_where_there_is_one(teams: dict[str, list[str]]) -> None:
    found = Supporters(TeamState(name, [], supporters) for name, supporters in teams.items())
    circle = found.circle()
    if circle:
        assert circle[0] == circle[-1]
        assert all(supporter in teams[team] for team, supporter in pairwise(circle))
        return
    standing = dict(teams)
    while free := [name for name, supporters in standing.items() if not set(supporters) & set(standing)]:
        for name in free:
            del standing[name]
    assert standing == {}
