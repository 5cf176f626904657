"""Conditions, what was observed of them in cases, and the condition sets found to conspire."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, SmallInteger
from sqlmodel import Field, SQLModel

from models.base import (
    Head,
    JsonObject,
    UTCDateTime,
    Version,
    WorkspaceRow,
    found_by,
    moment,
    text_enum,
    unique_in_workspace,
    within_workspace,
)


class ConditionKind(StrEnum):
    """What a condition is made of; a countermeasure of the same kind usually answers it."""

    KNOWLEDGE = "knowledge"
    TOOL = "tool"
    AUTHORITY = "authority"
    PROCESS = "process"
    POLICY = "policy"
    TARGET = "target"
    INFORMATION = "information"
    CAPACITY = "capacity"
    SUPPLIER = "supplier"
    ENVIRONMENT = "environment"
    OTHER = "other"


class Condition(Head, table=True):
    """A catalogued circumstance that can help a failure to happen; `reference` is its code."""

    __tablename__ = "conditions"
    __table_args__ = (unique_in_workspace("conditions", "reference"), found_by("conditions", "stored_at", "id"))


class ConditionVersion(Version, table=True):
    """How a condition is named, the rule that sees it, if a rule does, and the phrases customers say of it."""

    __tablename__ = "condition_versions"
    __table_args__ = (within_workspace("id", "conditions"),)

    name: str = Field(max_length=200)
    kind: ConditionKind = Field(sa_type=text_enum(ConditionKind))
    rule: JsonObject | None = Field(default=None, sa_type=JSON(none_as_null=True))
    description: str | None = Field(default=None, max_length=2000)
    phrases: list[str] | None = Field(default=None, sa_type=JSON(none_as_null=True))


class ObservedState(StrEnum):
    """Whether a condition was there. Unknown is not absent."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class ObservationSource(StrEnum):
    """Who or what saw it."""

    RULE = "rule"
    SYSTEM = "system"
    CUSTOMER = "customer"
    STAFF = "staff"
    COMMENT = "comment"


class Observation(Head, table=True):
    """One watch that a system, a customer or staff keep on a condition in a case."""

    __tablename__ = "observations"
    __table_args__ = (
        unique_in_workspace("observations", "reference"),
        found_by("observations", "stored_at", "id"),
    )


class ObservationVersion(Version, table=True):
    """A condition seen present, absent or unknown from `observed_at` on, whenever that was told or corrected."""

    __tablename__ = "observation_versions"
    __table_args__ = (
        within_workspace("id", "observations"),
        within_workspace("case_id", "cases"),
        within_workspace("condition_id", "conditions"),
        found_by("observation_versions", "case_id", "condition_id"),
    )

    case_id: UUID
    condition_id: UUID
    state: ObservedState = Field(sa_type=text_enum(ObservedState))
    source: ObservationSource = Field(sa_type=text_enum(ObservationSource))
    observed_at: datetime = Field(sa_type=UTCDateTime)


class RuleObservation(SQLModel, table=True):
    """What a rule saw in a case: from `observed_at` on the condition was so, until the rule's next row.

    Derived, not told: a step of a timeline has no head and no fields of its own. A step that is derived otherwise
    later, because something was told late or the rule was changed, is appended under the next `number`. `id` is the
    watch the rule keeps on the condition in the case, the same for all its steps.
    """

    __tablename__ = "rule_observations"
    # No foreign keys: only derivation writes here, of the cases and conditions it holds in the same transaction, and
    # neither is ever deleted. An import makes so many of these rows that the checks would cost more than the rows.
    __table_args__ = (
        found_by("rule_observations", "stored_at", "id"),
        {"sqlite_with_rowid": False},
    )

    workspace_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    condition_id: UUID = Field(primary_key=True)
    observed_at: datetime = Field(primary_key=True, sa_type=UTCDateTime)
    number: int = Field(primary_key=True, sa_type=SmallInteger)
    state: ObservedState = Field(sa_type=text_enum(ObservedState))
    id: UUID
    stored_at: datetime = Field(sa_type=UTCDateTime)


