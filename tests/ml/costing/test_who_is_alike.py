"""Who is alike is told by what was known: amounts in two currencies have no common order."""

from uuid import UUID

import pytest

from ml.case_costs import CaseLine, CostFacts, CustomerState
from ml.case_matrix import CaseMatrix
from ml.root_cost import DAY_US, Terms, root_cost
from models.rules.cost import Rates

WORTH = 5000


@pytest.mark.parametrize(("currency", "controls"), [("EUR", 12), ("USD", 6), (None, 6)])
def test_a_value_in_another_currency_is_not_known(currency: str | None, controls: int) -> None:
    # Twelve customers failed in euros; six controls alike, and six worth as many of another currency.
    of = ["EUR"] * 18 + [currency] * 6
    ids = [UUID(int=at + 1) for at in range(len(of))]
    facts = CostFacts()
    for customer, own in zip(ids, of, strict=True):
        facts.cases[customer] = CaseLine(customer, None, None, None, None, None, None, None)
        worth = None if own is None else WORTH
        facts.history[customer] = [CustomerState(0, None, worth, own, None)]
    matrix = CaseMatrix(
        conditions=[],
        states=[[] for _ in ids],
        failed=[at < 12 for at in range(len(ids))],
        customers=[str(customer) for customer in ids],
        times=[DAY_US] * len(ids),
        cases=ids,
    )
    found = root_cost(matrix, [], facts, Terms(Rates("EUR")), 400 * DAY_US, draws=2)
    assert (found.departing.seen.failed_customers, found.departing.seen.controls) == (12, controls)
