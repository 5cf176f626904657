"""Many customers scored at once get the very figures that each gets alone."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.batches import AT_ONCE, SCORED, score_batches
from ml.risk import PriorLogistic, to_risk_model
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel

CARD = scorecard_for(["late", "wrong_part"], ["s"])
PRIOR = RiskModel.prior(CARD, yearly_loss=0.2)


def learnt() -> RiskModel:
    """Give a model whose covariance is full."""
    random = np.random.default_rng(2)
    X = random.normal(size=(400, len(CARD.terms)))
    y = random.random(400) < 1 / (1 + np.exp(-X[:, 0] - X[:, 5]))
    estimator = PriorLogistic(prior_mean=CARD.weights, prior_sd=CARD.sds, intercept_mean=-2.0, intercept_sd=1.0)
    return to_risk_model(estimator.fit(X, y), CARD, horizon_days=90, gap_days=7, threshold=None)


LEARNT = learnt()
RAW = st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(0.0))


ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(CARD.features, RAW)), max_size=12)


@given(rows=ROWS, level=st.floats(0.01, 0.99))
def test_each_customer_gets_what_they_get_alone(rows: list[dict[str, Any]], level: float) -> None:
    columns = {name: pa.array([row[name] for row in rows], pa.float64()) for name in CARD.features}
    names = pa.array([f"C-{n}" for n in range(len(rows))], pa.string())
    batch = pa.RecordBatch.from_pydict({"customer": names, **columns})
    for model in (PRIOR, LEARNT):
        found = next(score_batches([batch], model, level=level))
        assert found.schema == SCORED
        assert found["customer"].to_pylist() == [f"C-{n}" for n in range(len(rows))]
        for row, said in zip(rows, found.to_pylist(), strict=True):
            alone = model.score(row, level=level)
            assert (said["risk"], said["low"], said["high"]) == pytest.approx(tuple(alone), abs=1e-9)


def test_batches_come_one_by_one_and_in_portions() -> None:
    n = AT_ONCE + 3
    values = np.arange(n, dtype=float) % 7
    batches = [pa.RecordBatch.from_pydict({"customer": [str(i) for i in range(n)], "score_last": values})] * 2
    found = list(score_batches(iter(batches), LEARNT))
    assert [batch.num_rows for batch in found] == [n, n]
    assert found[0]["risk"][n - 1].as_py() == pytest.approx(LEARNT.score({"score_last": values[-1]}).risk, abs=1e-12)


def test_whole_numbers_and_truth_values_are_numbers_and_what_is_not_there_is_unknown() -> None:
    batch = pa.RecordBatch.from_pydict({"customer": ["A"], "promises_overdue": [2], "unheard_of": ["x"]})
    assert next(score_batches([batch], PRIOR))["risk"].to_pylist() == [
        pytest.approx(PRIOR.score({"promises_overdue": 2.0}).risk, abs=1e-12)
    ]


@pytest.mark.parametrize(
    ("columns", "says"),
    [({"score_last": [1.0]}, "names its customers"), ({"customer": ["A"], "score_last": [math.nan]}, "not a number")],
)
def test_what_cannot_be_scored_is_refused(columns: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        next(score_batches([pa.RecordBatch.from_pydict(columns)], PRIOR))


def test_nobody_is_scored_without_a_batch() -> None:
    assert list(score_batches([], PRIOR)) == []
