"""The rule language of conditions: a small JSON document, read once, compiled to closures.

A document is a group, `{"all": [...]}` or `{"any": [...]}`, of clauses
`{"field", "op", "value" or "other_field"}` and further groups. Its logic is Kleene's three-valued one:
what is unknown stays unknown unless the rest decides. *Unknown is not false.*

Operators: `eq ne lt le gt ge` compare like with like (times, numbers, text; flags for `eq` and `ne`
only); `in` takes a list of values, and of an answer with several choices asks whether any is in it;
`missing` asks whether nothing is known (`"value": false` turns it round). Unlike kinds compare to
unknown, never to an error. A date given for a time means that whole calendar day. A member of a clause
that is null counts as not given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isinf
from types import MappingProxyType
from typing import Any

from models.rules import comparisons
from models.rules.changes import SINCE_CHANGE
from models.rules.comparisons import COMPARISONS, ORDERINGS, Facts, SpanReader, Test
from models.rules.values import Kind, kind_of, span_of_text

MAX_DEPTH = 4
MAX_CLAUSES = 40

FIELD_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        **dict.fromkeys(("need", "channel", "team", "demand"), Kind.TEXT),
        **dict.fromkeys(("opened_at", "needed_by", "done_at", "confirmed_at"), Kind.TIME),
        **dict.fromkeys(("restored_at", "restore_due_at"), Kind.TIME),
        **dict.fromkeys(("contacts", "handovers", "reopened", "waiting_for_customer_minutes"), Kind.NUMBER),
        **dict.fromkeys(("permission_asked", "told_first", "put_back"), Kind.FLAG),
        **dict.fromkeys(("promise_broken", "due_passed", "waiting"), Kind.FLAG),
        **dict.fromkeys(("hours_open", "hours_late"), Kind.NUMBER),
    }
)
CLOCK_FIELDS = frozenset({"hours_open", "hours_late"})
OPEN_PREFIXES = ("attributes.", "answers.", SINCE_CHANGE)

Clock = tuple[str, float | str]


class RuleRefused(ValueError):  # noqa: N818 - a refusal, named as the contract names refusals
    """A rule document that cannot be read, and where it goes wrong.

    Parameters
    ----------
    pointer : str
        JSON pointer (RFC 6901) into the document.
    code : str
        Stable: wrong_type, empty, unknown_member, unknown_op, unknown_field, field_missing,
        value_missing, value_unwanted, too_deep, too_many.
    detail : str
        A sentence for a person.
    """

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer = pointer
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A compiled rule.

    Parameters
    ----------
    document : Mapping[str, Any]
        What it was read from.
    reads : frozenset[str]
        Names of the fields it reads, as they stand in its clauses.
    clocks : tuple[Clock, ...]
        For each comparison with `hours_open`, `hours_late` or a `since_change.…`: that field, and the number of
        hours or days or the name of the field it is compared with. They tell when the rule can change by time
        passing alone.
    test : Callable[[Mapping[str, Any]], bool | None]
        The compiled closure behind `evaluate`.
    """

    document: Mapping[str, Any]
    reads: frozenset[str]
    clocks: tuple[Clock, ...]
    test: Test

    def evaluate(self, facts: Facts) -> bool | None:
        """Say whether the rule holds.

        Parameters
        ----------
        facts : Mapping[str, Any]
            From field names as in `reads` (`answers.satisfaction` is one flat key) to values; an absent
            name and None both mean unknown. Times are UTC microseconds, aware datetimes or RFC 3339 text.

        Returns
        -------
        bool | None
            None when what is known does not decide it. Never raises for a value of an unexpected kind.
        """
        return self.test(facts)


