"""What stands in a file is read as what it means, or refused with a reason."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from api.cli.importing.maps import Format, Source
from api.cli.importing.sources import Columns, SourceCompiler
from api.cli.importing.targets import ValueKind
from api.cli.importing.values import UnreadableError, converter

DAY_FIRST = Format(datetime=["%d/%m/%Y %H:%M"])
EUROPEAN = Format(decimal=",", thousands=".")


@pytest.mark.parametrize(
    ("kind", "form", "value", "meaning"),
    [
        (ValueKind.MOMENT, Format(), "2026-05-04 09:30:00", datetime(2026, 5, 4, 9, 30, tzinfo=UTC)),
        (ValueKind.MOMENT, Format(), "2026-05-04T09:30:00+02:00", datetime(2026, 5, 4, 7, 30, tzinfo=UTC)),
        (ValueKind.MOMENT, Format(), "2026-05-04", datetime(2026, 5, 4, tzinfo=UTC)),
        (ValueKind.MOMENT, DAY_FIRST, "4/5/2026 09:30", datetime(2026, 5, 4, 9, 30, tzinfo=UTC)),
        (ValueKind.MOMENT, Format(zone="Europe/Berlin"), "2026-05-04 09:30", datetime(2026, 5, 4, 7, 30, tzinfo=UTC)),
        (ValueKind.MOMENT, Format(datetime=["unix"]), "1777887000", datetime(2026, 5, 4, 9, 30, tzinfo=UTC)),
        (ValueKind.MOMENT, Format(datetime=["%Y", "iso"]), "2026-05-04", datetime(2026, 5, 4, tzinfo=UTC)),
        (ValueKind.DAY, DAY_FIRST, "4/5/2026 09:30", date(2026, 5, 4)),
        (ValueKind.DAY_OR_MOMENT, Format(), "2026-05-04", date(2026, 5, 4)),
        (ValueKind.NUMBER, EUROPEAN, "1.234,56", 1234.56),
        (ValueKind.NUMBER, EUROPEAN, "-0,5", -0.5),
        (ValueKind.NUMBER, Format(), " 7.50 ", 7.5),
        (ValueKind.INTEGER, Format(), "3.0", 3),
        (ValueKind.INTEGER, EUROPEAN, "1.234", 1234),
        (ValueKind.FLAG, Format(), "Yes", True),
        (ValueKind.FLAG, Format(true=["S"], false=["N"]), "n", False),
        (ValueKind.TEXT, Format(), 5, "5"),
    ],
)
def test_a_value_is_read_by_its_format(kind: ValueKind, form: Format, value: Any, meaning: Any) -> None:
    assert converter(kind, form, "UTC")(value) == meaning


@pytest.mark.parametrize(
    ("kind", "form", "value", "code"),
    [
        (ValueKind.MOMENT, Format(), "31/12/2026", "moment_form"),
        (ValueKind.MOMENT, DAY_FIRST, "2026-05-04 09:30", "moment_form"),
        (ValueKind.MOMENT, Format(), "2026-02-30", "moment_form"),
        (ValueKind.NUMBER, EUROPEAN, "12.34", "number_form"),
        (ValueKind.NUMBER, Format(), "1,5", "number_form"),
        (ValueKind.NUMBER, Format(), "nan", "number_form"),
        (ValueKind.NUMBER, Format(), "1e999", "number_form"),
        (ValueKind.NUMBER, Format(), True, "wrong_type"),
        (ValueKind.INTEGER, Format(), "1.5", "integer_form"),
        (ValueKind.INTEGER, Format(), "1e999999999", "integer_form"),
        (ValueKind.FLAG, Format(), "perhaps", "flag_form"),
        (ValueKind.TEXT, Format(), True, "wrong_type"),
    ],
)
def test_a_value_that_is_something_else_is_refused(kind: ValueKind, form: Format, value: Any, code: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        converter(kind, form, "UTC")(value)
    assert refused.value.code == code


def test_a_time_the_clocks_skip_counts_as_after_the_change() -> None:
    read = converter(ValueKind.MOMENT, Format(), "America/Sao_Paulo")
    assert read("2017-10-15 00:00:00").astimezone(UTC) == datetime(2017, 10, 15, 3, tzinfo=UTC)
    assert read("2017-10-15 01:00:00").astimezone(UTC) == datetime(2017, 10, 15, 3, tzinfo=UTC)


ROW = {"a": "2026-05-04 09:00:00", "b": "2026-05-04 10:30:00", "n": "147.9", "e": "", "q": "?", "s": "Closed"}


@pytest.mark.parametrize(
    ("source", "kind", "meaning"),
    [
        ({"columns": ["s", "e", "n"], "join": ":"}, None, "Closed:147.9"),
        ({"columns": ["e"]}, None, None),
        ({"column": "q", "missing": ["", "?"]}, None, None),
        ({"column": "e", "default": 4}, ValueKind.INTEGER, 4),
        ({"column": "n", "times": 100}, ValueKind.INTEGER, 14790),
        ({"constant": "order"}, None, "order"),
        ({"column": "s", "when": "e"}, None, None),
        ({"column": "s", "when": {"column": "s", "in": ["Closed"]}}, None, "Closed"),
        ({"column": "s", "when": {"column": "s", "not_in": "Closed"}, "default": "-"}, None, "-"),
        ({"column": "s", "values": {"Closed": "value"}}, None, "value"),
        ({"column": "a", "part": "weekday"}, None, 0),
        ({"column": "a", "part": "hour"}, None, 9),
        ({"difference": {"from": "a", "to": "b"}}, None, 1.5),
        ({"difference": {"from": "a", "to": "e"}}, None, None),
        ({"compare": {"left": "b", "op": "gt", "right": "a", "as": "moment"}}, None, True),
        ({"compare": {"left": "n", "op": "lt", "value": 100, "as": "number"}}, None, False),
        ({"compare": {"left": "e", "op": "gt", "right": "a", "as": "moment"}}, None, None),
        ({"compare": {"left": "e", "op": "gt", "right": "a", "as": "moment", "unknown": True}}, None, True),
    ],
)
def test_a_source_reads_a_row(source: dict[str, Any], kind: ValueKind | None, meaning: Any) -> None:
    columns = Columns(list(ROW))
    given = {**source, "when": _clauses(source["when"])} if "when" in source else source
    get = SourceCompiler(columns, Format(), "UTC").get(Source.model_validate(given), kind)
    assert get(columns.picker()(list(ROW.values()))) == meaning


def _clauses(when: Any) -> list[dict[str, Any]]:
    return [{"column": when} if isinstance(when, str) else when]


def test_a_text_that_is_not_translated_is_refused() -> None:
    columns = Columns(["s"])
    get = SourceCompiler(columns, Format(), "UTC").get(Source(column="s", values={"a": "b"}), None)
    with pytest.raises(UnreadableError, match="none of a"):
        get(["c"])
