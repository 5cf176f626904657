"""Attributes of customers that a workspace declared to be features, by number (`attribute:seats`) or by level.

By a level is `attribute:plan=gold`. Which attributes say something of leaving no one else can know: a workspace
declares those it means in its scorecard (`ml.tailoring`), and nothing is read of any other; protected ones cannot be
declared (`ml.protected`). Standard library only: the API process reads them when it answers, the trainer of every
snapshot.
"""

import json
import math
from collections.abc import Collection, Iterable
from typing import Any

BEGINS = "attribute:"
LEVEL_AFTER = "="


def parts_of(feature: str) -> tuple[str, str | None]:
    """Return which attribute a feature reads, and at which level; None where it is read by its number.

    Parameters
    ----------
    feature : str
        As a scorecard names it.

    Examples
    --------
    >>> parts_of("attribute:plan=gold"), parts_of("attribute:seats")
    (('plan', 'gold'), ('seats', None))
    """
    name, by_level, level = feature.removeprefix(BEGINS).partition(LEVEL_AFTER)
    return name, level if by_level else None


def declared_in(features: Iterable[str], grouped: Collection[str] = ()) -> tuple[str, ...]:
    """Return the features among some that read an attribute.

    Parameters
    ----------
    features : iterable of str
        Of a scorecard, or of several.
    grouped : collection of str
        Attributes by whose groups a model is looked at: those are read for nobody's risk.

    Examples
    --------
    >>> declared_in(["score_last", "attribute:plan=gold", "attribute:region=north"], grouped=["region"])
    ('attribute:plan=gold',)
    """
    found = (feature for feature in dict.fromkeys(features) if feature.startswith(BEGINS))
    return tuple(feature for feature in found if parts_of(feature)[0] not in grouped)


def attribute_features(told: str | None, declared: Collection[str]) -> dict[str, float | None]:
    """Return the declared features of one customer.

    Parameters
    ----------
    told : str or None
        The customer's attributes as known at the moment: a JSON object as text, None where nothing is known.
    declared : collection of str
        Features that read attributes.

    Returns
    -------
    dict of str to float or None
        By feature: the number; or 1 at the level and 0 at another. None where the attribute is not said, where it is
        a list or an object, and where a number was declared and something else was said.

    Examples
    --------
    >>> attribute_features('{"plan": "gold", "seats": 12}', ["attribute:plan=gold", "attribute:seats"])
    {'attribute:plan=gold': 1.0, 'attribute:seats': 12.0}
    >>> attribute_features('{"plan": true, "seats": "many"}', ["attribute:plan=true", "attribute:seats"])
    {'attribute:plan=true': 1.0, 'attribute:seats': None}
    """
    if not declared:
        return {}
    known = json.loads(told) if told else None
    values = known if isinstance(known, dict) else {}
    return {feature: _value(values, *parts_of(feature)) for feature in declared}


def _value(values: dict[str, Any], name: str, level: str | None) -> float | None:
    value = values.get(name)
    if level is None:
        return _number(value)
    if value is None or isinstance(value, list | dict):
        return None
    return float((value if isinstance(value, str) else json.dumps(value)) == level)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
