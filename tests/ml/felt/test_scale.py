"""Felt of forms that ask three of seven items: its figure and interval, its reliability, and when it says nothing."""

import numpy as np
import pytest

from ml.felt.consistency import consistency
from ml.felt.factor import alpha, omega, one_factor
from ml.felt.pairs import covariances, pair_sums, smoothed
from ml.felt.scale import Scale, Why, felt_scale, item_means
from tests.ml.felt.worlds import ITEMS, answered, asked

SOME = 100
"""Draws, where an interval is looked at and not how exact it is."""


@pytest.fixture(scope="module")
def scale() -> Scale:
    rng = np.random.default_rng(3)
    return felt_scale(asked(rng, answered(rng, 2_500)))


def test_felt_is_the_mean_of_the_item_means_times_25(scale: Scale) -> None:
    means = [item.mean.value for item in scale.items]

    assert scale.felt.value is not None
    assert scale.felt.low is not None
    assert scale.felt.high is not None
    assert scale.felt.value == pytest.approx(25 * np.mean([mean for mean in means if mean is not None]))
    assert 0 < scale.felt.low < scale.felt.value < scale.felt.high < 100
    assert scale.why is None


def test_each_item_weighs_alike_however_often_it_was_asked(scale: Scale) -> None:
    assert scale.items[0].n == scale.forms == scale.respondents == 2_500
    assert all(700 < item.n < 950 for item in scale.items[1:])
    assert scale.fewest >= 100


def test_three_of_seven_tell_the_reliability_of_all_seven(scale: Scale) -> None:
    """The whole answers, which nobody gave, have an omega and alpha that lie within the intervals."""
    rng = np.random.default_rng(3)
    whole = np.cov(answered(rng, 2_500).T)
    found = scale.consistency

    for estimate, true in ((found.omega, omega(one_factor([whole]))[0]), (found.alpha, alpha([whole])[0])):
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < true < estimate.high
        assert estimate.high - estimate.low < 0.04
    assert found.draws == 1_000
    assert len(found.loadings) == ITEMS
    assert found.heywood == ()
    assert found.converged


def test_the_order_of_forms_makes_no_difference() -> None:
    rng = np.random.default_rng(4)
    said, whose = asked(rng, answered(rng, 2_000)), np.arange(2_000) // 2
    order = rng.permutation(2_000)

    assert felt_scale(said, whose, draws=SOME) == felt_scale(said[order], whose[order], draws=SOME)


def test_intervals_widen_where_people_answer_more_than_once() -> None:
    rng = np.random.default_rng(5)
    said = np.repeat(answered(rng, 600), 4, axis=0)
    told, whose = asked(rng, said), np.repeat(np.arange(600), 4)

    apart, together = felt_scale(told, draws=SOME).felt, felt_scale(told, whose, draws=SOME).felt

    assert apart.value == together.value
    assert apart.high is not None
    assert apart.low is not None
    assert together.high is not None
    assert together.low is not None
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_nineteen_of_twenty_intervals_hold_what_is_so() -> None:
    """Coverage of Felt with 300 people of two forms each: within what 200 worlds can tell from 95 %."""
    truth = 25 * answered(np.random.default_rng(0), 400_000).mean()
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        said = np.repeat(answered(rng, 300), 2, axis=0)
        felt = felt_scale(asked(rng, said), np.repeat(np.arange(300), 2)).felt
        assert felt.low is not None
        assert felt.high is not None
        held += felt.low <= truth <= felt.high

    assert 0.92 <= held / 200 <= 0.98


def test_unlike_items_are_not_published() -> None:
    rng = np.random.default_rng(6)

    scale = felt_scale(asked(rng, answered(rng, 2_500, common=0.0)), draws=SOME)

    assert scale.why is Why.UNRELIABLE
    assert scale.consistency.omega.value is not None
    assert scale.consistency.omega.value < 0.7


def test_nobody_answered() -> None:
    scale = felt_scale(np.full((3, ITEMS), np.nan), draws=SOME)

    assert (scale.why, scale.forms, scale.respondents) == (Why.NO_ANSWER, 0, 0)
    assert scale.felt.value is None
    assert felt_scale(np.empty((0, ITEMS)), draws=SOME).why is Why.NO_ANSWER


def test_one_answer_makes_no_figure() -> None:
    said = np.full((1, ITEMS), np.nan)
    said[0, 0] = 4

    scale = felt_scale(said, draws=SOME)

    assert (scale.why, scale.about) == (Why.ITEM_UNANSWERED, (1, 2, 3, 4, 5, 6))
    assert (scale.items[0].n, scale.items[0].mean.value) == (1, None)


def test_one_person_makes_no_figure_however_often_they_answer() -> None:
    scale = felt_scale(np.full((200, ITEMS), 3.0), np.zeros(200), draws=SOME)

    assert scale.felt.value is None
    assert scale.why is Why.CONSTANT_ITEM


