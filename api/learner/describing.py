"""What an analysis found of a set, as it is kept: its measures as plain JSON, and the cases that show it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from pydantic import JsonValue

from ml.case_matrix import PRESENT, CaseMatrix
from ml.conditions import Condition, FoundSet
from ml.mining.measures import Measures
from ml.mining.proposals import Judged
from ml.mining.report import Figures

EVIDENCE = 10
"""So many of the newest failures with the whole set are named: enough to go and look, too few to be a list."""

Json = dict[str, JsonValue]


def codes(items: Sequence[Condition]) -> list[str]:
    """Return the members of a set as the catalogue knows them, in the order of the alphabet."""
    return sorted(condition.feature for condition in items)


def by_code(measure: Mapping[Condition, float | None]) -> dict[str, Any]:
    """Return a measure of each member by its code."""
    return {condition.feature: value for condition, value in measure.items()}


def found_measures(found: FoundSet, *, confirmed_in: bool) -> Json:
    """Return all that is kept of a set that was found, beside its headline.

    Parameters
    ----------
    found
    confirmed_in
        Whether there is a confirmation window, which the headline is then of.
    """
    own = {
        "rate_low": found.rate_low,
        "rate_high": found.rate_high,
        "rate_without": by_code(found.rate_without),
        "rate_without_any_low": found.rate_without_any_low,
        "rate_without_any_high": found.rate_without_any_high,
        "essentiality": by_code(found.essentiality),
        "p_value": found.p_confirm,
        "window": "confirmation" if confirmed_in else "all",
        "discovery": asdict(found.discovery) if confirmed_in else None,
        "credited": found.credited,
        "avoidable": found.avoidable,
        "e_value": found.e_value,
        "near": found.near,
        "aliases": [list(codes(alias)) for alias in found.aliases],
        "ascertainment": found.ascertainment,
    }
    return _as_json({**own, **_common(found.measures, [condition.feature for condition in found.items])})


def drawn_measures(conditions: Sequence[str], judged: Judged) -> Json:
    """Return all that is kept of a set that people drew; it is beside the model and so credited with nothing."""
    head: Figures = judged.figures
    own = {
        "rate_low": head.rate_low,
        "rate_high": head.rate_high,
        "rate_without": dict(zip(conditions, judged.rates_without, strict=True)),
        "essentiality": dict(zip(conditions, judged.essentiality, strict=True)),
        "p_value": judged.p_value,
        "window": "all",
        "discovery": None,
        "credited": None,
        "avoidable": judged.effect.avoidable,
        "e_value": judged.effect.e_value,
        "near": judged.near,
        "aliases": [],
        "ascertainment": None,
    }
    return _as_json({**own, **_common(judged.measures, conditions)})


def _common(measures: Measures, members: Sequence[str]) -> dict[str, Any]:
    told = asdict(measures)
    for name in ("synergy", "excess_risk", "synergy_index", "crude", "risk_ratio"):
        figure = getattr(measures, name)
        told[name] = None if figure is None else figure._asdict()
    told["vocabulary"]["birnbaum_of"] = dict(zip(members, measures.vocabulary.birnbaum_of, strict=True))
    told["everyone"] = {name: told.pop(name) for name in ("rows", "customers", "failures")}
    return told


def _as_json(told: Mapping[str, Any]) -> Json:
    return {name: _plain(value) for name, value in told.items()}


def _plain(value: Any) -> Any:
    """Return a value as JSON can say it: what has no end is not known."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def evidence(matrix: CaseMatrix, conditions: Sequence[str]) -> list[JsonValue]:
    """Return the newest failures in which the whole set was there when it counted."""
    places = [matrix.conditions.index(code) for code in conditions]
    shown: dict[str, None] = {}
    for case_id, states, failed in zip(
        reversed(matrix.cases), reversed(matrix.states), reversed(matrix.failed), strict=True
    ):
        if failed and all(states[place] == PRESENT for place in places):
            shown[case_id.hex] = None
        if len(shown) == EVIDENCE:
            break
    return list(shown)
