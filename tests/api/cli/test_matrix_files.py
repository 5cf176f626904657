"""Everybody at once in a file: the features as of a moment, and the risk that each would be answered alone."""

from pathlib import Path
from typing import Any

import pytest
from pyarrow import csv, parquet

from ml.features import FEATURES
from tests.api.caller import Caller, ago, done
from tests.api.cli.desk import WORKSPACE, Desk
from tests.api.cli.test_backup import calling, said

KNOWN = ("--workspace", WORKSPACE)


async def fill(client: Caller) -> None:
    """Tell of four customers: one came lately, one left, one objects to being scored."""
    await client.catalogue("rude")
    for number, days in enumerate((90, 3, 90, 90)):
        await client.put_customer(f"C-{number}", recorded_at=ago(days=days))
    await client.put_customer("C-3", objects_to_scoring=True)
    await client.put_case("K-0", "C-0", contacts=3, opened_at=ago(days=30), recorded_at=ago(days=30))
    await client.observe("K-0", "rude", observed_at=ago(days=20), recorded_at=ago(days=2))
    await client.leave("C-2", at=ago(days=5))


def test_the_features_of_everybody_are_written_as_known_then(desk: Desk) -> None:
    calling(desk, fill)
    assert said(desk, "export", "features", *KNOWN, "--to", "now.parquet")["rows"] == 3
    table = parquet.read_table("now.parquet")
    assert table.column_names == ["customer", *FEATURES, "seen:rude", "decayed:rude", "verified:rude"]
    rows = {row["customer"]: row for row in table.to_pylist()}
    assert sorted(rows) == ["C-0", "C-1", "C-2"]
    assert [rows[name]["contacts_90"] for name in sorted(rows)] == [3, 0, 0]
    assert [rows[name]["seen:rude"] for name in sorted(rows)] == [1, 0, 0]
    assert rows["C-0"]["score_last"] is None
    then = ago(days=10)[:19]
    assert said(desk, "export", "features", *KNOWN, "--to", "then.csv", "--as-of", then)["rows"] == 2
    found = csv.read_csv("then.csv").to_pylist()
    assert [(row["customer"], row["contacts_90"], row["seen:rude"]) for row in found] == [("C-0", 3, 0), ("C-2", 0, 0)]
    assert list(Path().glob(".*.unfinished")) == []


async def declare(client: Caller) -> None:
    """Tell of attributes, and declare two."""
    await fill(client)
    await client.put_customer("C-0", attributes={"plan": "gold", "seats": 40})
    await client.put_customer("C-1", attributes={"plan": "tin"})
    terms = [{"feature": "attribute:plan=gold", "weight": -2.0}, {"feature": "attribute:seats", "scale": 10.0}]
    done(await client.post("/v1/scorecards", {"terms": terms, "reason": "They tell."}))


def test_declared_attributes_are_written_and_scored_with(desk: Desk) -> None:
    calling(desk, declare)
    said(desk, "export", "features", *KNOWN, "--to", "now.parquet")
    rows = {row["customer"]: row for row in parquet.read_table("now.parquet").to_pylist()}
    told = {name: (row["attribute:plan=gold"], row["attribute:seats"]) for name, row in rows.items()}
    assert told == {"C-0": (1, 40), "C-1": (0, None), "C-2": (None, None)}
    said(desk, "score", *KNOWN, "--to", "risk.parquet")
    alone: dict[str, float] = {}

    async def ask(client: Caller) -> None:
        alone["C-0"] = (await client.read("/v1/customers/C-0/risk"))["risk"]

    calling(desk, ask)
    risks = {row["customer"]: row["risk"] for row in parquet.read_table("risk.parquet").to_pylist()}
    assert risks["C-0"] == pytest.approx(alone["C-0"], abs=1e-6)
    assert risks["C-0"] < risks["C-1"] / 2


def test_the_risk_of_everybody_is_what_each_is_answered_alone(desk: Desk) -> None:
    calling(desk, fill)
    assert said(desk, "score", *KNOWN, "--to", "risk.parquet")["rows"] == 2
    rows = {row["customer"]: row for row in parquet.read_table("risk.parquet").to_pylist()}
    alone: dict[str, Any] = {}

    async def ask(client: Caller) -> None:
        for name in ("C-0", "C-1"):
            alone[name] = await client.read(f"/v1/customers/{name}/risk")
        assert (await client.read("/v1/customers/C-0/risk/history"))["items"] == []  # nothing was kept

    calling(desk, ask)
    assert set(rows) == set(alone)
    for name, row in rows.items():
        for figure in ("risk", "low", "high"):
            assert row[figure] == pytest.approx(alone[name][figure], abs=1e-6)  # a moment passed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("export", "features", "--to", "x.ndjson"), "ends in none of"),
        (("export", "features", "--to", "nowhere/x.csv"), "no folder"),
        (("export", "features", "--to", "x.csv", "--as-of", "2999-01-01"), "not known yet"),
        (("export", "cases", "--to", "x.csv", "--as-of", "2020-01-01"), "Only `features`"),
        (("score", "--to", "x.txt"), "ends in none of"),
    ],
)
def test_what_cannot_be_written_is_said(desk: Desk, arguments: tuple[str, ...], says: str) -> None:
    result = desk.run(*arguments, *KNOWN)
    assert result.exit_code == 2
    assert says in result.output
