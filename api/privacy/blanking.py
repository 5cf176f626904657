"""What a row says when it stays without its customer: new ids, and other words in place of what could name somebody."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Table

from api.privacy.person import Row
from models.holding import Filler
from models.ids import watch_id
from models.personal_data import BY_TABLE
from models.rules.versions import ATTRIBUTES
from models.trails import UNDECLARED

ERASED = "erased"
FREE_KINDS = frozenset({"text", "date", "consent"})
"""Kinds of question whose answers are the customer's own words, or theirs alone."""


@dataclass(frozen=True)
class Change:
    """A row as it stands and as it is to stand."""

    before: Row
    after: Row


@dataclass
class Blanking:
    """One erasure's choices: which id becomes which, and what stays because it is not the person's alone.

    Attributes
    ----------
    customers
        The ids of the person who goes.
    new_ids
        By table, old id to new.
    asked
        By response, the survey it answers.
    questions
        By survey and version, the questions.
    shared
        By table and column, the words that stay.
    anonymous
        By old id of the case, or of the record where there is none, the anonymous customer made for it.
    """

    customers: frozenset[UUID]
    new_ids: Mapping[str, Mapping[UUID, UUID]]
    asked: Mapping[UUID, UUID]
    questions: Mapping[tuple[UUID, int], list[dict[str, Any]]]
    shared: Mapping[tuple[str, str], frozenset[str]]
    anonymous: dict[UUID, UUID] = field(default_factory=dict)
    stored: dict[UUID, datetime] = field(default_factory=dict)

    def stays(self, table: Table, row: Row) -> bool:
        """Return whether a row stays: what was told of the person in a record that is another's now does not.

        Of a case that is another's it stays with an anonymous customer; elsewhere it would say which case was theirs.
        """
        head = _pointers(table).get("id", table.name)
        return head == "cases" or head not in self.new_ids or row["id"] in self.new_ids[head]

    def changed(self, table: Table, row: Row) -> Change:
        """Return a row that is kept, as it is and as it is to be."""
        new = dict(row)
        if table.name in self.new_ids:
            new["id"] = self.new_ids[table.name][row["id"]]
        for column, referred in _pointers(table).items():
            new[column] = self._pointed(table, row, column, referred)
        for column, filler in BY_TABLE[table.name].blank.items():
            new[column] = self._filled(table, row, new, column, filler)
        return Change(row, new)

    def _pointed(self, table: Table, row: Row, column: str, referred: str) -> Any:
        value = row[column]
        if referred == "customers":
            if value not in self.customers:
                return value
            case = row["id"] if table.name == "case_versions" else row.get("case_id")
            if case is None and table.c[column].nullable:
                return None
            return self._anonymous(case or row["id"], row)
        return self.new_ids.get(referred, {}).get(value, value)

    def _anonymous(self, case: UUID, row: Row) -> UUID:
        if case not in self.anonymous:
            # Ids made one after the other would say that they belong together.
            self.anonymous[case] = uuid4()
            self.stored[case] = row["stored_at"]
        return self.anonymous[case]

    def _filled(self, table: Table, row: Row, new: Row, column: str, filler: Filler) -> Any:
        plain: Mapping[Filler, Callable[[], Any]] = {
            Filler.NULL: lambda: None,
            Filler.TEXT: lambda: None if row[column] is None else ERASED,
            Filler.OBJECT: dict,
            Filler.RANDOM: lambda: uuid4().hex,
            Filler.OWN_ID: lambda: str(new["id"]),
            Filler.WATCH: lambda: watch_id(new["case_id"], row["condition_id"]),
            Filler.SCORES: lambda: self._scores(row),
            Filler.GIVEN: lambda: [name for name in row[column] if not name.startswith(f"{ATTRIBUTES}.")],
            Filler.SHARED: lambda: self._shared(table, row, column, None if table.c[column].nullable else ERASED),
            Filler.SHARED_OR_TEXT: lambda: self._shared(table, row, column, ERASED),
        }
        return plain[filler]()

    def _scores(self, row: Row) -> dict[str, Any]:
        return scores(row["answers"], self.questions.get((self.asked[row["id"]], row["survey_version"]), []))

    def _shared(self, table: Table, row: Row, column: str, otherwise: str | None) -> Any:
        stays = row[column] is None or row[column] in self.shared[table.name, column]
        return row[column] if stays else otherwise


def scores(answers: Mapping[str, Any], questions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the answers that were chosen or counted, without those in the customer's own words.

    >>> scores({"satisfaction": 2, "comment": "again"}, [{"key": "satisfaction", "kind": "rating"}])
    {'satisfaction': 2}
    """
    kept = {question["key"] for question in questions if question["kind"] not in FREE_KINDS}
    return {key: value for key, value in answers.items() if key in kept}


def anonymous_customer(table: Table, identity: UUID, workspace_id: UUID, stored_at: datetime) -> Row:
    """Return a customer of whom nothing is known, not even that there is a version to know."""
    given = {
        "workspace_id": workspace_id,
        "id": identity,
        "reference": f"{ERASED}-{identity.hex}",
        "version": 0,
        "stored_at": stored_at,
    }
    return {column.name: given.get(column.name) for column in table.columns}


def _pointers(table: Table) -> dict[str, str]:
    """Return which columns hold the id of a record of which table."""
    declared = {
        element.parent.name: constraint.referred_table.name
        for constraint in table.foreign_key_constraints
        for element in constraint.elements
        if element.column.name == "id" and constraint.referred_table.name != "workspaces"
    }
    return {**declared, **UNDECLARED.get(table.name, {})}
