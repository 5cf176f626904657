"""The tables keep the law of the workspace: it leads every key, and nothing is unique across workspaces."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, ForeignKeyConstraint, Sequence, Table, UniqueConstraint

from models.tables import DIRECTORY_TABLES, metadata

LEADER = "workspace_id"
TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)
OF_A_WORKSPACE = [table for table in TABLES if table.name not in DIRECTORY_TABLES]
every_table = pytest.mark.parametrize("table", OF_A_WORKSPACE, ids=lambda table: table.name)


def leaders(table: Table) -> Iterator[tuple[str, str]]:
    """Give every key and index of a table with the column that leads it."""
    yield "primary key", table.primary_key.columns[0].name
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint | ForeignKeyConstraint):
            yield str(constraint.name), next(iter(constraint.columns)).name
    for index in table.indexes:
        first = next(iter(index.expressions))
        assert isinstance(first, Column)
        yield str(index.name), first.name


def test_the_directory_is_these_five_tables_and_no_others() -> None:
    directory = {"workspaces", "access_routes", "job_claims", "outbox_claims", "marks", "schedules"}
    assert directory == DIRECTORY_TABLES
    assert set(metadata.tables) >= DIRECTORY_TABLES
    assert len(OF_A_WORKSPACE) == len(metadata.tables) - len(DIRECTORY_TABLES) >= 20


@every_table
def test_the_workspace_leads_every_key_and_index(table: Table) -> None:
    assert {name: leader for name, leader in leaders(table) if leader != LEADER} == {}


@every_table
def test_nothing_is_unique_and_nothing_counts_across_workspaces(table: Table) -> None:
    assert [column.name for column in table.columns if column.unique] == []
    assert [column.name for column in table.columns if isinstance(column.default, Sequence)] == []
    assert table.autoincrement_column is None


@every_table
def test_a_row_points_only_within_its_workspace(table: Table) -> None:
    abroad = [
        str(constraint.name)
        for constraint in table.foreign_key_constraints
        if constraint.referred_table.name != "workspaces"
        if constraint.elements[0].column.name != LEADER or constraint.referred_table.name in DIRECTORY_TABLES
    ]
    assert abroad == []
    assert table.c[LEADER].nullable is False


def test_a_directory_table_tells_only_the_way_to_a_workspace() -> None:
    told = {name: {column.name for column in metadata.tables[name].columns} for name in DIRECTORY_TABLES}
    lease = {"workspace_id", "due_at", "attempts", "leased_by", "leased_until"}
    assert told == {
        "workspaces": {"id", "slug", "created_at"},
        "access_routes": {"kind", "lookup", "workspace_id"},
        "job_claims": {*lease, "job_id", "kind", "failures", "lost"},
        "outbox_claims": {*lease, "delivery_id"},
        "marks": {"name", "at"},
        "schedules": {"workspace_id", "kind", "due_at", "asked_at", "seen_until", "stale_since", "stale_code"},
    }
