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
    INTERACTION = "interaction"
    COST = "cost entry"
    OBSERVATION = "observation"
    HEARD = "heard"
    DEPARTURE = "departure"
    REVENUE = "revenue"
    RISK_FEEDBACK = "risk feedback"
    RESPONSE = "response"
    INVITATION = "invitation"


class Filler(StrEnum):
    """What takes the place of what is erased."""

    NULL = "null"
    TEXT = "the word erased"
    OBJECT = "an empty object"
    RANDOM = "a random reference"
    WATCH = "the watch a rule keeps on the case under its new id"
    OWN_ID = "the record's new id"
    SCORES = "answers without free text"
    GIVEN = "names of fields without those of attributes"
    SHARED = "the word where other customers' rows carry it too"
    NAMES = "the word erased in place of each name inside"
    ITEMS = "the list without what names the person"


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
        Columns whose text or JSON is searched for the person's names, each with what takes its place in a row that
        names them anywhere.
    """

    table: str
    holds: str
    deed: Deed
    found: Found = field(default_factory=dict)
    blank: Mapping[str, Filler] = field(default_factory=dict)
    stays: Mapping[str, str] = field(default_factory=dict)
    named_in: Found = field(default_factory=dict)
    searched: Mapping[str, Filler] = field(default_factory=dict)


@dataclass(frozen=True)
class Trail:
    """Which records are about the person: the ids in a table whose columns lead to what is known already."""

    to: Subject
    table: str
    found: Found


TRAILS = (
    Trail(Subject.PROMISE, "promises", {"case_id": Subject.CASE}),
    Trail(Subject.INTERACTION, "interaction_versions", {"case_id": Subject.CASE, "customer_id": Subject.CUSTOMER}),
    Trail(Subject.COST, "cost_entry_versions", {"case_id": Subject.CASE}),
    Trail(Subject.OBSERVATION, "observation_versions", {"case_id": Subject.CASE}),
    Trail(Subject.HEARD, "heard_versions", {"case_id": Subject.CASE}),
    Trail(Subject.DEPARTURE, "departure_versions", {"customer_id": Subject.CUSTOMER}),
    Trail(Subject.REVENUE, "revenue_versions", {"customer_id": Subject.CUSTOMER}),
    Trail(Subject.RISK_FEEDBACK, "risk_feedback", {"customer_id": Subject.CUSTOMER}),
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
    Trail(
        Subject.INVITATION,
        "invitations",
        {"customer_id": Subject.CUSTOMER, "case_id": Subject.CASE, "link_case": Subject.CASE_REFERENCE},
    ),
)
"""After the customer, whoever was merged into them, and their cases, which stand first."""

HEADS = {
    Subject.CUSTOMER: "customers",
    Subject.CASE: "cases",
    Subject.PROMISE: "promises",
    Subject.INTERACTION: "interactions",
    Subject.COST: "cost_entries",
    Subject.OBSERVATION: "observations",
    Subject.HEARD: "heard",
    Subject.DEPARTURE: "departures",
    Subject.REVENUE: "revenues",
    Subject.RISK_FEEDBACK: "risk_feedback",
    Subject.RESPONSE: "responses",
    Subject.INVITATION: "invitations",
}
"""The table whose `id` a subject is."""

UNDECLARED: Mapping[str, Mapping[str, str]] = {"rule_observations": {"case_id": "cases"}}
"""Columns that hold a record's id without a foreign key that says so: by table, each with the table it leads to."""