class RuleLook(SQLModel, table=True):
    """When rules have to look at a case again though nothing more is told of it: a promise falls due, a clock runs on.

    One row a case, the earliest such moment. Looking too early does no harm, so a row may outlive its reason.
    """

    __tablename__ = "rule_looks"
    # No foreign keys, as above.
    __table_args__ = (found_by("rule_looks", "due_at", "case_id"), {"sqlite_with_rowid": False})

    workspace_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UTCDateTime)


class AnalysisState(StrEnum):
    """How far an analysis is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


class Analysis(WorkspaceRow, table=True):
    """One search for condition sets: what was asked, and what came of it. Its id is also its job's.

    The newest that is `whole` (all cases, no strata) is the one in force. `unexplained` are some failures in which no
    set was complete, each with the conditions that were there.
    """

    __tablename__ = "analyses"
    __table_args__ = (found_by("analyses", "created_at"),)

    outcome: str = Field(max_length=100)
    request: JsonObject = Field(sa_type=JSON)
    state: AnalysisState = Field(sa_type=text_enum(AnalysisState))
    whole: bool = True
    summary: JsonObject | None = Field(default=None, sa_type=JSON(none_as_null=True))
    unexplained: list[JsonObject] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    code: str | None = Field(default=None, max_length=64)
    problem: str | None = Field(default=None, max_length=2000)
    created_at: datetime = Field(sa_type=UTCDateTime)
    finished_at: datetime | None = moment()


class ConditionSet(WorkspaceRow, table=True):
    """A set of conditions by its one identity: workspace, outcome and sorted codes."""

    __tablename__ = "condition_sets"
    __table_args__ = (found_by("condition_sets", "stored_at", "id"),)

    outcome: str = Field(max_length=100)
    conditions: list[str] = Field(sa_type=JSON)
    stored_at: datetime = Field(sa_type=UTCDateTime)


class ConditionSetFinding(WorkspaceRow, table=True):
    """What one analysis found of one condition set: appended by each analysis.

    `measures` are figures over many cases. `evidence` are ids of some cases that show the set: it alone can lead to a
    customer.
    """

    __tablename__ = "condition_set_findings"
    __table_args__ = (
        within_workspace("id", "condition_sets"),
        within_workspace("analysis_id", "analyses"),
        found_by("condition_set_findings", "analysis_id", "position"),
    )

    analysis_id: UUID = Field(primary_key=True)
    position: int
    status: str = Field(max_length=32)
    rows: int
    customers: int
    failures: int
    rate: float | None = None
    rate_without_any: float | None = None
    completion: float
    low: float
    high: float
    measures: JsonObject = Field(sa_type=JSON)
    evidence: list[str] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class MissingCondition(WorkspaceRow, table=True):
    """What somebody says was missing from the catalogue, of a failure with no known set: appended, never changed.

    `words` is the name as it was given: which spellings are one name is for whoever counts.
    """

    __tablename__ = "missing_conditions"
    __table_args__ = (
        within_workspace("case_id", "cases"),
        within_workspace("analysis_id", "analyses"),
        found_by("missing_conditions", "case_id"),
    )

    analysis_id: UUID
    case_id: UUID
    words: str = Field(max_length=200)
    actor: str = Field(max_length=200)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class Verdict(StrEnum):
    """What people say of a condition set."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DOUBTED = "doubted"
    SET_ASIDE = "set_aside"


class ConditionSetVerdict(WorkspaceRow, table=True):
    """What somebody said of a condition set: appended, never changed; the latest counts."""

    __tablename__ = "condition_set_verdicts"
    __table_args__ = (within_workspace("id", "condition_sets"),)

    number: int = Field(primary_key=True)
    verdict: Verdict = Field(sa_type=text_enum(Verdict))
    note: str | None = Field(default=None, max_length=4000)
    cases: list[str] = Field(sa_type=JSON)
    actor: str = Field(max_length=200)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
