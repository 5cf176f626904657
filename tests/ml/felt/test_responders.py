"""Responders beside all customers, and Felt as if all sorts of customers had answered alike."""

import numpy as np
import pytest

from ml.felt.pairs import pair_sums
from ml.felt.responders import Fact, compare_facts, poststratified, weigh
from ml.felt.scale import mean_of_means
from tests.ml.felt.worlds import ITEMS

PEOPLE = np.arange(400)


def test_a_share_that_goes_with_answering_is_said_to_differ() -> None:
    answered = PEOPLE % 2 == 0
    kept = np.where(answered, PEOPLE % 10 != 0, PEOPLE % 5 != 1)
    facts = [Fact("kept", None, kept, np.ones(400)), Fact("segment", "blue", PEOPLE < 100, np.ones(400))]

    told, same = compare_facts(facts, answered)

    assert (told.responders.value, told.everybody.value, told.responders_n, told.everybody_n) == (0.8, 0.8, 200, 400)
    assert same.differs is False
    assert (same.name, same.of) == ("segment", "blue")


def test_nothing_is_said_of_what_is_known_of_nobody() -> None:
    found = compare_facts([Fact("kept", None, np.zeros(400), np.zeros(400))], PEOPLE < 100)[0]

    assert (found.responders.value, found.everybody.value, found.differs) == (None, None, None)


def test_where_all_answered_there_is_nobody_to_differ_from() -> None:
    found = compare_facts([Fact("kept", None, PEOPLE < 100, np.ones(400))], PEOPLE >= 0)[0]

    assert found.responders == found.everybody
    assert found.differs is None


def test_small_strata_are_taken_together() -> None:
    sorts = np.where(PEOPLE < 5, "rare", np.where(PEOPLE < 20, "few", np.where(PEOPLE < 200, "some", "many")))

    found = weigh(sorts, (PEOPLE < 15) | (PEOPLE > 150))

    assert (found.count, found.joined) == (3, 2), "`few` has ten responders, so `rare` with five goes with it"
    assert found.weights.mean() == pytest.approx(1)
    assert found.largest == found.weights.max()


def test_a_stratum_without_a_responder_counts_with_the_next_smallest() -> None:
    sorts = np.where(PEOPLE < 100, "silent", np.where(PEOPLE < 200, "few", "many"))

    found = weigh(sorts, PEOPLE >= 180)

    assert (found.count, found.joined) == (2, 2)
    assert found.weights[0] == pytest.approx(200 / 400 / (20 / 220))


def test_few_responders_make_one_stratum() -> None:
    found = weigh(np.where(PEOPLE < 200, "a", "b"), PEOPLE % 100 == 0)

    assert (found.count, found.weights.tolist()) == (1, [1, 1, 1, 1])


def test_felt_moves_to_what_it_were_if_all_sorts_had_answered_alike() -> None:
    """The well served feel 3 and answer twice as often as the others, who feel 1: half of all is each sort."""
    well = PEOPLE < 200
    answered = np.where(well, PEOPLE % 2 == 0, PEOPLE % 4 == 0)
    said = np.where(well, 3.0, 1.0)[answered][:, None] + np.tile((np.arange(answered.sum()) % 2)[:, None], ITEMS)
    sums = pair_sums(said)
    strata = weigh(well, answered)

    raw, weighed = mean_of_means(sums), poststratified(sums.of(range(150)), strata)

    assert raw.value == pytest.approx(25 * (3 * 100 + 1 * 50) / 150 + 12.5, abs=0.1)
    assert weighed.value == pytest.approx(62.5)
    assert weighed.low is not None
    assert weighed.high is not None
    assert weighed.low < 62.5 < weighed.high


@pytest.mark.parametrize("answers", [0, 1])
def test_an_item_that_one_known_customer_answered_or_none_leaves_no_weighed_figure(answers: int) -> None:
    said = np.full((20, ITEMS), 3.0)
    said[answers:, 2] = np.nan

    assert poststratified(pair_sums(said), weigh(np.zeros(20), np.ones(20, bool))).value is None