CATALOGUES: Mapping[str, tuple[str, str]] = {"need": ("needs", "reference"), "team": ("teams", "reference")}
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
    _gone("revenues", "the reference of a revenue", {"id": Subject.REVENUE}),
    _gone("revenue_versions", "what the customer paid", {"id": Subject.REVENUE, "customer_id": Subject.CUSTOMER}),
    _gone("risk_feedback", "the reference of a word on the customer's risk", {"id": Subject.RISK_FEEDBACK}),
    _gone(
        "risk_feedback_versions",
        "what people who know the customer said of the risk",
        {"id": Subject.RISK_FEEDBACK, "customer_id": Subject.CUSTOMER},
    ),
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
        "interactions",
        "the reference of an interaction",
        Deed.KEPT,
        found={"id": Subject.INTERACTION},
        blank={"reference": Filler.RANDOM},
    ),
    Holding(
        "interaction_versions",
        "when and how the customer was in contact, and how long it took",
        Deed.KEPT,
        found={"id": Subject.INTERACTION, "customer_id": Subject.CUSTOMER},
        blank={**GIVEN, "channel": Filler.SHARED, "team": Filler.SHARED},
        stays={"demand": A_CHOICE},
    ),
    Holding(
        "cost_entries",
        "the reference of a cost",
        Deed.KEPT,
        found={"id": Subject.COST},
        blank={"reference": Filler.RANDOM},
    ),
    Holding(
        "cost_entry_versions",
        "what the customer's cases cost the company",
        Deed.KEPT,
        found={"id": Subject.COST},
        blank={**GIVEN, "kind": Filler.SHARED, "source": Filler.SHARED},
        stays={"currency": "the workspace's", "basis": A_CHOICE},
    ),
    Holding(
        "observations",
        "the reference of an observation",
        Deed.KEPT,
        found={"id": Subject.OBSERVATION},
        blank={"reference": Filler.RANDOM},
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
        "rule_observations",
        "which conditions rules saw in the customer's cases",
        Deed.KEPT,
        found={"case_id": Subject.CASE},
        blank={"id": Filler.WATCH},
        stays={"state": A_CHOICE},
    ),
    Holding(
        "heard",
        "the reference of what was heard",
        Deed.KEPT,
        found={"id": Subject.HEARD},
        blank={"reference": Filler.RANDOM},
    ),
    Holding(
        "heard_versions",
        "what staff heard the customer need, in the customer's words",
        Deed.KEPT,
        found={"id": Subject.HEARD},
        blank={
            **GIVEN,
            "what": Filler.TEXT,
            "need": Filler.SHARED,
            "team": Filler.SHARED,
            "heard_by": Filler.SHARED,
        },
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
        "invitations",
        "that the customer was invited to answer, and a hash of the link",
        Deed.KEPT,
        found={"id": Subject.INVITATION},
        blank={"reference": Filler.RANDOM, "token_hash": Filler.NULL, "link_case": Filler.NULL},
        stays={"language": "a language's code, chosen by many"},
    ),
    Holding(
        "invited_responses",
        "which answer an invitation was begun with",
        Deed.KEPT,
        found={"id": Subject.RESPONSE, "invitation_id": Subject.INVITATION},
    ),
    Holding(
        "completions",
        "which answer an invitation was completed with",
        Deed.KEPT,
        found={"id": Subject.INVITATION, "response_id": Subject.RESPONSE},
    ),
    Holding(
        "events",
        "what happened and names the customer, to be told to those who asked",
        Deed.SEARCHED,
        searched={"payload": Filler.OBJECT, "once": Filler.NULL},
        stays={"type": A_CHOICE},
    ),
    Holding(
        "jobs",
        "what was asked of a job",
        Deed.SEARCHED,
        searched={
            "request": Filler.NAMES,
            "result": Filler.NAMES,
            "checkpoint": Filler.NAMES,
            "problem": Filler.TEXT,
        },
        stays={"kind": A_CHOICE, "state": A_CHOICE, "code": A_CHOICE, "phase": A_CHOICE},
    ),
    Holding(
        "analyses",
        "cases named in what an analysis found",
        Deed.SEARCHED,
        searched={
            "request": Filler.NAMES,
            "summary": Filler.NAMES,
            "unexplained": Filler.ITEMS,
            "problem": Filler.TEXT,
        },
        stays={"outcome": "the name of an outcome", "state": A_CHOICE, "code": A_CHOICE},
    ),
    Holding(
        "condition_set_verdicts",
        "cases in which people saw conditions work together, and what they noted",
        Deed.SEARCHED,
        searched={"cases": Filler.NAMES, "note": Filler.TEXT},
        stays={"verdict": A_CHOICE, "actor": "who said it, not of whom"},
    ),
    Holding(
        "audit_entries",
        "who changed what of the customer; references stand there as keyed hashes",
        Deed.SEARCHED,
        searched={"subject": Filler.NAMES, "details": Filler.OBJECT},
        stays={"actor": "who did it, not whom it was done to", "action": A_CHOICE},
    ),
    _gone("idempotent_answers", "sealed answers to the requests that reported the customer", {}),
    _nobody("tombstones", "keyed hashes, so that who was erased stays erased"),
    _nobody("workspaces", OF_THE_COMPANY),
    _nobody("workspace_versions", OF_THE_COMPANY),
    _nobody("access_routes", "keyed hashes of keys, slugs and links; the links of an erased customer's invitations go"),
    _nobody("api_keys", OF_THE_COMPANY),
    _nobody("job_claims", "which job is to be done by when"),
    _nobody("outbox_claims", "which delivery is to be made by when"),
    _nobody("hooks", OF_THE_COMPANY),
    _nobody("deliveries", "which event was told to which hook; what it told is the event's"),
    _nobody("marks", "when the installation last did something"),
    _nobody("schedules", "when a kind of job is due next"),
    _nobody("link_secrets", "random salts"),
    _nobody("needs", OF_THE_COMPANY),
    _nobody("need_versions", OF_THE_COMPANY),
    _nobody("teams", OF_THE_COMPANY),
    _nobody("team_versions", OF_THE_COMPANY),
    _nobody("changes", OF_THE_COMPANY),
    _nobody("change_versions", OF_THE_COMPANY),
    _nobody("support_requests", OF_STAFF),
    _nobody("support_request_versions", OF_STAFF),
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
