"""Files are read strictly: what is broken is named by its line, and nothing else is lost by it."""

import io
import tomllib
from pathlib import Path

import pytest

from api.cli.importing.lines import Row, StrictCsv
from api.cli.importing.maps import FileForm, MapRefusedError, read_map
from api.cli.importing.targets import TARGETS, ImportKind
from api.failures.schemas import ConditionBody
from api.workspaces.schemas import WorkspacePatch
from models.rules.conditions import parse_rule
from models.rules.failure import defines_outcome
from models.rules.outcome import read_definition

EXAMPLES = Path(__file__).parents[3] / "examples"


def _rows(content: bytes, **form: str) -> list[Row]:
    return list(StrictCsv(io.BytesIO(content), FileForm(**form)))


def _seen(content: bytes, **form: str) -> list[tuple[int, object]]:
    return [(row.line, row.problem.code if row.problem else row.values) for row in _rows(content, **form)]


def test_each_row_is_known_by_the_line_it_begins_at() -> None:
    assert _seen(b'a,b\n1,"two\nlines"\n3,4\n') == [(2, ["1", "two\nlines"]), (4, ["3", "4"])]


def test_a_line_with_too_few_or_too_many_values_is_named() -> None:
    assert _seen(b"a,b\n1\n1,2,3\n1,2\n") == [(2, "wrong_columns"), (3, "wrong_columns"), (4, ["1", "2"])]


def test_one_stray_quote_never_swallows_the_lines_after_it() -> None:
    assert _seen(b'a,b\n1,"2\n3,4\n5,6') == [(2, "csv_form"), (3, ["3", "4"]), (4, ["5", "6"])]
    assert _seen(b'a,b\n1,"2"x\n3,4\n') == [(2, "csv_form"), (3, ["3", "4"])]


def test_bytes_that_are_no_text_cost_their_own_line_only() -> None:
    assert _seen(b"a,b\n1,\xff\n3,4\n5,\0\n") == [(2, "not_text"), (3, ["3", "4"]), (4, "not_text")]
    assert _seen(b"a;b\n1;\xe9\n", encoding="latin-1", delimiter=";") == [(2, ["1", "é"])]


def test_a_byte_order_mark_and_empty_lines_are_no_rows() -> None:
    content = b"\xef\xbb\xbfa,b\r\n\r\n1,2\r\n\r\n"
    assert StrictCsv(io.BytesIO(content), FileForm()).header == ["a", "b"]
    assert _seen(content) == [(3, ["1", "2"])]


def _map(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[fields", "cannot be read"),
        ('[fields]\nname = "n"\n', "reference must be mapped"),
        ('[fields]\nreference = "r"\nshoe_size = "s"\n', "fields.shoe_size: there is no such field"),
        ('[fields]\nreference = { colum = "r" }\n', "fields.reference.colum"),
        ('[fields]\nreference = { column = "r", columns = ["s"] }\n', "one of column, columns"),
        ('[fields]\nreference = "r"\n[formats]\nzone = "Europe/Bonn"\n', "no IANA time zone"),
        ('[fields]\nreference = "r"\n[answers]\ns = "s"\n', "answers: such rows have none"),
        ('[fields]\nreference = { column = "r", take = "first" }\n', "name the group"),
        ('[fields]\nreference = "r"\n[formatting]\n', "formatting"),
    ],
)
def test_a_map_that_cannot_be_followed_is_refused_by_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(MapRefusedError, match=said):
        read_map(_map(tmp_path, text), TARGETS[ImportKind.CUSTOMERS])


MAPS = sorted(path for path in EXAMPLES.glob("*/*.toml") if path.stem.partition("-")[0] in set(TARGETS))


@pytest.mark.parametrize("path", MAPS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_maps_of_the_examples_can_be_followed(path: Path) -> None:
    found = read_map(path, TARGETS[ImportKind(path.stem.partition("-")[0])])
    assert found.fields


@pytest.mark.parametrize("folder", ["olist", "incidents"])
def test_no_condition_of_the_examples_reads_what_defines_the_failure(folder: str) -> None:
    settings = WorkspacePatch.model_validate(tomllib.loads((EXAMPLES / folder / "workspace.toml").read_text()))
    definition = read_definition(settings.failure_definition)
    catalogue = tomllib.loads((EXAMPLES / folder / "conditions.toml").read_text())["conditions"]
    conditions = [ConditionBody.model_validate(entry) for entry in catalogue]
    assert len(conditions) >= 12
    assert all(not defines_outcome(parse_rule(condition.rule), definition.rule) for condition in conditions)
