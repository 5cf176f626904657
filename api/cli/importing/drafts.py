"""From rows of a file to drafts: what each row, or each group of rows, says of one record."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from pydantic import BaseModel, ValidationError

from api.cli.importing.exported import as_sent
from api.cli.importing.lines import Problem, Row
from api.cli.importing.maps import ImportMap, Later, Source
from api.cli.importing.sources import Columns, Get, SourceCompiler
from api.cli.importing.targets import ImportKind, Target, ValueKind, section_kinds
from api.cli.importing.values import UnreadableError
from api.errors import Malformed, Refusal
from api.recorded import malformed_row

ANSWERS = "answers"
Read = Callable[[Any], Any]
FILTERED = Problem("filtered", "The map's `where` leaves this row out.")


@dataclass(slots=True)
class Draft:
    """What one row, or one group of rows, says: the bodies to store, or why it cannot be taken.

    Parameters
    ----------
    lines
        The lines it was read from; each counts as what becomes of the draft.
    bodies
        The record's states in order: one, and one more for each later moment the row tells of.
    reference
        What the row calls its record.
    refusal
        Why nothing of it is stored.
    """

    lines: list[int]
    bodies: list[BaseModel] = field(default_factory=list)
    reference: str | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class _Slot:
    """One field to fill: where it goes, how it is read, and whether nothing clears it."""

    section: str
    name: str
    read: Read
    clear: bool

    @property
    def pointer(self) -> str:
        place = "" if self.section == "fields" else f"/{self.section}"
        return f"{place}/{self.name.replace('~', '~0').replace('/', '~1')}"


@dataclass(frozen=True)
class _Moment:
    """A later moment a row tells of: when, and what was new by then."""

    at: Get
    slots: Sequence[_Slot]


class DraftWriter:
    """Writes drafts by a map.

    Parameters
    ----------
    found
        The map.
    target
        The kind of row to make.
    columns
        The file's; those the map names and the file lacks are in `columns.unknown` afterwards.
    zone
        The workspace's.
    """

    def __init__(self, found: ImportMap, target: Target, columns: Columns, zone: str) -> None:
        self._target = target
        self._columns = columns
        self._compiler = SourceCompiler(columns, found.formats, zone)
        self._made = References(target)
        self._group = found.group
        self._where = self._compiler.test(found.where)
        self._slots = [
            slot for section, sources in found.sections() for slot in self._filled(section, sources, grouped=True)
        ]
        self._later = [self._moment(later) for later in found.later]
        if found.group is not None:
            self._key = self._compiler.text(found.group.by)
            self._order = None if found.group.order is None else self._sorter(found.group.order)

    def _filled(self, section: str, sources: Mapping[str, Source], *, grouped: bool = False) -> Iterator[_Slot]:
        kinds = section_kinds(self._target.model, section)
        for name, source in sources.items():
            kind = None if kinds is None else kinds[name]
            of_rows = self._compiler.of_group if grouped and self._group is not None else self._compiler.get
            yield _Slot(section, name, of_rows(source, kind), source.clear)

    def _moment(self, later: Later) -> _Moment:
        slots = [*self._filled("fields", later.fields), *self._filled("attributes", later.attributes)]
        return _Moment(self._compiler.get(later.at, ValueKind.MOMENT), slots)

    def _sorter(self, column: str) -> Callable[[Sequence[Any]], Any]:
        number = self._compiler.get(Source(column=column), ValueKind.NUMBER)
        text = self._compiler.text(column)

        def place(values: Sequence[Any]) -> tuple[int, float, str]:
            try:
                found = number(values)
            except UnreadableError:
                return 1, 0.0, str(text(values))
            return (0, 0.0, "") if found is None else (1, float(found), "")

        return place

    def drafts(self, rows: Iterable[Row]) -> Iterator[Draft]:
        """Write a draft for each row, or for each group of rows."""
        picked = self._picked(rows)
        if self._group is None:
            for row in picked:
                yield _refused([row.line], row.problem) if row.problem else self._draft([row.line], row.values)
            return
        keyed = self._keyed(picked)
        groups = self._neighbours(keyed) if self._group.together else self._gathered(keyed)
        for found in groups:
            if isinstance(found, Draft):
                yield found
            else:
                if self._order is not None:
                    order = self._order
                    found.sort(key=lambda row: order(row.values))
                yield self._draft(sorted(row.line for row in found), [row.values for row in found])

    def _picked(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Keep of each row the columns the map names, and leave out what its `where` does not want."""
        pick, where = self._columns.picker(), self._where
        for row in rows:
            if row.problem is not None:
                yield row
                continue
            values = pick(row.values)
            yield Row(row.line, values, None if where(values) else FILTERED)

    def _keyed(self, rows: Iterable[Row]) -> Iterator[tuple[str | None, Row]]:
        assert self._group is not None  # noqa: S101 - asked only where there is a group
        unkeyed = Problem("missing", f"The column {self._group.by}, which names the record, is empty.")
        for row in rows:
            key = None if row.problem else self._key(row.values)
            if key is not None:
                yield str(key), row
            else:
                yield None, row if row.problem else Row(row.line, row.values, unkeyed)

    @staticmethod
    def _gathered(keyed: Iterable[tuple[str | None, Row]]) -> Iterator[Draft | list[Row]]:
        """Gather the rows of each key from the whole file, held in memory, in the order keys first appear."""
        groups: dict[str, list[Row]] = {}
        for key, row in keyed:
            if key is None:
                yield _refused([row.line], row.problem)
            else:
                groups.setdefault(key, []).append(row)
        yield from groups.values()

    @staticmethod
    def _neighbours(keyed: Iterable[tuple[str | None, Row]]) -> Iterator[Draft | list[Row]]:
        """Take neighbouring rows of one key as its group: nothing but one group is held."""
        for key, group in groupby(keyed, key=lambda item: item[0]):
            if key is None:
                yield from (_refused([row.line], row.problem) for _, row in group)
            else:
                yield [row for _, row in group]

    def _draft(self, lines: list[int], values: Any) -> Draft:
        errors: list[dict[str, str]] = []
        body = _body(self._slots, values, "", errors)
        later = [moment for place, spec in enumerate(self._later) for moment in _later(spec, place, values, errors)]
        reference = self._target.reference_of(body)
        if errors:
            detail = f"Correct {', '.join(error['pointer'] for error in errors[:5])}."
            return Draft(lines, reference=reference, refusal=Malformed(detail, errors=errors))
        named = {name: body[name] for name in self._target.named_by if name in body}
        return checked(self._target, self._made, lines, [body, *({**named, **moment} for moment in later)])


