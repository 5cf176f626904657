"""Which records are about a person: the ways from a customer's references to everything that is theirs."""

from collections.abc import Mapping

from models.holding import Subject, Trail

TRAILS = (
    Trail(Subject.PROMISE, "promises", {"case_id": Subject.CASE}),
    Trail(Subject.INTERACTION, "interaction_versions", {"case_id": Subject.CASE, "customer_id": Subject.CUSTOMER}),
    Trail(Subject.COST, "cost_entry_versions", {"case_id": Subject.CASE}),
    Trail(Subject.OBSERVATION, "observation_versions", {"case_id": Subject.CASE}),
    Trail(Subject.HEARD, "heard_versions", {"case_id": Subject.CASE}),
    Trail(Subject.DEPARTURE, "departure_versions", {"customer_id": Subject.CUSTOMER}),
    Trail(Subject.REVENUE, "revenue_versions", {"customer_id": Subject.CUSTOMER}),
    Trail(Subject.RISK_FEEDBACK, "risk_feedback", {"customer_id": Subject.CUSTOMER}),
    Trail(Subject.FOLLOW_UP, "follow_up_versions", {"customer_id": Subject.CUSTOMER, "case_id": Subject.CASE}),
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
    Trail(Subject.SUGGESTION, "comment_suggestions", {"response_id": Subject.RESPONSE}),
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
    Subject.FOLLOW_UP: "follow_ups",
    Subject.RESPONSE: "responses",
    Subject.SUGGESTION: "comment_suggestions",
    Subject.INVITATION: "invitations",
}
"""The table whose `id` a subject is."""

UNDECLARED: Mapping[str, Mapping[str, str]] = {
    "rule_observations": {"case_id": "cases"},
    "rule_looks": {"case_id": "cases"},
}
"""Columns that hold a record's id without a foreign key that says so: by table, each with the table it leads to."""

CATALOGUES: Mapping[str, tuple[str, str]] = {"need": ("needs", "reference"), "team": ("teams", "reference")}
"""Columns of words (`need`, `team`) that the workspace itself catalogues: table and column of the catalogue."""
