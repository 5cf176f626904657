"""Candidates are every conjunction with enough failures, counted as the rows count them."""

from itertools import combinations

import numpy as np
import pytest

from ml.mining import candidates as module
from ml.mining.candidates import Candidates
from ml.mining.items import build_pool, column_kinds, plain_items


def world(n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = (rng.random((n, 7)) < 0.3).astype(float)
    return X, rng.random(n) < 0.1 + 0.2 * X[:, 0]


def test_all_conjunctions_with_enough_failures_are_there_with_their_counts() -> None:
    X, y = world()
    found = Candidates(build_pool(X, plain_items(X, column_kinds(X))), np.flatnonzero(y), least=8)
    counted = {found.set_at(i): (found.rows[i], found.failures[i]) for i in range(len(found.members))}
    for size in (1, 2, 3):
        for members in combinations(range(7), size):
            held = X[:, members].all(axis=1)
            if (held & y).sum() >= 8:
                assert counted.pop(members) == (held.sum(), (held & y).sum())
    assert counted == {}


def test_the_failing_rows_of_every_candidate_are_told_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = world()
    monkeypatch.setattr(module, "_AT_ONCE", 2000)
    found = Candidates(build_pool(X, plain_items(X, column_kinds(X))), np.flatnonzero(y), least=8)
    matrix, failing = found._matrix, X[y]
    assert (np.diff(found.members[:, 0]) >= 0).all()
    for at in range(len(found.members)):
        own = matrix.indices[matrix.indptr[at] : matrix.indptr[at + 1]]
        assert own.tolist() == np.flatnonzero(failing[:, found.set_at(at)].all(axis=1)).tolist()


def test_a_share_of_the_failing_rows_ranks_candidates_as_all_of_them_do(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = world(30_000)
    pool, failing = build_pool(X, plain_items(X, column_kinds(X))), np.flatnonzero(y)
    everyone = Candidates(pool, failing, least=8)
    monkeypatch.setattr(module, "_ENOUGH", 1500)
    share = Candidates(pool, failing, least=8)
    weight = np.full(len(failing), 1 / y.mean())
    exact = {everyone.set_at(i): everyone.failures[i] for i in range(len(everyone.members))}
    assert all(exact[share.set_at(i)] == share.failures[i] for i in range(len(share.members)))
    assert (
        share.set_at(int(share.gains(weight).argmax())) == everyone.set_at(int(everyone.gains(weight).argmax())) == (0,)
    )
