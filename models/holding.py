"""The words in which `models.personal_data` says what a table holds of a person, and what erasure does with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

A_CHOICE = "one of a few words of ours"
OF_STAFF = "of staff, not of a customer"


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
    FOLLOW_UP = "follow-up"
    RESPONSE = "response"
    SUGGESTION = "suggestion"
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
    SHARED_OR_TEXT = "the word where other customers' rows carry it too, or the word erased"
    NAMES = "the word erased in place of each name inside, sentences too"
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
    told
        Whether the person is told of its rows. Not where whoever asks would read what somebody of the staff answered.
    """

    table: str
    holds: str
    deed: Deed
    found: Found = field(default_factory=dict)
    blank: Mapping[str, Filler] = field(default_factory=dict)
    stays: Mapping[str, str] = field(default_factory=dict)
    named_in: Found = field(default_factory=dict)
    searched: Mapping[str, Filler] = field(default_factory=dict)
    told: bool = True


@dataclass(frozen=True)
class Trail:
    """Which records are about the person: the ids in a table whose columns lead to what is known already."""

    to: Subject
    table: str
    found: Found
