"""One case's clock and shares, by hand: moved promises aside, which the promise's own rule has answered before."""

import pytest

from models.rules.loyalty.cases import DAY_US, CaseFacts, Count, counted
from models.rules.loyalty.dimensions import Part

DAY = DAY_US
NOW = 90 * DAY
WHOLE = CaseFacts(10 * DAY, done_us=12 * DAY, needed_by_us=13 * DAY, contacts=1, handovers=0, reopened=0)
HOLDS, FAILS, UNKNOWN = Count(1, 1, 1), Count(0, 1, 1), Count(0, 0, 1)


def of(case: CaseFacts, now_us: int = NOW) -> dict[Part, Count]:
    return counted(case, 0, NOW, now_us)


def changed(**facts: object) -> CaseFacts:
    names = {name: getattr(WHOLE, name) for name in CaseFacts.__slots__}
    return CaseFacts(**{**names, **facts})


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        ({}, HOLDS),
        ({"done_us": 14 * DAY}, FAILS),
        ({"done_us": None}, FAILS),
        ({"denied": True}, FAILS),
        ({"denied": True, "confirmed_us": 12 * DAY}, FAILS),
        ({"confirmed_us": 13 * DAY}, HOLDS),
        ({"confirmed_us": 13 * DAY + 1}, FAILS),
        ({"heard_us": 20 * DAY}, FAILS),
        ({"heard_us": 27 * DAY}, HOLDS),
        ({"needed_by_us": None}, UNKNOWN),
        ({"needed_by_us": None, "declared_minutes": 2 * 24 * 60}, HOLDS),
        ({"needed_by_us": None, "declared_minutes": 2 * 24 * 60 - 1}, FAILS),
    ],
)
def test_flow_runs_until_the_customer_says_it_is_done(facts: dict[str, object], holds: Count) -> None:
    assert of(changed(**facts))[Part.DONE_IN_TIME] == holds


def test_what_was_called_done_lately_is_not_known_yet() -> None:
    assert of(WHOLE, 20 * DAY)[Part.DONE_IN_TIME] == UNKNOWN
    assert of(WHOLE, 26 * DAY)[Part.DONE_IN_TIME] == HOLDS
    assert of(changed(done_us=14 * DAY), 20 * DAY)[Part.DONE_IN_TIME] == FAILS


def test_unchallenged_is_neither_confirmed_nor_denied() -> None:
    assert WHOLE.is_unchallenged(NOW)
    for facts in ({"confirmed_us": 12 * DAY}, {"denied": True}, {"done_us": None}, {"heard_us": 15 * DAY}):
        assert not changed(**facts).is_unchallenged(NOW)


def test_what_falls_due_outside_the_window_or_after_now_is_not_counted() -> None:
    assert Part.DONE_IN_TIME not in of(changed(needed_by_us=NOW))
    assert Part.DONE_IN_TIME not in of(WHOLE, 13 * DAY)
    assert Part.KEPT not in of(changed(promises=((NOW, None), (-1, 0))))


def test_promises_past_due_and_unrecorded_are_broken() -> None:
    promises = ((20 * DAY, 20 * DAY), (20 * DAY, 20 * DAY + 1), (30 * DAY, None), (80 * DAY, None))
    assert of(changed(promises=promises))[Part.KEPT] == Count(1, 4, 4)
    assert of(changed(promises=promises), 60 * DAY)[Part.KEPT] == Count(1, 3, 3)


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        ({}, HOLDS),
        ({"contacts": 2}, FAILS),
        ({"handovers": 1, "contacts": None}, UNKNOWN),
        ({"reopened": 1}, FAILS),
        ({"reopened": None}, UNKNOWN),
        ({"contacts": None}, UNKNOWN),
        ({"handovers": None}, UNKNOWN),
        ({"done_us": None, "contacts": None}, UNKNOWN),
        ({"denied": True}, FAILS),
        ({"heard_us": 20 * DAY}, FAILS),
        ({"heard_us": 20 * DAY, "confirmed_us": 21 * DAY}, HOLDS),
    ],
)
def test_first_time_is_one_contact_and_no_more(facts: dict[str, object], holds: Count) -> None:
    assert of(changed(**facts))[Part.FIRST_TIME] == holds


def test_first_time_waits_fourteen_days() -> None:
    assert Part.FIRST_TIME not in of(WHOLE, 24 * DAY - 1)
    assert of(WHOLE, 24 * DAY)[Part.FIRST_TIME] == UNKNOWN
    assert of(changed(handovers=1), 24 * DAY)[Part.FIRST_TIME] == UNKNOWN
    assert of(changed(handovers=1), 26 * DAY)[Part.FIRST_TIME] == FAILS
    assert of(WHOLE, 26 * DAY)[Part.FIRST_TIME] == HOLDS


def test_contacts_of_unknown_demand_are_the_query_s_to_count() -> None:
    assert of(changed(demands=(2, 5)))[Part.NOT_NEEDLESS] == Count(3, 5, 5)


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        ({"restore_due_us": 20 * DAY, "restored_us": 20 * DAY}, HOLDS),
        ({"restore_due_us": 20 * DAY, "restored_us": 21 * DAY}, FAILS),
        ({"restore_due_us": 20 * DAY}, FAILS),
        ({"restore_due_us": NOW}, UNKNOWN),
        ({"restored_us": 20 * DAY}, UNKNOWN),
    ],
)
def test_a_failure_is_restored_in_time_or_not(facts: dict[str, object], holds: Count) -> None:
    found = of(changed(failed=True, told_first=True, **facts))
    assert (found[Part.RESTORED_IN_TIME], found[Part.TOLD_FIRST], found[Part.PUT_BACK]) == (holds, HOLDS, UNKNOWN)


def test_only_failures_are_restored() -> None:
    assert not {Part.TOLD_FIRST, Part.PUT_BACK, Part.RESTORED_IN_TIME} & set(of(changed(failed=False)))
    assert Part.PUT_BACK not in of(changed(failed=True, opened_us=NOW + 1))


def test_permission_is_counted_of_what_is_done() -> None:
    assert of(changed(permission_asked=True))[Part.WITHOUT_PERMISSION] == FAILS
    assert of(changed(permission_asked=False))[Part.WITHOUT_PERMISSION] == HOLDS
    assert of(WHOLE)[Part.WITHOUT_PERMISSION] == UNKNOWN
    assert Part.WITHOUT_PERMISSION not in of(changed(done_us=None))


def test_contacts_of_which_nobody_knows_why_are_rows_too() -> None:
    assert of(changed(demands=(1, 3)))[Part.NOT_NEEDLESS] == Count(2, 3, 3)
    assert of(changed(demands=(1, 3), contacts_there=5))[Part.NOT_NEEDLESS] == Count(2, 3, 5)
