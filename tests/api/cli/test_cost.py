"""`steadfast cost` says what failures cost in words, unknown as unknown."""

from typing import Any

import pytest

from api.cli.costing import told
from api.failures.cost_schemas import CostLine, CostOfFailure, NotCounted
from models.rules.cost import Reason
from tests.api.cli.desk import WORKSPACE, Desk

NONE = {"amount": None, "low": None, "high": None}
COUNTED = {"cases": 3, "customers": 2, "known": 1, "coverage": 1 / 3}


def line(**fields: Any) -> CostLine:
    """Give a line of an answer."""
    return CostLine(**{**dict.fromkeys(CostLine.model_fields), "conditions": [], **fields})


def answer(*items: CostLine, **fields: Any) -> CostOfFailure:
    """Give an answer of which only what the words are made of is said."""
    return CostOfFailure.model_construct(
        **{"currency": "EUR", "components": [], "not_counted": [], "items": list(items), **COUNTED, **NONE, **fields}
    )


def test_before_an_analysis_there_is_nothing_to_tell(desk: Desk) -> None:
    result = desk.run("cost", "--workspace", WORKSPACE)
    assert (result.exit_code, "POST /v1/analyses" in result.output) == (1, True)
    assert desk.run("cost", "--workspace", WORKSPACE, "--by", "person").exit_code == 2


def test_what_is_not_known_is_said_to_be_so() -> None:
    said = told(answer(line(kind="need", group=None, cases=3, **NONE)))
    assert said == [
        "What 3 failing cases of 2 customers cost is not known.",
        "A cost is known of 1 of them; what is not known is in no sum.",
        "  not known: not known, 3 cases",
    ]


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (
            line(kind="condition_set", conditions=["away", "late"], amount=9, low=4, high=12, avoidable=7, cases=2),
            "away + late: 0.09 EUR [0.04, 0.12], avoidable 0.07 EUR, 2 cases",
        ),
        (line(kind="leak", amount=123456), "no known set: 1,234.56 EUR"),
        (
            line(kind="condition", group="late", amount=9, share=5, cases=2),
            "late: 0.09 EUR, its share 0.05 EUR, 2 cases",
        ),
        (line(kind="others", amount=1, cases=1), "others: 0.01 EUR, 1 cases"),
    ],
)
def test_every_line_says_its_money(shown: CostLine, words: str) -> None:
    assert told(answer(shown))[2] == f"  {words}"


def test_what_is_not_counted_says_why_and_what_to_do() -> None:
    left = [
        NotCounted(reason=reason.value, currency=currency, entries=2, amount=amount)
        for reason, currency, amount in zip(Reason, ["USD", None, "EUR", "EUR"], [9, None, 7, 5], strict=True)
    ]
    assert told(answer(not_counted=left))[2:] == [
        "Not counted: 2 times, in another currency: none is converted, 0.09 USD",
        "Not counted: 2 times, work without a rate: state cost_rates in PATCH /v1/workspace",
        "Not counted: 2 times, work that was told twice: the larger of the two counts, 0.07 EUR",
        "Not counted: 2 times, winning another customer: their lost value counts already, 0.05 EUR",
    ]


def test_the_whole_says_its_money_in_units() -> None:
    said = told(answer(**{**NONE, "amount": 250_000, "low": 200_050, "high": 300_000, "currency": "JPY"}))
    assert said[0] == "3 failing cases of 2 customers cost 250,000 JPY [200,050, 300,000]."
