"""Every table says what it holds of a customer: one that is forgotten here would be forgotten by an erasure."""

import pytest
from sqlalchemy import JSON, LargeBinary, String, Table
from sqlmodel.sql.sqltypes import AutoString

from models.base import TextEnum
from models.holding import Deed, Holding
from models.personal_data import BY_TABLE, HOLDINGS
from models.tables import metadata
from models.trails import CATALOGUES, HEADS, TRAILS

TEXTS = (String, AutoString, JSON, LargeBinary, TextEnum)
holdings = pytest.mark.parametrize("holding", HOLDINGS, ids=lambda holding: holding.table)


def texts(table: Table) -> set[str]:
    """Give the columns that could name somebody."""
    return {column.name for column in table.columns if isinstance(column.type, TEXTS)}


def columns(holding: Holding) -> set[str]:
    """Give the columns a holding speaks of."""
    return {*holding.found, *holding.blank, *holding.stays, *holding.named_in, *holding.searched}


def pointers(table: Table) -> dict[str, str]:
    """Give the columns that point at a record of another table."""
    return {
        element.parent.name: constraint.referred_table.name
        for constraint in table.foreign_key_constraints
        for element in constraint.elements
        if element.column.name == "id" and constraint.referred_table.name != "workspaces"
    }


def test_texts_are_told_from_other_columns() -> None:
    assert texts(metadata.tables["promise_versions"]) == {"given", "what", "moved_by"}


def test_every_table_is_declared_once() -> None:
    assert {holding.table for holding in HOLDINGS} == set(metadata.tables)
    assert len(BY_TABLE) == len(HOLDINGS)


@holdings
def test_a_holding_speaks_of_columns_there_are_and_says_what_for(holding: Holding) -> None:
    assert columns(holding) - {column.name for column in metadata.tables[holding.table].columns} == set()
    assert len(holding.holds) > 10
    assert all(holding.stays.values())


@holdings
def test_every_text_that_stays_or_is_searched_is_declared(holding: Holding) -> None:
    table = metadata.tables[holding.table]
    if holding.deed is Deed.KEPT:
        assert texts(table) - {*holding.blank, *holding.stays} == set()
        assert holding.found
    if holding.deed is Deed.SEARCHED:
        assert texts(table) - {*holding.searched, *holding.stays} == set()
    if holding.deed is Deed.NOBODY:
        assert columns(holding) == set()


@holdings
def test_whatever_points_at_a_record_about_a_person_is_found_with_it(holding: Holding) -> None:
    table = metadata.tables[holding.table]
    about = {column: name for column, name in pointers(table).items() if name in HEADS.values()}
    if about:
        assert holding.deed in {Deed.GONE, Deed.KEPT}
        ways = {HEADS[subject] for subject in holding.found.values() if subject in HEADS}
        own = {HEADS[subject] for column, subject in holding.found.items() if column == "id" and subject in HEADS}
        trails = {
            name
            for trail in TRAILS
            for subject in trail.found.values()
            if HEADS[trail.to] in own
            for name in [HEADS.get(subject)]
        }
        assert set(about.values()) & (ways | trails), "no way leads to these rows"


def test_every_subject_is_reached_and_every_way_leads_somewhere() -> None:
    assert {trail.to for trail in TRAILS} | {subject for subject in HEADS if subject in {"customer", "case"}} == set(
        HEADS
    )
    for trail in TRAILS:
        assert set(trail.found) <= {column.name for column in metadata.tables[trail.table].columns}
    for table, column in CATALOGUES.values():
        assert column in metadata.tables[table].columns
    assert set(HEADS.values()) <= set(metadata.tables)
