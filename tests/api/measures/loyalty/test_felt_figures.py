"""From forms and counts to what is kept of Felt: why it is not told, what is named, and how windows are compared."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from api.learner.felt_figures import figures, gap
from api.measures.loyalty.felt.queries import ITEMS
from api.measures.loyalty.felt.schemas import FeltAnswer
from models.rules.loyalty.dimensions import Part
from tests.ml.felt.worlds import answered, asked

FORMS = 2_500


def forms_of(said: Any, *, customers: Sequence[UUID | None] | None = None) -> list[dict[str, Any]]:
    """Give forms as they are read: texts, nothing where there is no answer."""
    return [
        {
            "id": UUID(int=place + 1_000_000),
            "customer_id": None if customers is None else customers[place],
            "claimed": None,
            "unproved": 0,
            **{item: None if np.isnan(value) else str(int(value)) for item, value in zip(ITEMS, row, strict=True)},
        }
        for place, row in enumerate(said)
    ]


def found_of(forms: Sequence[Mapping[str, Any]], **beside: Any) -> FeltAnswer:
    """Give what is told of forms, as a request tells it."""
    told = figures(forms, beside.get("counts", {}), beside.get("cases", []), beside.get("failed"))
    window = {"from": "2026-03-02T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
    return FeltAnswer.model_validate({**told, **window, "computed_at": "2026-06-01T00:00:00Z"})


@pytest.fixture(scope="module")
def said() -> Any:
    rng = np.random.default_rng(20)
    return asked(rng, answered(rng, FORMS))


def test_three_of_seven_items_make_a_figure(said: Any) -> None:
    told = found_of(forms_of(said))

    assert told.published
    assert told.value is not None
    assert told.omega.value is not None
    assert told.omega.value > 0.8
    assert told.fewest_pair.forms >= 100
    assert told.detail == f"Felt stands on 2500 forms of 2500 customers; omega is {told.omega.value:.2f}."


def test_too_few_forms_are_told_with_how_many_it_takes(said: Any) -> None:
    told = found_of(forms_of(said[:400]))

    first, second = told.fewest_pair.items
    assert (told.value, told.published, told.why_not) == (None, False, "too_few_pairs")
    assert told.low is not None
    assert told.high is not None
    assert told.detail == (
        f"{first} and {second} were answered together on {told.fewest_pair.forms} forms. Every two items need 100, "
        "which takes about 1500 forms."
    )
    assert first != second


def test_an_item_all_answer_alike_is_told(said: Any) -> None:
    alike = said.copy()
    alike[np.isfinite(alike[:, 5]), 5] = 4

    told = found_of(forms_of(alike))

    assert told.why_not == "constant_item"
    assert told.detail.startswith("All answers to felt_6 are alike")


def test_items_that_do_not_go_together_are_told_with_their_omega() -> None:
    rng = np.random.default_rng(21)

    told = found_of(forms_of(asked(rng, answered(rng, FORMS, common=0.0))))

    assert (told.why_not, told.value) == ("unreliable", None)
    assert told.omega.value is not None
    assert told.detail.startswith("Omega is 0.")


def test_an_answer_off_the_scale_is_none(said: Any) -> None:
    forms = forms_of(said[:2])
    forms[0]["felt_1"], forms[1]["felt_1"] = "7", "often"

    assert found_of(forms).items[0].n == 0


def test_segments_and_needs_that_few_have_are_not_named(said: Any) -> None:
    """Ten have gold, nine have a name of their own; the ten most common needs are told, of those ten or more have."""
    customers = [UUID(int=place + 1) for place in range(300)]
    cases = [
        {
            "id": customer,
            "whose": customer,
            "segment": "gold" if place < 10 else "Ana" if place < 19 else None,
            "need": f"need {place % 12}",
            "opened_us": place,
            "in_window": 1,
        }
        for place, customer in enumerate(customers)
    ]
    mine = [*customers[:100], *[None] * 100]

    told = found_of(forms_of(said[:200], customers=mine), cases=cases, failed=frozenset(customers[:3]))

    named = [(fact.fact, fact.of) for fact in told.non_response.facts]
    assert [of for fact, of in named if fact == "segment"] == ["gold"]
    assert len([of for fact, of in named if fact == "need"]) == 10
    assert ("failed", None) in named
    assert (told.non_response.customers, told.non_response.responders, told.non_response.not_compared) == (
        300,
        100,
        100,
    )


def test_the_order_in_which_rows_are_read_makes_no_difference(said: Any) -> None:
    customers = [UUID(int=place % 700 + 1) for place in range(FORMS)]
    forms = forms_of(said, customers=customers)
    counts = {customer: {Part.KEPT: (customer.int % 2, 1, 1)} for customer in customers}
    cases = [
        {"id": each, "whose": each, "segment": f"s{each.int % 3}", "need": "n", "opened_us": 0, "in_window": 1}
        for each in counts
    ]

    there = figures(forms, counts, cases, None)
    back = figures(forms[::-1], dict(reversed(counts.items())), cases[::-1], None)

    assert there == back


def test_restoring_is_compared_with_the_second_item(said: Any) -> None:
    """Half of those who failed were told first and put back, one in four in time: 100 x (1/2 + 1/2 + 1/4)/3."""
    customers = [UUID(int=place + 1) for place in range(400)]
    restored = {
        each: {
            Part.TOLD_FIRST: (each.int % 2, 1, 1),
            Part.PUT_BACK: (each.int % 2, 1, 1),
            Part.RESTORED_IN_TIME: (int(each.int % 4 == 0), 1, 1),
        }
        for each in customers
    }
    forms = forms_of(said[:100], customers=customers[:100])

    found = gap([], {}, forms, restored)

    restore = next(one for one in found if one["dimension"] == "restore")
    assert (restore["item"], restore["before"]["all"], restore["before"]["felt"]) == ("felt_2", None, None)
    assert restore["now"]["all"]["value"] == pytest.approx(100 * (0.5 + 0.5 + 0.25) / 3)
    assert restore["now"]["responders"]["value"] == pytest.approx(100 * (0.5 + 0.5 + 0.25) / 3)
    assert restore["now"]["responders"]["low"] < restore["now"]["all"]["low"] < restore["now"]["all"]["value"]
    second = said[:100, 1]
    assert restore["now"]["felt"]["value"] == pytest.approx(25 * np.nanmean(second))
