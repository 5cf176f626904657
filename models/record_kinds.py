"""What a record is: the kind it is of, a change somebody reports, and what became of the change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from models.base import Version
from models.rules.versions import ATTRIBUTES, Complete

VERSION_COLUMNS = frozenset(Version.model_fields)
ROWS_A_QUESTION = 500
"""Keys asked for at once: below every driver's limit of parameters."""

Key = tuple[Any, ...]
"""What a record is known by within its workspace."""


class KeyTaken(Exception):  # noqa: N818 - a state of things, which whoever keeps the record explains
    """A new record cannot be made: its id, or its key, is that of another which was made a moment ago."""


@dataclass(frozen=True)
class RecordKind:
    """A kind of record: its two tables and the columns it is known by.

    Parameters
    ----------
    name
        The glossary's word.
    head, version
        The tables.
    known_by
        The head's columns that make its natural key, `reference` last.
    complete
        The rule that fills in what its states have by rule.
    """

    name: str
    head: Table
    version: Table
    known_by: tuple[str, ...] = ("reference",)
    complete: Complete | None = None

    @cached_property
    def fields(self) -> list[str]:
        """The version columns that are the record's own state."""
        return [column.name for column in self.version.columns if column.name not in VERSION_COLUMNS]

    @cached_property
    def needed(self) -> list[str]:
        """Those fields that a record cannot be without."""
        return [name for name in self.fields if name != ATTRIBUTES and not self.version.columns[name].nullable]


@dataclass(frozen=True)
class Change:
    """What somebody says of a record: the fields given, when it happened and when it was known."""

    key: Key
    given: Mapping[str, Any]
    occurred_at: datetime
    recorded_at: datetime
    head: Mapping[str, Any] = field(default_factory=dict)
    identity: UUID | None = None
    voided: bool = False
    once: bool = False
    """Makes a record and never alters one: where another writer made it a moment ago, his stands."""


@dataclass
class Recorded:
    """What became of a change."""

    id: UUID
    key: Key
    version: int
    state: dict[str, Any]
    created: bool
    unchanged: bool
    recorded_at: datetime
    occurred_at: datetime
    voided: bool