def test_an_item_that_is_never_asked_leaves_no_figure() -> None:
    rng = np.random.default_rng(7)
    said = asked(rng, answered(rng, 2_500))
    said[:, 5] = np.nan

    scale = felt_scale(said, draws=SOME)

    assert (scale.why, scale.about, scale.felt.value) == (Why.ITEM_UNANSWERED, (5,), None)
    assert scale.items[0].mean.low is not None


def test_a_pair_with_99_forms_is_not_enough() -> None:
    rng = np.random.default_rng(8)
    said = asked(rng, answered(rng, 2_500))
    both = np.flatnonzero(np.isfinite(said[:, 2]) & np.isfinite(said[:, 3]))
    said[both[99:], 3] = np.nan

    scale = felt_scale(said, draws=SOME)

    assert (scale.why, scale.fewest, scale.about) == (Why.TOO_FEW_PAIRS, 99, (2, 3))
    assert scale.felt.value is not None, "the interval is told; whether it is published is said beside"
    assert scale.consistency.omega.value is None


def test_an_item_all_answer_alike_is_named() -> None:
    rng = np.random.default_rng(9)
    said = asked(rng, answered(rng, 2_500))
    said[np.isfinite(said[:, 4]), 4] = 4

    scale = felt_scale(said, draws=SOME)

    assert (scale.why, scale.about) == (Why.CONSTANT_ITEM, (4,))
    assert (scale.items[4].mean.value, scale.items[4].mean.low) == (4, None)


def test_people_who_all_say_the_same_leave_no_interval() -> None:
    scale = felt_scale(np.full((200, ITEMS), 3.0), draws=SOME)

    assert (scale.felt.value, scale.felt.low) == (75, None)


def test_draws_in_which_an_item_does_not_differ_are_left_out() -> None:
    """One person alone differs in the third item: about a third of the draws are without that person."""
    rng = np.random.default_rng(10)
    said = rng.integers(5, size=(150, 3)).astype(float)
    said[:, 2] = 2
    said[0, 2] = 4

    found = consistency(pair_sums(said), draws=200)

    assert 90 < found.draws < 160


def test_draws_of_which_none_can_be_used_leave_no_interval() -> None:
    said = np.array([[0.0, 1.0, 2.0], [1.0, 2.0, 0.0], [2.0, 1.0, 1.0]])

    found = consistency(pair_sums(said), draws=1, seed=1)

    assert (found.draws, found.omega.low, found.omega.high) == (0, None, None)


def test_items_whose_sum_never_differs_have_no_alpha() -> None:
    said = np.array(
        [[4.0, 0.0, 2.0], [0.0, 4.0, 2.0], [4.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 2.0, 4.0], [2.0, 0.0, 4.0]]
    )

    found = consistency(pair_sums(said), draws=SOME)

    assert (found.alpha.value, found.alpha.low) == (None, None)
    assert found.omega.value is not None


def test_an_interval_leans_away_from_where_the_draws_lie() -> None:
    """Draws have pairs of fewer different forms and lie below the estimate; the interval is around the estimate."""
    rng = np.random.default_rng(1)
    sums = pair_sums(asked(rng, answered(rng, 1_600)))
    weights = rng.multinomial(1_600, np.full(1_600, 1 / 1_600), size=SOME)
    drawn = omega(one_factor(smoothed(covariances(sums.weighed(weights)))[0]))

    found = consistency(sums, draws=SOME).omega

    assert found.value is not None
    assert found.low is not None
    assert np.mean(drawn < found.value) > 0.6
    assert found.low > np.quantile(drawn, 0.025)


def test_each_item_can_be_told_alone(scale: Scale) -> None:
    rng = np.random.default_rng(3)

    assert item_means(asked(rng, answered(rng, 2_500))) == scale.items


def test_pairs_that_are_no_matrix_together_are_made_one() -> None:
    """Each pair is over other forms: the first goes with the second, the second with the third, and not with it."""
    forms = []
    for first, second, sign in ((0, 1, 1), (1, 2, 1), (0, 2, -1)):
        for step in (0, 1, 2, 3, 4):
            row = [np.nan] * 3
            row[first], row[second] = step, step if sign > 0 else 4 - step
            forms.append(row)
    sums = pair_sums(np.array(forms * 20))

    found = consistency(sums, draws=SOME)

    assert found.smoothed
    assert found.omega.value is not None
    whole, changed = smoothed(covariances(sums.all_together()))
    assert changed.all()
    assert np.linalg.eigvalsh(whole[0]).min() > 0


@pytest.mark.parametrize("answers", [np.full((2, 2), 1.0), np.zeros(7)])
def test_fewer_than_three_items_are_refused(answers: np.ndarray) -> None:
    with pytest.raises(ValueError, match="three items"):
        felt_scale(answers)


@pytest.mark.parametrize("answer", [5, -1, 2.5, np.inf])
def test_what_is_no_answer_is_refused(answer: float) -> None:
    with pytest.raises(ValueError, match="whole number"):
        felt_scale(np.full((4, ITEMS), answer))
