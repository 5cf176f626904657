"""Kappa: by hand, at its ends, and where there is nothing to say."""

import pytest

from models.rules.agreement import Agreement, cohens_kappa


def test_agreement_by_hand() -> None:
    found = cohens_kappa({("v", "v"): 45, ("v", "f"): 15, ("f", "v"): 25, ("f", "f"): 15})
    assert found.observed == pytest.approx(0.6)
    assert found.kappa == pytest.approx((0.6 - 0.54) / 0.46)
    assert -1 <= found.low < found.kappa < found.high <= 1  # type: ignore[operator]


def test_full_agreement_is_one_and_none_is_below_chance() -> None:
    assert cohens_kappa({(True, True): 3, (False, False): 4}).kappa == 1
    assert cohens_kappa({(True, False): 3, (False, True): 3}).kappa == -1


def test_where_chance_alone_would_agree_nothing_is_said() -> None:
    assert cohens_kappa({}) == Agreement(None, -1, 1, None, 0)
    assert cohens_kappa({("v", "v"): 9}) == Agreement(None, -1, 1, 1.0, 9)
