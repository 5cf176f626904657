"""Which tables point to a customer, and what becomes of their rows when one customer is merged into another.

Merging and erasure have to reach every row about a customer. A table with a customer's id that is not listed here
fails a test.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class OnMerge(StrEnum):
    """What becomes of a table's rows about a customer who is merged into another."""

    APPENDED = "appended"
    """Records with versions: another version says whose they are now; what was known before stays as it was."""
    MOVED = "moved"
    """Rows without versions, that are about what is still to come: they are given to the survivor."""
    KEPT = "kept"
    """What was said of the merged customer's risk then, or drawn: it stays with them; readers look at the survivor."""


CUSTOMER_FACTS: Mapping[str, OnMerge] = MappingProxyType(
    {
        "case_versions": OnMerge.APPENDED,
        "departure_versions": OnMerge.APPENDED,
        "interaction_versions": OnMerge.APPENDED,
        "revenue_versions": OnMerge.APPENDED,
        "response_versions": OnMerge.APPENDED,
        "follow_up_versions": OnMerge.APPENDED,
        "invitations": OnMerge.MOVED,
        "assessments": OnMerge.KEPT,
        "challenger_risks": OnMerge.KEPT,
        "outreach_draws": OnMerge.KEPT,
        "risk_feedback": OnMerge.KEPT,
        "risk_feedback_versions": OnMerge.KEPT,
    }
)
"""By table; each has the column `customer_id`."""

CUSTOMER_OWN: Mapping[str, str] = MappingProxyType(
    {"customers": "merged_into", "customer_versions": "id"},
)
"""The customer's own tables, each with the column by which it names a customer besides the customer itself."""


def facts_on_merge(deed: OnMerge) -> list[str]:
    """Return the tables of which one thing becomes."""
    return [table for table, own in CUSTOMER_FACTS.items() if own is deed]
