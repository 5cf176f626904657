"""From a map's words to functions of a row: each source is compiled once and then only called."""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from api.cli.importing.maps import Clause, Compare, Difference, Format, Source
from api.cli.importing.targets import ValueKind
from api.cli.importing.values import Convert, UnreadableError, converter

Values = Sequence[Any]
Get = Callable[[Values], Any]
Test = Callable[[Values], bool]

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
FOLDS: Mapping[str, Callable[[Any], Any]] = {"min": min, "max": max, "sum": sum}
UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86_400.0}
MOST_TIES = 1_000_000
ROUNDED_TO = 6
"""Decimals a product is rounded to, so that 147.9 times 100 is 14790 and not nearly so."""


class Columns:
    """The columns a file has; those a map names get places of their own, and those it lacks are noted.

    Parameters
    ----------
    names
        The file's, in the order of its values.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.unknown: list[str] = []
        self._of_file = {name: place for place, name in enumerate(names)}
        self._named: dict[str, int] = {}

    def place(self, name: str) -> int:
        """Return where a column stands among those the map names."""
        if name not in self._of_file and name not in self.unknown:
            self.unknown.append(name)
        return self._named.setdefault(name, len(self._named))

    def picker(self) -> Callable[[Values], Values]:
        """Return the function that keeps of a row the columns named, in their places."""
        places = [self._of_file[name] for name in self._named]
        return lambda values: [values[place] for place in places]


class SourceCompiler:
    """Turns the sources of one map into functions.

    Parameters
    ----------
    columns
        Of the file.
    form
        The map's formats.
    zone
        The workspace's, for times that name none.
    """

    def __init__(self, columns: Columns, form: Format, zone: str) -> None:
        self.columns = columns
        self.form = form
        self.zone = zone
        self._converters: dict[str, Convert] = {}

    def get(self, source: Source, kind: ValueKind | None) -> Get:
        """Return the function that reads a source from a row; None where the row does not say.

        Parameters
        ----------
        source
            As the map has it.
        kind
            What the field takes; None where the map may choose (attributes and answers).
        """
        get = self._origin(source, kind or source.kind or ValueKind.TEXT)
        if source.when:
            get = _only_when(get, self.test(source.when))
        return get if source.default is None else _or_else(get, source.default)

    def of_group(self, source: Source, kind: ValueKind | None) -> Callable[[Sequence[Values]], Any]:
        """Return the function that reads a source from all rows of a group; rows that do not say do not count."""
        if source.take == "count":
            test = self.test(source.when)
            counted = self._raw(source) if source.column is not None else lambda _values: True
            return lambda rows: sum(test(values) and counted(values) is not None for values in rows)
        get = self.get(source, kind)
        if source.take in {"first", "last"}:
            step = 1 if source.take == "first" else -1
            return lambda rows: next((found for values in rows[::step] if (found := get(values)) is not None), None)
        fold = FOLDS[source.take]

        def folded(rows: Sequence[Values]) -> Any:
            known = [found for values in rows if (found := get(values)) is not None]
            return fold(known) if known else None

        return folded

    def test(self, clauses: Sequence[Clause]) -> Test:
        """Return the function that says whether a row meets all of some clauses."""
        tests = [self._clause(clause) for clause in clauses]
        return lambda values: all(test(values) for test in tests)

    def text(self, column: str) -> Get:
        """Return the function that reads a column as it stands."""
        return self._raw(Source(column=column))

    def _clause(self, clause: Clause) -> Test:
        read = self._raw(Source(column=clause.column))
        among = None if clause.among is None else frozenset(clause.among)
        without = frozenset(clause.not_in or ())
        present = clause.present if clause.present is not None else (clause.among is None and not without) or None

        def met(values: Values) -> bool:
            found = read(values)
            if present is not None and (found is not None) != present:
                return False
            plain = _plain(found)
            return (among is None or plain in among) and plain not in without

        return met

    def _raw(self, source: Source) -> Get:
        """Read a column as it stands; None where it is one of the texts that mean missing."""
        place = self.columns.place(str(source.column))
        missing = frozenset(source.missing if source.missing is not None else self.form.missing)

        def read(values: Values) -> Any:
            value = values[place]
            if type(value) is str:
                return None if value.strip() in missing else value
            # Not-a-number is the one value that differs from itself; Parquet files use it for missing.
            return None if value is None or value != value else value  # noqa: PLR0124

        return read

    def _origin(self, source: Source, kind: ValueKind) -> Get:
        if source.compare is not None:
            return self._compare(source, source.compare)
        if source.difference is not None:
            return self._difference(source, source.difference)
        if source.constant is not None:
            constant = self._converter(source, kind)(source.constant)
            return lambda _values: constant
        read = self._joined(source, source.columns) if source.columns is not None else self._raw(source)
        return _steps(read, self._step(source, kind), self._tie_break(source))

    def _joined(self, source: Source, columns: Sequence[str]) -> Get:
        parts = [self._raw(source.model_copy(update={"column": name})) for name in columns]

        def read(values: Values) -> str | None:
            known = [_plain(found) for part in parts if (found := part(values)) is not None]
            return source.join.join(known) if known else None

        return read

    def _step(self, source: Source, kind: ValueKind) -> Convert:
        if source.split is not None:
            return _each(source.split, self._step(source.model_copy(update={"split": None}), kind))
        if source.values is not None:
            return _translating(source.values, source.otherwise)
        if source.part is not None:
            return _part(self._converter(source, ValueKind.MOMENT), source.part)
        if source.times is not None:
            return _product(self._converter(source, ValueKind.NUMBER), source.times, kind)
        return self._converter(source, kind)

    def _converter(self, source: Source, kind: ValueKind) -> Convert:
        if kind is ValueKind.DAY_OR_MOMENT and source.kind in {ValueKind.DAY, ValueKind.MOMENT}:
            kind = source.kind
        form = source.formats(self.form)
        # One converter for all that is read alike: it remembers the texts it has read.
        return self._converters.setdefault(f"{kind} {form!r}", converter(kind, form, self.zone))

    def _tie_break(self, source: Source) -> Get | None:
        if source.tie_break is None:
            return None
        read, whole = self._raw(Source(column=source.tie_break)), self._converter(source, ValueKind.INTEGER)

        def place(values: Values) -> timedelta:
            number = whole(read(values) or 0)
            if not 0 <= number < MOST_TIES:
                raise UnreadableError("tie_break", f"{number} does not order rows of one time: 0 to {MOST_TIES - 1}")
            return timedelta(microseconds=number)

        return place

    def _compare(self, source: Source, compare: Compare) -> Get:
        convert = self._converter(source, ValueKind(compare.kind))
        left, holds = self._raw(source.model_copy(update={"column": compare.left})), COMPARISONS[compare.op]
        bound = None if compare.value is None else convert(compare.value)
        right = (
            (lambda _values: bound)
            if compare.right is None
            else _steps(self._raw(source.model_copy(update={"column": compare.right})), convert, None)
        )
        left = _steps(left, convert, None)

        def compared(values: Values) -> bool | None:
            one, other = left(values), right(values)
            return compare.unknown if one is None or other is None else holds(one, other)

        return compared

    def _difference(self, source: Source, difference: Difference) -> Get:
        convert = self._converter(source, ValueKind.MOMENT)
        since, to = (
            _steps(self._raw(source.model_copy(update={"column": name})), convert, None)
            for name in (difference.since, difference.to)
        )
        unit = UNITS[difference.unit]

        def passed(values: Values) -> float | None:
            start, end = since(values), to(values)
            return None if start is None or end is None else float((end - start).total_seconds() / unit)

        return passed


def _steps(read: Get, step: Convert, tie_break: Get | None) -> Get:
    def get(values: Values) -> Any:
        found = read(values)
        return None if found is None else step(found)

    if tie_break is None:
        return get

    def ordered(values: Values) -> Any:
        found = get(values)
        return None if found is None else found + tie_break(values)

    return ordered


def _or_else(get: Get, default: Any) -> Get:
    def get_or_default(values: Values) -> Any:
        found = get(values)
        return default if found is None else found

    return get_or_default


def _only_when(get: Get, test: Test) -> Get:
    return lambda values: get(values) if test(values) else None


def _translating(values: Mapping[str, Any], otherwise: Any) -> Convert:
    def translate(found: Any) -> Any:
        known = values.get(_plain(found).strip(), otherwise)
        if known is None:
            raise UnreadableError("unknown_value", f"{found!r} is none of {', '.join(values)}")
        return known

    return translate


def _each(sign: str, convert: Convert) -> Convert:
    """Read a text as several values with a sign between them."""
    return lambda found: [convert(part.strip()) for part in _plain(found).split(sign) if part.strip()]


def _part(convert: Convert, part: str) -> Convert:
    def of_moment(found: Any) -> int:
        moment: datetime = convert(found)
        return moment.weekday() if part == "weekday" else int(getattr(moment, part))

    return of_moment


def _product(convert: Convert, factor: float, kind: ValueKind) -> Convert:
    def multiplied(found: Any) -> int | float:
        product = round(convert(found) * factor, ROUNDED_TO)
        return int(product) if kind is ValueKind.INTEGER and product == int(product) else product

    return multiplied


def _plain(found: Any) -> str:
    """Write a value as a map writes it."""
    if isinstance(found, str):
        return found
    if isinstance(found, bool):
        return "true" if found else "false"
    return "" if found is None else str(found)
