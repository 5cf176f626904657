"""How many days ago a change of the company was, as a case sees it."""

from hypothesis import given
from hypothesis import strategies as st

from models.rules.changes import ChangeState
from models.rules.conditions import parse_rule
from models.rules.facts import CaseHistory, CaseState, facts_at
from models.rules.timeline import derive
from models.rules.values import DAY_US

CASE = CaseState(0, 0, {"need": "repair", "team": "north", "opened_at": 0})
FIELD = "since_change.r7"


def history(*versions: ChangeState) -> CaseHistory:
    """Give the history of a case in a company that changed once."""
    return CaseHistory([CASE], [], [], "UTC", {"r7": versions})


def days(moment_us: int, *versions: ChangeState) -> float | None:
    """Give the days since the change at a moment."""
    facts = facts_at(history(*versions), moment_us)
    assert facts is not None
    value: float | None = facts[FIELD]
    return value


def test_it_is_missing_until_the_change_came_and_was_known() -> None:
    told_late = ChangeState(5 * DAY_US, 5 * DAY_US, 2 * DAY_US)
    assert [days(day * DAY_US, told_late) for day in (1, 3, 5, 6)] == [None, None, 3.0, 4.0]
    backfilled = ChangeState(DAY_US, DAY_US, 2 * DAY_US)
    assert [days(day * DAY_US, backfilled) for day in (1, 2)] == [None, 0.0]


def test_only_the_needs_and_teams_named_are_touched() -> None:
    assert days(DAY_US, ChangeState(0, 0, 0, teams=["north"])) == 1.0
    assert days(DAY_US, ChangeState(0, 0, 0, teams=["south"])) is None
    assert days(DAY_US, ChangeState(0, 0, 0, needs=["move"], teams=["north"])) is None


def test_a_correction_counts_from_when_it_was_known() -> None:
    versions = ChangeState(0, 0, 0), ChangeState(3 * DAY_US, 3 * DAY_US, DAY_US)
    assert [days(day * DAY_US, *versions) for day in (2, 4)] == [2.0, 3.0]
    withdrawn = ChangeState(0, 0, 0), ChangeState(3 * DAY_US, 3 * DAY_US, 0, voided=True)
    assert [days(day * DAY_US, *withdrawn) for day in (2, 4)] == [2.0, None]


@given(st.integers(1, 40), st.integers(0, 30))
def test_a_rule_turns_when_the_days_have_passed(bound: int, came: int) -> None:
    rule = parse_rule(
        {"all": [{"field": FIELD, "op": "missing", "value": False}, {"field": FIELD, "op": "le", "value": bound}]}
    )
    change = ChangeState(came * DAY_US, came * DAY_US, came * DAY_US)
    rows = derive(history(change), {"soon_after": rule}, 100 * DAY_US)
    assert [(row.moment_us, row.state) for row in rows] == [
        (came * DAY_US, "present"),
        ((came + bound) * DAY_US + 1, "absent"),
    ]


def test_a_change_nobody_told_of_is_missing() -> None:
    rule = parse_rule({"all": [{"field": FIELD, "op": "missing"}]})
    (row,) = derive(CaseHistory([CASE], [], [], "UTC"), {"never": rule}, DAY_US)
    assert row.state == "present"
