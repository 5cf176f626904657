"""What staff were owed, and nights on a wall clock: by hand."""

import pytest

from models.rules.loyalty.nights import offsets
from models.rules.loyalty.owed import REQUEST_US, Proposed, Said, answered_in_time, met_in_time
from models.rules.values import DAY_US, HOUR_US

REASONED, BARE, LATE = Said("set_aside", True, 4), Said("support", False, 4), Said("support", True, 6)


@pytest.mark.parametrize(
    ("status", "said", "holds"),
    [
        ("set_aside", [REASONED], True),
        ("supported", [BARE], False),
        ("supported", [LATE], False),
        ("supported", [BARE, REASONED], True),
        ("taken_to", [Said("taken_to", True, 4)], False),
        ("asked", [Said("ask", True, 4)], None),
        ("withdrawn", [], None),
        ("withdrawn", [LATE], False),
        ("offered", [], False),
    ],
)
def test_a_proposal_is_answered_with_reasons_by_its_date_or_not(
    status: str, said: list[Said], *, holds: bool | None
) -> None:
    assert answered_in_time(Proposed(status, 5, said), 9) is holds


def test_what_is_not_due_yet_is_not_known() -> None:
    assert answered_in_time(Proposed("taken_to", 5, [Said("taken_to", True, 4)]), 5) is None
    assert met_in_time(0, None, REQUEST_US) is None
    assert [met_in_time(0, met, 2 * REQUEST_US) for met in (REQUEST_US, REQUEST_US + 1, None)] == [True, False, False]


def test_a_clock_goes_forward_and_back_on_its_hour() -> None:
    whole = offsets("Europe/Lisbon", 0, 365 * DAY_US * 2)
    assert whole[0][0] == 0
    assert all(since % HOUR_US == 0 for since, _ in whole)
    assert offsets("UTC", 5, 400 * DAY_US) == [(0, 0)]
    year = offsets("America/Sao_Paulo", 17_800 * DAY_US, 17_990 * DAY_US)
    assert [ahead // HOUR_US for _, ahead in year] == [-3, -2, -3][: len(year)]
