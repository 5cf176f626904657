"""AI4I 2020 and Olist: public data whose failures were made, or are known, to come from conjunctions."""

import os
from pathlib import Path

import pytest

from bench.conditions import ai4i, olist

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("STEADFAST_DATA", ROOT.parent / "shared" / "data"))


@pytest.mark.skipif(not (DATA / "ai4i.csv.gz").exists(), reason="AI4I is not in the folder of evaluation data")
def test_the_rules_of_the_machines_are_found_and_nothing_else() -> None:
    assert [figure.name for figure in ai4i(DATA) if not figure.reached] == []


@pytest.mark.skipif(not (DATA / "olist_orders.csv.gz").exists(), reason="Olist is not in the folder of evaluation data")
def test_a_broken_promise_and_still_waiting_conspire() -> None:
    assert [figure.name for figure in olist(DATA) if not figure.reached] == []
