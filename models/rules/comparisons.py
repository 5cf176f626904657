"""The closures a rule is compiled to: each takes facts and answers true, false or unknown (None).

They hold the three-valued logic and the rule that only like kinds are compared; `conditions` decides
which of them a document asks for. None of them raises for any value a fact can have.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from models.rules.values import Kind, instant, kind_of, span_of_text

Facts = Mapping[str, Any]
Test = Callable[[Facts], bool | None]
Span = tuple[int, int]
SpanComparison = Callable[[int, int, int, int], bool]
SpanReader = Callable[[Facts], Span | None]

ORDERINGS = frozenset({"lt", "le", "gt", "ge"})
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}
)
# Spans of instants, first and last on either side; a plain time is a span of one instant. A day equals
# every time that falls on it, so that lt, eq and gt exclude each other.
SPAN_COMPARISONS: Mapping[str, SpanComparison] = MappingProxyType(
    {
        "eq": lambda first, last, low, high: first <= high and last >= low,
        "ne": lambda first, last, low, high: first > high or last < low,
        "lt": lambda _first, last, low, _high: last < low,
        "le": lambda first, _last, _low, high: first <= high,
        "gt": lambda first, _last, _low, high: first > high,
        "ge": lambda _first, last, low, _high: last >= low,
    }
)


def every(tests: Sequence[Test]) -> Test:
    """Join tests by Kleene's *and*: one false decides, else one unknown leaves it unknown.

    Parameters
    ----------
    tests : Sequence[Test]
        At least one.

    Returns
    -------
    Test
        The joined test.
    """
    if len(tests) == 1:
        return tests[0]

    def test(facts: Facts) -> bool | None:
        held: bool | None = True
        for part in tests:
            outcome = part(facts)
            if outcome is False:
                return False
            if outcome is None:
                held = None
        return held

    return test


def some(tests: Sequence[Test]) -> Test:
    """Join tests by Kleene's *or*: one true decides, else one unknown leaves it unknown.

    Parameters
    ----------
    tests : Sequence[Test]
        At least one.

    Returns
    -------
    Test
        The joined test.
    """
    if len(tests) == 1:
        return tests[0]

    def test(facts: Facts) -> bool | None:
        held: bool | None = False
        for part in tests:
            outcome = part(facts)
            if outcome:
                return True
            if outcome is None:
                held = None
        return held

    return test


def missing(name: str, wanted: bool) -> Test:
    """Test whether nothing is known of a field; the one test that is never unknown.

    Parameters
    ----------
    name : str
        The field.
    wanted : bool
        True to hold where it is missing, False to hold where it is there.

    Returns
    -------
    Test
        True or False.
    """

    def test(facts: Facts) -> bool:
        return (facts.get(name) is None) is wanted

    return test


def against_constant(name: str, op: str, bound: Any) -> Test:
    """Compare a field with a number, a text or a flag of the same kind.

    Parameters
    ----------
    name : str
        The field.
    op : str
        A key of `COMPARISONS`.
    bound : Any
        The constant.

    Returns
    -------
    Test
        Unknown where the fact is of another kind.
    """
    kind, compare = kind_of(bound), COMPARISONS[op]

    def test(facts: Facts) -> bool | None:
        found = facts.get(name)
        if found is None or kind_of(found) is not kind:
            return None
        return compare(found, bound)

    return test


def against_field(name: str, op: str, other: str) -> Test:
    """Compare two fields, where both turn out to be of one kind.

    Parameters
    ----------
    name, other : str
        The fields on the left and on the right.
    op : str
        A key of `COMPARISONS`.

    Returns
    -------
    Test
        Unknown where the facts are of unlike kinds, or flags are asked for their order.
    """
    compare, ordering = COMPARISONS[op], op in ORDERINGS

    def test(facts: Facts) -> bool | None:
        left, right = facts.get(name), facts.get(other)
        kind = kind_of(left)
        if kind is None or kind is not kind_of(right) or (ordering and kind is Kind.FLAG):
            return None
        return compare(left, right)

    return test


def member(name: str, values: Sequence[Any]) -> Test:
    """Ask whether a field is one of some values; of a list, whether any of its members is.

    Parameters
    ----------
    name : str
        The field.
    values : Sequence[Any]
        Numbers, texts and flags.

    Returns
    -------
    Test
        Unknown where no value is of the fact's kind. An empty list was answered with none: False.
    """
    # Apart by kind, since True == 1 and both would be found in one set.
    kinds = {kind_of(value) for value in values}
    by_kind = {kind: frozenset(value for value in values if kind_of(value) is kind) for kind in kinds}

    def one(found: Any) -> bool | None:
        alike = by_kind.get(kind_of(found))
        return None if alike is None else found in alike

    def test(facts: Facts) -> bool | None:
        found = facts.get(name)
        if not isinstance(found, list | tuple):
            return one(found)
        outcomes = [one(item) for item in found]
        if True in outcomes:
            return True
        return None if None in outcomes else False

    return test


def time_in_spans(name: str, op: str, spans: Sequence[Span]) -> Test:
    """Compare a time with constants: true where the comparison holds with any of them.

    Parameters
    ----------
    name : str
        A field that holds a time.
    op : str
        A key of `SPAN_COMPARISONS`.
    spans : Sequence[Span]
        First and last instants, UTC microseconds.

    Returns
    -------
    Test
        Unknown where the fact is no instant.
    """
    compare = SPAN_COMPARISONS[op]

    def test(facts: Facts) -> bool | None:
        moment = instant(facts.get(name))
        if moment is None:
            return None
        return any(compare(moment, moment, low, high) for low, high in spans)

    return test


def instant_reader(name: str) -> SpanReader:
    """Read a time field as a span of one instant.

    Parameters
    ----------
    name : str
        A field that holds a time.

    Returns
    -------
    SpanReader
        None where the fact is no instant.
    """

    def read(facts: Facts) -> Span | None:
        moment = instant(facts.get(name))
        return None if moment is None else (moment, moment)

    return read


def text_span_reader(name: str, zone: str) -> SpanReader:
    """Read an attribute or an answer as a time, where it is text that says one.

    Parameters
    ----------
    name : str
        A field that may hold anything.
    zone : str
        The zone dates are meant in.

    Returns
    -------
    SpanReader
        None where the fact is not the text of a time or a date; a number is no time.
    """

    def read(facts: Facts) -> Span | None:
        found = facts.get(name)
        return span_of_text(found, zone) if isinstance(found, str) else None

    return read


def spans(left: SpanReader, op: str, right: SpanReader) -> Test:
    """Compare two times read from facts.

    Parameters
    ----------
    left, right : SpanReader
        The sides.
    op : str
        A key of `SPAN_COMPARISONS`.

    Returns
    -------
    Test
        Unknown where either side is no time.
    """
    compare = SPAN_COMPARISONS[op]

    def test(facts: Facts) -> bool | None:
        ours, theirs = left(facts), right(facts)
        if ours is None or theirs is None:
            return None
        return compare(*ours, *theirs)

    return test
