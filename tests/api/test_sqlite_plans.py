"""SQLite plans by what it is told of any company: of a few customers it reads no others, and all but once."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Select, create_engine, text

from api.measures.answers import Place
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.counting.reading import Reading
from api.measures.loyalty.counting.sums import sums
from api.measures.loyalty.facts import names_of, rows_of
from api.risk.questions import ANSWER
from ml.features import all_moments, customer_features, served, served_conditions, served_departures, served_features
from models.base import to_us
from models.ids import uuid7
from models.quick import texts_of
from models.rules.failure import DEFAULT_FAILURE
from models.rules.loyalty.dimensions import Part
from models.rules.outcome import read_definition
from models.rules.periods import Interval, periods_between
from models.rules.supporters import Supporters
from models.sqlite_planning import tell_planner

NOW_US = to_us(datetime(2026, 3, 4, tzinfo=UTC))
YEAR_US = 365 * 86_400_000_000
WORKSPACE = uuid7()
A_FEW = {"features": served_features, "departures": served_departures, "conditions": served_conditions}


@pytest.fixture
def connection(migrated_file: Path, tmp_path: Path) -> Iterator[Connection]:
    """Open a database that was just migrated: what is planned depends on nothing that is in it."""
    engine = create_engine(f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'planned.db')}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def loops(connection: Connection, asked: str) -> Iterator[list[str]]:
    """Give what is joined with what, the outermost loop first, in each part of a statement's plan."""
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", _values(asked)).all()
    joined: defaultdict[int, list[str]] = defaultdict(list)
    for row in plan:
        if row.detail.startswith(("SCAN", "SEARCH")):
            joined[row.parent].append(row.detail)
    yield from joined.values()


def _values(asked: str) -> dict[str, Any]:
    named = {"workspace": WORKSPACE.hex, "key": uuid7().hex, "customer": "C-1", "now": NOW_US, "usual": NOW_US}
    return {name: value for name, value in named.items() if f":{name}" in asked}


def written(connection: Connection, statement: Any) -> str:
    """Give a statement's text with its values in it."""
    return str(statement.compile(connection, compile_kwargs={"literal_binds": True}))


def question() -> Question:
    """Ask for a year of loyalty by need and week."""
    periods = periods_between(NOW_US - YEAR_US, NOW_US, Interval.WEEK, "UTC", most=60)
    places = {name: [Place(uuid7(), (1,), (name,))] for name in ("needs_met", "contact_reason")}
    return Question(
        workspace_id=WORKSPACE,
        zone="UTC",
        start_us=periods[0].start_us,
        end_us=periods[-1].end_us,
        periods=periods,
        by=By.NEED,
        interval=Interval.WEEK,
        now_us=NOW_US,
        known_at=None,
        supporters=Supporters([]),
        former_names=[],
        needs_met=places["needs_met"],
        reasons=places["contact_reason"],
        failure=read_definition(DEFAULT_FAILURE),
    )


@pytest.mark.parametrize("of", sorted(A_FEW))
def test_a_few_customers_are_found_without_reading_the_others(connection: Connection, of: str) -> None:
    statement: Select[Any] = A_FEW[of]().params(served(WORKSPACE, [uuid7(), uuid7()], NOW_US))
    found = list(loops(connection, written(connection, statement)))
    assert _read(found)
    assert all(_is_narrow(line) for line in _read(found)), found


def test_one_customers_risk_reads_nobody_else(connection: Connection) -> None:
    texts = texts_of(ANSWER, connection.dialect)
    assert len(texts) > 5
    for asked in texts:
        found = _read(list(loops(connection, asked)))
        assert all(_is_narrow(line) for line in found), found


def _read(found: list[list[str]]) -> list[str]:
    """Give how records and what rules saw are read, however far within."""
    told = [line for lines in found for line in lines if "_versions" in line or "rule_observations" in line]
    return [line for line in told if "workspace_versions" not in line]


def _is_narrow(line: str) -> bool:
    return any(f" {name}=?" in line or f"({name}=?" in line for name in ("customer_id", "case_id", "id"))


def test_loyalty_reads_all_of_a_workspace_but_once(connection: Connection) -> None:
    statement = sums(rows_of(Reading(question(), names_of(frozenset(Part))), None, frozenset(Part)), 100)
    assert _within(list(loops(connection, written(connection, statement)))) == []


def test_everybodys_features_read_all_of_a_workspace_but_once(connection: Connection) -> None:
    statement = customer_features(all_moments(WORKSPACE, [NOW_US]))
    assert _within(list(loops(connection, written(connection, statement)))) == []


def _within(found: list[list[str]]) -> list[str]:
    """Give what is gone through once more for each row of something else."""
    return [line for lines in found for line in lines[1:] if line.startswith("SCAN") or "(workspace_id=?)" in line]


def test_what_was_counted_before_is_forgotten(connection: Connection) -> None:
    def told() -> Any:
        return connection.execute(text("SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2")).all()

    before = told()
    connection.execute(text("ANALYZE"))
    assert told() != before
    tell_planner(connection)
    assert told() == before


def test_every_index_that_begins_with_the_workspace_is_told_of(connection: Connection) -> None:
    made = connection.execute(text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE%INDEX%(workspace_id%'"))
    told = set(connection.scalars(text("SELECT idx FROM sqlite_stat1")))
    names = set(made.scalars())
    assert len(names) > 30
    assert names <= told
