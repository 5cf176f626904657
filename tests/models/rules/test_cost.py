"""What a case cost is priced once, in one currency, and whole units add up."""

from math import fsum, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.cost import CaseFacts, Entry, Part, Rates, Reason, apportioned, lost_value, priced
from models.rules.cost_kinds import BESIDE, CATEGORIES, Category, Component, component_of
from models.rules.repeat_contacts import Contact

RATES = Rates("EUR", minute=100, minute_by_team={"night": 250}, contact=500)
KINDS = st.sampled_from(["refund", "handling", "rework", "inspection", "travel", "acquisition"])
CONTACTS = st.lists(
    st.builds(
        Contact, st.just("K"), st.integers(0, 9), st.none() | st.integers(0, 60), st.sampled_from([None, "night"])
    ),
    max_size=4,
)
ENTRIES = st.lists(
    st.builds(
        Entry,
        kind=KINDS,
        amount=st.integers(0, 10_000),
        currency=st.sampled_from(["EUR", "USD"]),
        minutes=st.none() | st.integers(0, 90),
        measured=st.booleans(),
        source=st.just("ERP"),
    ),
    max_size=5,
)


def refund(
    amount: int | None = 700, currency: str | None = "EUR", minutes: int | None = None, kind: str = "refund"
) -> Entry:
    return Entry(kind, amount, currency, minutes, True, "ERP")


def amounts(facts: CaseFacts, rates: Rates = RATES, *, loses_value: bool = False) -> list[tuple[str, bool, int]]:
    parts = priced(facts, rates, loses_value=loses_value).parts
    return [(part.component.value, part.measured, part.amount) for part in parts]


def reasons(facts: CaseFacts, rates: Rates = RATES, *, loses_value: bool = False) -> list[Reason]:
    return [item.reason for item in priced(facts, rates, loses_value=loses_value).uncounted]


def test_of_a_case_nothing_was_told_of_nothing_is_known() -> None:
    assert priced(CaseFacts(), RATES) == ((), ())
    assert priced(CaseFacts(contacts_told=1), RATES) == ((), ())


def test_minutes_are_priced_by_whose_they_are_and_contacts_without_by_their_price() -> None:
    contacts = (Contact("K", 0, 10, None), Contact("K", 1, 10, "night"), Contact("K", 2, None, "night"))
    assert amounts(CaseFacts(contacts=contacts)) == [
        ("handling", True, 1000),
        ("handling", True, 2500),
        ("handling", False, 500),
    ]
    bare = Rates("EUR")
    assert amounts(CaseFacts(contacts=contacts), bare) == []
    assert reasons(CaseFacts(contacts=contacts), bare) == [Reason.NO_RATE] * 3
    worked = CaseFacts("night", entries=[refund(None, None, 4, "repair")])
    assert amounts(worked) == [("rework", True, 1000)]
    assert reasons(worked, bare) == [Reason.NO_RATE]


def test_a_minute_that_took_no_time_is_known_to_cost_nothing() -> None:
    assert amounts(CaseFacts(contacts=[Contact("K", 0, 0, None)])) == [("handling", True, 0)]


def test_contacts_a_case_counts_are_repeats_beyond_the_first_and_beyond_those_recorded() -> None:
    assert amounts(CaseFacts(contacts_told=4)) == [("repeat_contacts", False, 1500)]
    recorded = CaseFacts(contacts_told=4, contacts=[Contact("K", at, 1, None) for at in range(3)])
    assert amounts(recorded)[-1] == ("repeat_contacts", False, 500)
    assert (
        amounts(CaseFacts(contacts_told=2, contacts=[Contact("K", at, 1, None) for at in range(3)]))[-1][0]
        == "handling"
    )
    assert reasons(CaseFacts(contacts_told=4), Rates("EUR", minute=1)) == [Reason.NO_RATE]


def test_work_that_contacts_and_entries_tell_of_counts_once_by_the_larger() -> None:
    contacts = [Contact("K", 0, 12, None)]
    less, more = refund(None, None, 5, "handling"), refund(None, None, 30, "Handling")
    assert amounts(CaseFacts(contacts=contacts, entries=[less])) == [("handling", True, 1200)]
    assert amounts(CaseFacts(contacts=contacts, entries=[less, more])) == [
        ("handling", True, 500),
        ("handling", True, 3000),
    ]
    assert reasons(CaseFacts(contacts=contacts, entries=[less])) == [Reason.TOLD_TWICE]
    assert amounts(CaseFacts(entries=[less])) == [("handling", True, 500)]


def test_contacts_in_other_cases_are_priced_as_repeats() -> None:
    repeats = [Contact("K-9", 5, 3, None), Contact("K-9", 6, None, None)]
    assert amounts(CaseFacts(repeats=repeats)) == [("repeat_contacts", True, 300), ("repeat_contacts", False, 500)]


