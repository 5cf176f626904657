"""What can be imported: each kind with the rows it is made of and the service that stores them.

Rows are the bulk API's own models and are stored by the bulk API's own functions: a file and a request that say the
same leave the same behind.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from api.bodies import Money
from api.customers.cases import store_cases, store_promises
from api.customers.departures import store_departures
from api.customers.interactions import store_interactions
from api.customers.revenues import store_revenues
from api.customers.schemas import (
    CaseAnswer,
    CaseRow,
    CustomerAnswer,
    CustomerRow,
    DepartureAnswer,
    DepartureBody,
    InteractionAnswer,
    InteractionBody,
    PromiseAnswer,
    PromiseRow,
    RevenueAnswer,
    RevenueBody,
)
from api.customers.service import store_customers
from api.failures.costs import store_costs
from api.failures.observations import store_observations
from api.failures.schemas import CostAnswer, CostBody, ObservationAnswer, ObservationBody
from api.feedback.schemas import ResponseAnswer, ResponseBody
from api.feedback.service import store_responses
from api.recorded import Store

OPEN_SECTIONS = frozenset({"attributes", "answers"})


class ImportKind(StrEnum):
    """What a file holds."""

    CUSTOMERS = "customers"
    CASES = "cases"
    INTERACTIONS = "interactions"
    PROMISES = "promises"
    OBSERVATIONS = "observations"
    COSTS = "costs"
    DEPARTURES = "departures"
    REVENUES = "revenues"
    RESPONSES = "responses"
    CONDITIONS = "conditions"


class ValueKind(StrEnum):
    """What a value is read as."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    FLAG = "flag"
    MOMENT = "moment"
    DAY = "day"
    DAY_OR_MOMENT = "day_or_moment"
    JSON = "json"


@dataclass(frozen=True)
class Target:
    """One kind of row: its model, its service, and the fields that name it in a report.

    Parameters
    ----------
    model
        What a row must be.
    answer
        What the service answers of one, which is a row of an export.
    store
        What stores a batch of them.
    named_by
        The fields that say which record a row is about.
    needed
        The fields without which no row can be read.
    needs_reference
        Whether a row without a reference of its own gets one made of what it says, so that the same row again is the
        same record.
    """

    model: type[BaseModel]
    answer: type[BaseModel]
    store: Store[Any]
    named_by: tuple[str, ...] = ("reference",)
    needed: tuple[str, ...] = ("reference",)
    needs_reference: bool = False
    anonymous: tuple[str, ...] = ()

    def reference_of(self, body: Mapping[str, Any]) -> str | None:
        """Return what a row calls its record, None where it does not say."""
        parts = [body.get(name) for name in self.named_by]
        return "/".join(str(part) for part in parts) if all(part is not None for part in parts) else None

    def names_nobody(self, body: Mapping[str, Any]) -> bool:
        """Return whether a row could be another person's that says the same."""
        return bool(self.anonymous) and all(body.get(name) is None for name in self.anonymous)


TARGETS: Mapping[ImportKind, Target] = {
    ImportKind.CUSTOMERS: Target(CustomerRow, CustomerAnswer, store_customers),
    ImportKind.CASES: Target(CaseRow, CaseAnswer, store_cases),
    ImportKind.PROMISES: Target(PromiseRow, PromiseAnswer, store_promises, ("case", "promise"), ("case", "promise")),
    ImportKind.OBSERVATIONS: Target(
        ObservationBody,
        ObservationAnswer,
        store_observations,
        needed=("case", "condition", "state", "source", "observed_at"),
        needs_reference=True,
    ),
    ImportKind.INTERACTIONS: Target(
        InteractionBody,
        InteractionAnswer,
        store_interactions,
        needed=("case", "channel", "occurred_at"),
        needs_reference=True,
    ),
    ImportKind.COSTS: Target(
        CostBody, CostAnswer, store_costs, needed=("case", "kind", "basis", "source"), needs_reference=True
    ),
    ImportKind.REVENUES: Target(
        RevenueBody,
        RevenueAnswer,
        store_revenues,
        needed=("customer", "period", "amount", "kind"),
        needs_reference=True,
    ),
    ImportKind.DEPARTURES: Target(
        DepartureBody, DepartureAnswer, store_departures, needed=("customer", "kind", "at"), needs_reference=True
    ),
    ImportKind.RESPONSES: Target(
        ResponseBody,
        ResponseAnswer,
        store_responses,
        needed=("survey",),
        needs_reference=True,
        anonymous=("customer", "case", "invitation"),
    ),
}

_KINDS: Mapping[Any, ValueKind] = {
    str: ValueKind.TEXT,
    bool: ValueKind.FLAG,
    int: ValueKind.INTEGER,
    float: ValueKind.NUMBER,
    datetime: ValueKind.MOMENT,
}


def section_kinds(model: type[BaseModel], section: str) -> dict[str, ValueKind] | None:
    """Return what the fields of a map's section are read as; None for a section whose names are free.

    >>> section_kinds(CustomerRow, "fields")["since"].value, section_kinds(CustomerRow, "attributes") is None
    ('moment', True)
    """
    if section in OPEN_SECTIONS:
        return None
    fields = Money.model_fields if section == "value" else model.model_fields
    nested = {*OPEN_SECTIONS, "value"}
    return {name: _kind_of(field.annotation) for name, field in fields.items() if name not in nested}


def _kind_of(annotation: Any) -> ValueKind:
    plain = _plain_types(annotation)
    if plain == {date, datetime}:
        return ValueKind.DAY_OR_MOMENT
    found = {_KINDS.get(kind, ValueKind.TEXT) for kind in plain}
    return found.pop() if len(found) == 1 else ValueKind.TEXT


def _plain_types(annotation: Any) -> set[Any]:
    """Take an annotation apart to the types beneath `Annotated` and `| None`."""
    if get_origin(annotation) is Annotated:
        return _plain_types(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return set().union(*map(_plain_types, get_args(annotation))) - {type(None)}
    return {annotation}
