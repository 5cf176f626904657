"""Figures of the risk model: public data forward in time, cold start, reasons by removal, parity, and cost.

Run: python bench/risk.py --data FOLDER [--data ANOTHER] [--quick]

Every data set found in the folders is evaluated, by its file name (`olist_orders`, `telco`, `cdnow`,
`incidents`, `.csv` or `.csv.gz`) and its columns; parts of one set in several folders are put together, so that the
last period held out is the last of the whole.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from timeit import repeat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.linear_model import LogisticRegression

from bench.figures import Figure, print_figures
from bench.risk_cold_start import cold_start_figures
from bench.risk_models import real_figures
from bench.risk_reasons import named_exactly
from bench.risk_worlds import CONDITIONS, HORIZON_DAYS, SETS, YEARLY_LOSS, raw_features
from ml.design import design_matrix
from ml.explain import ConfirmedSet, explain
from ml.risk import PriorLogistic, to_risk_model
from ml.scorecard import base_intercept, scorecard_for
from ml.scoring import RiskModel

SAME = 1e-9


def reason_figures(*, worlds: int) -> list[Figure]:
    """Return how often removal names the conspiring triple exactly, linear contributions beside it."""
    total, top_set, removal, linear = named_exactly(worlds)
    shares = {"top set by removal": top_set, "three largest falls by removal": removal}
    figures = [
        Figure(
            f"triple named exactly, {name}", ">= .95", f"{hits} of {total} ({hits / total:.3f})", hits >= 0.95 * total
        )
        for name, hits in shares.items()
    ]
    return [
        *figures,
        Figure("triple named exactly, linear contributions", "shown beside", f"{linear} of {total}", None),
    ]


def cost_figures() -> list[Figure]:
    """Time one customer with a dozen known features under a model of 60 conditions and 20 sets."""
    codes = [f"condition_{number}" for number in range(60)]
    sets = [ConfirmedSet(f"set_{number}", tuple(codes[number : number + 3])) for number in range(20)]
    model = RiskModel.prior(scorecard_for(codes, [known.id for known in sets]), YEARLY_LOSS)
    fixed = {"contacts_90": 3.0, "failure_contacts_90": 2.0, "promises_broken_90": 1.0, "tenure_days": 700.0}
    features = fixed | {f"seen:{code}": 1.0 for code in codes[:5]} | {f"set:set_{number}": 1.0 for number in range(3)}
    score = min(repeat(lambda: model.score(features), number=200, repeat=20)) / 200
    reason = min(repeat(lambda: explain(model, features, present=codes[:5], sets=sets), number=50, repeat=20)) / 50
    return [
        Figure("one score with its interval", "about 20 us", f"{score * 1e6:.0f} us", None),
        Figure("one explanation", "< 1 ms", f"{reason * 1e3:.2f} ms", reason < 1e-3),
    ]


def parity_figures(customers: int = 2_000) -> list[Figure]:
    """Score customers one by one as the API does, and all at once by scikit-learn's own predict_proba."""
    rng = np.random.default_rng(0)
    scorecard = scorecard_for(CONDITIONS, SETS)
    columns = raw_features(rng, customers)
    X = design_matrix(scorecard, columns)
    y = (rng.random(customers) < 0.1).astype(int)
    intercept = base_intercept(YEARLY_LOSS, HORIZON_DAYS)
    ours = PriorLogistic(prior_mean=scorecard.weights, prior_sd=scorecard.sds, intercept_mean=intercept).fit(X, y)
    theirs = LogisticRegression().fit(X, y)
    theirs.coef_, theirs.intercept_ = ours.coef_, ours.intercept_
    model = RiskModel.from_json(to_risk_model(ours, scorecard, horizon_days=HORIZON_DAYS, gap_days=7).to_json())
    rows = [{name: _known(values[row]) for name, values in columns.items()} for row in range(customers)]
    said = np.array([model.score(features).risk for features in rows])
    figures = []
    for name, p in (("scikit-learn's LogisticRegression", theirs), ("PriorLogistic", ours)):
        gap = float(np.abs(said - p.predict_proba(X)[:, 1]).max())
        figures.append(Figure(f"API scoring against {name}.predict_proba", "<= 1e-9", f"{gap:.1e}", gap <= SAME))
    return figures


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def figures(folders: Sequence[Path], quick: bool) -> Iterator[Figure]:
    """Return every figure of the risk model; those on real data are of the sets that are there."""
    yield from real_figures(folders, quick=quick)
    yield from parity_figures()
    yield from cost_figures()
    yield from cold_start_figures(seeds=20)
    yield from reason_figures(worlds=2 if quick else 20)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 1 where one that was asked for is not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True, help="folder of public data sets")
    parser.add_argument("--quick", action="store_true", help="fewer folds and worlds")
    options = parser.parse_args(arguments)
    for folder in options.data:
        if not folder.is_dir():
            print(f"{folder} is absent: figures on its data are left out")
    return 0 if print_figures(figures(options.data, options.quick)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