def test_another_currency_is_not_counted_and_not_converted() -> None:
    facts = CaseFacts(entries=[refund(900, "USD"), refund()])
    assert amounts(facts) == [("refunds", True, 700)]
    assert priced(facts, RATES).uncounted == ((Reason.OTHER_CURRENCY, "USD", 900),)


def test_lost_value_and_acquisition_are_never_counted_together() -> None:
    facts = CaseFacts(entries=[refund(800, kind="customer acquisition")])
    assert amounts(facts) == [("acquisition", True, 800)]
    assert amounts(facts, loses_value=True) == []
    assert reasons(facts, loses_value=True) == [Reason.LOST_VALUE_COUNTED]


@pytest.mark.parametrize(
    ("kind", "component"),
    [
        ("Refunds", "refunds"),
        ("credit_note", "credits"),
        ("contract-penalties", "penalties"),
        ("damages", "penalties"),
        ("Complaint handling", "handling"),
        ("spare part", "rework"),
        ("inspections", "appraisal"),
        ("training", "prevention"),
        ("process", "other"),
        ("  what   ever ", "other"),
    ],
)
def test_kinds_are_understood_in_whatever_form(kind: str, component: str) -> None:
    assert component_of(kind, {}).value == component


def test_what_a_workspace_says_of_a_kind_goes_before() -> None:
    told = {"Travels": Component.REWORK, "refund": Component.CREDITS}
    assert component_of("travel", told) is Component.REWORK
    assert component_of("refunds", told) is Component.CREDITS


def test_every_component_has_its_category() -> None:
    assert set(CATEGORIES) == set(Component)
    assert {CATEGORIES[part] for part in BESIDE} == {Category.APPRAISAL, Category.PREVENTION}
    assert {part for part, category in CATEGORIES.items() if category is Category.INTERNAL_FAILURE} == {
        Component.REWORK
    }


@given(CONTACTS, ENTRIES, st.none() | st.integers(0, 6), st.booleans())
def test_nothing_told_of_is_lost_or_counted_twice(
    contacts: list[Contact], entries: list[Entry], told: int | None, loses_value: bool
) -> None:
    rates = Rates("EUR", minute=100, contact=500)
    facts = CaseFacts("north", told, contacts, entries)
    found = priced(facts, rates, loses_value=loses_value)
    unrecorded = 500 * max((told or 0) - max(len(contacts), 1), 0)
    seen = sum(500 if contact.minutes is None else 100 * contact.minutes for contact in contacts) + unrecorded
    worth = sum((entry.amount or 0) if entry.minutes is None else 100 * entry.minutes for entry in entries)
    everything = [part.amount for part in found.parts] + [item.amount or 0 for item in found.uncounted]
    assert sum(everything) == seen + worth
    assert all(part.amount >= 0 for part in found.parts)
    known = {part.component for part in found.parts}
    assert not (loses_value and Component.ACQUISITION in known)


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(1, 1000), min_size=1, max_size=30))
def test_whole_units_add_up_to_the_total(total: int, weights: list[int]) -> None:
    shares = [total * (weight / sum(weights)) for weight in weights]
    whole = apportioned(total, shares)
    assert sum(whole) == total
    assert all(abs(unit - share) < 1.001 for unit, share in zip(whole, shares, strict=True))


@given(st.lists(st.integers(2**50, 2**53), min_size=2, max_size=40), st.integers(1, 6))
def test_a_total_beyond_what_floats_keep_is_shared_out_to_the_unit(amounts: list[int], sets: int) -> None:
    total = sum(amounts)
    shares = [sum(amount * (at + 1) / (sets * (sets + 1) / 2) for amount in amounts) for at in range(sets)]
    whole = apportioned(total, shares)
    assert sum(whole) == total
    assert all(isclose(unit, share, rel_tol=1e-9) for unit, share in zip(whole, shares, strict=True))


def test_shares_that_are_not_of_the_total_are_refused() -> None:
    assert apportioned(0, []) == []
    with pytest.raises(ValueError, match="add up to"):
        apportioned(100, [10.0, 20.0])
    with pytest.raises(ValueError, match="add up to"):
        apportioned(20, [10.0, 20.0])
    with pytest.raises(ValueError, match="add up to"):
        apportioned(1, [])


@given(st.integers(0, 10**9), st.floats(-1, 1), st.integers(1, 20))
def test_a_lost_customer_is_divided_over_their_failed_cases(value: int, excess: float, cases: int) -> None:
    once = lost_value(value, 1.0, excess, cases)
    assert abs(fsum([once] * cases) - value * excess) <= cases / 2 + 1e-3
    assert lost_value(value, 1.0, -excess, cases) == -once


def test_a_part_says_where_it_comes_from() -> None:
    assert priced(CaseFacts(entries=[refund()]), RATES).parts == (Part(Component.REFUNDS, True, 700, "ERP"),)