def parse_rule(document: Any, *, zone: str = "UTC") -> Rule:
    """Read a rule document.

    Parameters
    ----------
    document : Any
        As decoded from JSON.
    zone : str
        The zone in which dates given as values are calendar days.

    Returns
    -------
    Rule
        Compiled once; evaluating it parses nothing.

    Raises
    ------
    RuleRefused
        At the first thing that cannot be read.

    Examples
    --------
    >>> rule = parse_rule({"all": [{"field": "handovers", "op": "ge", "value": 3}]})
    >>> rule.evaluate({"handovers": 4}), rule.evaluate({"handovers": 1}), rule.evaluate({})
    (True, False, None)
    """
    reader = _Reader(zone)
    test = reader.group(document, "", 1)
    return Rule(document, frozenset(reader.reads), tuple(reader.clocks), test)


def kind_of_field(name: str) -> Kind | None:
    """Return what kind of value a field holds; None where anything may stand there."""
    return Kind.NUMBER if name.startswith(SINCE_CHANGE) else FIELD_KINDS.get(name)


def _is_clock(name: str) -> bool:
    return name in CLOCK_FIELDS or name.startswith(SINCE_CHANGE)


class _Reader:
    """Reads one document, keeping count of its clauses and of the fields they read."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.clauses = 0
        self.reads: set[str] = set()
        self.clocks: list[Clock] = []

    def group(self, node: Any, pointer: str, depth: int) -> Test:
        if not isinstance(node, Mapping):
            raise RuleRefused(pointer, "wrong_type", "A rule is an object with one member, all or any.")
        if depth > MAX_DEPTH:
            raise RuleRefused(pointer, "too_deep", f"Groups nest to a depth of {MAX_DEPTH}.")
        mode = "all" if "all" in node else "any"
        _only_members(node, {mode}, pointer)
        pointer = f"{pointer}/{mode}"
        parts = node.get(mode)
        if not isinstance(parts, list | tuple):
            raise RuleRefused(pointer, "wrong_type", "A group holds a list of clauses.")
        if not parts:
            raise RuleRefused(pointer, "empty", "A group without clauses says nothing.")
        tests = tuple(self.part(part, f"{pointer}/{index}", depth) for index, part in enumerate(parts))
        return comparisons.every(tests) if mode == "all" else comparisons.some(tests)

    def part(self, node: Any, pointer: str, depth: int) -> Test:
        if isinstance(node, Mapping) and "field" not in node and ("all" in node or "any" in node):
            return self.group(node, pointer, depth + 1)
        self.clauses += 1
        if self.clauses > MAX_CLAUSES:
            raise RuleRefused(pointer, "too_many", f"A rule has at most {MAX_CLAUSES} clauses.")
        if not isinstance(node, Mapping):
            raise RuleRefused(pointer, "wrong_type", "A clause is an object.")
        _only_members(node, {"field", "op", "value", "other_field"}, pointer)
        name = self.field(node, "field", pointer)
        op = node.get("op")
        if not isinstance(op, str) or (op not in COMPARISONS and op not in {"in", "missing"}):
            raise RuleRefused(f"{pointer}/op", "unknown_op", "op is eq, ne, lt, le, gt, ge, in or missing.")
        value = node.get("value")
        if node.get("other_field") is not None:
            return self.against_field(node, name, op, pointer)
        if op == "missing":
            return self.missing(name, value, f"{pointer}/value")
        if value is None:
            raise RuleRefused(f"{pointer}/value", "value_missing", f"{op} needs a value or an other_field.")
        if op == "in":
            return self.membership(name, value, f"{pointer}/value")
        return self.against_value(name, op, value, f"{pointer}/value")

    def field(self, node: Mapping[str, Any], member: str, pointer: str) -> str:
        pointer = f"{pointer}/{member}"
        name = node.get(member)
        if name is None:
            raise RuleRefused(pointer, "field_missing", "A clause names the field it reads.")
        if not isinstance(name, str):
            raise RuleRefused(pointer, "wrong_type", "A field is named by text.")
        if name not in FIELD_KINDS and not (name.startswith(OPEN_PREFIXES) and name.partition(".")[2]):
            raise RuleRefused(pointer, "unknown_field", f"There is no field {name[:80]!r}.")
        self.reads.add(name)
        return name

    def against_value(self, name: str, op: str, value: Any, pointer: str) -> Test:
        bound = self.bound(name, value, pointer)
        if isinstance(bound, tuple):
            return comparisons.time_in_spans(name, op, [bound])
        if isinstance(bound, bool) and op in ORDERINGS:
            raise RuleRefused(pointer, "wrong_type", "True and false have no order; use eq or ne.")
        return comparisons.against_constant(name, op, bound)

    def missing(self, name: str, wanted: Any, pointer: str) -> Test:
        if wanted is not None and not isinstance(wanted, bool):
            raise RuleRefused(pointer, "wrong_type", "missing takes true, false or no value.")
        return comparisons.missing(name, wanted is not False)

    def membership(self, name: str, values: Any, pointer: str) -> Test:
        if not isinstance(values, list | tuple):
            raise RuleRefused(pointer, "wrong_type", "in takes a list of values.")
        if not values:
            raise RuleRefused(pointer, "empty", "Nothing is in an empty list.")
        bounds = [self.bound(name, value, f"{pointer}/{index}") for index, value in enumerate(values)]
        spans = [bound for bound in bounds if isinstance(bound, tuple)]
        return comparisons.time_in_spans(name, "eq", spans) if spans else comparisons.member(name, bounds)

    def bound(self, name: str, value: Any, pointer: str) -> Any:
        """Check one constant against the field's kind; a time becomes a span of instants."""
        kind = kind_of_field(name)
        if kind is Kind.TIME:
            span = span_of_text(value, self.zone) if isinstance(value, str) else None
            if span is None:
                raise RuleRefused(pointer, "wrong_type", f"{name} compares with an RFC 3339 time or a date.")
            return span
        found = kind_of(value)
        if found is None or (isinstance(value, float) and isinf(value)):
            raise RuleRefused(pointer, "wrong_type", "A value is text, a finite number, true or false.")
        if kind not in {None, found}:
            raise RuleRefused(pointer, "wrong_type", f"{name} is a {kind}, and this is a {found}.")
        if _is_clock(name):
            self.clocks.append((name, value))
        return value

    def against_field(self, node: Mapping[str, Any], name: str, op: str, pointer: str) -> Test:
        if node.get("value") is not None:
            raise RuleRefused(f"{pointer}/value", "value_unwanted", "Give a value or an other_field, not both.")
        if op not in COMPARISONS:
            raise RuleRefused(f"{pointer}/other_field", "value_unwanted", f"{op} does not take another field.")
        other = self.field(node, "other_field", pointer)
        kinds = {kind_of_field(name), kind_of_field(other)}
        if len({name, other} & CLOCK_FIELDS) == 1 and any(part.startswith(SINCE_CHANGE) for part in (name, other)):
            raise RuleRefused(f"{pointer}/other_field", "wrong_type", f"{name} and {other} count days and hours.")
        if len(kinds) > 1 and None not in kinds:
            raise RuleRefused(f"{pointer}/other_field", "wrong_type", f"{name} and {other} are unlike kinds.")
        if Kind.FLAG in kinds and op in ORDERINGS:
            raise RuleRefused(f"{pointer}/op", "wrong_type", "True and false have no order; use eq or ne.")
        self.clocks += [pair for pair in ((name, other), (other, name)) if _is_clock(pair[0])]
        if Kind.TIME in kinds:
            return comparisons.spans(self.reader(name), op, self.reader(other))
        return comparisons.against_field(name, op, other)

    def reader(self, name: str) -> SpanReader:
        if kind_of_field(name) is Kind.TIME:
            return comparisons.instant_reader(name)
        return comparisons.text_span_reader(name, self.zone)


def _only_members(node: Mapping[str, Any], known: set[str], pointer: str) -> None:
    for name in node:
        if name not in known:
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            raise RuleRefused(f"{pointer}/{escaped}", "unknown_member", f"Only {sorted(known)} may stand here.")
