"""Scoring many customers at once: Arrow record batches in, Arrow record batches out, no session and no table.

The same arithmetic as `ml.scoring.RiskModel.score`, over whole columns. It runs in the command line, or mapped over the
parts of a cluster; the API process never loads it.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml.design import design_matrix
from ml.scoring import LEVEL, RiskModel, reach_of

Reals = NDArray[np.float64]
CUSTOMER = "customer"
SCORED = pa.schema([(CUSTOMER, pa.string()), ("risk", pa.float64()), ("low", pa.float64()), ("high", pa.float64())])
AT_ONCE = 16_384
"""Rows whose terms are held at once: they and what is made of them stay near the processor."""


def score_batches(
    batches: Iterable[pa.RecordBatch], model: RiskModel, *, level: float = LEVEL
) -> Iterator[pa.RecordBatch]:
    """Score customers whose raw features are columns.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        `customer`, and raw features by name as numbers, null where unknown. A feature that is not there is unknown of
        everybody; columns the model has no term for are passed over.
    model : RiskModel
    level : float
        Coverage of the interval, in (0, 1).

    Yields
    ------
    pyarrow.RecordBatch
        Of each batch its customers with `risk`, `low` and `high`, in its order: the columns of `SCORED`.

    Raises
    ------
    ValueError
        There is no `customer`, or a feature is NaN: unknown has to be said as null.

    Notes
    -----
    Equal to `RiskModel.score` to 1e-9, one customer after the other: only the order of sums differs.

    Examples
    --------
    >>> from ml.scorecard import scorecard_for
    >>> model = RiskModel.prior(scorecard_for(), yearly_loss=0.2)
    >>> batch = pa.RecordBatch.from_pydict({"customer": ["A", "B"], "promises_overdue": [None, 2.0]})
    >>> [round(risk, 4) for risk in next(score_batches([batch], model))["risk"].to_pylist()]
    [0.0535, 0.1221]
    """
    weights, covariance = np.array(model.weights), _whole(model)
    reach = reach_of(level)
    for batch in batches:
        if CUSTOMER not in batch.schema.names:
            raise ValueError("a batch names its customers in a column `customer`")
        columns = {name: _numbers(batch, name) for name in dict.fromkeys(model.scorecard.features)}
        portions = [slice(start, start + AT_ONCE) for start in range(0, batch.num_rows, AT_ONCE)]
        some = ({name: column[portion] for name, column in columns.items()} for portion in portions)
        scored = [_scored(model, each, weights, covariance) for each in some]
        eta, sd = (np.concatenate([part[place] for part in scored] or [np.zeros(0)]) for place in (0, 1))
        said = [_probability(eta), _probability(eta - reach * sd), _probability(eta + reach * sd)]
        customers = batch[CUSTOMER].cast(pa.string())
        yield pa.RecordBatch.from_arrays([customers, *[pa.array(column) for column in said]], schema=SCORED)


def _scored(model: RiskModel, columns: dict[str, Reals], weights: Reals, covariance: Reals) -> tuple[Reals, Reals]:
    """Return log-odds and their standard deviations; terms that nobody here has are left out of the sums."""
    matrix = design_matrix(model.scorecard, columns)
    there = np.flatnonzero(matrix.any(axis=0))
    present = np.ascontiguousarray(matrix[:, there])
    eta = model.intercept + present @ weights[there]
    of_terms = covariance[np.ix_(there + 1, there + 1)]
    variance = covariance[0, 0] + 2.0 * (present @ covariance[there + 1, 0])
    variance += np.einsum("ij,ij->i", present @ of_terms, present)
    return eta, np.sqrt(np.maximum(variance, 0.0))


def _numbers(batch: pa.RecordBatch, name: str) -> Reals:
    """Return a feature's column, NaN where it is unknown."""
    if name not in batch.schema.names:
        return np.full(batch.num_rows, np.nan)
    column = batch[name].cast(pa.float64())
    numbers: Reals = column.to_numpy(zero_copy_only=False)
    if np.count_nonzero(np.isnan(numbers)) > column.null_count:
        raise ValueError(f"{name} is not a number somewhere; say null where it is unknown")
    return numbers


def _whole(model: RiskModel) -> Reals:
    size = len(model.covariance)
    whole = np.zeros((size, size))
    for place, row in enumerate(model.covariance):
        whole[place, : place + 1] = row
        whole[: place + 1, place] = row
    return whole


def _probability(log_odds: Reals) -> Reals:
    """Return 1 / (1 + exp(-log_odds)) without overflow."""
    odds = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, odds) / (1.0 + odds)
