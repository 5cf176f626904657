"""What staff were owed, nights on a wall clock, and customers drawn anew: by hand."""

import pytest

from models.rules.loyalty.composite import Composite, composite
from models.rules.loyalty.dimensions import Dimension, Part
from models.rules.loyalty.nights import offsets
from models.rules.loyalty.owed import REQUEST_US, Proposed, Said, answered_in_time, met_in_time
from models.rules.loyalty.profile import Measured, PartSums, measured
from models.rules.loyalty.resampling import Alike, bootstrapped
from models.rules.statistics import ClusterSums
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


def built(customers: list[Alike]) -> tuple[Composite, dict[Dimension, Measured]]:
    parts = {
        part: PartSums(ClusterSums.of((*own[part], own[part][0]) for n, own in customers for _ in range(n)), 1)
        for part in customers[0][1]
    }
    parts = {part: PartSums(sums.known, sums.known.n) for part, sums in parts.items()}
    parts[Part.LEARNT] = PartSums(ClusterSums.of([(5, 10, 5), (0, 10, 0)]), 20)
    profile = {dimension: measured(dimension, parts) for dimension in Dimension}
    found = composite(profile, parts)
    assert found is not None
    return found, profile


def test_customers_drawn_anew_move_what_is_theirs_and_nothing_else() -> None:
    shares = [Part.KEPT, Part.DONE_IN_TIME, Part.NOT_NEEDLESS, Part.AS_NEW]
    rare: list[Alike] = [(2, dict.fromkeys(shares, (1, 1))), (98, dict.fromkeys(shares, (0, 1)))]
    found, profile = built(rare)
    assert found.is_rare
    low, high = bootstrapped(found, profile, rare)
    assert 1 <= low < found.value < high
    assert bootstrapped(found, profile, rare) == (low, high)
    # Nobody differs: whoever is drawn, it is the same.
    alike: list[Alike] = [(3, dict.fromkeys(shares, (1, 1)))]
    found, profile = built(alike)
    assert bootstrapped(found, profile, alike) == pytest.approx((found.value, found.value))
    assert Dimension.LEARN in found.of
