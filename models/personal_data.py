"""What every table holds of a customer, and what erasure does with it. A test fails for a table that is missing here.

A person is followed from the customer's references along `models.trails` to the records about them. Each table then
says in `HOLDINGS` how their rows are found and what becomes of them:

* `gone`: the rows are deleted;
* `kept`: the rows stay, under new ids, without what could name somebody. Each column of text or JSON is either filled
  anew (`blank`) or stays for a reason (`stays`);
* `searched`: rows of anybody whose text names the person somewhere inside: `models.mentions`;
* `nobody`: it holds nothing of a customer, for a reason.
"""

from collections.abc import Mapping

from models.holding import A_CHOICE, OF_STAFF, Deed, Filler, Found, Holding, Subject
from models.mentions import MENTIONS

OF_THE_COMPANY = "how the company works, nothing of a customer"


def _gone(table: str, holds: str, found: Found, named_in: Found | None = None) -> Holding:
    return Holding(table, holds, Deed.GONE, found, named_in=named_in or {})


def _nobody(table: str, why: str) -> Holding:
    return Holding(table, why, Deed.NOBODY)


NOBODYS = {
    OF_THE_COMPANY: (
        "workspaces",
        "workspace_versions",
        "api_keys",
        "hooks",
        "needs",
        "need_versions",
        "teams",
        "team_versions",
        "changes",
        "change_versions",
        "conditions",
        "condition_versions",
        "surveys",
        "survey_versions",
        "survey_quotas",
    ),
    OF_STAFF: ("support_requests", "role_proposals", "supporters", "countermeasures", "measures_in_use", "pulses"),
}
"""Tables that say nothing of any customer, by the reason."""

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
    _gone(
        "departure_versions",
        "when and how the customer left",
        {"id": Subject.DEPARTURE, "customer_id": Subject.CUSTOMER},
    ),
    _gone("assessments", "what was said of the customer's risk, and why", {"customer_id": Subject.CUSTOMER}),
    _gone("revenues", "the reference of a revenue", {"id": Subject.REVENUE}),
    _gone("revenue_versions", "what the customer paid", {"id": Subject.REVENUE, "customer_id": Subject.CUSTOMER}),
    _gone("risk_feedback", "the reference of a word on the customer's risk", {"id": Subject.RISK_FEEDBACK}),
    _gone(
        "risk_feedback_versions",
        "what people who know the customer said of the risk",
        {"id": Subject.RISK_FEEDBACK, "customer_id": Subject.CUSTOMER},
    ),
    _gone("follow_ups", "the reference of a follow-up", {"id": Subject.FOLLOW_UP}),
    Holding(
        "follow_up_versions",
        "what the customer is owed, what was promised and noted, and what came of it",
        Deed.GONE,
        found={"id": Subject.FOLLOW_UP, "customer_id": Subject.CUSTOMER, "case_id": Subject.CASE},
        searched=dict.fromkeys(("promise", "note"), Filler.NAMES),
    ),
    _gone("outreach_draws", "whether the customer was drawn to be offered outreach", {"customer_id": Subject.CUSTOMER}),
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
            "need": Filler.SHARED_OR_TEXT,
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
        found={"id": Subject.INTERACTION, "case_id": Subject.CASE, "customer_id": Subject.CUSTOMER},
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
        found={"id": Subject.COST, "case_id": Subject.CASE},
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
        found={"id": Subject.OBSERVATION, "case_id": Subject.CASE},
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
    _gone("rule_looks", "when rules look at the customer's cases again", {"case_id": Subject.CASE}),
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
        found={"id": Subject.HEARD, "case_id": Subject.CASE},
        blank={
            **GIVEN,
            "what": Filler.TEXT,
            "need": Filler.SHARED,
            "team": Filler.SHARED,
            "heard_by": Filler.SHARED,
        },
        searched={"what": Filler.NAMES},
    ),
    Holding(
        "responses",
        "the reference of a response, and a hash of its body",
        Deed.KEPT,
        found={"id": Subject.RESPONSE},
        blank={"reference": Filler.OWN_ID, "body_hash": Filler.TEXT},
    ),
    Holding(
        "response_versions",
        "what the customer answered",
        Deed.KEPT,
        found={
            "id": Subject.RESPONSE,
            "case_id": Subject.CASE,
            "customer_id": Subject.CUSTOMER,
            "claimed_customer": Subject.CUSTOMER_REFERENCE,
            "claimed_case": Subject.CASE_REFERENCE,
        },
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
        "quota_places",
        "which quotas of its survey an answer counts for",
        Deed.KEPT,
        found={"id": Subject.RESPONSE},
        stays={"key": "a quota's key, chosen by the company"},
    ),
    _gone("response_sources", "where the form stood that an answer came by", {"id": Subject.RESPONSE}),
    Holding(
        "missing_conditions",
        "what people named as missing in failures without a known set",
        Deed.GONE,
        found={"case_id": Subject.CASE},
        searched={"words": Filler.NAMES},
    ),
    _gone("comment_suggestions", "which conditions the customer's comments may speak of", {"id": Subject.SUGGESTION}),
    Holding(
        "suggestion_decisions",
        "what people decided on a suggestion from the customer's comments, and noted",
        Deed.GONE,
        found={"id": Subject.SUGGESTION},
        searched={"note": Filler.TEXT},
    ),
    *MENTIONS,
    _gone("idempotent_answers", "sealed answers to the requests that reported the customer", {}),
    _nobody("tombstones", "keyed hashes, so that who was erased stays erased"),
    _nobody("access_routes", "keyed hashes of keys, slugs and links; the links of an erased customer's invitations go"),
    _nobody("job_claims", "which job is to be done by when"),
    _nobody("outbox_claims", "which delivery is to be made by when"),
    _nobody("deliveries", "which event was told to which hook; what it told is the event's"),
    _nobody("marks", "when the installation last did something"),
    _nobody("schedules", "when a kind of job is due next"),
    _nobody("link_secrets", "random salts"),
    _nobody("condition_sets", "codes of the catalogue"),
    _nobody("root_costs", "sums over many cases; words only that several customers' cases carry"),
    _nobody("comment_models", "words that comments of five customers or more hold, and weights of them"),
    _nobody("analysis_exposures", "counts over many cases"),
    _nobody("countermeasure_effects", "counts and rates over many cases"),
    _nobody("measure_evidence", "counts and shares over fifty customers and more"),
    _nobody("medians", "medians over five cases or customers and more, by need or currency"),
    _nobody("outreach_effects", "counts and rates over many customers"),
    _nobody("risk_models", "weights of features, learnt over many customers; no reference and no text"),
    _gone("challenger_risks", "what a model on trial said of the customer's risk", {"customer_id": Subject.CUSTOMER}),
    _nobody("felt_reports", "means, shares and counts over many customers; segments and needs that ten of them have"),
    _nobody("model_reports", "shares and counts over many customers, groups of fifty or more"),
    *(_nobody(table, why) for why, tables in NOBODYS.items() for table in tables),
)

BY_TABLE: Mapping[str, Holding] = {holding.table: holding for holding in HOLDINGS}
