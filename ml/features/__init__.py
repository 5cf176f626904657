"""Stored rows to features: the only room of `ml` that reads tables, the same for training and for serving.

`asof` says what was known at a moment, `customers` makes the scorecard's raw columns of it, `cases` the rows that
condition sets are mined from. The API process imports this room: standard library and SQLAlchemy only.
"""

from ml.features.asof import LOOK_BACK_US, Moments, all_moments, usual_month
from ml.features.cases import (
    answered_case_moments,
    answered_cases,
    case_moments,
    condition_states,
    current_cases,
    departures,
    first_confirmed,
    first_recorded,
    told_conditions,
    value_events,
)
from ml.features.costs import answers_about_cases, cases_to_cost, contacts_now, costs_now, customer_history
from ml.features.customers import FEATURES, customer_conditions, customer_departures, customer_features, objectors
from ml.features.in_use import answers_to_weigh, case_histories, contacts_recorded, published_questions
from ml.features.serving import served, served_conditions, served_departures, served_features
from ml.features.told import cases_known_from, change_versions_of, promise_versions_of
from ml.features.usual import elapsed_counts, value_counts
from ml.features.verifying import countermeasure_effects_of, countermeasure_versions_of

__all__ = [
    "FEATURES",
    "LOOK_BACK_US",
    "Moments",
    "all_moments",
    "answered_case_moments",
    "answered_cases",
    "answers_about_cases",
    "answers_to_weigh",
    "case_histories",
    "case_moments",
    "cases_known_from",
    "cases_to_cost",
    "change_versions_of",
    "condition_states",
    "contacts_now",
    "contacts_recorded",
    "costs_now",
    "countermeasure_effects_of",
    "countermeasure_versions_of",
    "current_cases",
    "customer_conditions",
    "customer_departures",
    "customer_features",
    "customer_history",
    "departures",
    "elapsed_counts",
    "first_confirmed",
    "first_recorded",
    "objectors",
    "promise_versions_of",
    "published_questions",
    "served",
    "served_conditions",
    "served_departures",
    "served_features",
    "told_conditions",
    "usual_month",
    "value_counts",
    "value_events",
]
