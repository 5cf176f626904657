"""The map file: which column says what, in which format, from when on it was known.

Everything a map may hold is a model here, so that a misspelt word is refused by its place before a row is read.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from api.cli.importing.targets import OPEN_SECTIONS, Target, ValueKind, section_kinds

SECTIONS = ("fields", "attributes", "answers", "value")


class ImportRefusedError(Exception):
    """Nothing was imported; the message says why and what to do."""


class MapRefusedError(ImportRefusedError):
    """The map cannot be followed; the message names every place."""


class Part(BaseModel):
    """A part of a map: unknown words are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else [value]


def _named(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_listed)]
TextsOrNone = Annotated[list[str] | None, BeforeValidator(_listed)]


class Clause(Part):
    """A plain question to a row: is a column's text in a list, or is there anything."""

    column: str
    among: TextsOrNone = Field(default=None, alias="in")
    not_in: TextsOrNone = None
    present: bool | None = None


Clauses = Annotated[list[Annotated[Clause, BeforeValidator(_named)]], BeforeValidator(_listed)]


class Compare(Part):
    """Two columns, or a column and a value, compared: gives a flag."""

    left: str
    op: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    right: str | None = None
    value: Any = None
    kind: Literal["text", "number", "moment", "day"] = Field(alias="as")
    unknown: bool | None = Field(default=None, description="The flag where one of the two is missing.")

    @model_validator(mode="after")
    def _one_right(self) -> "Compare":
        if (self.right is None) == (self.value is None):
            raise ValueError("compare takes `right`, a column, or `value`: one of them")
        return self


class Difference(Part):
    """The time from one column to another: gives a number."""

    since: str = Field(alias="from")
    to: str
    unit: Literal["seconds", "minutes", "hours", "days"] = "hours"


class Format(Part):
    """How texts are read as values."""

    datetime: Texts = []
    day: Texts = []
    zone: str | None = None
    decimal: Annotated[str, Field(min_length=1, max_length=1)] = "."
    thousands: Annotated[str, Field(max_length=1)] = ""
    true: Texts = ["true", "t", "yes", "y", "1"]
    false: Texts = ["false", "f", "no", "n", "0"]
    missing: Texts = [""]

    @model_validator(mode="after")
    def _known_zone(self) -> "Format":
        if self.zone is not None and self.zone not in available_timezones():
            raise ValueError(f"{self.zone} is no IANA time zone, like Europe/Berlin")
        return self


class Source(Part):
    """Where one value comes from and how it is read."""

    column: str | None = None
    columns: list[str] | None = None
    join: str = "-"
    constant: Any = None
    compare: Compare | None = None
    difference: Difference | None = None
    kind: ValueKind | None = Field(default=None, alias="as")
    format: TextsOrNone = None
    zone: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    true: TextsOrNone = None
    false: TextsOrNone = None
    missing: TextsOrNone = None
    split: Annotated[str, Field(min_length=1, max_length=10)] | None = None
    values: dict[str, Any] | None = None
    otherwise: Any = None
    times: float | None = None
    part: Literal["hour", "weekday", "month"] | None = None
    tie_break: str | None = None
    default: Any = None
    when: Clauses = []
    clear: bool = False
    take: Literal["first", "last", "min", "max", "sum", "count"] = "last"

    @model_validator(mode="after")
    def _one_origin(self) -> "Source":
        origins = [self.column, self.columns, self.constant, self.compare, self.difference]
        if sum(origin is not None for origin in origins) != 1 and self.take != "count":
            raise ValueError("say where it comes from: one of column, columns, constant, compare, difference")
        return self

    def formats(self, outer: Format) -> Format:
        """Return how this value is read: the map's formats, and its own before them."""
        own = {name: getattr(self, name) for name in ("zone", "decimal", "thousands", "true", "false", "missing")}
        own |= {"datetime": self.format, "day": self.format}
        return Format(**{**outer.model_dump(), **{name: value for name, value in own.items() if value is not None}})


Sources = dict[str, Annotated[Source, BeforeValidator(_named)]]


class Later(Part):
    """What the same row tells of a later moment of the same record."""

    at: Annotated[Source, BeforeValidator(_named)]
    fields: Sources = {}
    attributes: Sources = {}


class Group(Part):
    """Several rows make one record."""

    by: str
    order: str | None = None
    together: bool = False


class FileForm(Part):
    """How a CSV file is written."""

    encoding: str = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(min_length=1, max_length=1)] = '"'


class ImportMap(Part):
    """A whole map file."""

    file: FileForm = FileForm()
    formats: Format = Format()
    where: Clauses = []
    group: Group | None = None
    fields: Sources
    attributes: Sources = {}
    answers: Sources = {}
    value: Sources = {}
    later: list[Later] = []

    def sections(self) -> Iterator[tuple[str, Sources]]:
        """Go through the sections that fill a row."""
        for name in SECTIONS:
            yield name, getattr(self, name)


def read_map(path: Path, target: Target) -> ImportMap:
    """Read a map file for a kind of row.

    Raises
    ------
    MapRefusedError
        Naming everything in it that cannot be followed.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found = ImportMap.model_validate(document)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MapRefusedError(f"The map {path} cannot be read: {error}") from None
    except ValidationError as error:
        wrong = [f"{_place(item['loc'])}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()]
        raise _refused(path, wrong) from None
    wrong = list(_misfits(found, target))
    if wrong:
        raise _refused(path, wrong)
    return found


def _refused(path: Path, wrong: list[str]) -> MapRefusedError:
    return MapRefusedError(f"The map {path} cannot be followed.\n" + "\n".join(f"  {line}" for line in wrong))


def _place(path: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in path) or "the file"


def _misfits(found: ImportMap, target: Target) -> Iterator[str]:
    """Name what does not fit the kind of row: unknown fields, needed ones that lack, groups where there are none."""
    for name, sources in found.sections():
        yield from _unknown_fields(name, name, sources, target)
    for place, later in enumerate(found.later):
        if "occurred_at" not in target.model.model_fields:
            yield f"later.{place}: such rows have one moment only"
        yield from _unknown_fields(f"later.{place}.fields", "fields", later.fields, target)
        yield from _unknown_fields(f"later.{place}.attributes", "attributes", later.attributes, target)
    lacking = [name for name in target.needed if name not in found.fields]
    if lacking:
        yield f"fields: {', '.join(lacking)} must be mapped"
    if found.later and found.group is not None:
        yield "later: a group of rows makes one state; map the rows one by one instead"
    takes = [source.take for _, sources in found.sections() for source in sources.values()]
    if found.group is None and any(take != "last" for take in takes):
        yield "group: `take` chooses among the rows of a group; name the group with `by`"


def _unknown_fields(place: str, section: str, sources: Mapping[str, Source], target: Target) -> Iterator[str]:
    if not sources:
        return
    if section != "fields" and section not in target.model.model_fields:
        yield f"{place}: such rows have none"
        return
    known = section_kinds(target.model, section)
    if known is None or section in OPEN_SECTIONS:
        return
    for name in sources:
        if name not in known:
            yield f"{place}.{name}: there is no such field; known are {', '.join(sorted(known))}"
