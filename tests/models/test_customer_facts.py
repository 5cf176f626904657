"""No table points to a customer without saying what a merge does with its rows."""

import pytest

from models.customer_facts import CUSTOMER_FACTS, CUSTOMER_OWN, OnMerge, facts_on_merge
from models.tables import metadata


def test_every_table_that_points_to_a_customer_is_listed() -> None:
    pointing = {
        table.name
        for table in metadata.tables.values()
        for constraint in table.foreign_key_constraints
        if constraint.referred_table.name == "customers"
    }
    named = {table.name for table in metadata.tables.values() if "customer_id" in table.c}
    assert pointing | named == {*CUSTOMER_FACTS, "customer_versions"}
    assert all(column in metadata.tables[table].c for table, column in CUSTOMER_OWN.items())


@pytest.mark.parametrize("table", facts_on_merge(OnMerge.APPENDED))
def test_what_is_told_again_has_versions(table: str) -> None:
    assert {"number", "customer_id", "voided"} <= set(metadata.tables[table].c.keys())


@pytest.mark.parametrize("table", facts_on_merge(OnMerge.MOVED))
def test_what_is_moved_has_no_versions_that_could_say_it(table: str) -> None:
    assert "number" not in metadata.tables[table].c
