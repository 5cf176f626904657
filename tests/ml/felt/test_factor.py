"""One factor by maximum likelihood: published figures, exact worlds, and matrices that are hard to fit."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from ml.felt.factor import LEAST_UNIQUE, alpha, omega, one_factor

# The Altman Self-Rating Mania Scale of 78 people, five items of 1 to 5: covariances times 77 times 78, from the table
# that Bayesrel (Pfadt, van den Bergh, Sijtsma, Moshagen and Wagenmakers 2022) and JASP are tested with.
ASRM = np.array(
    [
        [4913, 3022, 1772, 1758, 2689],
        [3022, 4124, 964, 1854, 2612],
        [1772, 964, 4820, 1626, 2140],
        [1758, 1854, 1626, 4164, 1956],
        [2689, 2612, 2140, 1956, 5729],
    ]
) / (77 * 78)
OMEGA_OF_ASRM, ALPHA_OF_ASRM = 0.7919616, 0.7899854
OMEGA_OF_FOUR, ALPHA_OF_FOUR = 0.7434589, 0.7341834
"""Of the first four items, standardised."""


def exact(loadings: NDArray[np.float64], unique: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.outer(loadings, loadings) + np.diag(unique)


def discrepancy(covariance: NDArray[np.float64], loadings: NDArray[np.float64], unique: NDArray[np.float64]) -> float:
    model = exact(loadings, unique)
    return float(np.linalg.slogdet(model)[1] + np.trace(np.linalg.solve(model, covariance)))


def test_omega_and_alpha_are_those_published_of_the_mania_scale() -> None:
    assert omega(one_factor([ASRM]))[0] == pytest.approx(OMEGA_OF_ASRM, abs=5e-7)
    assert alpha([ASRM])[0] == pytest.approx(ALPHA_OF_ASRM, abs=5e-7)


def test_so_they_are_of_its_first_four_items_standardised() -> None:
    spread = np.sqrt(np.diag(ASRM))[:4]
    correlations = ASRM[:4, :4] / np.outer(spread, spread)

    assert omega(one_factor([correlations]))[0] == pytest.approx(OMEGA_OF_FOUR, abs=5e-6)
    assert alpha([correlations])[0] == pytest.approx(ALPHA_OF_FOUR, abs=5e-6)


def test_a_covariance_that_one_factor_made_gives_it_back() -> None:
    loadings = np.array([1.1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.2])
    unique = np.array([0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])

    found = one_factor([exact(loadings, unique), exact(-loadings, unique)])

    assert found.loadings[0] == pytest.approx(loadings, abs=1e-3)
    assert found.unique[0] == pytest.approx(unique, abs=1e-3)
    assert found.loadings[1] == pytest.approx(found.loadings[0], abs=1e-6), "the sum of the loadings is not negative"
    assert found.converged.all()
    assert not found.heywood.any()


def test_no_other_loadings_fit_better() -> None:
    """The discrepancy is as low as a general minimiser finds it, on a matrix that one factor does not fit."""
    found = one_factor([ASRM])
    given = np.concatenate([found.loadings[0], np.log(found.unique[0])])

    def of(x: NDArray[np.float64]) -> float:
        return discrepancy(ASRM, x[:5], np.exp(x[5:]))

    best = minimize(of, given, method="BFGS", tol=1e-8)

    assert discrepancy(ASRM, found.loadings[0], found.unique[0]) == pytest.approx(best.fun, abs=1e-9)


def test_an_item_that_the_factor_would_explain_wholly_is_held_and_named() -> None:
    """c12 c13 / c23 is above the first variance: a loading of more than 1, which no unique variance can answer for."""
    heywood = np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.5], [0.8, 0.5, 1.0]])

    found = one_factor([heywood])

    assert found.heywood.tolist() == [[True, False, False]]
    assert found.unique[0, 0] == pytest.approx(LEAST_UNIQUE)
    assert 0 < omega(found)[0] < 1


def test_an_item_turned_round_loads_negatively() -> None:
    loadings = np.array([0.8, 0.8, 0.8, -0.5])

    found = one_factor([exact(loadings, np.full(4, 0.5))])

    assert found.loadings[0] == pytest.approx(loadings, abs=1e-3)


def test_scale_of_the_answers_does_not_matter() -> None:
    small, large = one_factor([ASRM, ASRM * 1e6]), one_factor([ASRM * 1e-6])

    assert omega(small)[0] == pytest.approx(omega(small)[1], abs=1e-8)
    assert omega(large)[0] == pytest.approx(omega(small)[0], abs=1e-8)


def test_a_fit_that_was_not_given_time_says_so() -> None:
    assert one_factor([ASRM], most_steps=1).converged.tolist() == [False]


def test_items_that_share_nothing_have_no_omega_to_speak_of() -> None:
    assert omega(one_factor([np.eye(7)]))[0] < 0.2
    assert alpha([np.eye(7)])[0] == 0


def test_a_sum_that_never_differs_has_no_alpha() -> None:
    apart = np.array([[1.0, -0.5, -0.5], [-0.5, 1.0, -0.5], [-0.5, -0.5, 1.0]])

    assert np.isnan(alpha([apart])[0])


@pytest.mark.parametrize("given", [np.eye(3), np.ones((1, 2, 3)), np.ones((1, 2, 2))])
def test_what_is_no_matrix_of_three_items_is_refused(given: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="three items"):
        one_factor(given)


def test_an_item_without_variance_is_refused() -> None:
    with pytest.raises(ValueError, match="needs variance"):
        one_factor([np.diag([1.0, 1.0, 0.0])])
