"""Stored rows to features: the only room of `ml` that reads tables, the same for training and for serving.

`asof` says what was known at a moment, `customers` makes the scorecard's raw columns of it, `cases` the rows that
condition sets are mined from. The API process imports this room: standard library and SQLAlchemy only.
"""

from ml.features.asof import LOOK_BACK_US, Moments, all_moments, one_moment, some_moments
from ml.features.cases import (
    answered_case_moments,
    answered_cases,
    case_moments,
    condition_states,
    current_cases,
    departures,
    first_confirmed,
    first_recorded,
)
from ml.features.customers import FEATURES, customer_conditions, customer_departures, customer_features, objectors
from ml.features.told import cases_known_from, change_versions_of, promise_versions_of

__all__ = [
    "FEATURES",
    "LOOK_BACK_US",
    "Moments",
    "all_moments",
    "answered_case_moments",
    "answered_cases",
    "case_moments",
    "cases_known_from",
    "change_versions_of",
    "condition_states",
    "current_cases",
    "customer_conditions",
    "customer_departures",
    "customer_features",
    "departures",
    "first_confirmed",
    "first_recorded",
    "objectors",
    "one_moment",
    "promise_versions_of",
    "some_moments",
]
