"""Cells keep what the rows say; a leak for every stratum, apart where something was not observed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ml.mining.grouping import collapse


@given(st.integers(0, 30), st.integers(1, 3), st.booleans())
def test_every_leak_stratum_has_its_column(seed: int, strata: int, unknown: bool) -> None:
    rng = np.random.default_rng(seed)
    states = rng.integers(0, 3 if unknown else 2, (60, 2)).astype(np.int8)
    cells = collapse(rng.random(60) < 0.3, rng.integers(0, strata, 60), states).cells
    kinds = [(int(s), bool((own == 2).any())) for s, own in zip(cells.stratum, cells.states, strict=True)]
    wanted = [[float(kind == each) for each in sorted(set(kinds))] for kind in kinds]
    assert cells.leak_columns().tolist() == wanted
