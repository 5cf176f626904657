"""What every table holds of a customer, and what erasure does with it. A test fails for a table that is missing here.

A person is followed from the customer's references along `TRAILS` to the records about them. Each table then says in
`HOLDINGS` how their rows are found and what becomes of them:

* `gone`: the rows are deleted;
* `kept`: the rows stay, under new ids, without what could name somebody. Each column of text or JSON is either filled
  anew (`blank`) or stays for a reason (`stays`);
* `searched`: rows of anybody whose text names the person somewhere inside;
* `nobody`: it holds nothing of a customer, for a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Subject(StrEnum):
    """What a value leads to: the id of a record about the person, or a name."""

    CUSTOMER = "customer"
    CUSTOMER_REFERENCE = "customer reference"
    CASE = "case"
    CASE_REFERENCE = "case reference"
    PROMISE = "promise"
    OBSERVATION = "observation"
    DEPARTURE = "departure"
    RESPONSE = "response"


class Filler(StrEnum):
    """What takes the place of what is erased."""

    NULL = "null"
    TEXT = "the word erased"
    OBJECT = "an empty object"
    RANDOM = "a random reference"
    WATCH = "the name of a rule's watch, or a random reference"
    OWN_ID = "the record's new id"
    SCORES = "answers without free text"
    GIVEN = "names of fields without those of attributes"
    SHARED = "the word where other customers' rows carry it too"


class Deed(StrEnum):
    """What erasure does with a table's rows."""

    GONE = "gone"
    KEPT = "kept"
    SEARCHED = "searched"
    NOBODY = "nobody"


Found = Mapping[str, Subject]


@dataclass(frozen=True)
class Holding:
    """What one table holds of a person.

    Parameters
    ----------
    table
        Its name.
    holds
        What that is, in words: an answer to the person, and to whoever reads this.
    deed
        What erasure does.
    found
        Columns by which rows of the person are found.
    blank
        Columns that are filled anew.
    stays
        Columns of text or JSON that stay, and why.
    named_in
        Columns of other people's rows that may be the person's reference; such a value is cleared.
    searched
        Columns whose text or JSON is searched for the person's names; True where a hit empties the whole column.
    """

    table: str
    holds: str
    deed: Deed
    found: Found = field(default_factory=dict)
    blank: Mapping[str, Filler] = field(default_factory=dict)
    stays: Mapping[str, str] = field(default_factory=dict)
    named_in: Found = field(default_factory=dict)
    searched: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Trail:
    """Which records are about the person: the ids in a table whose columns lead to what is known already."""

    to: Subject
    table: str
    found: Found


NAMES = (("customers", "id"),)
"""Tables whose `reference` names a customer, each with the column that is the customer's id."""

TRAILS = (
    Trail(Subject.PROMISE, "promises", {"case_id": Subject.CASE}),
    Trail(Subject.OBSERVATION, "observation_versions", {"case_id": Subject.CASE}),
    Trail(Subject.DEPARTURE, "departure_versions", {"customer_id": Subject.CUSTOMER}),
    Trail(
        Subject.RESPONSE,
        "response_versions",
        {
            "customer_id": Subject.CUSTOMER,
            "case_id": Subject.CASE,
            "claimed_customer": Subject.CUSTOMER_REFERENCE,
            "claimed_case": Subject.CASE_REFERENCE,
        },
    ),
)
"""After the customer and their cases, which stand first."""

HEADS = {
    Subject.CUSTOMER: "customers",
    Subject.CASE: "cases",
    Subject.PROMISE: "promises",
    Subject.OBSERVATION: "observations",
    Subject.DEPARTURE: "departures",
    Subject.RESPONSE: "responses",
}
"""The table whose `id` a subject is."""

CATALOGUES: Mapping[str, tuple[str, str]] = {}
"""Columns of words (`need`, `team`) that the workspace itself catalogues: table and column of the catalogue."""

A_CHOICE = "one of a few words of ours"
OF_THE_COMPANY = "how the company works, nothing of a customer"
OF_STAFF = "what staff propose and managers answer: of staff, not of a customer"


def _gone(table: str, holds: str, found: Found, named_in: Found | None = None) -> Holding:
    return Holding(table, holds, Deed.GONE, found, named_in=named_in or {})


def _nobody(table: str, why: str) -> Holding:
    return Holding(table, why, Deed.NOBODY)


GIVEN = {"given": Filler.GIVEN}

