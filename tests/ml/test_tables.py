"""Any plain table in, one dictionary out; what cannot be analysed is refused with advice."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from ml.tables import TableRefused, analyse_table


def cases(n: int = 4000) -> pa.Table:
    """Orders of which those late from the north fail; a number, a truth value, a code and a moment beside them."""
    rng = np.random.default_rng(1)
    late = rng.random(n) < 0.3
    region = rng.choice(["north", "south", "east"], n)
    failed = rng.random(n) < np.where(late & (region == "north"), 0.7, 0.02)
    return pa.table(
        {
            "late": late.astype(np.int64),
            "region": region,
            "weight": rng.normal(5, 1, n),
            "gift": rng.random(n) < 0.5,
            "code": [f"order-{i}" for i in range(n)],
            "day": np.datetime64("2026-01-01") + np.arange(n) // 40,
            "buyer": rng.integers(0, n, n),
            "shop": rng.choice(["web", "store"], n),
            "failed": failed.astype(np.int64),
        }
    )


def written(table: pa.Table, path: Path) -> Path:
    if path.suffix == ".parquet":
        parquet.write_table(table, path)
    else:
        csv.write_csv(table, path)
    return path


def analysed(path: Path, **options: Any) -> dict[str, Any]:
    return analyse_table(path, "failed", ignore=["code", "buyer"], **options)


def test_the_answer_has_the_contract_s_fields_and_names_the_set(tmp_path: Path) -> None:
    answer = analysed(written(cases(), tmp_path / "cases.csv"))
    assert set(answer) == {"rows", "failures", "leak", "tested", "sets"}
    assert answer["rows"] == 4000
    assert 0 < answer["leak"] < 1
    only = answer["sets"][0]
    assert len(answer["sets"]) == 1
    assert set(only) == {"conditions", "rows", "failures", "rate", "completion", "low", "high", "status"}
    assert sorted(only["conditions"], key=lambda c: c["feature"]) == [
        {"feature": "late", "op": "eq", "value": 1},
        {"feature": "region", "op": "eq", "value": "north"},
    ]


def test_csv_gzipped_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    plain = written(cases(), tmp_path / "cases.csv")
    (tmp_path / "cases.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    answer = analysed(plain)
    assert analysed(tmp_path / "cases.csv.gz") == answer
    assert analysed(written(cases(), tmp_path / "cases.parquet")) == answer


def test_time_confirms_and_customers_and_strata_are_heard(tmp_path: Path) -> None:
    path = written(cases(), tmp_path / "cases.csv")
    answer = analyse_table(path, "failed", time="day", customer="buyer", strata="shop", ignore=["code"])
    assert [found["status"] for found in answer["sets"]] == ["confirmed"]


def test_numbers_become_thresholds(tmp_path: Path) -> None:
    table = cases()
    heavy = table["weight"].to_numpy() > 6.5
    table = table.set_column(table.column_names.index("failed"), "failed", pa.array(heavy.astype(np.int64)))
    condition = analysed(written(table, tmp_path / "cases.csv"))["sets"][0]["conditions"][0]
    assert (condition["feature"], condition["op"]) == ("weight", "gt")
    assert condition["value"] == pytest.approx(6.5, abs=0.02)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    analyse_table(written(cases(), tmp_path / "cases.csv"), "failed", say=said.append)
    assert any("code" in sentence and "too rare" in sentence for sentence in said)
    assert any(sentence.startswith("day is left out") for sentence in said)


def test_an_empty_cell_is_not_observed(tmp_path: Path) -> None:
    table = cases()
    late = table["late"].to_numpy().astype(float)
    late[::10] = np.nan
    column = pa.array(late, from_pandas=True)
    table = table.set_column(0, "late", column)
    sets = analysed(written(table, tmp_path / "cases.csv"))["sets"]
    assert {condition["feature"] for condition in sets[0]["conditions"]} == {"late", "region"}
    assert sets[0]["rows"] < analysed(written(cases(), tmp_path / "all.csv"))["sets"][0]["rows"]


def test_one_condition_is_enough_and_duplicate_and_constant_columns_do_no_harm(tmp_path: Path) -> None:
    whole = cases()
    one = analyse_table(written(whole.select(["late", "failed"]), tmp_path / "one.csv"), "failed")["sets"]
    assert [condition["feature"] for found in one for condition in found["conditions"]] == ["late"]
    more = whole.append_column("late_again", whole["late"]).append_column("always", pa.array([1] * whole.num_rows))
    [found] = analysed(written(more, tmp_path / "more.csv"))["sets"]
    assert {condition["feature"] for condition in found["conditions"]} <= {"late", "late_again", "region"}
    assert len(found["conditions"]) == 2


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = written(cases(), tmp_path / "cases.csv")
    with pytest.raises(TableRefused, match="'fialed'") as refusal:
        analyse_table(path, "fialed")
    assert refusal.value.code == "column_missing"
    assert "late" in refusal.value.advice


@pytest.mark.parametrize("column", ["weight", "region"])
def test_an_outcome_must_be_zero_or_one(tmp_path: Path, column: str) -> None:
    with pytest.raises(TableRefused) as refusal:
        analyse_table(written(cases(), tmp_path / "cases.csv"), column)
    assert refusal.value.code == "outcome_not_binary"


def test_a_confounder_of_too_many_values_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = [f"{number % 2},{number % 5 == 0:d},{number % 101}" for number in range(101 * 20)]
    path.write_text("\n".join(["a,failed,street", *rows]), encoding="utf-8")
    with pytest.raises(TableRefused) as refusal:
        analyse_table(path, "failed", strata="street")
    assert refusal.value.code == "too_many_strata"


def test_a_table_of_nothing_but_the_outcome_has_no_condition(tmp_path: Path) -> None:
    table = cases().select(["failed"]).append_column("refunded", cases()["failed"])
    for columns in (["failed"], ["failed", "refunded"]):
        with pytest.raises(TableRefused) as refusal:
            analyse_table(written(table.select(columns), tmp_path / "cases.csv"), "failed")
        assert (refusal.value.code, "beside the outcome" in refusal.value.advice) == ("no_conditions", True)


def test_one_column_serves_one_purpose(tmp_path: Path) -> None:
    with pytest.raises(TableRefused, match="'shop'") as refusal:
        analysed(written(cases(), tmp_path / "cases.csv"), customer="shop", strata="shop")
    assert (refusal.value.code, "different column" in refusal.value.advice) == ("column_used_twice", True)


def test_too_few_failures_are_refused_with_the_number_needed(tmp_path: Path) -> None:
    with pytest.raises(TableRefused) as refusal:
        analysed(written(cases(60), tmp_path / "cases.csv"))
    assert refusal.value.code == "too_few_failures"
    assert "16" in refusal.value.advice


@pytest.mark.parametrize(
    ("name", "content"), [("none.csv", None), ("bad.parquet", b"no"), ("note.txt", b"a"), ("empty.csv", b"")]
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TableRefused) as refusal:
        analyse_table(tmp_path / name, "failed")
    assert refusal.value.code == "unreadable_file"


def test_rows_without_a_moment_are_refused(tmp_path: Path) -> None:
    table = cases()
    days = pa.array([None, *table["day"].to_pylist()[1:]])
    with pytest.raises(TableRefused) as refusal:
        analysed(written(table.set_column(5, "day", days), tmp_path / "cases.parquet"), time="day")
    assert refusal.value.code == "time_missing"


def told_of(path: Path, **options: Any) -> tuple[dict[str, Any], list[str]]:
    said: list[str] = []
    return analyse_table(path, "failed", say=said.append, **options), said


@pytest.mark.parametrize(
    "again",
    [
        lambda failed: failed,
        lambda failed: 1 - failed,
        lambda failed: failed * 7.5 - 2,
        lambda failed: np.where(failed, "lost", "kept"),
    ],
)
def test_the_outcome_again_under_another_name_is_left_out_by_name(tmp_path: Path, again: Any) -> None:
    table = cases().drop(["code", "buyer", "day"])
    table = table.append_column("refunded", pa.array(again(table["failed"].to_numpy())))
    answer, said = told_of(written(table, tmp_path / "cases.csv"))
    assert "refunded is left out: it is the outcome again (condition_defines_outcome)." in said
    assert [{c["feature"] for c in found["conditions"]} for found in answer["sets"]] == [{"late", "region"}]


def test_of_very_many_levels_the_commonest_are_taken(tmp_path: Path) -> None:
    table = cases().drop(["code", "buyer", "day"])
    streets = pa.array([f"street {number % 77}" for number in range(4000)])
    answer, said = told_of(written(table.append_column("street", streets), tmp_path / "cases.csv"))
    assert "street: of 77 levels the 30 commonest are conditions." in said
    assert {c["feature"] for c in answer["sets"][0]["conditions"]} == {"late", "region"}


@pytest.mark.parametrize(
    ("content", "matter"),
    [
        (b"a,failed\n", "no rows"),
        (b"a,a,failed\n1,0,1\n", "'a' twice"),
        (b"a,failed\n1,0\n1\n", "Expected 2 columns"),
        (b"r\xe9gion,failed\n1,0\n", "not in UTF-8: see its first line"),
        (b"region,failed\n\xe9t\xe9,0\nwinter,1\n", "not in UTF-8: see region"),
        (gzip.compress(b"a,failed\n" + b"1,0\n" * 999, mtime=0)[:-12], "cannot be read"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_with_what_is_the_matter(
    tmp_path: Path, content: bytes, matter: str
) -> None:
    path = tmp_path / ("table.csv.gz" if content[:2] == b"\x1f\x8b" else "table.csv")
    path.write_bytes(content)
    with pytest.raises(TableRefused, match=matter) as refusal:
        analyse_table(path, "failed")
    assert refusal.value.code == "unreadable_file"
    assert refusal.value.advice


@pytest.mark.parametrize(
    ("failures", "code"), [(5, "too_few_failures"), (0, "too_few_failures"), (60, "outcome_not_binary")]
)
def test_an_outcome_that_is_too_rare_or_everywhere_is_refused(tmp_path: Path, failures: int, code: str) -> None:
    rows = [f"{number % 2},{int(number < failures)}" for number in range(60)]
    (tmp_path / "table.csv").write_text("\n".join(["a,failed", *rows]), encoding="utf-8")
    with pytest.raises(TableRefused) as refusal:
        analyse_table(tmp_path / "table.csv", "failed")
    assert refusal.value.code == code
    assert failures == 60 or "16" in refusal.value.advice


@pytest.mark.parametrize("option", ["strata", "customer", "time"])
def test_a_column_named_for_a_purpose_must_be_there(tmp_path: Path, option: str) -> None:
    with pytest.raises(TableRefused) as refusal:
        analysed(written(cases(), tmp_path / "cases.csv"), **{option: "nowhere"})
    assert refusal.value.code == "column_missing"


@pytest.mark.parametrize("odd", ["yesterday", "13.1.2026"])
def test_text_that_is_no_moment_does_not_sort_in_time(tmp_path: Path, odd: str) -> None:
    table = cases()
    days = pa.array([odd, *(str(day) for day in table["day"].to_pylist()[1:])])
    with pytest.raises(TableRefused, match=odd) as refusal:
        analysed(written(table.set_column(5, "day", days), tmp_path / "cases.csv"), time="day")
    assert refusal.value.code == "time_not_sortable"
