"""A contact comes of one failing case at most: the last opened before it, within the workspace's days."""

from hypothesis import given
from hypothesis import strategies as st

from models.rules.repeat_contacts import DAY_US, Contact, FailedCase, attributed


def contact(day: float) -> Contact:
    return Contact("other", int(day * DAY_US), None, None)


def days(found: dict[object, list[Contact]]) -> dict[object, list[float]]:
    return {case: [each.at_us / DAY_US for each in contacts] for case, contacts in found.items()}


def test_a_contact_within_the_days_after_the_last_sign_of_life_is_a_repeat() -> None:
    case = FailedCase("K", 0, 10 * DAY_US)
    found = attributed([case], [contact(day) for day in (-1, 0, 3, 24, 24.5)], 14)
    assert days(found) == {"K": [3, 24]}


def test_of_several_cases_the_one_opened_last_has_it() -> None:
    first, second = FailedCase("A", 0, 20 * DAY_US), FailedCase("B", 5 * DAY_US, 6 * DAY_US)
    found = attributed([second, first], [contact(day) for day in (4, 6, 21, 40)], 14)
    assert days(found) == {"A": [4, 21], "B": [6]}


def test_without_a_failure_nothing_is_a_repeat() -> None:
    assert attributed([], [contact(3)], 14) == {}


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10)), max_size=5),
    st.lists(st.integers(0, 90), max_size=10),
    st.integers(1, 30),
)
def test_no_contact_is_attributed_twice(cases: list[tuple[int, int]], contacts: list[int], within: int) -> None:
    failed = [FailedCase(at, day * DAY_US, (day + long) * DAY_US) for at, (day, long) in enumerate(cases)]
    told = [Contact(("c", at), day * DAY_US, None, None) for at, day in enumerate(contacts)]
    found = attributed(failed, told, within)
    given_to = [each.case for some in found.values() for each in some]
    assert len(given_to) == len(set(given_to))
    for case, some in found.items():
        own = next(each for each in failed if each.case == case)
        assert all(own.opened_us < each.at_us <= own.last_us + within * DAY_US for each in some)