class References:
    """Makes references of what rows say, where they have none: the same file again makes the same ones.

    Two rows that say the same are one record, but where they name nobody: two people may answer alike.

    Parameters
    ----------
    target
        The kind of row.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._times: Counter[str] = Counter()

    def of(self, body: Mapping[str, Any]) -> str:
        """Return the reference of a row."""
        made = _made_reference(body)
        if not self._target.names_nobody(body):
            return made
        self._times[made] += 1
        return made if self._times[made] == 1 else f"{made}-{self._times[made]}"


def checked(target: Target, made: References, lines: list[int], bodies: Sequence[Mapping[str, Any]]) -> Draft:
    """Check a record's states against the model of their kind."""
    reference = target.reference_of(bodies[0])
    if target.needs_reference and reference is None and "id" not in bodies[0]:
        own = made.of(bodies[0])
        bodies = [{**body, "reference": own} for body in bodies]
    try:
        return Draft(lines, [target.model.model_validate(body) for body in bodies], reference)
    except ValidationError as error:
        return Draft(lines, reference=reference, refusal=malformed_row(error))


def _made_reference(body: Mapping[str, Any]) -> str:
    """Make a reference of what a row says: the same row again is the same record."""
    text = json.dumps(body, sort_keys=True, default=str)
    return f"row-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def as_they_are(rows: Iterable[Row], kind: ImportKind, target: Target) -> Iterator[Draft]:
    """Write drafts of rows that are bodies already: NDJSON as the bulk API takes it, or as `export` wrote it."""
    made = References(target)
    for row in rows:
        body = row.problem or as_sent(kind, target, row.values)
        yield _refused([row.line], body) if isinstance(body, Problem) else checked(target, made, [row.line], [body])


def _body(slots: Iterable[_Slot], values: Any, base: str, errors: list[dict[str, str]]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for slot in slots:
        try:
            found = slot.read(values)
        except UnreadableError as wrong:
            errors.append({"pointer": base + slot.pointer, "code": wrong.code, "detail": wrong.detail})
            continue
        if found is None and not slot.clear:
            continue
        part = body if slot.section == "fields" else body.setdefault(slot.section, {})
        name, dot, row = slot.name.partition(".")
        if slot.section == ANSWERS and dot:
            part.setdefault(name, {})[row] = found
        else:
            part[slot.name] = found
    return body


def _later(spec: _Moment, place: int, values: Any, errors: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """Write what a row tells of a later moment; nothing where it names none, or one that has not come."""
    try:
        at = spec.at(values)
    except UnreadableError as wrong:
        errors.append({"pointer": f"/later/{place}/at", "code": wrong.code, "detail": wrong.detail})
        return
    if at is not None and at <= datetime.now(UTC):
        yield {"occurred_at": at, "recorded_at": at, **_body(spec.slots, values, f"/later/{place}", errors)}


def _refused(lines: list[int], problem: Problem | None) -> Draft:
    assert problem is not None  # noqa: S101 - asked only where there is one
    errors = [{"pointer": "", "code": problem.code, "detail": problem.detail}]
    return Draft(lines, refusal=Malformed(problem.detail, code=problem.code, errors=errors))
