"""The eight dimensions of Facts: the shares each is made of, and what has to be known for them.

A dimension is the mean of its shares, times 100. One is *measured* where enough is known of every share of it: a mean
over whatever happens to be known would be another dimension each month.
"""

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """A share that a dimension is made of: of each row it is known whether it holds, or it is not known."""

    KEPT = "kept"
    DONE_IN_TIME = "done_in_time"
    FIRST_TIME = "first_time"
    NOT_NEEDLESS = "not_needless"
    TOLD_FIRST = "told_first"
    PUT_BACK = "put_back"
    RESTORED_IN_TIME = "restored_in_time"
    LEARNT = "learnt"
    AS_NEW = "as_new"
    WITHOUT_PERMISSION = "without_permission"
    PROPOSALS_ANSWERED = "proposals_answered"
    REQUESTS_MET = "requests_met"


class Dimension(StrEnum):
    """What a company owes those it serves, as far as its own records tell."""

    KEEP = "keep"
    FLOW = "flow"
    FIRST = "first"
    NO_NEEDLESS_CONTACT = "no_needless_contact"
    RESTORE = "restore"
    LEARN = "learn"
    FAIR = "fair"
    ENABLE = "enable"


@dataclass(frozen=True, slots=True)
class Counting:
    """What a share counts.

    Parameters
    ----------
    numerator, denominator : str
        In words: what holds, of what.
    field : str
        What has to be reported for it to be known.
    source : str
        Where CRM systems usually have it.
    """

    numerator: str
    denominator: str
    field: str
    source: str


PARTS: dict[Dimension, tuple[Part, ...]] = {
    Dimension.KEEP: (Part.KEPT,),
    Dimension.FLOW: (Part.DONE_IN_TIME,),
    Dimension.FIRST: (Part.FIRST_TIME,),
    Dimension.NO_NEEDLESS_CONTACT: (Part.NOT_NEEDLESS,),
    Dimension.RESTORE: (Part.TOLD_FIRST, Part.PUT_BACK, Part.RESTORED_IN_TIME),
    Dimension.LEARN: (Part.LEARNT,),
    Dimension.FAIR: (Part.AS_NEW,),
    Dimension.ENABLE: (Part.WITHOUT_PERMISSION, Part.PROPOSALS_ANSWERED, Part.REQUESTS_MET),
}

COUNTED: dict[Part, Counting] = {
    Part.KEPT: Counting(
        "promises kept by the date in force",
        "promises whose date in force falls in the window",
        "promises: due_at, kept_at, moved_by",
        "tasks or appointments with a due date, or the promised date of an order",
    ),
    Part.DONE_IN_TIME: Counting(
        "cases done by the time the customer needed them",
        "cases the customer needed done in the window, done or not",
        "cases: needed_by, done_at, confirmed_at; or customer_time of the need",
        "the requested date of an order or appointment; never a service level of the company's own",
    ),
    Part.FIRST_TIME: Counting(
        "cases done in one contact, without hand-over or reopening",
        "cases opened in the window, 14 days ago at least",
        "cases: contacts, handovers, reopened",
        "the history of a case: its owner's changes, its reopenings, its e-mails and calls",
    ),
    Part.NOT_NEEDLESS: Counting(
        "contacts that were no failure demand",
        "contacts in the window whose demand is known",
        "interactions: demand; or the answer contact_reason",
        "the reason of a call or case, classified by staff; the customer's own answer comes first",
    ),
    Part.TOLD_FIRST: Counting(
        "failures of which the customer was told before telling us",
        "cases that failed in the window",
        "cases: told_first",
        "outbound messages of an incident before its first inbound one",
    ),
    Part.PUT_BACK: Counting(
        "failures after which the customer was put back where they would have been",
        "cases that failed in the window",
        "cases: put_back",
        "refunds, replacements or credits, checked with the customer",
    ),
    Part.RESTORED_IN_TIME: Counting(
        "failures restored by the date owed",
        "cases that failed in the window",
        "cases: restored_at, restore_due_at",
        "the resolution date of a complaint, and the date given to the customer",
    ),
    Part.LEARNT: Counting(
        "cost of the condition sets whose countermeasures are verified",
        "cost of the condition sets confirmed 30 days before the window's end",
        "condition sets confirmed, their costs, and countermeasures verified",
        "kept here: analyse, and record countermeasures",
    ),
    Part.AS_NEW: Counting(
        "existing customers whose terms and waiting are no worse than a new customer's",
        "existing customers",
        "customers: terms_as_new, waiting_as_new",
        "the price list for new customers beside the contract's, and the queues each waits in",
    ),
    Part.WITHOUT_PERMISSION: Counting(
        "cases completed without asking for permission",
        "cases done in the window",
        "cases: permission_asked",
        "approval steps of a case",
    ),
    Part.PROPOSALS_ANSWERED: Counting(
        "role proposals answered with reasons in time",
        "role proposals whose answer was due in the window",
        "role proposals and their answers",
        "kept here: staff propose, managers answer",
    ),
    Part.REQUESTS_MET: Counting(
        "knowledge or tool requests met within 60 days",
        "knowledge and tool requests made 60 days ago or met before, due in the window",
        "support requests: asked_at, met_at",
        "requests of a team to its support, or to IT and training",
    ),
}

ABOUT_STAFF = frozenset({Part.PROPOSALS_ANSWERED, Part.REQUESTS_MET})
"""Shares whose rows are no customers': what a team is owed."""
NEEDED = frozenset({Dimension.KEEP, Dimension.FLOW, Dimension.NO_NEEDLESS_CONTACT})
"""Dimensions without which there is no composite."""
