"""What stands open of follow-ups, which comes first, and who is held out: by a key, by the share, always alike."""

from hypothesis import given
from hypothesis import strategies as st

from models.rules.follow_ups import comes_first, follow_up_status, is_held_out

SEED = st.lists(st.text(max_size=8), max_size=3)


def test_a_follow_up_stands_open_until_it_is_closed_or_withdrawn() -> None:
    assert [
        follow_up_status(voided=voided, closed=closed)
        for voided, closed in ((False, False), (False, True), (True, False), (True, True))
    ] == ["open", "closed", "withdrawn", "withdrawn"]


def test_redress_comes_before_outreach_and_then_what_is_due_first() -> None:
    owed = [("outreach", 1), ("redress", 9), ("redress", 3)]
    assert sorted(owed, key=lambda one: comes_first(*one)) == [("redress", 3), ("redress", 9), ("outreach", 1)]


@given(key=st.binary(max_size=40), seed=SEED)
def test_with_no_share_nobody_is_held_out_and_with_all_everybody(key: bytes, seed: list[str]) -> None:
    assert (is_held_out(key, 0.0, seed), is_held_out(key, 1.0, seed)) == (False, True)


@given(key=st.binary(max_size=40), seed=SEED, less=st.floats(0, 1), more=st.floats(0, 1))
def test_whoever_is_held_out_by_a_share_is_by_every_larger_one(
    key: bytes, seed: list[str], less: float, more: float
) -> None:
    less, more = sorted((less, more))
    assert is_held_out(key, less, seed) == is_held_out(key, less, list(seed))
    assert is_held_out(key, more, seed) or not is_held_out(key, less, seed)


def test_the_share_held_out_is_near_what_was_asked_and_another_key_holds_out_others() -> None:
    seeds = [("w", f"C-{number}", "1") for number in range(20_000)]
    one, other = ({seed for seed in seeds if is_held_out(key, 0.07, seed)} for key in (b"one", b"other"))
    assert 0.06 < len(one) / len(seeds) < 0.08
    assert len(one & other) < 0.2 * len(one)
