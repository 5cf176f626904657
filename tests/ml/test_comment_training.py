"""Learning from comments: nobody's name is learnt, what people decided is, and the same input gives the same model."""

import random
from collections.abc import Iterator

import numpy as np
import pytest

from ml.comment_training import FEWEST, HIGHEST, LOWEST, Comment, Described, as_matrix, learn_comments
from ml.text import LEARNT_FROM, CommentModel

LATE = ("he came hours late", "the engineer was late again", "late by a day", "waited and he was late")
RUDE = ("the man was rude", "so rude on the phone", "rude answer and a rude tone", "they were rude to me")
OTHER = ("the machine works well", "thank you for the quick visit", "all is fine now", "the colour is nice")
CONDITIONS = [Described("late", ("The engineer came late",)), Described("rude", ("Somebody was rude", "rude tone"))]


def comments(texts: tuple[str, ...], many: int, who: str, **decided: frozenset[str]) -> Iterator[Comment]:
    """Give many comments of as many customers."""
    for number in range(many):
        yield Comment(f"{texts[number % len(texts)]} {'indeed ' * (number % 3)}", f"{who}-{number}", **decided)


def told(confirmed: int, declined: int = 20) -> list[Comment]:
    """Give comments of which so many were confirmed to be about lateness."""
    late, rude = frozenset({"late"}), frozenset({"rude"})
    return [
        *comments(LATE, confirmed, "L", confirmed=late),
        *comments(OTHER, declined, "O", declined=late),
        *comments(RUDE, 25, "R", confirmed=rude),
        *comments(OTHER, 20, "N"),
    ]


def tag_of(model: CommentModel, code: str) -> str:
    """Give the basis of a condition."""
    return next(tag.basis for tag in model.tags if tag.code == code)


@pytest.mark.parametrize(("confirmed", "basis"), [(LEARNT_FROM - 1, "similarity"), (LEARNT_FROM, "learnt")])
def test_weights_are_learnt_from_thirty_confirmed_examples_on(confirmed: int, basis: str) -> None:
    model = learn_comments(told(confirmed), CONDITIONS)
    [late] = [tag for tag in model.tags if tag.code == "late"]
    assert (late.basis, late.n_confirmed, late.n_declined) == (basis, confirmed, 20)
    assert tag_of(model, "rude") == "similarity"


def test_what_was_confirmed_is_found_and_what_was_declined_is_not() -> None:
    model = learn_comments(told(40), CONDITIONS)
    found = {text: [one.code for one in model.scores(text) if one.enough] for text in ("very late", *OTHER, "how rude")}
    assert found["very late"] == ["late"]
    assert found["how rude"] == ["rude"]
    assert all(found[text] == [] for text in OTHER)
    assert all(LOWEST <= tag.threshold <= HIGHEST for tag in model.tags)


def test_what_is_open_or_was_not_looked_at_teaches_nothing() -> None:
    before = learn_comments(told(40), CONDITIONS)
    open_ = [
        Comment(one.text, one.customer, one.confirmed, one.declined, frozenset({"late"}) - one.confirmed - one.declined)
        for one in told(40)
    ]
    after = learn_comments(open_, CONDITIONS)
    [late_before], [late_after] = ([tag for tag in model.tags if tag.code == "late"] for model in (before, after))
    assert before.terms == after.terms
    assert late_before.weights != late_after.weights
    assert late_after.n_confirmed == 40
    shorter = learn_comments([one for one in open_ if one.decided and "late" not in one.open], CONDITIONS)
    assert shorter.n_comments < after.n_comments


def test_a_name_in_few_comments_or_of_few_customers_is_in_no_vocabulary() -> None:
    rare = [Comment("ask Zebulon about it", f"C-{number}") for number in range(FEWEST - 1)]
    of_one = [Comment("my neighbour Quillon says so", "C-1") for _ in range(50)]
    with_numbers = [Comment(f"call 0170{number} or mail x{number}@example.org", f"C-{number}") for number in range(50)]
    model = learn_comments([*told(40), *rare, *of_one, *with_numbers], CONDITIONS)
    said = model.to_json()
    for trace in ("zebulon", "zebul", "quillon", "quill", "0170", "example", "@"):
        assert trace not in said
    assert "w:call" in model.terms


def test_a_name_of_enough_customers_is_a_word_like_any() -> None:
    model = learn_comments([Comment("ask Zebulon", f"C-{number}") for number in range(FEWEST)], [])
    assert "w:zebulon" in model.terms


def test_the_order_of_comments_and_conditions_makes_no_difference() -> None:
    some = told(40)
    shuffled = random.Random(3).sample(some, len(some))  # noqa: S311 - an order, no secret
    once, again = learn_comments(some, CONDITIONS), learn_comments(shuffled, list(reversed(CONDITIONS)))
    assert once.to_json() == again.to_json()


def test_one_against_nothing_is_not_learnt() -> None:
    only = list(comments(LATE, 60, "L", confirmed=frozenset({"late"})))
    assert tag_of(learn_comments(only, CONDITIONS), "late") == "similarity"


def test_examples_of_one_customer_alone_are_learnt_with_the_highest_threshold() -> None:
    one = [Comment(text.text, "C-1", text.confirmed) for text in comments(LATE, 40, "L", confirmed=frozenset({"late"}))]
    model = learn_comments([*one, *told(0)], CONDITIONS)
    [late] = [tag for tag in model.tags if tag.code == "late"]
    assert (late.basis, late.threshold) == ("learnt", HIGHEST)


@pytest.mark.parametrize("few", [[], [Comment("late", "C-1")], [Comment("😡", "C-1", frozenset({"late"}))]])
def test_from_next_to_nothing_nothing_is_learnt(few: list[Comment]) -> None:
    model = learn_comments(few, CONDITIONS)
    assert (model.terms, model.tags, model.scores("late")) == ((), (), [])


def test_long_comments_are_read_to_their_limit() -> None:
    long = [Comment("late " * 2000, f"C-{number}") for number in range(FEWEST)]
    model = learn_comments(long, CONDITIONS)
    assert "w:late late" in model.terms
    assert model.scores("late")[0].code == "late"


def test_vectors_become_a_matrix() -> None:
    rows = as_matrix([{0: 1.0, 2: 0.5}, {}], 3)
    assert rows.shape == (2, 3)
    assert np.array_equal(rows.toarray(), [[1.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