HOLDINGS = (
    _gone("customers", "the reference", {"id": Subject.CUSTOMER}),
    _gone(
        "customer_versions",
        "name, address, worth, wishes and attributes",
        {"id": Subject.CUSTOMER},
        named_in={"referred_by": Subject.CUSTOMER_REFERENCE},
    ),
    _gone("departures", "the reference of a departure", {"id": Subject.DEPARTURE}),
    _gone("departure_versions", "when and how the customer left", {"customer_id": Subject.CUSTOMER}),
    _gone("assessments", "what was said of the customer's risk, and why", {"customer_id": Subject.CUSTOMER}),
    Holding(
        "cases",
        "the reference of a case",
        Deed.KEPT,
        found={"id": Subject.CASE},
        blank={"reference": Filler.RANDOM},
    ),
    Holding(
        "case_versions",
        "what the customer needed, when and how it went, and attributes",
        Deed.KEPT,
        found={"id": Subject.CASE, "customer_id": Subject.CUSTOMER},
        blank={
            **GIVEN,
            "need": Filler.SHARED,
            "channel": Filler.SHARED,
            "team": Filler.SHARED,
            "caused_by_case": Filler.NULL,
            "attributes": Filler.OBJECT,
        },
        stays={"demand": A_CHOICE},
        named_in={"caused_by_case": Subject.CASE_REFERENCE},
    ),
    Holding(
        "promises",
        "the reference of a promise",
        Deed.KEPT,
        found={"id": Subject.PROMISE},
        blank={"reference": Filler.RANDOM},
    ),
    Holding(
        "promise_versions",
        "what was promised, by when, and when it was kept",
        Deed.KEPT,
        found={"id": Subject.PROMISE},
        blank={**GIVEN, "what": Filler.TEXT},
        stays={"moved_by": A_CHOICE},
    ),
    Holding(
        "observations",
        "the reference of an observation",
        Deed.KEPT,
        found={"id": Subject.OBSERVATION},
        blank={"reference": Filler.WATCH},
    ),
    Holding(
        "observation_versions",
        "which conditions were seen in the customer's cases",
        Deed.KEPT,
        found={"id": Subject.OBSERVATION},
        blank=GIVEN,
        stays={"state": A_CHOICE, "source": A_CHOICE},
    ),
    Holding(
        "responses",
        "the id of a response, and a hash of its body",
        Deed.KEPT,
        found={"id": Subject.RESPONSE},
        blank={"reference": Filler.OWN_ID, "body_hash": Filler.TEXT},
    ),
    Holding(
        "response_versions",
        "what the customer answered",
        Deed.KEPT,
        found={"id": Subject.RESPONSE},
        blank={
            **GIVEN,
            "claimed_customer": Filler.NULL,
            "claimed_case": Filler.NULL,
            "answers": Filler.SCORES,
        },
        stays={"language": "a language's code, chosen by many"},
    ),
    Holding(
        "events",
        "what happened and names the customer, to be told to those who asked",
        Deed.SEARCHED,
        searched={"payload": True},
        stays={"type": A_CHOICE},
    ),
    Holding(
        "jobs",
        "what was asked of a job",
        Deed.SEARCHED,
        searched={"request": False, "result": False, "problem": True},
        stays={"kind": A_CHOICE, "state": A_CHOICE},
    ),
    Holding(
        "analyses",
        "cases named in what an analysis found",
        Deed.SEARCHED,
        searched={"request": False, "summary": False},
        stays={"outcome": "the name of an outcome", "state": A_CHOICE},
    ),
    Holding(
        "audit_entries",
        "who changed what of the customer; references stand there as keyed hashes",
        Deed.SEARCHED,
        searched={"subject": False, "details": False},
        stays={"actor": "who did it, not whom it was done to", "action": A_CHOICE},
    ),
    _gone("idempotent_answers", "sealed answers to the requests that reported the customer", {}),
    _nobody("tombstones", "keyed hashes, so that who was erased stays erased"),
    _nobody("workspaces", OF_THE_COMPANY),
    _nobody("workspace_versions", OF_THE_COMPANY),
    _nobody("access_routes", OF_THE_COMPANY),
    _nobody("api_keys", OF_THE_COMPANY),
    _nobody("job_claims", "which job is to be done by when"),
    _nobody("outbox_claims", "which event is to be told by when"),
    _nobody("conditions", OF_THE_COMPANY),
    _nobody("condition_versions", OF_THE_COMPANY),
    _nobody("condition_sets", "codes of the catalogue"),
    _nobody("condition_set_findings", "counts and rates over many cases"),
    _nobody("surveys", OF_THE_COMPANY),
    _nobody("survey_versions", OF_THE_COMPANY),
    _nobody("risk_models", "weights of features, learnt over many customers; no reference and no text"),
    _nobody("role_proposals", OF_STAFF),
    _nobody("role_proposal_versions", OF_STAFF),
    _nobody("supporters", OF_STAFF),
    _nobody("support_answers", OF_STAFF),
)

BY_TABLE: Mapping[str, Holding] = {holding.table: holding for holding in HOLDINGS}
