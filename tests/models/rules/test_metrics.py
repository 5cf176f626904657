"""What a question measures, and how each figure is shown."""

import pytest

from models.rules.metrics import Counted, Estimate, Scale, Statistic, answers_on, counted_on, estimated, measured_by
from models.rules.questions import QuestionKind
from models.rules.statistics import ClusterSums

RATING, NPS, NUMBER = Scale("rating", 1, 5), Scale("nps", 0, 10), Scale("number")


def of(*customers: list[float]) -> ClusterSums:
    """Add up customers by what each answer counts."""
    return ClusterSums.of((sum(values), len(values), sum(x * x for x in values)) for values in customers)


def test_every_kind_of_question_is_measured_or_is_not() -> None:
    choices = [{"key": "b"}, {"key": "a"}]
    found = {
        kind: list(measured_by({"key": "q", "kind": kind, "choices": choices, "rows": [{"key": "r"}]}))[-1][2]
        for kind in QuestionKind
    }
    assert {kind for kind, scale in found.items() if scale is None} == {"text", "date", "ranking", "consent"}
    assert found[QuestionKind.MATRIX] == Scale("matrix", choices=("a", "b"))
    assert found[QuestionKind.CSAT] == Scale("csat", 1, 5)


@pytest.mark.parametrize(
    ("scale", "told", "meanings"),
    [
        (Scale("rating", 0, 4), [None, "top_two"], ["0 to 4", "3 or 4"]),
        (Scale("rating", 1, 3), [None], ["1 to 3"]),
        (Scale("ces", 1, 7), [None, "easy"], ["1 to 7", "1 to 3, 7 being the hardest"]),
        (Scale("ces", 0, 1), [None, "easy"], ["0 to 1", "0 to 0"]),
        (NPS, [None], ["9 or 10 less that of answers of 0 to 6"]),
        (Scale("yes_no"), ["yes"], ["answered yes"]),
        (Scale("choice", choices=("a", "b")), ["a", "b"], ["of a.", "of b."]),
        (Scale("choices", choices=("a",)), ["a"], ["with a among them"]),
        (NUMBER, [None], ["numbers"]),
    ],
)
def test_what_is_counted_says_what_it_means(scale: Scale, told: list[str | None], meanings: list[str]) -> None:
    counted = counted_on(scale)
    assert [found.share_of for found in counted] == told
    assert all(word in found.meaning for word, found in zip(meanings, counted, strict=True))


def test_promoters_count_for_and_detractors_against() -> None:
    weights = counted_on(NPS)[0].weights
    assert weights is not None
    assert [weights[str(step)] for step in range(11)] == [-1] * 7 + [0, 0, 1, 1]
    assert answers_on(NPS) == [str(step) for step in range(11)]
    assert answers_on(NUMBER) is None
    assert answers_on(Scale("choice", choices=("a", "b"))) == ("a", "b")
    assert set(answers_on(Scale("yes_no")) or ()) == {"true", "false", "1", "0"}


def test_a_mean_is_held_within_its_scale_and_has_no_interval_without_spread() -> None:
    mean = counted_on(RATING)[0]
    assert estimated(mean, RATING, of([5.0], [4.0], [1.0])) == Estimate(3.33333333333, 1, 5)
    assert estimated(mean, RATING, of([5.0])) == Estimate(5, None, None)
    assert estimated(mean, RATING, of([5.0], [5.0])) == Estimate(5, None, None)
    wide = estimated(counted_on(NUMBER)[0], NUMBER, of([0.5], [10.0]))
    assert wide.low is not None
    assert wide.low < -50


def test_a_score_lies_within_its_interval_and_one_customer_may_be_anybody() -> None:
    score = counted_on(NPS)[0]
    assert estimated(score, NPS, of([1.0])) == Estimate(100, -100, 100)
    few = estimated(score, NPS, of([1.0], [1.0]))
    assert (few.value, few.high) == (100, 100)
    assert few.low is not None
    assert few.low < 50


def test_a_share_of_one_customer_may_be_anything() -> None:
    top = Counted(Statistic.SHARE, "top_two", {"5": 1}, "")
    assert estimated(top, RATING, of([1.0, 1.0])) == Estimate(1, 0, 1)
