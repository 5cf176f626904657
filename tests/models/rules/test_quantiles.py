"""Student's t against printed tables, closed forms and another implementation."""

from math import inf, pi, sqrt, tan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models.rules.quantiles import student_t_quantile


@pytest.mark.parametrize(
    ("probability", "df", "printed"),
    [
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 5, 2.571),
        (0.975, 10, 2.228),
        (0.975, 30, 2.042),
        (0.975, 120, 1.980),
        (0.975, 1e9, 1.960),
        (0.95, 4, 2.132),
        (0.99, 7, 2.998),
        (0.995, 20, 2.845),
        (0.9995, 3, 12.924),
        (0.75, 10, 0.700),
        (0.60, 60, 0.254),
    ],
)
def test_it_gives_what_the_tables_print(probability: float, df: float, printed: float) -> None:
    assert student_t_quantile(probability, df) == pytest.approx(printed, abs=5.01e-4)


@given(st.floats(0.55, 0.9995))
def test_it_meets_the_closed_forms(probability: float) -> None:
    excess = 2 * probability - 1
    assert student_t_quantile(probability, 1) == pytest.approx(tan(pi * excess / 2), rel=1e-11)
    assert student_t_quantile(probability, 2) == pytest.approx(excess * sqrt(2 / (1 - excess**2)), rel=1e-11)


@given(st.floats(0.55, 0.9995), st.floats(-1.69, 6).map(lambda power: float(10**power)))
def test_it_meets_another_implementation_at_any_degrees_of_freedom(probability: float, df: float) -> None:
    assert student_t_quantile(probability, df) == pytest.approx(float(stats.t.ppf(probability, df)), rel=1e-11)


def test_without_degrees_of_freedom_it_is_infinite() -> None:
    assert student_t_quantile(0.975, 0) == inf
    assert student_t_quantile(0.975, 1e-3) == inf


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0, float("nan")])
def test_only_the_upper_side_is_asked_for(probability: float) -> None:
    with pytest.raises(ValueError, match="between one half and 1"):
        student_t_quantile(probability, 5)
