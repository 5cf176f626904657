"""What conditions have to do with failures adds up to what sets are credited with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.credits import by_condition

MEMBERS = st.sets(st.sampled_from("abcdef"), min_size=1, max_size=5).map(tuple)


@given(st.lists(st.tuples(MEMBERS, st.floats(0, 1e6)), max_size=12))
def test_shares_add_up_and_involvement_overlaps(credited: list[tuple[tuple[str, ...], float]]) -> None:
    told = by_condition(credited)
    total = sum(credit for _, credit in credited)
    assert sum(each.share for each in told) == pytest.approx(total, abs=1e-6)
    assert all(each.share <= each.involved + 1e-9 for each in told)
    assert {each.condition for each in told} == {code for members, _ in credited for code in members}
    assert sum(each.sets for each in told) == sum(len(members) for members, _ in credited)
    assert [each.share for each in told] == sorted((each.share for each in told), reverse=True)
